import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { guard } from '../processes/guard.ts';
import { Ports } from '../ports.ts';
import { startPostgres } from './server.ts';

/** A PostgreSQL for tests and tools, of which nothing is kept. */
export interface TemporaryPostgres {
  /** Of its database `baton`, which is empty. */
  readonly url: string;
  stop(): Promise<void>;
}

/** It may lose everything, so it need not wait for the disk. */
const careless = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

/** Starts a PostgreSQL in a directory of its own, which `stop` removes. */
export async function startTemporaryPostgres(): Promise<TemporaryPostgres> {
  const directory = await mkdtemp(join(tmpdir(), 'baton-postgres-'));
  const remove = () => rm(directory, { recursive: true, force: true });
  try {
    const { url, pid, stop } = await startPostgres({
      directory: join(directory, 'postgres'),
      log: join(directory, 'postgres.log'),
      ports: new Ports(join(directory, 'ports.json')),
      settings: careless,
    });
    const dismiss = guard(pid, 'INT');
    return {
      url,
      async stop() {
        dismiss();
        await stop();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
