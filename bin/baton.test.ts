import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { projectRoot } from '../stack/projectRoot.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../test/support/temporaryDirectory.ts';

let directory: TemporaryDirectory;

/** A checkout with the real `baton`, and a build that only notes that it ran. */
beforeEach(async () => {
  directory = await temporaryDirectory();
  for (const file of ['bin/baton.mjs', 'stack/build/steps.mjs']) cpSync(join(projectRoot, file), at(file));
  symlinkSync(join(projectRoot, 'node_modules'), at('node_modules'));
  write('cli/main.ts', 'the command line');
  write(
    'stack/build.ts',
    `import { mkdirSync, writeFileSync } from 'node:fs';
     import { dirname } from 'node:path';
     import { fingerprint, stampFile, steps } from './build/steps.mjs';
     console.log('building');
     for (const step of steps) {
       const content = step.name === 'cli' ? 'export const main = (argv) => console.log("runs", ...argv.slice(2));' : '';
       for (const [file, text] of [[step.output, content], [stampFile('.', step), fingerprint('.', step)]]) {
         mkdirSync(dirname(file), { recursive: true });
         writeFileSync(file, text);
       }
     }`,
  );
});

afterEach(() => directory.remove());

const at = (path: string) => join(directory.path, path);

function write(path: string, text: string): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
}

function baton(...args: string[]): { status: number | null; said: string[] } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [at('bin/baton.mjs'), ...args], { encoding: 'utf8', cwd: '/' });
  return { status, said: (stdout + stderr).trim().split('\n') };
}

test('it builds the first time and after a change, and otherwise only runs', () => {
  expect(baton('link')).toEqual({ status: 0, said: ['building', 'runs link'] });
  expect(baton('link')).toEqual({ status: 0, said: ['runs link'] });
  write('cli/main.ts', 'changed');
  expect(baton('start', '--x')).toEqual({ status: 0, said: ['building', 'runs start --x'] });
});

test('where the libraries are missing it says what to type', () => {
  rmSync(at('node_modules'));
  expect(baton('start')).toEqual({
    status: 1,
    said: [`The libraries are not installed. Run npm ci in ${directory.path} first.`],
  });
});

test('a build that fails ends it', () => {
  write('stack/build.ts', `console.log('cannot build'); process.exit(3);`);
  expect(baton('start')).toEqual({ status: 1, said: ['cannot build'] });
  expect(existsSync(at('dist'))).toBe(false);
});

test('where there are no sources it runs what was built', () => {
  baton('start');
  for (const path of ['stack', 'cli', 'node_modules']) rmSync(at(path), { recursive: true });
  expect(baton('link')).toEqual({ status: 0, said: ['runs link'] });
});
