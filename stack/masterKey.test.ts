import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../test/support/temporaryDirectory.ts';
import { ensureMasterKey } from './masterKey.ts';

test('the master key is made once: 32 bytes in base64, for its owner only', async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, 'master.key');
  await Promise.all([ensureMasterKey(file), ensureMasterKey(file)]);
  const key = readFileSync(file, 'utf8');
  expect(Buffer.from(key.trim(), 'base64')).toHaveLength(32);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  await ensureMasterKey(file);
  expect(readFileSync(file, 'utf8')).toBe(key);
  expect(readdirSync(directory.path)).toEqual(['master.key']);
});
