import { chmodSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../test/support/temporaryDirectory.ts';
import { indexStat, isExactly } from './fileState.ts';

test('a file that git remembers from inside a sandbox, under another owner, is the same file until it is touched', async () => {
  await using directory = await temporaryDirectory();
  const file = path.join(directory.path, 'file');
  writeFileSync(file, 'one\n');
  const remembered = { ...indexStat(statSync(file, { bigint: true })), uid: 4321, gid: 4321 };
  expect(isExactly(remembered, statSync(file, { bigint: true }))).toBe(true);
  await delay(20);
  chmodSync(file, 0o600);
  expect(isExactly(remembered, statSync(file, { bigint: true }))).toBe(false);
});
