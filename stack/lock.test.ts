import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../test/support/temporaryDirectory.ts';
import { isHeld, lockHolder, tryLock, withLock, type Lock } from './lock.ts';
import { identify } from './processes/identity.ts';

const dead = { pid: process.pid, began: 'long ago' };

function take(file: string): Lock {
  const lock = tryLock(file);
  if (isHeld(lock)) throw new Error(`held by ${lock.pid}`);
  return lock;
}

test('a lock is held once, and says by whom and what the holder noted', async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, 'lock');
  const lock = take(file);
  lock.note({ url: 'http://127.0.0.1:1' });
  expect(tryLock(file)).toEqual({ ...identify(process.pid), note: { url: 'http://127.0.0.1:1' } });
  lock.release();
  expect(lockHolder(file)).toBeNull();
  take(file).release();
});

test('a lock whose holder has died is taken over, also when its number belongs to another process now', async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, 'lock');
  writeFileSync(file, JSON.stringify({ ...dead, note: {} }));
  take(file).release();
  expect(readdirSync(directory.path)).toEqual([]);
});

test('a damaged lock file is no obstacle', async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, 'lock');
  writeFileSync(file, '{"pid":');
  const lock = take(file);
  expect(lockHolder(file)?.pid).toBe(process.pid);
  lock.release();
});

test('work under a lock follows what holds it', async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, 'lock');
  const order: string[] = [];
  const lock = take(file);
  const waiting = withLock(file, async () => order.push('second'), { onWait: ({ pid }) => order.push(`waits for ${pid}`) });
  order.push('first');
  lock.release();
  await waiting;
  expect(order).toEqual([`waits for ${process.pid}`, 'first', 'second']);
});

test('waiting for a lock ends when it is aborted', async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, 'lock');
  const lock = take(file);
  const waiting = withLock(file, async () => {}, { signal: AbortSignal.abort() });
  await expect(waiting).rejects.toThrow(/abort/i);
  lock.release();
});

test('of processes that find a dead lock at the same time, one gets it', async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, 'lock');
  writeFileSync(file, JSON.stringify({ ...dead, note: {} }));
  const script = `
    const { isHeld, tryLock } = await import(${JSON.stringify(new URL('./lock.ts', import.meta.url).href)});
    process.stdin.once('data', () => {
      process.stdout.write(isHeld(tryLock(process.argv[1])) ? 'held' : 'got it');
      process.stdin.once('end', () => process.exit(0));
    });
    process.stdout.write('ready');
  `;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', script, file];
  const children = [1, 2, 3, 4].map(() => spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] }));
  await Promise.all(children.map((child) => once(child.stdout, 'data')));
  const answers = children.map(async (child) => String((await once(child.stdout, 'data'))[0]));
  for (const child of children) child.stdin.write('go');
  expect((await Promise.all(answers)).sort()).toEqual(['got it', 'held', 'held', 'held']);
  for (const child of children) child.stdin.end();
  await Promise.all(children.map((child) => once(child, 'exit')));
});
