import { afterEach, beforeEach, expect, test } from 'vitest';
import { applyPatch } from 'diff';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { displayPath } from './bytePath.ts';
import { differenceBetween, isSame, type FileDifference } from './difference.ts';
import { DifferencePatches } from './differencePatches.ts';
import { filePatch } from './filePatch.ts';
import { git, Lab, write, type LabWorkspace } from './testParts/lab.ts';

let lab: Lab;
beforeEach(() => {
  lab = new Lab();
});
afterEach(() => lab.close());

const capture = async (workspace: LabWorkspace) => lab.manifest((await lab.capture(workspace)).summary.manifest);
const told = (files: readonly FileDifference[] | null | undefined) =>
  files?.map(
    ({ path, oldPath, status }) => `${status} ${oldPath === null ? '' : `${displayPath(oldPath)} → `}${displayPath(path)}`,
  );

test('between two snapshots of one base it tells every file that is not the same', async () => {
  const remote = lab.remote({
    'a.txt': 'a\n',
    'b.txt': 'b\n',
    'c.txt': 'c\n',
    'run.sh': 'run\n',
    'old.txt': 'old\n',
    'kept.txt': 'k\n',
  });
  const workspace = await lab.open(remote);
  const path = workspace.directory;
  write(path, { 'a.txt': 'first\n', 'both.txt': 'both\n', 'first.txt': 'first\n' });
  rmSync(join(path, 'c.txt'));
  const before = await capture(workspace);

  write(path, { 'b.txt': 'second\n', 'c.txt': 'c\n', 'a.txt': 'a\n' });
  rmSync(join(path, 'first.txt'));
  renameSync(join(path, 'old.txt'), join(path, 'new.txt'));
  chmodSync(join(path, 'run.sh'), 0o755);
  rmSync(join(path, 'both.txt'));
  symlinkSync('a.txt', join(path, 'both.txt'));
  mkdirSync(join(path, 'empty'));
  const after = await capture(workspace);

  const difference = differenceBetween(before, after);
  expect(told(difference.repositories[0]?.files)).toEqual([
    'MODIFIED a.txt',
    'MODIFIED b.txt',
    'TYPE_CHANGED both.txt',
    'ADDED c.txt',
    'ADDED empty',
    'DELETED first.txt',
    'RENAMED old.txt → new.txt',
    'MODE_CHANGED run.sh',
  ]);
  expect(difference.repositories[0]).toMatchObject({ presence: 'BOTH', head: null, refs: [], index: [] });
  expect(isSame(difference)).toBe(false);
  expect(isSame(differenceBetween(after, after))).toBe(true);
  expect(told(differenceBetween(after, before).repositories[0]?.files)).toContain('RENAMED new.txt → old.txt');
});

test('HEAD, refs and the index are told as they moved', async () => {
  const workspace = await lab.open(lab.remote({ 'a.txt': 'a\n', 'b.txt': 'b\n', 'c.txt': 'c\n' }));
  const path = workspace.directory;
  const before = await capture(workspace);
  write(path, { 'a.txt': 'committed\n' });
  git(path, 'commit', '--quiet', '--all', '--message=work');
  git(path, 'switch', '--quiet', '--create', 'other');
  write(path, { 'b.txt': 'staged\n', 'new.txt': 'new\n' });
  git(path, 'add', '--all');
  git(path, 'rm', '--quiet', '--cached', 'c.txt');
  const after = await capture(workspace);
  const [repository] = differenceBetween(before, after).repositories;
  expect(repository?.head).toEqual({
    before: { branch: 'baton/test', commit: before.repositories[0]?.base },
    after: { branch: 'other', commit: git(path, 'rev-parse', 'HEAD').trim() },
  });
  expect(repository?.refs.map(({ name }) => name)).toEqual(['refs/heads/baton/test', 'refs/heads/other']);
  expect(repository?.index).toEqual([
    { path: 'a.txt', status: 'CHANGED' },
    { path: 'b.txt', status: 'CHANGED' },
    { path: 'c.txt', status: 'REMOVED' },
    { path: 'new.txt', status: 'ADDED' },
  ]);
});

test('over different bases files are not compared, and that is told', async () => {
  const remote = lab.remote({ 'a.txt': 'a\n' });
  const before = await capture(await lab.open(remote));
  write(remote, { 'a.txt': 'moved\n' });
  git(remote, 'commit', '--quiet', '--all', '--message=moved');
  const after = await capture(await lab.open(remote));
  const difference = differenceBetween(before, after);
  expect(difference.repositories[0]?.files).toBeNull();
  expect(isSame(difference)).toBe(false);
});

test('a repository and files beside it that only one has are told whole', async () => {
  const one = lab.remote({ 'a.txt': 'a\n' }, 'one');
  const two = lab.remote({ 'b.txt': 'b\n' }, 'two');
  const names = (urls: readonly string[]) => urls.map((url, n) => ({ repository: `r${n}`, url, branch: null }));
  const first = await lab.open(names([one]));
  const second = await lab.open(names([one, two]));
  write(second.directory, { 'notes.txt': 'beside\n' });
  const difference = differenceBetween(await capture(first), await capture(second));
  expect(difference.repositories.map(({ repository, presence }) => [repository, presence])).toEqual([
    ['r0', 'BOTH'],
    ['r1', 'AFTER'],
  ]);
  expect(told(difference.outside)).toEqual(['ADDED notes.txt']);
});

test('patches come from blobs, from packs of commits, and from what either shows against the base', async () => {
  const text = (word: string) => Array.from({ length: 30 }, (_, n) => (n === 15 ? word : `line ${n}`)).join('\n');
  const names = ['uncommitted', 'committed', 'only-before', 'only-after', 'gone', 'back', 'mixed'].map((name) => `${name}.txt`);
  const remote = lab.remote(Object.fromEntries(names.map((name) => [name, text(`base of ${name}`)])));
  const workspace = await lab.open(remote);
  const path = workspace.directory;
  const contents = () =>
    new Map(names.map((name) => [name, existsSync(join(path, name)) ? readFileSync(join(path, name), 'utf8') : '']));
  write(path, { 'committed.txt': text('first commit'), 'mixed.txt': text('first commit') });
  git(path, 'commit', '--quiet', '--all', '--message=first');
  write(path, { 'uncommitted.txt': text('first'), 'only-before.txt': text('before') });
  rmSync(join(path, 'back.txt'));
  const before = await capture(workspace);
  const was = contents();

  write(path, {
    'committed.txt': text('second commit'),
    'only-before.txt': text('base of only-before.txt'),
    'back.txt': text('base of back.txt'),
  });
  git(path, 'commit', '--quiet', '--all', '--message=second');
  write(path, { 'uncommitted.txt': text('second'), 'only-after.txt': text('after'), 'mixed.txt': text('second') });
  rmSync(join(path, 'gone.txt'));
  const after = await capture(workspace);
  const is = contents();

  for (const [manifests, [from, to]] of [
    [
      [before, after],
      [was, is],
    ],
    [
      [after, before],
      [is, was],
    ],
  ] as const) {
    const patches = new DifferencePatches({ blobs: lab.blobs, teams: [lab.teamId, lab.teamId], manifests });
    const files = differenceBetween(...manifests).repositories[0]?.files ?? [];
    expect(files.map((difference) => difference.path)).toEqual(names.toSorted());
    for (const difference of files) {
      const patch = await patches.of('.', difference);
      if (patch.kind !== 'TEXT') throw new Error(`${difference.path}: ${patch.kind}`);
      expect(applyPatch(from.get(difference.path) ?? '', patch.patch), difference.path).toBe(to.get(difference.path));
      expect(patch.patch).not.toMatch(/^\+.*\n-/m);
    }
  }
});

test('what only the remote has is told, not guessed', async () => {
  const workspace = await lab.open(lab.remote({ 'a.txt': 'a\n' }));
  const before = await capture(workspace);
  write(workspace.directory, { 'a.txt': 'b\n' });
  const after = await capture(workspace);
  const patches = new DifferencePatches({
    blobs: lab.blobs,
    teams: [lab.teamId, lab.teamId],
    manifests: [before, { ...after, patch: null }],
  });
  const [difference] = differenceBetween(before, after).repositories[0]?.files ?? [];
  expect(difference && (await patches.of('.', difference))).toEqual({ kind: 'ELSEWHERE' });
});

const file = (content: string, mode = 0o644) => ({ kind: 'FILE', mode, oid: content, bytes: content.length }) as const;
const patchOf = (before: string | null, after: string | null, more: Partial<FileDifference> = {}) =>
  filePatch(
    '.',
    {
      path: 'a.txt',
      oldPath: null,
      status: 'MODIFIED',
      before: before === null ? null : file(before),
      after: after === null ? null : file(after),
      ...more,
    },
    [before === null ? null : Buffer.from(before), after === null ? null : Buffer.from(after)],
  );

test('a patch is as git applies it', () => {
  const remote = lab.remote({ 'a.txt': 'one\ntwo\nthree' });
  const apply = (patch: ReturnType<typeof patchOf>) => {
    write(lab.root, { patch: patch.kind === 'TEXT' ? patch.patch : '' });
    git(remote, 'apply', join(lab.root, 'patch'));
    return git(remote, 'diff', '--stat');
  };
  const modified = patchOf('one\ntwo\nthree', 'one\n2\nthree\n');
  expect(modified).toMatchObject({ kind: 'TEXT', additions: 2, deletions: 2 });
  expect(apply(modified)).toContain('a.txt');
  apply(patchOf('one\n2\nthree\n', null));
  apply(patchOf(null, 'again\n'));
  const renamed = { path: 'b "quoted".txt', oldPath: 'a.txt', status: 'RENAMED', after: file('again\n', 0o755) } as const;
  apply(patchOf('again\n', 'again\n', renamed));
  expect(git(remote, 'status', '--porcelain', '-z')).toBe(' D a.txt\0?? b "quoted".txt\0');
});

test('what cannot be read line by line is told as what it is', () => {
  expect(patchOf('text', 'a\0b')).toEqual({ kind: 'BINARY' });
  expect(patchOf('text', 'x'.repeat(2 * 1024 * 1024))).toEqual({ kind: 'TOO_LARGE' });
  const numbers = (from: number) => Array.from({ length: 60_000 }, (_, n) => `${n * 7 + from}`).join('\n');
  expect(patchOf(numbers(0), numbers(3))).toEqual({ kind: 'TOO_LARGE' });
});
