import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryDirectory, type TemporaryDirectory } from '../../test/support/temporaryDirectory.ts';
import { projectRoot } from '../projectRoot.ts';
import { buildStale } from './build.ts';
import { makers } from './makers.ts';
import { fingerprint, isFresh, steps as realSteps, type BuildStep } from './steps.mjs';

let directory: TemporaryDirectory;
let made: string[];

beforeEach(async () => {
  directory = await temporaryDirectory();
  made = [];
  write('server/main.ts', 'main');
  write('domain/run.ts', 'run');
  write('package-lock.json', '{}');
});

afterEach(() => directory.remove());

const steps: readonly BuildStep[] = [
  { name: 'gateway', inputs: ['server/main.ts', 'server', 'domain'], output: 'dist/gateway.js' },
  { name: 'cli', inputs: ['server/main.ts'], output: 'dist/cli.js' },
];

function write(path: string, text: string): void {
  mkdirSync(dirname(join(directory.path, path)), { recursive: true });
  writeFileSync(join(directory.path, path), text);
}

const build = (make?: (root: string, step: BuildStep) => Promise<void>) =>
  buildStale({
    root: directory.path,
    steps,
    make:
      make ??
      (async (_, step) => {
        made.push(step.name);
        write(step.output, 'built');
      }),
  });

test('everything is built the first time, and nothing the second', async () => {
  expect(await build()).toEqual(['gateway', 'cli']);
  expect(await build()).toEqual([]);
  expect(made).toEqual(['gateway', 'cli']);
});

test('a change builds what reads it, and only that', async () => {
  await build();
  write('domain/run.ts', 'changed');
  expect(await build()).toEqual(['gateway']);
  write('domain/new.ts', 'new');
  expect(await build()).toEqual(['gateway']);
  rmSync(join(directory.path, 'domain/new.ts'));
  expect(await build()).toEqual(['gateway']);
  write('package-lock.json', '{"changed":true}');
  expect(await build()).toEqual(['gateway', 'cli']);
});

test('tests and generated files are no input', async () => {
  await build();
  write('domain/run.test.ts', 'test');
  write('domain/generated/x.ts', 'generated');
  expect(await build()).toEqual([]);
});

test('an output that is gone is built again', async () => {
  await build();
  rmSync(join(directory.path, 'dist/cli.js'));
  expect(await build()).toEqual(['cli']);
});

test('what is changed while it is built is built again', async () => {
  await build(async (_, step) => {
    write(step.output, 'built');
    write('server/main.ts', 'changed meanwhile');
  });
  expect(await build()).toEqual(['gateway']);
});

test('a step that fails gives its words, and is tried again by the next build', async () => {
  const failing = build(() => Promise.reject(new Error('main.ts:1: unexpected }')));
  await expect(failing).rejects.toThrow('dist/gateway.js could not be built from server/main.ts:\nmain.ts:1: unexpected }');
  expect(await build()).toEqual(['gateway', 'cli']);
});

test('an entry that is missing is said', async () => {
  rmSync(join(directory.path, 'server'), { recursive: true });
  await expect(build()).rejects.toThrow('server/main.ts is missing, from which dist/gateway.js is built.');
});

test('of two builds at once one builds', async () => {
  const results = await Promise.all([build(), build()]);
  expect(results.map((names) => names.length).sort()).toEqual([0, 2]);
  expect(made).toEqual(['gateway', 'cli']);
});

test('every step of the checkout has a way to be made', () => {
  expect(realSteps.map(({ name }) => name).sort()).toEqual(Object.keys(makers).sort());
});

test('whether everything is fresh is known fast enough to be asked at every start', () => {
  fingerprintAll();
  const began = performance.now();
  fingerprintAll();
  // Around 60 ms on a laptop; this allows for a machine that is busy with other tests.
  expect(performance.now() - began).toBeLessThan(1_000);
});

function fingerprintAll(): void {
  for (const step of realSteps) {
    isFresh(projectRoot, step);
    expect(fingerprint(projectRoot, step)).toMatch(/^[0-9a-f]{64}$/);
  }
}

test('a bundle is one file that Node runs, CommonJS libraries included', async () => {
  write(
    'server/main.ts',
    `import pg from 'pg'; import { Command } from 'commander'; console.log(typeof pg.Client, typeof Command);`,
  );
  const step = { name: 'gateway', inputs: ['server/main.ts'], output: 'dist/gateway.js' };
  symlinkSync(join(projectRoot, 'node_modules'), join(directory.path, 'node_modules'));
  await makers['gateway']?.(directory.path, step);
  rmSync(join(directory.path, 'node_modules'));
  expect(execFileSync(process.execPath, [join(directory.path, 'dist/gateway.js')], { encoding: 'utf8' })).toBe(
    'function function\n',
  );
  expect(JSON.parse(readFileSync(join(directory.path, 'dist/gateway.js.map'), 'utf8'))).toMatchObject({ version: 3 });
});

test('workflow code is bundled for its sandbox', async () => {
  write(
    'workflows/workflows.ts',
    `import { sleep } from '@temporalio/workflow'; export async function nap(): Promise<void> { await sleep(1); }`,
  );
  write('workflows/tracedWorkflows.ts', 'export const interceptors = () => ({});');
  symlinkSync(join(projectRoot, 'node_modules'), join(directory.path, 'node_modules'));
  await makers['workflows']?.(directory.path, {
    name: 'workflows',
    inputs: ['workflows/workflows.ts'],
    output: 'dist/workflows.js',
  });
  expect(readFileSync(join(directory.path, 'dist/workflows.js'), 'utf8')).toContain('nap');
});
