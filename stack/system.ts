import type { StackConfig } from '../config/stack.ts';
import { hasMasterKey } from './environment.ts';
import { readGatewayFile, writeGatewayFile } from './gatewayFile.ts';
import { checkGivenDatabase, checkGivenTemporal } from './given.ts';
import { ensureMasterKey } from './masterKey.ts';
import { migrate } from './migrate.ts';
import { ensureOwner, makeSignInLink } from './owner.ts';
import { gatewayPart, postgresPart, temporalPart, workerPart, type PartsContext } from './parts.ts';
import { Ports, portState } from './ports.ts';
import { Problem } from './problem.ts';
import type { State } from './state.ts';
import type { Part } from './supervisor/part.ts';
import { Supervised, type PartNews } from './supervisor/supervised.ts';
import type { Report, Row } from './terminal/report.ts';

export interface SystemOptions {
  readonly config: StackConfig;
  readonly state: State;
  readonly report: Report;
  /** The programs that are run; those in `dist/` when not given. */
  readonly programs?: PartsContext['programs'];
  /** Hears what happens to a part later. */
  readonly tell: (part: string, news: PartNews) => void;
}

/** Where the system can be opened. */
export interface Opened {
  readonly url: string;
  /** Signs one browser in, once. */
  readonly link: string;
}

/** The local system: PostgreSQL, Temporal, migrations, a worker and the gateway. */
export class LocalSystem {
  readonly #options: SystemOptions;
  readonly #context: PartsContext;
  readonly #supervised: Supervised[] = [];
  readonly #stopping = new AbortController();

  constructor(options: SystemOptions) {
    const { config, state, programs } = options;
    this.#options = options;
    this.#context = {
      config,
      state,
      programs,
      ports: new Ports(state.ports),
      databaseUrl: config.DATABASE_URL ?? '',
      temporalAddress: config.TEMPORAL_ADDRESS ?? '',
      port: config.PORT,
      url: '',
    };
  }

  /** Starts everything. Throws the Problem that prevents it; what did start runs until `stop`. */
  async start(): Promise<Opened> {
    const { config, state } = this.#options;
    await refuseTakenPort(config);
    if (!hasMasterKey(config)) await ensureMasterKey(state.masterKey);
    await Promise.all([this.#database(), this.#temporal()]);
    await this.#row('Migrations', () => this.#migrate());
    this.#context.ports.settle();
    await Promise.all([this.#supervise(workerPart(this.#context)), this.#supervise(gatewayPart(this.#context))]);
    return this.#open();
  }

  /** Ends everything, the last to start first. Resolves when nothing runs. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const names of stopOrder) {
      await Promise.all(this.#supervised.filter(({ name }) => names.includes(name)).map((part) => part.stop()));
    }
  }

  /** Ends everything at once. */
  async kill(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#supervised.map((part) => part.kill()));
  }

  async #database(): Promise<void> {
    const { DATABASE_URL: given } = this.#options.config;
    if (given === undefined) await this.#supervise(postgresPart(this.#context));
    else await this.#row('PostgreSQL', async () => ['given', await checkGivenDatabase(given)]);
  }

  async #temporal(): Promise<void> {
    const { TEMPORAL_ADDRESS: given, TEMPORAL_NAMESPACE: namespace } = this.#options.config;
    if (given === undefined) return this.#supervise(temporalPart(this.#context));
    await this.#row('Temporal', async () => {
      const version = await checkGivenTemporal(given, namespace, this.#stopping.signal);
      return ['given', `${given}, server ${version}`];
    });
  }

  async #migrate(): Promise<[string, string]> {
    const { applied, total, changed } = await migrate(this.#context.databaseUrl);
    const warning = changed.length === 0 ? '' : `; changed since they were applied: ${changed.join(', ')}`;
    if (applied.length === 0) return ['up to date', `${total} in all${warning}`];
    return ['applied', `${applied.length} of ${total}${warning}`];
  }

  async #open(): Promise<Opened> {
    const { gateway } = this.#options.state;
    const { url, databaseUrl } = this.#context;
    const known = await readGatewayFile(gateway);
    const { userId, token } = await ensureOwner(databaseUrl, known?.token ?? null);
    await writeGatewayFile(gateway, { url, token });
    return { url, link: `${url}/sign-in?code=${await makeSignInLink(databaseUrl, userId)}` };
  }

  async #supervise(part: Part): Promise<void> {
    const { tell } = this.#options;
    const supervised = new Supervised(part, (news) => tell(part.name, news));
    this.#supervised.push(supervised);
    await this.#row(part.name, async (row) => ['running', (await supervised.start((text) => row.progress(text))).detail]);
  }

  async #row(name: string, work: (row: Row) => Promise<readonly [state: string, detail: string]>): Promise<void> {
    this.#stopping.signal.throwIfAborted();
    const row = this.#options.report.begin(name);
    try {
      row.done(...(await work(row)));
    } catch (error) {
      if (!this.#stopping.signal.aborted) row.failed();
      throw error;
    }
  }
}

/** Gateway and worker need the others to end well. */
const stopOrder: readonly (readonly string[])[] = [['Gateway', 'Worker'], ['Temporal'], ['PostgreSQL']];

/** Said before anything is started. */
async function refuseTakenPort({ PORT, HOST }: StackConfig): Promise<void> {
  if (PORT === 0) return;
  const state = await portState(PORT, HOST).catch((error: NodeJS.ErrnoException) => {
    throw new Problem(`${HOST} can't be listened on: ${error.code}.\nSet HOST to an address of this machine, such as 127.0.0.1.`);
  });
  if (state === 'free') return;
  const reason = state === 'taken' ? 'is taken by another program' : 'may be used by root only';
  throw new Problem(
    `Port ${PORT} of ${HOST} ${reason}.\nEnd that program, or take another port: PORT=${PORT === 4600 ? 4700 : 4600} npm start`,
  );
}
