import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { runWorkflowId, type RunId } from '../../domain/ids.ts';
import type { Journal } from '../../journal/journal.ts';
import { client, type Client as Ask, type TestSettings } from '../support/gateway.ts';
import type { OwnServer } from '../support/ownServers.ts';
import { startPart, type Part } from '../support/part.ts';
import { waitFor } from '../support/waitFor.ts';

export interface SoakOptions {
  readonly seconds: number;
  /** How many runs are kept going at once. */
  readonly runs: number;
  /** The time from one kill to the next, in milliseconds: at least, at most. */
  readonly killEvery: readonly [number, number];
}

export interface SoakResult {
  readonly runIds: readonly string[];
  readonly kills: Record<string, number>;
  /** Requests that had to be sent again, with their client key, because a gateway died under them or could not answer. */
  readonly repeated: number;
  readonly followUps: number;
}

export interface SoakSystem {
  readonly settings: TestSettings;
  readonly postgres: OwnServer;
  readonly temporal: OwnServer;
  readonly token: string;
  readonly environmentId: string;
  readonly journal: Journal;
}

const over = (state: string): boolean => ['SUCCEEDED', 'FAILED', 'CANCELED'].includes(state);

/** A part that is started again whenever it was killed, as a supervisor would. */
class Restarted {
  readonly name: string;
  readonly #start: () => Promise<Part>;
  #part: Promise<Part>;
  #ended = false;

  constructor(name: string, start: () => Promise<Part>) {
    this.name = name;
    this.#start = start;
    this.#part = this.#begin();
  }

  /** Starts it; one that can't start, because a server it needs is away, is started again. */
  async #begin(): Promise<Part> {
    for (;;) {
      try {
        return await this.#start();
      } catch (error) {
        if (this.#ended) throw error;
        await sleep(500);
      }
    }
  }

  get ready(): Promise<Part> {
    return this.#part;
  }

  async kill(): Promise<void> {
    const part = await this.#part;
    await part.kill('SIGKILL');
    this.#part = this.#begin();
  }

  async stop(): Promise<void> {
    this.#ended = true;
    const part = await this.#part.catch(() => null);
    await part?.kill('SIGTERM');
  }
}

/** Keeps runs going on two gateways and two workers while a killer ends a random part every few seconds. */
export async function soak(system: SoakSystem, { seconds, runs, killEvery }: SoakOptions): Promise<SoakResult> {
  const { settings } = system;
  const gateways = [1, 2].map((n) => new Restarted(`gateway ${n}`, () => startPart('gateway', settings)));
  const workers = [1, 2].map(
    (n) =>
      new Restarted(`worker ${n}`, () =>
        startPart('worker', settings, {
          BATON_WORKER_NAME: `worker-${n}`,
          BATON_WORKER_HOME: `${settings.environment['BATON_WORKER_HOME']}-${n}`,
        }),
      ),
  );
  const stop = () => Promise.all([...workers, ...gateways].map((part) => part.stop()));
  try {
    const told = await keepAllGoing(system, { seconds, runs, killEvery }, gateways, workers);
    await stop();
    return told;
  } catch (error) {
    await stop();
    throw error;
  }
}

async function keepAllGoing(
  system: SoakSystem,
  { seconds, runs, killEvery }: SoakOptions,
  gateways: readonly Restarted[],
  workers: readonly Restarted[],
): Promise<SoakResult> {
  const { token, environmentId } = system;
  await Promise.all([...gateways, ...workers].map(({ ready }) => ready));
  const until = Date.now() + seconds * 1_000;
  const kills: Record<string, number> = {};
  let repeated = 0;
  let followUps = 0;

  /** Asks one gateway after another until one answers. */
  const ask = async (query: string, variables: Record<string, unknown>): Promise<Awaited<ReturnType<Ask>>['data']> => {
    for (let attempt = randomInt(2); ; attempt++) {
      try {
        const gateway = await (gateways[attempt % 2] as Restarted).ready;
        const { data, errors } = await client(gateway.url, token)(query, variables);
        const refusal = Object.values(data ?? {}).find((value) => (value as { message?: string } | null)?.message !== undefined);
        if (data && !errors && !refusal) return data;
        throw new Error(JSON.stringify(errors ?? refusal));
      } catch (error) {
        if (Date.now() > until + 300_000) throw error;
        repeated++;
        await sleep(200);
      }
    }
  };

  const stateOf = async (runId: string): Promise<string> => {
    const { run } = await ask('query ($id: ID!) { run(id: $id) { state } }', { id: runId });
    return run.state;
  };

  const settled = async (what: string, runId: string, isSettled: (state: string) => boolean, withinMs: number) => {
    try {
      await waitFor(what, async () => isSettled(await stateOf(runId)), withinMs);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${await tell(system, runId)}`, { cause: error });
    }
  };

  /** What each message does: it enters itself into the workspace's book, works a while, and says so. */
  const script = (name: string) => `echo ${name} >> book.txt\nsleep ${randomInt(1, 30) / 10}\necho ${name} done`;

  const keepGoing = async (index: number): Promise<string> => {
    const idleSeconds = index % 2 === 0 ? 0 : 3;
    const { createRun } = await ask(
      'mutation ($input: CreateRunInput!) { createRun(input: $input) { ... on CreateRunPayload { run { id } } } }',
      { input: { clientKey: `soak-${index}`, environmentId, text: script(`r${index}m0`), idleSeconds } },
    );
    const runId: string = createRun.run.id;
    for (let n = 1; Date.now() < until; n++) {
      await sleep(randomInt(200, 4_000));
      // One that is over is followed up; one that is not gets a message for its next turn now and then.
      if (!over(await stateOf(runId)) && n % 3 !== 0) continue;
      followUps++;
      await ask('mutation ($input: SendFollowUpInput!) { sendFollowUp(input: $input) { __typename ... on Error { message } } }', {
        input: { clientKey: `soak-${index}-${n}`, runId, text: script(`r${index}m${n}`) },
      });
    }
    await settled(`run ${index} to end`, runId, over, 300_000);
    return runId;
  };

  const killer = async (): Promise<void> => {
    const victims: Record<string, () => Promise<void>> = {
      ...Object.fromEntries([...gateways, ...workers].map((part) => [part.name, () => part.kill()])),
      PostgreSQL: async () => {
        await system.postgres.kill();
        await system.postgres.start();
      },
      Temporal: async () => {
        await system.temporal.kill();
        await system.temporal.start();
      },
    };
    const names = Object.keys(victims);
    while (Date.now() < until) {
      await sleep(randomInt(...(killEvery as [number, number])));
      const name = names[randomInt(names.length)] as string;
      await victims[name]?.();
      kills[name] = (kills[name] ?? 0) + 1;
    }
  };

  const [runIds] = await Promise.all([Promise.all(Array.from({ length: runs }, (_, index) => keepGoing(index))), killer()]);
  // At last each run shows its book.
  for (const runId of runIds) {
    await ask('mutation ($input: SendFollowUpInput!) { sendFollowUp(input: $input) { __typename ... on Error { message } } }', {
      input: { clientKey: `book-${runId}`, runId, text: 'touch book.txt; cat book.txt' },
    });
  }
  for (const runId of runIds) await settled('the book', runId, (state) => state === 'SUCCEEDED', 120_000);
  return { runIds, kills, repeated, followUps };
}

/** All that is known of a run that does not end. */
async function tell({ journal, temporal }: SoakSystem, runId: string): Promise<string> {
  const rows = async (query: string) =>
    (await journal.pool.query<object>(query, [runId])).rows.map((row) => JSON.stringify(row)).join('\n');
  const connection = await Connection.connect({ address: temporal.address });
  const executions: string[] = [];
  for await (const { workflowId, status } of new Client({ connection }).workflow.list({
    query: `WorkflowId STARTS_WITH "${runWorkflowId(runId as RunId)}"`,
  }))
    executions.push(`${workflowId} ${status.name}`);
  await connection.close();
  return [
    await rows('SELECT now(), * FROM "Run" WHERE id = $1'),
    await rows('SELECT * FROM "Wake" WHERE "runId" = $1'),
    await rows('SELECT * FROM "Session" WHERE "runId" = $1 ORDER BY ordinal DESC LIMIT 2'),
    await rows('SELECT id, state FROM "Message" WHERE "runId" = $1 AND state NOT IN (\'DELIVERED\', \'RETURNED\')'),
    ...executions,
    await rows('SELECT seq, at, session, type, payload FROM "Event" WHERE "runId" = $1 ORDER BY seq DESC LIMIT 25'),
  ].join('\n');
}

/** What a run's book must say by its log: each turn that ended and was not rolled back, in order. */
export async function bookByLog(journal: Journal, runId: string): Promise<string[]> {
  const { rows } = await journal.pool.query<{ type: string; payload: { turn: number; messageId?: string } }>(
    `SELECT type, payload FROM "Event" WHERE "runId" = $1 AND type IN ('turn.started', 'turn.ended', 'turn.rolledBack') ORDER BY seq`,
    [runId],
  );
  const messages = await journal.pool.query<{ id: string; text: string }>('SELECT id, text FROM "Message" WHERE "runId" = $1', [
    runId,
  ]);
  const names = new Map(messages.rows.map(({ id, text }) => [id, /^echo (\S+) >>/.exec(text)?.[1]]));
  const kept = new Map<number, string | undefined>();
  for (const { type, payload } of rows) {
    if (type === 'turn.started') kept.set(payload.turn, names.get(payload.messageId ?? ''));
    if (type === 'turn.rolledBack') kept.delete(payload.turn);
  }
  return [...kept.values()].filter((name) => name !== undefined);
}
