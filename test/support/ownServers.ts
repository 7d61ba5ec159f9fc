import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { machine } from '../../config/machine.ts';
import { migrate } from '../../stack/migrate.ts';
import { Ports } from '../../stack/ports.ts';
import { startPostgres } from '../../stack/postgres/server.ts';
import { guard } from '../../stack/processes/guard.ts';
import { startTemporal } from '../../stack/temporal/server.ts';

/** A server that a test may kill: nobody else uses it. */
export interface OwnServer {
  /** The database's URL, or Temporal's host:port; the same after a restart. */
  readonly address: string;
  kill(): Promise<void>;
  /** Starts it again on what it had, or on nothing. */
  start(options?: { forgetful: boolean }): Promise<void>;
  stop(): Promise<void>;
}

interface Running {
  readonly pid: number;
  readonly address: string;
  kill(): Promise<void>;
  stop(): Promise<void>;
}

async function own(signal: NodeJS.Signals, launch: (directory: string) => Promise<Running>): Promise<OwnServer> {
  const directory = await mkdtemp(join(tmpdir(), 'baton-own-'));
  const begin = async () => {
    const running = await launch(directory);
    return { ...running, dismiss: guard(running.pid, signal === 'SIGINT' ? 'INT' : 'TERM') };
  };
  let now = await begin();
  const { address } = now;
  return {
    address,
    kill: async () => {
      now.dismiss();
      await now.kill();
    },
    start: async ({ forgetful } = { forgetful: false }) => {
      if (forgetful) await rm(join(directory, 'data'), { recursive: true, force: true });
      now = await begin();
      if (now.address !== address) throw new Error(`the server came back at ${now.address}, not at ${address}`);
    },
    stop: async () => {
      now.dismiss();
      await now.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** A PostgreSQL with the migrated database, which keeps what it has committed. */
export async function startOwnPostgres(): Promise<OwnServer> {
  const server = await own('SIGINT', async (directory) => {
    const { url, ...running } = await startPostgres({
      directory: join(directory, 'data'),
      log: join(directory, 'postgres.log'),
      ports: new Ports(join(directory, 'ports.json')),
    });
    return { ...running, address: url };
  });
  await migrate(server.address);
  return server;
}

/** A Temporal that keeps its executions in a file. */
export const startOwnTemporal = (): Promise<OwnServer> =>
  own('SIGTERM', async (directory) => {
    const data = join(directory, 'data');
    await mkdir(data, { recursive: true });
    return startTemporal({
      directory: data,
      log: join(directory, 'temporal.log'),
      ports: new Ports(join(directory, 'ports.json')),
      namespace: 'default',
      machine: machine(),
      progress: () => {},
    });
  });
