import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { machine } from '../config/machine.ts';
import { projectRoot } from '../stack/projectRoot.ts';
import { killAll, nothingRuns, RunningSystem } from '../stack/testParts/runningSystem.ts';
import { temporaryDirectory, type TemporaryDirectory } from './support/temporaryDirectory.ts';

const run = promisify(execFile);
const baton = path.join(projectRoot, 'bin', 'baton.mjs');

let directory: TemporaryDirectory;
let system: RunningSystem;

beforeAll(async () => {
  directory = await temporaryDirectory();
  system = await new RunningSystem(path.join(directory.path, 'state'), {}, [process.execPath, baton, 'start']).ready();
}, 120_000);

afterAll(async () => {
  await killAll(directory.path);
  await directory.remove();
});

/** What a browser gets that opens an address, and the cookie that it is given. */
async function open(url: string, cookie = ''): Promise<{ status: number; cookie: string; body: string }> {
  const response = await fetch(url, { redirect: 'manual', headers: { cookie } });
  const [given = ''] = (response.headers.get('set-cookie') ?? '').split(';');
  return { status: response.status, cookie: given, body: await response.text() };
}

async function ask(query: string, headers: Record<string, string>): Promise<unknown> {
  const { url } = system.gatewayFile();
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url, ...headers },
    body: JSON.stringify({ query }),
  });
  return ((await response.json()) as { data?: unknown }).data;
}

const who = '{ viewer { name } }';
const aPerson = { viewer: { name: expect.stringMatching(/./) } };

test('the link that is printed opens the page, signed in, once', async () => {
  const [link = ''] = /http:\S+\/sign-in\?code=\S+/.exec(system.output) ?? [];
  const { status, cookie } = await open(link);
  expect(status).toBe(303);
  const page = await open(system.gatewayFile().url, cookie);
  expect(page.status).toBe(200);
  expect(page.body).toContain('<script');
  expect(await ask(who, { cookie })).toEqual(aPerson);
  expect((await open(link)).cookie).toBe('');
});

test('scripts are the local owner with the token of gateway.json', async () => {
  expect(await ask(who, { authorization: `Bearer ${system.gatewayFile().token}` })).toEqual(aPerson);
});

test('`baton link` gives another link', async () => {
  const { stdout } = await run(process.execPath, [baton, 'link'], { env: { ...machine().environment, BATON_HOME: system.home } });
  expect((await open(stdout.trim())).cookie).not.toBe('');
});

test('the worker comes back when it is killed', async () => {
  process.kill(system.partPid('worker'), 'SIGKILL');
  await system.says(/Worker was killed by SIGKILL; it is started again/);
  await system.says(/Worker runs again/);
});

test('Ctrl-C ends everything, and what was asked is kept', async () => {
  expect(await system.stop('SIGINT')).toBe(0);
  await nothingRuns(system.home);
});
