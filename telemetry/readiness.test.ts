import { expect, test, vi } from 'vitest';
import { Readiness } from './readiness.ts';

const refused = Object.assign(new Error('connect ECONNREFUSED 10.1.2.3:5432'), { code: 'ECONNREFUSED' });

test('each part is named, and a part that cannot be reached with a reason that gives no address away', async () => {
  const tell = vi.fn<(part: string, error: unknown) => void>();
  const readiness = new Readiness(
    [
      { part: 'temporal', check: async () => {} },
      { part: 'database', check: () => Promise.reject(refused) },
      { part: 'blobs', check: () => Promise.reject(Object.assign(new Error('x'), { name: 'NoSuchBucket' })) },
    ],
    tell,
  );
  expect(await readiness.ask()).toEqual([
    { part: 'temporal', reason: null },
    { part: 'database', reason: 'the connection was refused' },
    { part: 'blobs', reason: 'it fails with NoSuchBucket' },
  ]);
  expect(tell).toHaveBeenCalledWith('database', refused);
});

test('many who ask at once ask the parts once', async () => {
  let asked = 0;
  const readiness = new Readiness([{ part: 'database', check: async () => void asked++ }], () => {});
  await Promise.all(Array.from({ length: 50 }, () => readiness.ask()));
  expect(asked).toBe(1);
});

test('a part that never answers is not waited for, and a process that drains says so', async () => {
  const readiness = new Readiness([{ part: 'temporal', check: () => new Promise(() => {}) }], () => {});
  readiness.drain();
  expect(await readiness.ask()).toEqual([
    { part: 'temporal', reason: 'it does not answer' },
    { part: 'process', reason: 'it is being stopped' },
  ]);
});
