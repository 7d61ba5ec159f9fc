import { expect, test } from 'vitest';
import { backoffMs, defaultBackoff } from './backoff.ts';
import { afterClose } from './closeCodes.ts';

test('only the codes that docs/live-protocol.md names as final are final', () => {
  expect([1009, 4400, 4406, 4409, 4429].map(afterClose)).toEqual(['STOP', 'STOP', 'STOP', 'STOP', 'STOP']);
  expect([4401, 4403].map(afterClose)).toEqual(['SIGN_IN', 'VERIFY']);
  expect([1001, 1012].map(afterClose)).toEqual(['RETRY_AT_ONCE', 'RETRY_AT_ONCE']);
  expect([1006, 1011, 1013, 4408, 4499, 4500, undefined].map(afterClose)).toEqual(Array.from({ length: 7 }, () => 'RETRY'));
});

test('waits double from 0.2 s to 10 s, each up to half of itself off', () => {
  expect([0, 1, 2, 5, 6, 40].map((attempt) => backoffMs(defaultBackoff, attempt, 0.5))).toEqual([
    200, 400, 800, 6_400, 10_000, 10_000,
  ]);
  expect([backoffMs(defaultBackoff, 0, 0), backoffMs(defaultBackoff, 0, 0.999)]).toEqual([100, 300]);
});
