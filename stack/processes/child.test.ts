import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryDirectory } from '../../test/support/temporaryDirectory.ts';
import { waitFor } from '../../test/support/waitFor.ts';
import { Child, describeExit, type ChildOptions } from './child.ts';
import { identify, isAlive } from './identity.ts';
import { endLeftovers } from './leftovers.ts';

async function start(script: string, more: Partial<ChildOptions> = {}) {
  const directory = await temporaryDirectory();
  const log = join(directory.path, 'log');
  const record = join(directory.path, 'part.json');
  const environment = { PATH: '/usr/bin:/bin' };
  const child = await Child.start({ command: '/bin/sh', args: ['-c', script], environment, log, record, ...more });
  onTestFinished(async () => {
    await child.stop('SIGKILL', 1_000);
    await directory.remove();
  });
  const said = () => readFileSync(log, 'utf8');
  return { child, log, record, said, directory: directory.path };
}

test('a process that ends as asked is not killed', async () => {
  const { child, said } = await start('trap "echo bye; exit 3" TERM; echo up; while :; do sleep 0.05; done');
  await waitFor('it to be up', () => said().includes('up'));
  await child.stop('SIGTERM', 10_000);
  expect(await child.exited).toMatchObject({ code: 3, signal: null, tail: 'up\nbye\n' });
  expect(describeExit(await child.exited)).toBe('exited with code 3');
});

test('a process that does not end is killed after its time, with what it started', async () => {
  const { child, said } = await start('trap "" TERM; sleep 300 & echo $!; wait; wait; while :; do sleep 300; done');
  const sleeper = identify(Number(await waitFor('its child', () => /^\d+\n/.exec(said())?.[0])));
  await child.stop('SIGTERM', 50);
  expect(describeExit(await child.exited)).toBe('was killed by SIGKILL');
  await waitFor('the end of its child', () => sleeper !== null && !isAlive(sleeper));
});

test('what a process leaves behind in its group ends with it', async () => {
  const { child, said } = await start('sleep 300 & echo $!');
  await child.exited;
  const sleeper = Number(said());
  expect(sleeper).toBeGreaterThan(0);
  await waitFor('the end of what it left', () => identify(sleeper) === null);
});

test('a program that does not exist is an error, not a hang', async () => {
  const child = start('', { command: '/no/such/program' });
  await expect(child).rejects.toThrow(/ENOENT/);
});

test('while it runs a process is on record, and a later supervisor ends it by that', async () => {
  const { child, record, directory } = await start('echo up; exec sleep 300');
  const records = join(directory, 'records');
  mkdirSync(records);
  copyFileSync(record, join(records, 'temporal.json'));
  expect(await endLeftovers(records)).toEqual(['temporal']);
  expect(describeExit(await child.exited)).toBe('was killed by SIGTERM');
  await waitFor('the record to be removed', () => !existsSync(record));
  expect(await endLeftovers(records)).toEqual([]);
});

test('a process that has the number of one on record is left alone', async () => {
  const { child, directory } = await start('exec sleep 300');
  const records = join(directory, 'records');
  mkdirSync(records);
  writeFileSync(join(records, 'worker.json'), JSON.stringify({ pid: child.pid, began: 'before it' }));
  writeFileSync(join(records, 'gateway.json'), 'half a rec');
  expect(await endLeftovers(records)).toEqual([]);
  expect(identify(child.pid)).not.toBeNull();
});
