import { closeSync, existsSync, readFileSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../test/support/temporaryDirectory.ts';
import { lastWords, logTail, openLog } from './log.ts';

test('the tail of a log is what was said since it was opened', async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, 'log');
  writeFileSync(file, 'from before\n');
  const log = openLog(file);
  writeSync(log.descriptor, 'now\n');
  expect(logTail(log)).toBe('now\n');
  closeSync(log.descriptor);
  expect(readFileSync(file, 'utf8')).toBe('from before\nnow\n');
});

test('a log that has grown large is moved aside when its part starts again', async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, 'log');
  writeFileSync(file, '');
  truncateSync(file, 17 * 1024 * 1024);
  const log = openLog(file);
  closeSync(log.descriptor);
  expect(log.start).toBe(0);
  expect(existsSync(`${file}.1`)).toBe(true);
});

test('a log that is gone has no tail', () => {
  expect(logTail({ file: '/no/such/log', start: 0 })).toBe('');
});

test.each([
  ['the last line that tells of an error', 'starting\nFATAL: no space\nshutting down\n', 'FATAL: no space'],
  ['the last line when none does', 'one\ntwo\n\n', 'two'],
  ['the message of a JSON line', '{"level":50,"msg":"it broke","err":{"message":"no wings"}}\n', 'it broke: no wings'],
  ['nothing when nothing was said', '\n\n', ''],
])('last words are %s', (_, tail, expected) => {
  expect(lastWords(tail)).toBe(expected);
});

test('last words are short', () => {
  expect(lastWords('x'.repeat(1_000))).toHaveLength(301);
});
