import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { diskFullProblem, Problem, saysDiskFull } from '../problem.ts';
import type { Ports } from '../ports.ts';
import { Child, describeExit, signalGroup, signalProcess, type Exit } from '../processes/child.ts';
import { hasEnded } from '../processes/leftovers.ts';
import { lastWords } from '../processes/log.ts';
import { chooseAccount, type Account } from './account.ts';
import { postgresBinaries, type PostgresBinaries } from './binaries.ts';
import { ensureCluster, superuser, type Cluster } from './cluster.ts';
import { whyUnreachable, withClient } from './connect.ts';
import { readPostmaster, removeStalePidFile, type Postmaster } from './postmaster.ts';
import { settingArguments } from './settings.ts';

export interface PostgresOptions {
  /** The directory of the cluster; made when missing. Its parents have to be reachable for the user that it runs as. */
  readonly directory: string;
  readonly log: string;
  readonly ports: Ports;
  /** The database that is made when missing. */
  readonly database?: string;
  /** Settings over the ones of settings.ts. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface RunningPostgres {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Whether it ran already: one that outlived its supervisor. */
  readonly attached: boolean;
  /** Resolves when it has ended, with how, in words. */
  readonly exited: Promise<string>;
  /** Ends it as PostgreSQL should end: sessions are cut, a checkpoint is written. Then harder. */
  stop(): Promise<void>;
  /** Ends it at once; the next start replays its log. */
  kill(): Promise<void>;
}

/** Starting includes replaying the log of a server that was killed. */
const startDeadlineMs = 60_000;
const stopGraceMs = 10_000;
const quitGraceMs = 2_000;
const pollMs = 10;

interface Launch extends PostgresOptions {
  readonly binaries: PostgresBinaries;
  readonly account: Account;
  readonly cluster: Cluster;
}

/**
 * Starts PostgreSQL on a directory, or attaches to the one that runs on it. Of two that start at once, one starts and the
 * other attaches. Throws a Problem when it can't.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const binaries = postgresBinaries();
  const account = await chooseAccount(binaries.postgres, options.directory);
  const cluster = await ensureCluster(options.directory, binaries, account);
  const running = await attachOrStart({ ...options, binaries, account, cluster });
  await ensureDatabase(urlOf(cluster, running.port, 'postgres'), options.database ?? 'baton');
  return running;
}

async function attachOrStart(launch: Launch): Promise<RunningPostgres> {
  const until = Date.now() + startDeadlineMs;
  let port: number | undefined;
  for (;;) {
    launch.signal?.throwIfAborted();
    const attached = await attach(launch, until);
    if (attached) return attached;
    removeStalePidFile(launch.cluster.data);
    port ??= await launch.ports.take('postgres');
    const outcome = await start(launch, port, until);
    if (!('tail' in outcome)) return outcome;
    if (/Address already in use|could not create any TCP/.test(outcome.tail)) port = await launch.ports.renew('postgres');
    else if (!/postmaster\.pid|pre-existing shared memory/.test(outcome.tail) || Date.now() > until)
      throw explain(outcome, launch);
    // Another one is starting, and will be attached to, or is ending, and will be waited for.
    else await delay(100);
  }
}

/** Attaches to the server that runs on the directory, once it answers; null when there is none (any more). */
async function attach({ cluster, database = 'baton' }: Launch, until: number): Promise<RunningPostgres | null> {
  let postmaster = readPostmaster(cluster.data);
  while (postmaster !== null && Date.now() < until) {
    if (postmaster.ready && (await whyUnreachable(urlOf(cluster, postmaster.port, 'postgres'))) === null) {
      return describeRunning(urlOf(cluster, postmaster.port, database), postmaster, null);
    }
    await delay(pollMs * 5);
    postmaster = readPostmaster(cluster.data);
  }
  if (postmaster === null) return null;
  throw new Problem(
    `A PostgreSQL (process ${postmaster.identity.pid}) runs on ${cluster.data} and does not answer.\n` +
      `End it (kill -QUIT ${postmaster.identity.pid}) and start again.`,
  );
}

async function start(launch: Launch, port: number, until: number): Promise<RunningPostgres | Exit> {
  const { binaries, account, cluster, log, signal, database = 'baton' } = launch;
  const settings = settingArguments({ port: String(port), ...launch.settings });
  const environment = { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin' };
  const child = await Child.start({
    ...account.command(binaries.postgres, ['-D', cluster.data, ...settings]),
    environment,
    cwd: cluster.data,
    log,
  });
  while (child.exit === null) {
    const postmaster = readPostmaster(cluster.data);
    if (postmaster?.ready && postmaster.identity.pid === child.pid) {
      return describeRunning(urlOf(cluster, port, database), postmaster, child);
    }
    if (signal?.aborted || Date.now() > until) await child.stop('SIGQUIT', quitGraceMs);
    signal?.throwIfAborted();
    await delay(pollMs);
  }
  return child.exit;
}

function describeRunning(url: string, { identity, port }: Postmaster, child: Child | null): RunningPostgres {
  // Of a server that is not our child there is no exit to hear.
  const exited = child
    ? child.exited.then((exit) => {
        const words = lastWords(exit.tail);
        return words === '' || exit.signal !== null ? describeExit(exit) : `${describeExit(exit)}: ${words}`;
      })
    : hasEnded(identity, Number.POSITIVE_INFINITY).then(() => 'ended');
  const signalAndWait = async (signal: NodeJS.Signals, graceMs: number) => {
    signalProcess(identity.pid, signal);
    return hasEnded(identity, graceMs);
  };
  const kill = async () => {
    if (!(await signalAndWait('SIGQUIT', quitGraceMs))) signalGroup(identity.pid, 'SIGKILL');
    await exited;
  };
  const stop = async () => {
    if (!(await signalAndWait('SIGINT', stopGraceMs))) await kill();
    await exited;
  };
  return { url, port, pid: identity.pid, attached: child === null, exited, stop, kill };
}

async function ensureDatabase(url: string, name: string): Promise<void> {
  await withClient(url, async (client) => {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (rowCount) return;
    await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`).catch((error: { code?: string }) => {
      // Another process has just made it.
      if (error.code !== '42P04' && error.code !== '23505') throw error;
    });
  });
}

function urlOf(cluster: Cluster, port: number, database: string): string {
  return `postgresql://${superuser}:${encodeURIComponent(cluster.password)}@127.0.0.1:${port}/${database}`;
}

function explain(exit: Exit, { cluster, log }: Launch): Problem {
  if (saysDiskFull(exit.tail)) return diskFullProblem(cluster.data);
  return new Problem(`PostgreSQL did not start, it ${describeExit(exit)}: ${lastWords(exit.tail)}\nIts log is ${log}.`);
}
