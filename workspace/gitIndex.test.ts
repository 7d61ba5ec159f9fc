import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  compareEntries,
  IndexCorruptError,
  IndexNotPlainError,
  noStat,
  parseIndex,
  serializeIndex,
  type IndexEntry,
} from './gitIndex.ts';
import { git, Lab, write } from './testParts/lab.ts';

let lab: Lab;
let directory: string;
beforeEach(() => {
  lab = new Lab();
  directory = lab.remote({
    'a.txt': 'a\n',
    'src/b.txt': 'b\n',
    'src/bc.txt': 'c\n',
    'ünï/\u00ff': 'd\n',
    [`${'long/'.repeat(60)}name`]: 'e\n',
  });
});
afterEach(() => lab.close());

const file = (): Buffer => readFileSync(join(directory, '.git/index'));

/** The entries as git itself tells them. */
const byGit = (): string[] =>
  git(directory, 'ls-files', '--stage', '-z')
    .split('\0')
    .filter((line) => line !== '');
const told = (entries: readonly IndexEntry[]): string[] =>
  entries.map(({ mode, oid, stage, path }) => `${mode.toString(8)} ${oid} ${stage}\t${path}`);

describe('an index', () => {
  it.each(['2', '3', '4'])('of version %s is read as git reads it', (version) => {
    if (version !== '2') git(directory, 'update-index', '--skip-worktree', 'src/b.txt');
    git(directory, 'update-index', '--index-version', version);
    git(directory, 'update-index', '--assume-unchanged', 'a.txt');
    write(directory, { 'later.txt': 'x' });
    if (version !== '2') git(directory, 'add', '--intent-to-add', 'later.txt');
    expect(file().readUInt32BE(4)).toBe(Number(version));
    const entries = parseIndex(file(), 'sha1');
    expect(told(entries)).toEqual(byGit());
    const flagged = (flag: 'assumeValid' | 'skipWorktree' | 'intentToAdd') =>
      entries.filter((entry) => entry[flag]).map(({ path }) => path);
    expect(flagged('assumeValid')).toEqual(['a.txt']);
    expect(flagged('skipWorktree')).toEqual(version === '2' ? [] : ['src/b.txt']);
    expect(flagged('intentToAdd')).toEqual(version === '2' ? [] : ['later.txt']);
  });

  it('that we write is read by git as the same, with its flags, and its files taken for unchanged', () => {
    git(directory, 'update-index', '--skip-worktree', 'src/b.txt');
    git(directory, 'update-index', '--assume-unchanged', 'a.txt');
    utimesSync(join(directory, 'src/bc.txt'), 1e9, 1e9);
    git(directory, 'update-index', '--refresh');
    const before = [byGit(), git(directory, 'ls-files', '-v', '-t'), git(directory, 'ls-files', '--debug', 'src/bc.txt')];
    writeFileSync(join(directory, '.git/index'), serializeIndex(parseIndex(file(), 'sha1'), 'sha1'));
    expect([byGit(), git(directory, 'ls-files', '-v', '-t'), git(directory, 'ls-files', '--debug', 'src/bc.txt')]).toEqual(
      before,
    );
    git(directory, 'fsck');
  });

  it('that is written and read again is the same, whatever is in it', () => {
    const name = fc.string({
      minLength: 1,
      maxLength: 40,
      unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCodePoint(code)),
    });
    const entry: fc.Arbitrary<IndexEntry> = fc.record({
      path: name,
      mode: fc.constantFrom(0o100644, 0o100755, 0o120000, 0o160000),
      oid: fc.stringMatching(/^[0-9a-f]{64}$/),
      stage: fc.integer({ min: 0, max: 3 }),
      assumeValid: fc.boolean(),
      skipWorktree: fc.boolean(),
      intentToAdd: fc.boolean(),
      stat: fc.integer({ min: 0, max: 0xffff_ffff }).map((size) => ({ ...noStat, size, mtimeSeconds: size })),
    });
    fc.assert(
      fc.property(fc.array(entry), (entries) => {
        const sorted = entries.toSorted(compareEntries);
        expect(parseIndex(serializeIndex(sorted, 'sha256'), 'sha256')).toEqual(sorted);
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  it('that is damaged anywhere is refused, and never read past its end', () => {
    const whole = file();
    for (let length = 0; length < whole.length; length += 13)
      expect(() => parseIndex(whole.subarray(0, length), 'sha1')).toThrow(IndexCorruptError);
    for (let at = 0; at < whole.length; at += 7) {
      const altered = Buffer.from(whole);
      altered[at] = (altered[at] ?? 0) ^ 0x41;
      expect(() => parseIndex(altered, 'sha1')).toThrow(IndexCorruptError);
    }
    // With the checksum left out, as index.skipHash does it, nothing but the structure can tell.
    fc.assert(
      fc.property(fc.integer({ min: 0, max: whole.length - 21 }), fc.integer({ min: 0, max: 255 }), (at, value) => {
        const altered = Buffer.concat([whole.subarray(0, -20), Buffer.alloc(20)]);
        altered[at] = value;
        try {
          parseIndex(altered, 'sha1');
        } catch (error) {
          if (!(error instanceof IndexCorruptError || error instanceof IndexNotPlainError)) throw error;
        }
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  it('that is split or sparse is left to git', () => {
    git(directory, 'update-index', '--split-index');
    expect(() => parseIndex(file(), 'sha1')).toThrow(IndexNotPlainError);
    git(directory, 'update-index', '--no-split-index');
    git(directory, 'sparse-checkout', 'set', '--cone', '--sparse-index', 'src');
    expect(() => parseIndex(file(), 'sha1')).toThrow(IndexNotPlainError);
  });
});
