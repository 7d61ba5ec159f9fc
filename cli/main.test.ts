import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { machine } from '../config/machine.ts';
import { temporaryDirectory } from '../test/support/temporaryDirectory.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));

/** Runs the command line from its sources; gives its exit code and what it wrote. */
function baton(environment: NodeJS.ProcessEnv, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const script = `(await import(${JSON.stringify(main)})).main(process.argv)`;
  const env = { ...machine().environment, ...environment };
  const options = ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', script, 'baton', ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, options, { env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

test('help names the commands', async () => {
  const { code, stdout } = await baton({}, '--help');
  expect(code).toBe(0);
  expect(stdout).toMatch(/start .*run the whole system/);
  expect(stdout).toMatch(/link .*print a link/);
  expect(stdout).toMatch(/export .*download/);
  expect(stdout).toMatch(/gc .*remove/);
});

test('a command that does not exist is said, with the help', async () => {
  const { code, stderr } = await baton({}, 'strat');
  expect(code).toBe(1);
  expect(stderr).toMatch(/unknown command 'strat'[^]*start/);
});

test('settings that are wrong are named, with where they are described', async () => {
  const { code, stderr } = await baton({ PORT: 'many' }, 'start');
  expect(code).toBe(1);
  expect(stderr).toMatch(/^These settings are missing or wrong:\n {2}PORT: .*\nSee docs\/configuration\.md\.\n$/);
});

test('a link of a system that never ran is said', async () => {
  await using directory = await temporaryDirectory();
  const { code, stderr } = await baton({ BATON_HOME: directory.path }, 'link');
  expect(code).toBe(1);
  expect(stderr).toContain(`There is no ${join(directory.path, 'gateway.json')}: Baton has not run there yet.`);
});
