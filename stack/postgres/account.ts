import { execFile } from 'node:child_process';
import { chown, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Problem, saysDiskFull, diskFullProblem } from '../problem.ts';

const run = promisify(execFile);

/** Whom PostgreSQL runs as. It refuses to run as root, so then it is another user, and no user has to be made for it. */
export interface Account {
  /** The owner of its files; undefined when that is the user we are. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  /** The command that runs a program as that user. */
  command(program: string, args: readonly string[]): LaunchedCommand;
}

interface LaunchedCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
}

type Owner = NonNullable<Account['owner']>;

const ourselves: Account = { owner: undefined, command: (command, args) => ({ command, args }) };

const asUser = (owner: Owner): Account => ({ owner, command: (command, args) => ({ command, args, ...owner }) });

/**
 * The user, with one capability more. Below a directory that only root may enter (/root, one made by mktemp), a plain user
 * reaches neither the programs nor the data; with the capability it does, and is still not root.
 * access(2) asks what the user could do without capabilities unless no_setuid_fixup is set.
 */
const asUserWith =
  (capability: string) =>
  (owner: Owner): Account => ({
    owner,
    command: (program, args) => ({
      command: 'setpriv',
      args: [
        '--securebits=+no_setuid_fixup',
        `--reuid=${owner.uid}`,
        `--regid=${owner.gid}`,
        '--clear-groups',
        ...['inh-caps', 'ambient-caps', 'bounding-set'].map((set) => `--${set}=-all,+${capability}`),
        program,
        ...args,
      ],
    }),
  });

/** Reading is less than writing, but a container may not have it to give. */
const ways = [asUser, asUserWith('dac_read_search'), asUserWith('dac_override')];
const userNames = ['postgres', 'nobody'];

/**
 * Makes PostgreSQL's directory and decides whom PostgreSQL runs as: us, or as root the owner of the data, else the
 * users `postgres` and `nobody`, whichever can run the program and write the directory.
 * Throws a Problem when there is none.
 */
export async function chooseAccount(postgres: string, directory: string): Promise<Account> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  if (process.getuid?.() !== 0) {
    await tryAccount(ourselves, postgres, directory).catch((error: unknown) => {
      throw cannotRun(error, postgres, directory);
    });
    return ourselves;
  }
  const owners = await possibleOwners(directory);
  let failure: unknown;
  for (const owner of owners) {
    await chown(directory, owner.uid, owner.gid);
    for (const way of ways) {
      const account = way(owner);
      try {
        await tryAccount(account, postgres, directory);
        return account;
      } catch (error) {
        failure ??= error;
      }
    }
  }
  throw noUser(owners, failure, directory);
}

async function possibleOwners(directory: string): Promise<Owner[]> {
  const data = await stat(join(directory, 'cluster', 'data')).catch(() => null);
  if (data !== null && data.uid !== 0) return [{ uid: data.uid, gid: data.gid }];
  const known = await Promise.all(
    userNames.map(async (name) => {
      const id = async (what: string) => Number((await run('id', [what, name])).stdout);
      return Promise.all([id('-u'), id('-g')]).catch(() => null);
    }),
  );
  return known.flatMap((ids) => (ids === null || ids[0] === 0 ? [] : [{ uid: ids[0], gid: ids[1] }]));
}

/** Proves that the account reaches its directory, can write there, and can run the program. */
async function tryAccount(account: Account, postgres: string, directory: string): Promise<void> {
  const script = 'cd "$1" && : > .probe && rm .probe && exec "$2" --version';
  const { command, args, ...ids } = account.command('/bin/sh', ['-c', script, 'probe', directory, postgres]);
  await run(command, args, { cwd: '/', env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' }, timeout: 20_000, ...ids });
}

function cannotRun(error: unknown, postgres: string, directory: string): Problem {
  const words = said(error);
  if (saysDiskFull(words)) return diskFullProblem(directory, undefined, error);
  return new Problem(
    `PostgreSQL can't run here: ${words}\n` +
      `It is ${postgres}, and its files are in ${directory}.\n` +
      'Run npm ci again, or name a database that runs: DATABASE_URL=postgresql://… npm start',
    { cause: error },
  );
}

function noUser(owners: readonly Owner[], error: unknown, directory: string): Problem {
  const words = said(error);
  if (saysDiskFull(words)) return diskFullProblem(directory, undefined, error);
  const tried =
    owners.length === 0
      ? `and of the users ${userNames.join(' and ')} that it could be instead there is none`
      : `and the users that it could be instead (${owners.map(({ uid }) => uid).join(', ')}) can't run it: ${words}`;
  return new Problem(
    `You are root, as which PostgreSQL refuses to run, ${tried}.\n` +
      'Run Baton as another user, or name a database that runs: DATABASE_URL=postgresql://… npm start',
    { cause: error },
  );
}

function said(error: unknown): string {
  const { stderr = '', message } = error as { stderr?: string; message: string };
  return stderr.trim().split('\n').at(-1) || message;
}
