import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fakeProgram } from '../../test/support/fakeProgram.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../../test/support/temporaryDirectory.ts';
import { Problem } from '../problem.ts';
import { packageManager } from './packageManager.ts';
import { findTool, onPath, type Search, type Source, type Tool } from './tool.ts';

let directory: TemporaryDirectory;
let search: Search;
let told: string[];

beforeEach(async () => {
  directory = await temporaryDirectory();
  told = [];
  const at = (name: string) => join(directory.path, name);
  search = {
    machine: {
      path: [at('first'), at('second')],
      cache: at('cache'),
      environment: { PATH: '/usr/bin:/bin', LOG: at('log') },
      isRoot: true,
    },
    progress: (text) => told.push(text),
    signal: undefined,
  };
});

afterEach(() => directory.remove());

const fake = (path: string, script: string) => fakeProgram(join(directory.path, path), script);

const tool = (...sources: Source[]): Tool => ({
  name: 'The drill',
  sources,
  versionArguments: ['--version'],
  refuse: (output) => (output.startsWith('drill 2') ? null : 'is too old'),
  advice: 'Type: get drill',
});

const elsewhere = (...paths: string[]): Source => ({ name: 'elsewhere', find: async () => paths });

test('the first source that has the program wins', async () => {
  await fake('first/drill', 'echo drill 2.1');
  const other = await fake('other/drill', 'echo drill 2.9');
  expect(await findTool(tool(onPath('drill'), elsewhere(other)), search)).toEqual({
    path: join(directory.path, 'first/drill'),
    version: 'drill 2.1',
    source: 'the PATH',
  });
});

test('on the PATH the first directory wins, and what is no program is passed over', async () => {
  mkdirSync(join(directory.path, 'first/drill'), { recursive: true });
  mkdirSync(join(directory.path, 'second'), { recursive: true });
  writeFileSync(join(directory.path, 'second/drill'), 'not executable', { mode: 0o644 });
  await fake('second/drill-2', 'echo drill 2.2');
  const found = await findTool(tool(onPath('drill', 'drill-2')), search);
  expect(found.path).toBe(join(directory.path, 'second/drill-2'));
});

test('a program that is too old or does not run is passed over, for the next', async () => {
  await fake('first/drill', 'echo drill 1.0');
  await fake('second/drill', 'echo "cannot turn" >&2; exit 1');
  const other = await fake('other/drill', 'echo drill 2.9');
  expect(await findTool(tool(onPath('drill'), elsewhere(other)), search)).toMatchObject({ path: other, source: 'elsewhere' });
});

test('when it is nowhere, each place and its reason is named, and what to type', async () => {
  await fake('first/drill', 'echo drill 1.0');
  await fake('second/drill', 'echo "cannot turn" >&2; exit 1');
  const closed: Source = { name: 'the shop', find: () => Promise.reject(new Error('closed')) };
  const error = await findTool(tool(onPath('drill'), elsewhere(), closed), search).catch((problem: Error) => problem);
  expect(error).toBeInstanceOf(Problem);
  expect((error as Error).message.split('\n')).toEqual([
    'The drill was not found.',
    `  the PATH: ${join(directory.path, 'first/drill')} is too old`,
    `  the PATH: ${join(directory.path, 'second/drill')} does not run: cannot turn`,
    '  elsewhere: not there',
    '  the shop: closed',
    'Type: get drill',
  ]);
});

test('a full disk ends the search at once', async () => {
  const full: Source = { name: 'the shop', find: () => Promise.reject(new Problem('The disk is full.')) };
  const other = await fake('other/drill', 'echo drill 2.9');
  await expect(findTool(tool(full, elsewhere(other)), search)).rejects.toThrow(/^The disk is full\.$/);
});

test('a search that is aborted looks no further', async () => {
  const signal = AbortSignal.abort();
  await expect(findTool(tool(onPath('drill')), { ...search, signal })).rejects.toThrow(/abort/i);
});

/** Installs only after an update, as apt-get does in a fresh container. */
const aptGet = `
echo "$DEBIAN_FRONTEND $@" >> "$LOG"
case "$1" in
  update) touch "$LOG.updated" ;;
  install) [ -e "$LOG.updated" ] || { echo "E: Unable to locate package" >&2; exit 100; }
    printf '#!/bin/sh\\necho drill 2.0\\n' > "$(dirname "$0")/drill"; chmod +x "$(dirname "$0")/drill" ;;
esac`;

test('as root the system package manager installs it, after an update where that is needed', async () => {
  await fake('first/apt-get', aptGet);
  const found = await findTool(tool(onPath('drill'), packageManager('drill-bits', 'drill')), search);
  expect(found).toMatchObject({ version: 'drill 2.0', source: "the system's package manager" });
  expect(told).toEqual(['installing drill-bits with apt-get']);
});

test('a package manager that fails gives its reason', async () => {
  await fake('first/apt-get', 'echo "E: no such package" >&2; exit 100');
  await expect(findTool(tool(packageManager('drill-bits', 'drill')), search)).rejects.toThrow('E: no such package');
});

test('where there is no package manager that is known, that is said', async () => {
  await expect(findTool(tool(packageManager('drill-bits', 'drill')), search)).rejects.toThrow('none that is known');
});

test('only root installs', async () => {
  await fake('first/apt-get', aptGet);
  const person = { ...search, machine: { ...search.machine, isRoot: false } };
  await expect(findTool(tool(packageManager('drill-bits', 'drill')), person)).rejects.toThrow('only root may install');
});
