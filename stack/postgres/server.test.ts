import { spawnSync } from 'node:child_process';
import { chmodSync, lchownSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryDirectory, type TemporaryDirectory } from '../../test/support/temporaryDirectory.ts';
import { tinyDisk } from '../../test/support/tinyDisk.ts';
import { waitFor } from '../../test/support/waitFor.ts';
import { Ports } from '../ports.ts';
import { identify } from '../processes/identity.ts';
import { withClient } from './connect.ts';
import { startPostgres, type PostgresOptions, type RunningPostgres } from './server.ts';

let directory: TemporaryDirectory;
let running: RunningPostgres[];

beforeEach(async () => {
  directory = await temporaryDirectory();
  running = [];
});

afterEach(async () => {
  await Promise.all(running.map((postgres) => postgres.kill()));
  await directory.remove();
});

async function start(more: Partial<PostgresOptions> = {}): Promise<RunningPostgres> {
  const postgres = await startPostgres({
    directory: join(directory.path, 'postgres'),
    log: join(directory.path, 'postgres.log'),
    ports: new Ports(join(directory.path, 'ports.json')),
    ...more,
  });
  running.push(postgres);
  return postgres;
}

const query = async (url: string, sql: string) =>
  withClient(url, async (client) => (await client.query<Record<string, unknown>>(sql)).rows[0]);

const data = () => join(directory.path, 'postgres', 'cluster', 'data');

test('it starts on an empty directory, keeps what is written over a stop, and comes back on its port', async () => {
  const first = await start();
  expect(first.attached).toBe(false);
  await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS n');
  await first.stop();
  expect(identify(first.pid)).toBeNull();
  expect(await first.exited).toMatch(/exited with code 0/);
  const second = await start();
  expect(second.port).toBe(first.port);
  expect(await query(second.url, 'SELECT n FROM kept')).toEqual({ n: 42 });
});

test('it is durable, speaks UTC, and lets in nobody without the password, which is for its owner only', async () => {
  const { url } = await start();
  const settings = `SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit,
    current_setting('log_timezone') AS zone, current_setting('listen_addresses') AS addresses`;
  expect(await query(url, settings)).toEqual({ fsync: 'on', commit: 'on', zone: 'UTC', addresses: '127.0.0.1' });
  const stranger = new URL(url);
  stranger.password = 'guess';
  await expect(query(stranger.href, 'SELECT 1')).rejects.toThrow(/password authentication failed/);
  expect(statSync(join(directory.path, 'postgres', 'cluster', 'password')).mode & 0o777).toBe(0o600);
});

test('a second start on the same directory attaches to the one that runs', async () => {
  const first = await start();
  const second = await start();
  expect(second).toMatchObject({ attached: true, pid: first.pid, url: first.url });
  await second.stop();
  expect(await second.exited).toBe('ended');
  expect(await first.exited).toMatch(/exited/);
});

test('of two that start at once on an empty directory one starts and both serve the same database', async () => {
  const [first, second] = await Promise.all([start(), start()]);
  expect(first.pid).toBe(second.pid);
  expect([first.attached, second.attached].sort()).toEqual([false, true]);
  await query(first.url, 'CREATE TABLE shared AS SELECT 1 AS n');
  expect(await query(second.url, 'SELECT n FROM shared')).toEqual({ n: 1 });
  expect(readdirSync(join(directory.path, 'postgres'))).toEqual(['cluster']);
});

test('after a kill -9 the next start replays what was committed', async () => {
  const first = await start();
  await query(first.url, 'CREATE TABLE committed AS SELECT 7 AS n');
  process.kill(first.pid, 'SIGKILL');
  expect(await first.exited).toBe('was killed by SIGKILL');
  const second = await start();
  expect(second.attached).toBe(false);
  expect(await query(second.url, 'SELECT n FROM committed')).toEqual({ n: 7 });
});

test('a pid file that was left behind is no obstacle, also when the number belongs to another program now', async () => {
  const first = await start();
  await first.kill();
  // This very process: alive, and no PostgreSQL.
  writeFileSync(join(data(), 'postmaster.pid'), `${process.pid}\n${data()}\n0\n${first.port}\n\n127.0.0.1\n\nready   \n`);
  const second = await start();
  expect(second.attached).toBe(false);
  expect(await query(second.url, 'SELECT 1 AS n')).toEqual({ n: 1 });
});

test('a port that was taken in the meantime is replaced', async () => {
  const first = await start();
  await first.stop();
  const other = await start({ directory: join(directory.path, 'other') });
  expect(other.port).toBe(first.port);
  const second = await start();
  expect(second.port).not.toBe(first.port);
});

test('what a start that was killed in the middle has left is cleared away', async () => {
  const left = join(directory.path, 'postgres', 'draft', 'data');
  mkdirSync(left, { recursive: true });
  await start();
  expect(readdirSync(join(directory.path, 'postgres'))).toEqual(['cluster']);
});

test('a stop cuts open connections', async () => {
  const postgres = await start();
  await withClient(postgres.url, async (client) => {
    const waiting = client.query('SELECT pg_sleep(60)').catch((error: Error) => error.message);
    await waitFor('the query to run', () =>
      query(postgres.url, `SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND wait_event = 'PgSleep'`),
    );
    await postgres.stop();
    expect(await waiting).toMatch(/terminat/);
  });
});

test.each([
  // As root it runs as another user, who can not pass through here.
  ['only we may enter', 0o700],
  ['everybody may enter', 0o755],
])('below a directory that %s it starts', async (_, mode) => {
  chmodSync(directory.path, mode);
  const postgres = await start();
  expect(await query(postgres.url, 'SELECT 1 AS n')).toEqual({ n: 1 });
});

test('it runs as the owner of its files, whoever that is', async () => {
  const first = await start();
  await first.stop();
  // As root: as if an ordinary user had made them. As such a user they are ours already.
  const owner = process.getuid?.() === 0 ? 12_345 : statSync(data()).uid;
  for (const file of ['.', ...readdirSync(join(directory.path, 'postgres'), { recursive: true, encoding: 'utf8' })]) {
    lchownSync(join(directory.path, 'postgres', file), owner, owner === 12_345 ? owner : statSync(data()).gid);
  }
  await start();
  expect(statSync(join(data(), 'postmaster.pid')).uid).toBe(owner);
});

test('files of another PostgreSQL version are refused with what to do', async () => {
  const first = await start();
  await first.stop();
  writeFileSync(join(data(), 'PG_VERSION'), '12\n');
  await expect(start()).rejects.toThrow(/is of PostgreSQL 12; this Baton brings PostgreSQL 18/);
});

test('a start that fails says what the log says', async () => {
  const first = await start();
  await first.stop();
  rmSync(join(data(), 'global'), { recursive: true });
  await expect(start()).rejects.toThrow(/PostgreSQL did not start, it exited with code \d+: .*\nIts log is .*postgres\.log/);
});

const canMakeDisks = tinyDisk(tmpdir(), 4_096) !== null;

test.runIf(canMakeDisks)('a disk that becomes full while its files are made is said', () => {
  const url = (name: string) => JSON.stringify(new URL(name, import.meta.url).href);
  const script = `
    const { startPostgres } = await import(${url('server.ts')});
    const { Ports } = await import(${url('../ports.ts')});
    const at = (name) => process.argv[1] + '/' + name;
    await startPostgres({ directory: at('postgres'), log: at('log'), ports: new Ports(at('ports.json')) }).catch((error) => console.log(error.message));
  `;
  const [program = '', ...prefix] = tinyDisk(directory.path, 20_000_000) ?? [];
  const args = [...prefix, process.execPath, '--import', 'tsx', '--input-type=module', '--eval', script, directory.path];
  const { stdout } = spawnSync(program, args, { encoding: 'utf8', timeout: 25_000 });
  expect(stdout).toMatch(/^The disk that holds .* is full\.\n/);
});

test('a start that is aborted leaves nothing running', async () => {
  const stopping = new AbortController();
  const starting = start({ signal: stopping.signal });
  stopping.abort();
  await expect(starting).rejects.toThrow(/abort/i);
  expect(readdirSync(data()).includes('postmaster.pid')).toBe(false);
});
