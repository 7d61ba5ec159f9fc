import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { packBlobs } from './packBlobs.ts';
import { git, gitEnvironment, Lab, write } from './testParts/lab.ts';

let lab: Lab;
beforeEach(() => {
  lab = new Lab();
});
afterEach(() => lab.close());

const pack = (path: string, ...args: readonly string[]): Buffer =>
  execFileSync('git', ['pack-objects', '--all', '--stdout', '--quiet', ...args], {
    cwd: path,
    env: gitEnvironment,
    input: '',
    maxBuffer: 1 << 28,
  });

test.each([
  ['as captures write it', 'sha1', ['--delta-base-offset']],
  ['with deltas by id', 'sha1', []],
  ['with SHA-256 ids', 'sha256', ['--delta-base-offset']],
] as const)('every blob of a pack %s is as git has it', async (_, format, args) => {
  const lines = Array.from({ length: 3000 }, (__, n) => `line ${n}, ${(n * 7919) % 10_007}`);
  const path = lab.remote(
    { 'a.txt': lines.join('\n'), 'empty.txt': '', 'binary.bin': Buffer.alloc(300_000, 'ab\0') },
    'r',
    `--object-format=${format}`,
  );
  for (let round = 0; round < 5; round++) {
    lines[round * 500] = `changed ${round}`;
    lines.splice(round * 11, 3);
    write(path, { 'a.txt': lines.join('\n'), [`new-${round}.txt`]: `${round}\n` });
    git(path, 'add', '--all');
    git(path, 'commit', '--quiet', '--message=more');
  }
  const blobs = await packBlobs(pack(path, ...args), format);
  const listed = git(path, 'cat-file', '--batch-all-objects', '--batch-check').trim().split('\n');
  const expected = listed.filter((line) => line.split(' ')[1] === 'blob').map((line) => line.split(' ')[0] ?? '');
  const byOffset = args.length > 0;
  // Deltas by id lead anywhere: those are passed over, and no blob is wrong.
  if (byOffset) expect([...(blobs ?? [])].map(([oid]) => oid).sort()).toEqual(expected.sort());
  for (const [oid, content] of blobs ?? []) expect(content.toString('latin1')).toBe(git(path, 'cat-file', 'blob', oid));
  expect(blobs?.size).toBeGreaterThan(5);
});

test('what is no whole pack is told', async () => {
  const path = lab.remote({ 'a.txt': 'a\n' });
  const whole = pack(path);
  expect(await packBlobs(Buffer.from('no pack at all'), 'sha1')).toBeNull();
  expect(await packBlobs(whole.subarray(0, 40), 'sha1')).toBeNull();
  const altered = Buffer.from(whole);
  altered.fill(0xff, 14, 30);
  expect(await packBlobs(altered, 'sha1')).toBeNull();
});
