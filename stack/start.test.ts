import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { createEmptyDatabase } from '../test/support/database.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../test/support/temporaryDirectory.ts';
import { tinyDisk } from '../test/support/tinyDisk.ts';
import { waitFor } from '../test/support/waitFor.ts';
import { withClient } from './postgres/connect.ts';
import { freePort } from './ports.ts';
import { identify } from './processes/identity.ts';
import { killAll, nothingRuns, RunningSystem, systemArguments } from './testParts/runningSystem.ts';

let directory: TemporaryDirectory;
let home: string;
let systems: RunningSystem[];

beforeEach(async () => {
  directory = await temporaryDirectory();
  home = join(directory.path, 'state');
  systems = [];
});

afterEach(async (context) => {
  if (context.task.result?.state === 'fail')
    for (const { output, ...system } of systems) process.stderr.write(`${output}\n${system.home}\n`);
  await killAll(directory.path);
  await directory.remove();
});

function start(environment: NodeJS.ProcessEnv = {}, ...command: string[]): RunningSystem {
  const system = new RunningSystem(environment['BATON_HOME'] ?? home, environment, ...(command.length > 0 ? [command] : []));
  systems.push(system);
  return system;
}

/** A system whose PostgreSQL and Temporal are given: it starts in a moment. */
async function startGiven(environment: NodeJS.ProcessEnv = {}) {
  const database = await createEmptyDatabase();
  const system = start({ DATABASE_URL: database.url, TEMPORAL_ADDRESS: inject('temporalAddress'), ...environment });
  return { system, database, [Symbol.asyncDispose]: database.drop };
}

const databaseUrl = (system: RunningSystem): string => {
  const password = readFileSync(join(system.home, 'postgres/cluster/password'), 'utf8').trim();
  const { postgres } = JSON.parse(readFileSync(join(system.home, 'ports.json'), 'utf8')) as { postgres: number };
  return `postgresql://baton:${password}@127.0.0.1:${postgres}/baton`;
};

test('it starts every part, says so in a line each, and finds everything again after a Ctrl-C', async () => {
  const first = await start().ready();
  const lines = first.output.split('\n');
  for (const line of [
    /^ {2}PostgreSQL   running +\d+\.\d s   127\.0\.0\.1:\d+$/,
    /^ {2}Temporal     running +\d+\.\d s   127\.0\.0\.1:\d+, server \d+\.\d+\.\d+, from .+$/,
    /^ {2}Migrations   applied +\d+\.\d s   \d+ of \d+$/,
    /^ {2}Worker       running +\d+\.\d s   process \d+$/,
    /^ {2}Gateway      running +\d+\.\d s   http:\/\/127\.0\.0\.1:\d+$/,
    /^ {2}Open +http:\/\/127\.0\.0\.1:\d+\/sign-in\?code=baton_link_[\w-]+$/,
  ]) {
    expect(lines.filter((text) => line.test(text))).toHaveLength(1);
  }
  expect(first.output).not.toContain('\u001B');

  const { url, token } = first.gatewayFile();
  expect((await fetch(url)).status).toBe(200);
  for (const file of ['gateway.json', 'master.key']) expect(statSync(join(home, file)).mode & 0o777).toBe(0o600);
  await withClient(databaseUrl(first), async (client) => {
    expect((await client.query('SELECT 1 FROM "ApiToken"')).rowCount).toBe(1);
    expect((await client.query('SELECT 1 FROM "SignInLink"')).rowCount).toBe(1);
  });

  const began = Date.now();
  expect(await first.stop('SIGINT')).toBe(0);
  expect(Date.now() - began).toBeLessThan(10_000);
  expect(first.output).toMatch(/Stopped in \d+\.\d s\. Everything is kept in /);
  await nothingRuns(home);

  const ports = readFileSync(join(home, 'ports.json'), 'utf8');
  const key = readFileSync(join(home, 'master.key'), 'utf8');
  const second = await start().ready();
  expect(second.output).toMatch(/Migrations {3}up to date/);
  expect(second.gatewayFile().token).toBe(token);
  expect(readFileSync(join(home, 'ports.json'), 'utf8')).toBe(ports);
  expect(readFileSync(join(home, 'master.key'), 'utf8')).toBe(key);

  // One that is started beside it on the same state is refused, and harms nothing.
  const third = start();
  expect(await third.exited).toBe(1);
  expect(third.output).toContain(`Baton runs already at ${second.gatewayFile().url} (process ${second.pid})`);
  expect((await fetch(second.gatewayFile().url)).status).toBe(200);
  expect(await second.stop('SIGTERM')).toBe(0);
  await nothingRuns(home);
});

test('a part that is killed is started again, and a line says so', async () => {
  const system = await start().ready();
  for (const [part, name] of [
    ['worker', 'Worker'],
    ['gateway', 'Gateway'],
    ['temporal', 'Temporal'],
    ['postgres', 'PostgreSQL'],
  ] as const) {
    const pid = system.partPid(part);
    process.kill(pid, 'SIGKILL');
    await system.says(new RegExp(`\\d\\d:\\d\\d:\\d\\d {2}${name} was killed by SIGKILL; it is started again`));
    await system.says(new RegExp(`${name} runs again \\(\\d+\\.\\d s\\)`), 30_000);
    expect(system.partPid(part)).not.toBe(pid);
  }
  const { url } = system.gatewayFile();
  expect((await fetch(url)).status).toBe(200);
  await withClient(databaseUrl(system), async (client) => {
    expect((await client.query('SELECT 1 FROM "User"')).rowCount).toBe(1);
  });
  expect(await system.stop('SIGHUP')).toBe(0);
  await nothingRuns(home);
});

test('when the supervisor is killed, gateway and worker end by themselves, and the next start takes over the rest', async () => {
  const first = await start().ready();
  const [postgres, temporal] = [first.partPid('postgres'), first.partPid('temporal')];
  const ours = [first.partPid('gateway'), first.partPid('worker')];
  first.process.kill('SIGKILL');
  await first.exited;
  await waitFor('gateway and worker to end', () => ours.every((pid) => identify(pid) === null));
  expect(identify(postgres)).not.toBeNull();

  const second = await start().ready();
  expect(second.output).toMatch(/An earlier start was killed; what it left running was ended: temporal\./);
  expect(second.output).toMatch(/PostgreSQL   running .*, ran already/);
  expect(second.partPid('postgres')).toBe(postgres);
  expect(identify(temporal)).toBeNull();
  expect(await second.stop()).toBe(0);
  await nothingRuns(home);
});

test('a second Ctrl-C kills what does not stop', async () => {
  const { system, ...given } = await startGiven({ BATON_FAKE_WORKER: 'stubborn' });
  await using _given = given;
  await system.ready();
  system.process.kill('SIGINT');
  await system.says(/Stopping/);
  // A request that comes at once is the same one, passed on by npm.
  await delay(700);
  expect(await system.stop('SIGINT')).toBe(1);
  expect(system.output).toContain('Killed. The next start repairs what that left.');
  await nothingRuns(home);
});

test('Ctrl-C in the middle of a start stops what has started', async () => {
  const system = start();
  await system.says(/PostgreSQL +running|Temporal +running/);
  expect(await system.stop('SIGINT')).toBe(0);
  await nothingRuns(home);
});

test('a Ctrl-C in a terminal, which npm passes on too, is one request; and SIGTERM to npm ends everything', async () => {
  const command = `${process.execPath} ${systemArguments.join(' ')}`;
  writeFileSync(join(directory.path, 'package.json'), JSON.stringify({ name: 'x', scripts: { start: command } }));
  const npm = ['npm', '--prefix', directory.path, 'start'];
  await using database = await createEmptyDatabase();
  const given = { DATABASE_URL: database.url, TEMPORAL_ADDRESS: inject('temporalAddress') };

  const first = await start(given, ...npm).ready();
  process.kill(-first.pid, 'SIGINT');
  await first.exited;
  await nothingRuns(home);
  expect(first.output).toMatch(/Stopped in/);
  expect(first.output).not.toMatch(/Killed/);

  const second = await start(given, ...npm).ready();
  second.process.kill('SIGTERM');
  await second.exited;
  await nothingRuns(home);

  const third = await start(given, ...npm).ready();
  third.process.kill('SIGKILL');
  await nothingRuns(home);
});

test('parts that are given by address are used and not started', async () => {
  const { system, ...given } = await startGiven();
  await using _given = given;
  await system.ready();
  expect(system.output).toMatch(/PostgreSQL   given +\d+\.\d s   127\.0\.0\.1:\d+\/test_\w+\n/);
  expect(system.output).toMatch(/Temporal     given +\d+\.\d s   127\.0\.0\.1:\d+, server/);
  expect(existsSync(join(home, 'postgres'))).toBe(false);
  expect(await system.stop()).toBe(0);
  await nothingRuns(home);
});

test('two systems run side by side', async () => {
  await using database = await createEmptyDatabase();
  const given = { DATABASE_URL: database.url, TEMPORAL_ADDRESS: inject('temporalAddress') };
  const [first, second] = await Promise.all([
    start({ ...given, BATON_HOME: join(directory.path, 'one') }).ready(),
    start({ ...given, BATON_HOME: join(directory.path, 'two') }).ready(),
  ]);
  const urls = [first, second].map((system) => system.gatewayFile().url);
  expect(new Set(urls).size).toBe(2);
  for (const url of urls) expect((await fetch(url)).status).toBe(200);
  await Promise.all([first.stop(), second.stop()]);
});

async function fails(environment: NodeJS.ProcessEnv): Promise<string> {
  const system = start(environment);
  expect(await system.exited).toBe(1);
  expect(system.output).not.toMatch(/\n\s+at .*:\d+:\d+/);
  await nothingRuns(home);
  return system.output;
}

test('a port that is taken is said before anything is started', async () => {
  const server = createServer().listen(await freePort(), '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const output = await fails({ PORT: String(port) });
  server.close();
  expect(output).toContain(
    `Port ${port} of 127.0.0.1 is taken by another program.\nEnd that program, or take another port: PORT=4600 npm start`,
  );
  expect(existsSync(join(home, 'postgres'))).toBe(false);
});

test.each([
  [
    'a gateway that fails for a reason that it knows',
    'failing',
    /The gateway did not start: the gateway has no wings\nIts log is .*gateway\.log/,
  ],
  ['a gateway that falls over', 'crashing', /The gateway did not start: exited with code 1: .*the gateway fell over/],
])('%s is said, and what had started is stopped', async (_, behaviour, expected) => {
  const { system, ...given } = await startGiven({ BATON_FAKE_GATEWAY: behaviour });
  await using _given = given;
  expect(await system.exited).toBe(1);
  expect(system.output).toMatch(expected);
  await nothingRuns(home);
});

test('a database or a Temporal that is given and does not answer is said', async () => {
  const nowhere = await freePort();
  expect(
    await fails({ DATABASE_URL: `postgresql://x:secret@127.0.0.1:${nowhere}/y`, TEMPORAL_ADDRESS: inject('temporalAddress') }),
  ).toMatch(new RegExp(`The database of DATABASE_URL \\(127\\.0\\.0\\.1:${nowhere}/y\\) can't be used: .*ECONNREFUSED`));
  await using database = await createEmptyDatabase();
  expect(await fails({ DATABASE_URL: database.url, TEMPORAL_ADDRESS: `127.0.0.1:${nowhere}` })).toMatch(
    new RegExp(`The Temporal server of TEMPORAL_ADDRESS \\(127\\.0\\.0\\.1:${nowhere}\\) does not answer`),
  );
});

test('a state directory that can not be made is said', async () => {
  const file = join(directory.path, 'file');
  writeFileSync(file, '');
  expect(await fails({ BATON_HOME: join(file, 'state') })).toMatch(
    /can't be made: a file is in the way\.\nMove the file, or use another directory: BATON_HOME=/,
  );
  // Where nobody can write, not even root.
  const kernel = process.platform === 'linux' ? '/sys/baton' : '/System/baton';
  expect(await fails({ BATON_HOME: kernel })).toMatch(/can't be written: .*\n.*BATON_HOME=\/another\/directory npm start/);
});

const canMakeDisks = tinyDisk(tmpdir(), 4_096) !== null;

test.runIf(canMakeDisks)('a disk that is full is said', async () => {
  mkdirSync(home);
  const system = start({}, ...(tinyDisk(home, 20_000_000) ?? []), process.execPath, ...systemArguments);
  expect(await system.exited).toBe(1);
  expect(system.output).toContain(
    `The disk that holds ${home} is full.\nFree some space there, or use another disk: BATON_HOME=/another/directory npm start`,
  );
});
