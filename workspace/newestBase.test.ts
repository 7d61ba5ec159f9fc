import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RestoreReport } from '../domain/snapshot.ts';
import { serializeManifest, type IndexedEntry } from './manifest.ts';
import { describeRepository, git, Lab, write, type LabWorkspace } from './testParts/lab.ts';

let lab: Lab;
beforeEach(() => {
  lab = new Lab();
});
afterEach(() => lab.close());

const files = { 'a.txt': 'one\ntwo\nthree\nfour\nfive\n', 'b.txt': 'b\n', 'src/c.txt': 'c\n', '.gitignore': '*.log\n' };

const plainEntry = { mode: 0o100644, stage: 0, assumeValid: false, skipWorktree: false, intentToAdd: false };

/** Commits files on the remote’s main; null removes one. */
function advance(remote: string, changes: Record<string, string | Buffer | null>, message = 'theirs'): string {
  for (const [path, content] of Object.entries(changes)) if (content === null) rmSync(join(remote, path), { recursive: true });
  write(remote, Object.fromEntries(Object.entries(changes).filter(([, content]) => content !== null)) as Record<string, string>);
  git(remote, 'add', '--all');
  git(remote, 'commit', '--quiet', `--message=${message}`);
  return git(remote, 'rev-parse', 'HEAD').trim();
}

const commit = (directory: string, message: string): void => {
  git(directory, 'add', '--all');
  git(directory, 'commit', '--quiet', `--message=${message}`);
};

const read = ({ directory }: LabWorkspace, path: string): string => readFileSync(join(directory, path), 'utf8');
const status = ({ directory }: LabWorkspace): string => git(directory, 'status', '--porcelain');
const told = ({ entries }: RestoreReport) =>
  entries.filter((entry) => entry.status !== 'APPLIED').map(({ path, status, reason }) => [path, status, reason]);

/** What holds of every workspace that was moved: it is sound, and the next snapshot builds on the newest base. */
async function goesOn(to: LabWorkspace, remote: string): Promise<void> {
  git(to.directory, 'fsck', '--connectivity-only');
  const next = await lab.capture(to);
  expect(next.summary.repositories[0]?.base).toBe(git(remote, 'rev-parse', 'main').trim());
  const again = await lab.open(remote, { restoring: next.summary.manifest });
  expect(await lab.restore(again, next.summary.manifest)).toMatchObject({ exact: true });
  expect(describeRepository(again.directory)).toEqual(describeRepository(to.directory));
}

describe('a restore onto the newest base', { timeout: 60_000 }, () => {
  it('is exact where there is none newer', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    write(from.directory, { 'a.txt': 'mine\n' });
    const { to, report } = await lab.carryOnto(from, remote);
    expect(report).toMatchObject({ exact: true, newerBase: [{ state: 'SAME', branch: 'main' }] });
    expect(describeRepository(to.directory)).toEqual(describeRepository(from.directory));
  });

  it('merges what both changed, and keeps what is staged, what is not, and what git does not know', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    write(from.directory, { 'a.txt': 'ONE\ntwo\nthree\nfour\nfive\n', 'new.txt': 'new\n', 'staged.txt': 'staged\n' });
    chmodSync(join(from.directory, 'new.txt'), 0o600);
    git(from.directory, 'add', 'staged.txt');
    unlinkSync(join(from.directory, 'b.txt'));
    mkdirSync(join(from.directory, 'empty'));
    const newest = advance(remote, { 'a.txt': 'one\ntwo\nthree\nfour\nFIVE\n', 'theirs.txt': 'theirs\n', 'src/c.txt': null });
    const { to, report } = await lab.carryOnto(from, remote);
    expect(told(report)).toEqual([]);
    expect(report).toMatchObject({
      exact: false,
      newerBase: [
        { state: 'MOVED', from: from.opened[0]?.base, to: newest, merged: 1, conflicts: 0, merging: false, keptBranch: null },
      ],
    });
    expect(to.opened[0]?.base).toBe(newest);
    expect(git(to.directory, 'rev-parse', 'HEAD').trim()).toBe(newest);
    expect(status(to)).toBe('M  a.txt\n'.replace('M  ', ' M ') + ' D b.txt\nA  staged.txt\n?? new.txt\n');
    expect(read(to, 'a.txt')).toBe('ONE\ntwo\nthree\nfour\nFIVE\n');
    expect(statSync(join(to.directory, 'new.txt')).mode & 0o777).toBe(0o600);
    expect(existsSync(join(to.directory, 'src/c.txt'))).toBe(false);
    expect(readdirSync(join(to.directory, 'empty'))).toEqual([]);
    await goesOn(to, remote);
  });

  it('joins the run’s commits with it by a merge commit, and puts what was not committed on top', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    write(from.directory, { 'mine.txt': 'mine\n' });
    commit(from.directory, 'mine');
    write(from.directory, { 'mine.txt': 'mine, and more\n' });
    const head = git(from.directory, 'rev-parse', 'HEAD').trim();
    const newest = advance(remote, { 'b.txt': 'theirs\n' });
    const { to, captured, report } = await lab.carryOnto(from, remote);
    expect(told(report)).toEqual([]);
    expect(git(to.directory, 'log', '-1', '--format=%P %s %an')).toBe(
      `${head} ${newest} Merge branch 'main' into baton/test A Person\n`,
    );
    expect(git(to.directory, 'symbolic-ref', 'HEAD')).toBe('refs/heads/baton/test\n');
    expect(status(to)).toBe(' M mine.txt\n');
    expect(read(to, 'b.txt')).toBe('theirs\n');
    await goesOn(to, remote);
    // Made again, it is the same commit.
    const again = await lab.open(remote, { restoring: captured.summary.manifest, newest: true });
    await lab.restore(again, captured.summary.manifest, lab.workspaces, { conflicts: 'MARKERS' });
    expect(git(again.directory, 'rev-parse', 'HEAD')).toBe(git(to.directory, 'rev-parse', 'HEAD'));
  });

  it('leaves a merge under way where the run’s commits conflict with it', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    write(from.directory, { 'a.txt': 'mine\ntwo\nthree\nfour\nfive\n', 'other.txt': 'other\n' });
    commit(from.directory, 'mine');
    const newest = advance(remote, { 'a.txt': 'theirs\ntwo\nthree\nfour\nfive\n', 'b.txt': 'theirs\n' });
    const { to, report } = await lab.carryOnto(from, remote);
    expect(told(report)).toEqual([['a.txt', 'CONFLICT', 'BOTH_CHANGED']]);
    expect(report.newerBase).toMatchObject([{ conflicts: 1, merging: true }]);
    expect(git(to.directory, 'rev-parse', 'MERGE_HEAD').trim()).toBe(newest);
    expect(status(to)).toBe('UU a.txt\nM  b.txt\n');
    expect(git(to.directory, 'status')).toContain('both modified:   a.txt');
    expect(read(to, 'a.txt')).toBe('<<<<<<< run\nmine\n=======\ntheirs\n>>>>>>> newest\ntwo\nthree\nfour\nfive\n');
    await goesOn(to, remote);
    // As after git merge, a commit ends it.
    write(to.directory, { 'a.txt': 'both\n' });
    commit(to.directory, 'joined');
    expect(git(to.directory, 'log', '-1', '--format=%P').trim().split(' ')).toHaveLength(2);
    expect(status(to)).toBe('');
  });

  it('leaves the file with markers, and both sides in the index, where changes that are not committed conflict', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    write(from.directory, { 'a.txt': 'mine\ntwo\nthree\nfour\nfive\n', 'b.txt': 'mine\n' });
    advance(remote, { 'a.txt': 'theirs\ntwo\nthree\nfour\nfive\n' });
    const { to, report } = await lab.carryOnto(from, remote);
    expect(told(report)).toEqual([['a.txt', 'CONFLICT', 'BOTH_CHANGED']]);
    expect(report.entries[0]?.detail).toContain('conflict markers');
    expect(status(to)).toBe('UU a.txt\n M b.txt\n');
    expect(git(to.directory, 'show', ':2:a.txt')).toContain('mine');
    expect(git(to.directory, 'show', ':3:a.txt')).toContain('theirs');
    await goesOn(to, remote);
  });

  it('puts the run’s file beside the newer one where that was chosen', async () => {
    const remote = lab.remote({ ...files, 'gone.txt': 'gone\n', 'kept.txt': 'kept\n' });
    const from = await lab.open(remote);
    write(from.directory, { 'a.txt': 'mine\n', 'gone.txt': 'mine\n', 'added.txt': 'mine\n', 'a.txt.baton-test': 'taken\n' });
    unlinkSync(join(from.directory, 'kept.txt'));
    advance(remote, { 'a.txt': 'theirs\n', 'gone.txt': null, 'kept.txt': 'theirs\n', 'added.txt': 'theirs\n' });
    const { to, report } = await lab.carryOnto(from, remote, 'BESIDE');
    expect(told(report)).toEqual([
      ['a.txt', 'CONFLICT', 'BOTH_CHANGED'],
      ['added.txt', 'CONFLICT', 'BOTH_ADDED'],
      ['gone.txt', 'CONFLICT', 'CHANGED_AND_DELETED'],
      ['kept.txt', 'CONFLICT', 'CHANGED_AND_DELETED'],
    ]);
    expect(report.entries[0]?.detail).toContain('a.txt.baton-test-2');
    expect(status(to)).toBe('?? a.txt.baton-test\n?? a.txt.baton-test-2\n?? added.txt.baton-test\n?? gone.txt.baton-test\n');
    expect(read(to, 'a.txt')).toBe('theirs\n');
    expect(read(to, 'a.txt.baton-test-2')).toBe('mine\n');
    expect(existsSync(join(to.directory, 'gone.txt'))).toBe(false);
    await goesOn(to, remote);
  });

  it('names each kind of conflict, and leaves each as git does', async () => {
    const remote = lab.remote({
      ...files,
      bin: Buffer.from([0, 1, 2]),
      'deleted.txt': 'x\n',
      'changed.txt': 'x\n',
      kind: 'kind\n',
    });
    symlinkSync('a.txt', join(remote, 'link'));
    commit(remote, 'link');
    const from = await lab.open(remote);
    const dir = from.directory;
    write(dir, {
      bin: Buffer.from([0, 9, 9]),
      'changed.txt': 'mine\n',
      'both.txt': 'mine\n',
      'folder/in.txt': 'in\n',
      'run.sh': 'same\n',
    });
    unlinkSync(join(dir, 'deleted.txt'));
    unlinkSync(join(dir, 'kind'));
    symlinkSync('b.txt', join(dir, 'kind'));
    unlinkSync(join(dir, 'link'));
    symlinkSync('mine', join(dir, 'link'));
    write(dir, { file: 'a file\n' });
    chmodSync(join(dir, 'run.sh'), 0o755);
    unlinkSync(join(remote, 'link'));
    symlinkSync('theirs', join(remote, 'link'));
    advance(remote, {
      bin: Buffer.from([0, 7, 7]),
      'changed.txt': null,
      'deleted.txt': 'theirs\n',
      'both.txt': 'theirs\n',
      kind: 'theirs\n',
      folder: 'a file\n',
      'file/in.txt': 'in\n',
      'run.sh': 'same\n',
    });
    const { to, report } = await lab.carryOnto(from, remote);
    expect(told(report)).toEqual([
      ['bin', 'CONFLICT', 'BOTH_CHANGED_BINARY'],
      ['both.txt', 'CONFLICT', 'BOTH_ADDED'],
      ['changed.txt', 'CONFLICT', 'CHANGED_AND_DELETED'],
      ['deleted.txt', 'CONFLICT', 'CHANGED_AND_DELETED'],
      ['file~run', 'CONFLICT', 'FILE_AND_FOLDER'],
      ['folder~newest', 'CONFLICT', 'FILE_AND_FOLDER'],
      ['kind', 'CONFLICT', 'BOTH_CHANGED_KIND'],
      ['kind~newest', 'CONFLICT', 'BOTH_CHANGED_KIND'],
      ['link', 'CONFLICT', 'BOTH_CHANGED'],
      ['run.sh', 'CONFLICT', 'BOTH_CHANGED_MODE'],
    ]);
    expect(readFileSync(join(to.directory, 'bin'))).toEqual(Buffer.from([0, 9, 9]));
    expect(readlinkSync(join(to.directory, 'link'))).toBe('mine');
    expect(read(to, 'deleted.txt')).toBe('theirs\n');
    expect(read(to, 'changed.txt')).toBe('mine\n');
    expect(read(to, 'folder/in.txt')).toBe('in\n');
    await goesOn(to, remote);
    const beside = await lab.carryOnto(from, remote, 'BESIDE');
    expect(status(beside.to)).not.toMatch(/^[UAD]{2} /m);
    expect(read(beside.to, 'folder')).toBe('a file\n');
    expect(read(beside.to, 'folder.baton-test/in.txt')).toBe('in\n');
    expect(read(beside.to, 'file/in.txt')).toBe('in\n');
    expect(read(beside.to, 'file.baton-test')).toBe('a file\n');
    expect(readlinkSync(join(beside.to.directory, 'kind.baton-test'))).toBe('b.txt');
    expect(read(beside.to, 'kind')).toBe('theirs\n');
    expect(existsSync(join(beside.to.directory, 'kind~newest'))).toBe(false);
    expect(read(beside.to, 'both.txt.baton-test')).toBe('mine\n');
    await goesOn(beside.to, remote);
  });

  it('follows a file that was renamed on the newer base', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    write(from.directory, { 'a.txt': 'ONE\ntwo\nthree\nfour\nfive\n' });
    git(remote, 'mv', 'a.txt', 'renamed.txt');
    advance(remote, {});
    const { to, report } = await lab.carryOnto(from, remote);
    expect(told(report)).toEqual([]);
    expect(existsSync(join(to.directory, 'a.txt'))).toBe(false);
    expect(read(to, 'renamed.txt')).toBe('ONE\ntwo\nthree\nfour\nfive\n');
    await goesOn(to, remote);
  });

  it('says where two names differ in upper and lower case only', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    write(from.directory, { 'Readme.md': 'mine\n' });
    commit(from.directory, 'readme');
    advance(remote, { 'README.md': 'theirs\n' });
    const { to, report } = await lab.carryOnto(from, remote);
    expect(told(report)).toEqual([['Readme.md', 'CONFLICT', 'CASE_CLASH']]);
    expect(read(to, 'Readme.md') + read(to, 'README.md')).toBe('mine\ntheirs\n');
  });

  it('runs no merge driver and heeds no attribute, whoever wrote it', async () => {
    const mark = lab.path('ran');
    const attributes = `a.txt merge=evil\nb.txt merge=union\nsrc/c.txt -merge text eol=crlf\n`;
    const remote = lab.remote({ ...files, '.gitattributes': attributes });
    const from = await lab.open(remote);
    git(from.directory, 'config', 'merge.evil.driver', `touch ${mark}`);
    git(from.directory, 'config', 'merge.default', 'evil');
    write(from.directory, {
      '.git/info/attributes': '* merge=evil\n',
      'a.txt': 'mine\n',
      'b.txt': 'mine\n',
      'src/c.txt': 'mine\r\n',
    });
    advance(remote, { 'a.txt': 'theirs\n', 'b.txt': 'theirs\n' });
    const { to, report } = await lab.carryOnto(from, remote);
    expect(told(report)).toEqual([
      ['a.txt', 'CONFLICT', 'BOTH_CHANGED'],
      ['b.txt', 'CONFLICT', 'BOTH_CHANGED'],
    ]);
    expect(read(to, 'b.txt')).toBe('<<<<<<< run\nmine\n=======\ntheirs\n>>>>>>> newest\n');
    expect(read(to, 'src/c.txt')).toBe('mine\r\n');
    expect(existsSync(mark)).toBe(false);
  });

  it('loses nothing that was only staged', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    write(from.directory, { 'a.txt': 'staged\n' });
    git(from.directory, 'add', 'a.txt');
    write(from.directory, { 'a.txt': 'in the worktree\n' });
    git(from.directory, 'rm', '--quiet', '--cached', 'b.txt');
    write(from.directory, { 'intended.txt': 'x\n' });
    git(from.directory, 'add', '--intent-to-add', 'intended.txt');
    advance(remote, { 'a.txt': 'theirs\n' });
    const { to, report } = await lab.carryOnto(from, remote);
    expect(told(report)).toEqual([
      ['a.txt', 'CONFLICT', 'STAGED'],
      ['a.txt', 'CONFLICT', 'BOTH_CHANGED'],
    ]);
    expect(read(to, 'a.txt.baton-test-staged')).toBe('staged\n');
    expect(status(to)).toBe('UU a.txt\nD  b.txt\n A intended.txt\n?? a.txt.baton-test-staged\n?? b.txt\n');
    await goesOn(to, remote);
  });

  it('knows what the base has taken over from the run', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    write(from.directory, { 'a.txt': 'mine\n' });
    commit(from.directory, 'mine');
    write(from.directory, { 'b.txt': 'more\n' });
    git(remote, 'fetch', '--quiet', from.directory, 'baton/test');
    git(remote, 'merge', '--quiet', '--ff-only', 'FETCH_HEAD');
    const newest = advance(remote, { 'src/c.txt': 'theirs\n' });
    const { to, report } = await lab.carryOnto(from, remote);
    expect(told(report)).toEqual([]);
    expect(git(to.directory, 'rev-parse', 'HEAD').trim()).toBe(newest);
    expect(status(to)).toBe(' M b.txt\n');
  });

  it('leaves commits alone that build on it already', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    write(from.directory, { 'a.txt': 'mine\n' });
    commit(from.directory, 'mine');
    advance(remote, { 'b.txt': 'theirs\n' });
    git(from.directory, 'fetch', '--quiet', 'origin');
    git(from.directory, 'merge', '--quiet', 'origin/main');
    write(from.directory, { 'src/c.txt': 'more\n' });
    const { to, report } = await lab.carryOnto(from, remote);
    expect(told(report)).toEqual([]);
    expect(git(to.directory, 'rev-parse', 'HEAD')).toBe(git(from.directory, 'rev-parse', 'HEAD'));
    expect(status(to)).toBe(' M src/c.txt\n');
    await goesOn(to, remote);
  });

  it('puts the work on a rewritten history without the commits that are gone from it, and keeps the run’s on a branch', async () => {
    const remote = lab.remote(files);
    advance(remote, { 'secret.txt': 'secret\n' });
    const from = await lab.open(remote);
    write(from.directory, { 'a.txt': 'ONE\ntwo\nthree\nfour\nfive\n' });
    commit(from.directory, 'mine');
    const head = git(from.directory, 'rev-parse', 'HEAD').trim();
    const captured = await lab.capture(from);
    git(remote, 'reset', '--quiet', '--hard', 'HEAD~1');
    const newest = advance(remote, { 'b.txt': 'theirs\n' });
    const to = await lab.open(remote, { restoring: captured.summary.manifest, newest: true });
    const report = await lab.restore(to, captured.summary.manifest, lab.workspaces, { conflicts: 'MARKERS' });
    expect(told(report)).toEqual([]);
    expect(report.newerBase).toMatchObject([{ state: 'MOVED', keptBranch: 'baton/test-before' }]);
    expect(git(to.directory, 'rev-parse', 'HEAD', 'baton/test-before')).toBe(`${newest}\n${head}\n`);
    expect(existsSync(join(to.directory, 'secret.txt'))).toBe(false);
    expect(status(to)).toBe('M  a.txt\n');
    await goesOn(to, remote);
  });

  it('names files whose content is missing, and moves the rest', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    write(from.directory, { 'a.txt': 'ONE\ntwo\nthree\nfour\nfive\n', 'large.bin': Buffer.alloc(600_000, 7) });
    git(from.directory, 'add', '--intent-to-add', 'large.bin');
    const captured = await lab.capture(from);
    const { repositories, blobs } = await lab.manifest(captured.summary.manifest);
    const large = repositories[0]?.entries.find(({ path }) => path === 'large.bin');
    const number = large?.kind === 'FILE' ? large.parts?.[0]?.[0] : undefined;
    await lab.blobs.delete(lab.teamId, blobs[number ?? 0]?.hash ?? '');
    advance(remote, { 'b.txt': 'theirs\n' });
    const to = await lab.open(remote, { restoring: captured.summary.manifest, newest: true });
    const report = await lab.restore(to, captured.summary.manifest, lab.workspaces, { conflicts: 'MARKERS' });
    expect(told(report)).toContainEqual(['large.bin', 'FAILED', 'BLOB_MISSING']);
    expect(read(to, 'b.txt')).toBe('theirs\n');
  });

  it('puts the run’s files onto it, and says so, where git cannot merge what the manifest says', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    write(from.directory, { 'a.txt': 'mine\n' });
    const captured = await lab.capture(from);
    const manifest = await lab.manifest(captured.summary.manifest);
    const changed = (manifest.repositories[0]?.git?.index?.changed ?? []) as IndexedEntry[];
    changed.push({ ...plainEntry, path: 'src', oid: git(remote, 'rev-parse', 'HEAD:a.txt').trim() });
    const { hash } = await lab.blobs.put(lab.teamId, serializeManifest(manifest));
    const ref = { hash, bytes: 0 };
    advance(remote, { 'b.txt': 'theirs\n' });
    const to = await lab.open(remote, { restoring: ref, newest: true });
    const report = await lab.restore(to, ref, lab.workspaces, { conflicts: 'MARKERS' });
    expect(told(report)).toContainEqual([null, 'CONFLICT', 'MERGE_FAILED']);
    expect(read(to, 'a.txt') + read(to, 'b.txt')).toBe('mine\ntheirs\n');
  });

  it('keeps large files and odd names byte for byte', async () => {
    const remote = lab.remote({ ...files, 'large.bin': Buffer.alloc(700_000, 1) });
    const from = await lab.open(remote);
    const large = Buffer.alloc(800_000, 2);
    write(from.directory, { 'large.bin': large, 'a b\tc.txt': 'odd\r\n' });
    git(from.directory, 'add', '--all');
    writeFileSync(Buffer.concat([Buffer.from(`${from.directory}/`), Buffer.from([0xff, 0x41])]), 'bytes\r\n');
    advance(remote, { 'b.txt': 'theirs\n' });
    const { to, report } = await lab.carryOnto(from, remote);
    expect(told(report)).toEqual([]);
    expect(readFileSync(join(to.directory, 'large.bin')).equals(large)).toBe(true);
    expect(read(to, 'a b\tc.txt')).toBe('odd\r\n');
    expect(readFileSync(Buffer.concat([Buffer.from(`${to.directory}/`), Buffer.from([0xff, 0x41])]), 'utf8')).toBe('bytes\r\n');
    await goesOn(to, remote);
  });

  it('does the same in a repository with SHA-256 ids, and on a detached HEAD', async () => {
    const remote = lab.remote(files, 'remote', '--object-format=sha256');
    const from = await lab.open(remote);
    git(from.directory, 'checkout', '--quiet', '--detach');
    write(from.directory, { 'a.txt': 'mine\n' });
    commit(from.directory, 'mine');
    advance(remote, { 'b.txt': 'theirs\n' });
    const { to, report } = await lab.carryOnto(from, remote);
    expect(told(report)).toEqual([]);
    expect(git(to.directory, 'log', '-1', '--format=%s %D').trim()).toBe("Merge branch 'main' HEAD");
    await goesOn(to, remote);
  });

  it('does the same with the first commits of an empty repository', async () => {
    const remote = lab.path('empty');
    mkdirSync(remote);
    git(remote, 'init', '--quiet', '--initial-branch=main');
    const from = await lab.open(remote);
    write(from.directory, { 'a.txt': 'mine\n' });
    commit(from.directory, 'first');
    const captured = await lab.capture(from);
    advance(remote, { 'b.txt': 'theirs\n' });
    const to = await lab.open(remote, { restoring: captured.summary.manifest, newest: true });
    const report = await lab.restore(to, captured.summary.manifest, lab.workspaces, { conflicts: 'MARKERS' });
    expect(told(report)).toEqual([]);
    expect(report.newerBase).toMatchObject([{ from: null, keptBranch: 'baton/test-before' }]);
    expect(read(to, 'a.txt') + read(to, 'b.txt')).toBe('mine\ntheirs\n');
    await goesOn(to, remote);
  });

  it('moves each repository by itself', async () => {
    const api = lab.remote({ 'api.txt': 'api\n' }, 'api-remote');
    const web = lab.remote({ 'web.txt': 'web\n' }, 'web-remote');
    const environment = [
      { repository: 'api', url: api, branch: null },
      { repository: 'web', url: web, branch: 'main' },
    ];
    const from = await lab.open(environment);
    write(from.directory, { 'api/api.txt': 'mine\n', 'web/web.txt': 'mine\n', 'notes.txt': 'notes\n' });
    advance(web, { 'more.txt': 'theirs\n' });
    const { to, report } = await lab.carryOnto(from, environment);
    expect(report.newerBase).toMatchObject([
      { repository: 'api', state: 'SAME' },
      { repository: 'web', state: 'MOVED' },
    ]);
    expect(read(to, 'api/api.txt') + read(to, 'web/web.txt') + read(to, 'web/more.txt') + read(to, 'notes.txt')).toBe(
      'mine\nmine\ntheirs\nnotes\n',
    );
  });
});

describe('a restore onto the newest base stays on the old one, and says why', { timeout: 60_000 }, () => {
  const stays = async (from: LabWorkspace, remote: string, reason: string) => {
    const wanted = describeRepository(from.directory);
    advance(remote, { 'newer.txt': 'newer\n' });
    const { to, report } = await lab.carryOnto(from, remote);
    expect(told(report)).toContainEqual([null, 'SKIPPED', reason]);
    expect(report.newerBase).toMatchObject([{ state: 'STAYED' }]);
    expect(describeRepository(to.directory)).toEqual(wanted);
  };

  it('while a merge is under way', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    git(from.directory, 'switch', '--quiet', '-c', 'other');
    write(from.directory, { 'a.txt': 'other\n' });
    commit(from.directory, 'other');
    git(from.directory, 'switch', '--quiet', 'baton/test');
    write(from.directory, { 'b.txt': 'mine\n' });
    commit(from.directory, 'mine');
    git(from.directory, 'merge', '--quiet', '--no-commit', 'other');
    await stays(from, remote, 'OPERATION_IN_PROGRESS');
  });

  it('while there are conflicts in the index', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    write(from.directory, { 'a.txt': 'stashed\n' });
    git(from.directory, 'stash', '--quiet');
    write(from.directory, { 'a.txt': 'mine\n' });
    commit(from.directory, 'mine');
    expect(() => git(from.directory, 'stash', 'pop', '--quiet')).toThrow('Command failed');
    await stays(from, remote, 'UNMERGED');
  });

  it('in a sparse checkout', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    git(from.directory, 'update-index', '--skip-worktree', 'b.txt');
    await stays(from, remote, 'SPARSE');
  });

  it('when the branch is gone from the remote', async () => {
    const remote = lab.remote(files);
    git(remote, 'branch', 'topic');
    const environment = [{ repository: '.', url: remote, branch: 'topic' }];
    const from = await lab.open(environment);
    write(from.directory, { 'a.txt': 'mine\n' });
    git(remote, 'branch', '--quiet', '-D', 'topic');
    const { to, report } = await lab.carryOnto(from, environment);
    expect(told(report)).toEqual([[null, 'SKIPPED', 'BRANCH_GONE']]);
    expect(status(to)).toBe(' M a.txt\n');
  });
});

describe('when the base is gone', { timeout: 60_000 }, () => {
  const forceAway = (remote: string, content: Record<string, string>) => {
    git(remote, 'checkout', '--quiet', '--orphan', 'other');
    write(remote, content);
    commit(remote, 'another history');
    git(remote, 'branch', '--quiet', '--force', '-M', 'main');
    git(remote, 'reflog', 'expire', '--expire=all', '--all');
    git(remote, 'gc', '--quiet', '--prune=now');
  };

  it('the newest one gets the run’s files, each conflict by name', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    write(from.directory, { 'a.txt': 'mine\n', 'b.txt': 'mine\n' });
    const captured = await lab.capture(from);
    forceAway(remote, { ...files, 'a.txt': 'theirs\n' });
    const elsewhere = lab.worker('elsewhere');
    const to = await lab.open(remote, { restoring: captured.summary.manifest, newest: true, workspaces: elsewhere });
    const report = await lab.restore(to, captured.summary.manifest, elsewhere, { conflicts: 'MARKERS' });
    expect(told(report)).toContainEqual(['a.txt', 'CONFLICT', 'BASE_MOVED']);
    expect(report.newerBase).toMatchObject([{ state: 'MOVED' }]);
    expect(read(to, 'a.txt') + read(to, 'b.txt')).toBe('mine\nmine\n');
  });

  it('and its branch too, the work goes on from the remote’s own branch', async () => {
    const remote = lab.remote(files);
    git(remote, 'switch', '--quiet', '-c', 'topic');
    advance(remote, { 'topic.txt': 'topic\n' });
    git(remote, 'switch', '--quiet', 'main');
    const environment = [{ repository: '.', url: remote, branch: 'topic' }];
    const from = await lab.open(environment);
    write(from.directory, { 'a.txt': 'mine\n' });
    const captured = await lab.capture(from);
    git(remote, 'branch', '--quiet', '-D', 'topic');
    git(remote, 'reflog', 'expire', '--expire=all', '--all');
    git(remote, 'gc', '--quiet', '--prune=now');
    const elsewhere = lab.worker('elsewhere');
    const to = await lab.open(environment, { restoring: captured.summary.manifest, workspaces: elsewhere });
    const report = await lab.restore(to, captured.summary.manifest, elsewhere);
    expect(told(report)).toContainEqual([null, 'CONFLICT', 'BASE_MISSING']);
    expect(to.opened[0]?.baseBranch).toBe('main');
    expect(status(to)).toBe(' M a.txt\n');
  });

  it('and the repository too, the session fails and says what to do', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    write(from.directory, { 'a.txt': 'mine\n' });
    const captured = await lab.capture(from);
    renameSync(remote, lab.path('moved'));
    await expect(lab.open(remote, { restoring: captured.summary.manifest })).rejects.toMatchObject({
      failure: { code: 'REPOSITORY_UNREACHABLE' },
    });
    // At its new address all is there again.
    const to = await lab.open(lab.path('moved'), { restoring: captured.summary.manifest });
    expect(await lab.restore(to, captured.summary.manifest)).toMatchObject({ exact: true });
  });
});
