import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { withLock } from '../lock.ts';
import { diskFullProblem, explainFileError, Problem, saysDiskFull } from '../problem.ts';
import type { Account } from './account.ts';
import type { PostgresBinaries } from './binaries.ts';

const run = promisify(execFile);

export const superuser = 'baton';
/** The major version of the programs that Baton brings. */
const majorVersion = '18';

export interface Cluster {
  readonly data: string;
  readonly password: string;
}

/**
 * Makes the database cluster in `directory` if there is none: aside, then renamed, so that there is never half a one; of
 * two processes the second waits for the first. Its password is random and in a file that its owner alone may read.
 */
export async function ensureCluster(directory: string, binaries: PostgresBinaries, account: Account): Promise<Cluster> {
  const home = join(directory, 'cluster');
  const data = join(home, 'data');
  const exists = () => existsSync(join(data, 'PG_VERSION'));
  try {
    if (!exists()) {
      await withLock(join(directory, 'cluster.lock'), async () => {
        if (!exists()) await makeCluster(directory, home, binaries, account);
      });
    }
    const version = (await readFile(join(data, 'PG_VERSION'), 'utf8')).trim();
    if (version !== majorVersion) throw wrongVersion(home, version);
    return { data, password: (await readFile(join(home, 'password'), 'utf8')).trim() };
  } catch (error) {
    throw explainFileError(error, directory);
  }
}

async function makeCluster(directory: string, home: string, { initdb }: PostgresBinaries, account: Account): Promise<void> {
  const draft = join(directory, 'draft');
  const passwordFile = join(draft, 'password');
  // There may be one of a start that was killed.
  await rm(draft, { recursive: true, force: true, maxRetries: 10 });
  await mkdir(draft, { mode: 0o700 });
  try {
    await writeFile(passwordFile, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
    if (account.owner) for (const path of [draft, passwordFile]) await chown(path, account.owner.uid, account.owner.gid);
    await initialize(initdb, join(draft, 'data'), passwordFile, account);
    await rename(draft, home);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function initialize(initdb: string, data: string, passwordFile: string, account: Account): Promise<void> {
  const options = ['--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--no-instructions', `--username=${superuser}`];
  const { command, args, ...ids } = account.command(initdb, [...options, `--pwfile=${passwordFile}`, `--pgdata=${data}`]);
  try {
    await run(command, args, { cwd: '/', env: { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin' }, timeout: 120_000, ...ids });
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as { stdout?: string; stderr?: string; message: string };
    if (saysDiskFull(stdout + stderr)) throw diskFullProblem(data, undefined, error);
    throw new Problem(`PostgreSQL could not make its files in ${data}: ${stderr.trim() || message}`, { cause: error });
  }
}

function wrongVersion(home: string, version: string): Problem {
  return new Problem(
    `The database in ${home} is of PostgreSQL ${version}; this Baton brings PostgreSQL ${majorVersion}.\n` +
      `Start it with the Baton that made it and pg_dump it, or use another state directory: BATON_HOME=/another/directory npm start`,
  );
}
