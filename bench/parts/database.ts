import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { migrate } from '../../stack/migrate.ts';
import { Ports } from '../../stack/ports.ts';
import { startPostgres } from '../../stack/postgres/server.ts';
import { guard } from '../../stack/processes/guard.ts';

/** A migrated database on a PostgreSQL that is set as the local system's is: it waits for the disk at each commit. */
export interface BenchDatabase extends AsyncDisposable {
  readonly url: string;
}

/** Starts PostgreSQL in a directory of its own, which goes when it is disposed of. */
export async function startDatabase(): Promise<BenchDatabase> {
  const directory = await mkdtemp(path.join(tmpdir(), 'baton-bench-'));
  const { url, pid, stop } = await startPostgres({
    directory: path.join(directory, 'postgres'),
    log: path.join(directory, 'postgres.log'),
    ports: new Ports(path.join(directory, 'ports.json')),
  });
  const dismiss = guard(pid, 'INT');
  await migrate(url);
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      dismiss();
      await stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
