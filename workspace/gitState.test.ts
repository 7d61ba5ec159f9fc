import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeRepository, git, Lab, write, type LabWorkspace } from './testParts/lab.ts';

let lab: Lab;
beforeEach(() => {
  lab = new Lab();
});
afterEach(() => lab.close());

const files = { 'a.txt': 'a\n', 'src/b.txt': 'b\n', 'docs/c.txt': 'c\n' };
const gitFile = (directory: string, path: string) => readFileSync(join(directory, '.git', path), 'latin1');

/** Carries a workspace to another worker, where nothing may be less. */
async function carryWhole(from: LabWorkspace, remote: string): Promise<LabWorkspace> {
  const elsewhere = lab.worker('elsewhere');
  const { summary } = await lab.capture(from);
  expect(summary.gaps).toEqual([]);
  const to = await lab.open(remote, { restoring: summary.manifest, workspaces: elsewhere });
  const report = await lab.restore(to, summary.manifest, elsewhere);
  expect(report.entries.filter(({ status }) => status !== 'APPLIED')).toEqual([]);
  expect(describeRepository(to.directory)).toEqual(describeRepository(from.directory));
  return to;
}

describe('stashes and notes', { timeout: 60_000 }, () => {
  it('are there with all earlier ones, with what was staged and untracked, and can be taken out', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    const dir = from.directory;
    for (const text of ['first', 'second', 'third']) {
      write(dir, { 'a.txt': `${text}, staged\n`, [`${text}.txt`]: 'untracked\n' });
      git(dir, 'add', 'a.txt');
      write(dir, { 'a.txt': `${text}\n` });
      git(dir, 'stash', 'push', '--quiet', '--include-untracked', `--message=${text}`);
    }
    git(dir, 'stash', 'drop', '--quiet', 'stash@{1}');
    const to = await carryWhole(from, remote);
    const list = git(dir, 'stash', 'list', '--format=%gd %H %gs %cd');
    expect(git(to.directory, 'stash', 'list', '--format=%gd %H %gs %cd')).toBe(list);
    expect(list.trim().split('\n')).toHaveLength(2);
    expect(list).toContain('first');
    for (const directory of [dir, to.directory]) git(directory, 'stash', 'pop', '--quiet', '--index', 'stash@{1}');
    expect(git(to.directory, 'status', '--porcelain')).toBe('MM a.txt\n?? first.txt\n');
    expect(describeRepository(to.directory)).toEqual(describeRepository(dir));
    expect(git(to.directory, 'stash', 'list')).toBe(git(dir, 'stash', 'list'));
    git(to.directory, 'fsck', '--strict', '--no-dangling');
  });

  it('are named when the commits of one are gone, and the others travel', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    for (const text of ['first', 'second']) {
      write(from.directory, { 'a.txt': `${text}\n` });
      git(from.directory, 'stash', '--quiet');
    }
    const gone = git(from.directory, 'rev-parse', 'stash@{1}').trim();
    rmSync(join(from.directory, '.git/objects', gone.slice(0, 2), gone.slice(2)));
    const { captured, to } = await lab.carry(from, remote);
    expect(captured.summary.gaps).toEqual([expect.objectContaining({ path: 'refs/stash', reason: 'OBJECT_MISSING' })]);
    git(to.directory, 'stash', 'pop', '--quiet');
    expect(readFileSync(join(to.directory, 'a.txt'), 'utf8')).toBe('second\n');
  });

  it('of every name are read as before, on commits of the remote and on new ones', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    const dir = from.directory;
    git(dir, 'notes', 'add', '--message=on the base');
    git(dir, 'commit', '--quiet', '--allow-empty', '--message=new');
    git(dir, 'notes', 'add', '--message=on a new commit');
    git(dir, 'notes', '--ref=review/one', 'add', '--message=reviewed');
    const to = await carryWhole(from, remote);
    const log = ['log', '--notes=commits', '--notes=review/one', '--format=%H %N'];
    expect(git(to.directory, ...log)).toBe(git(dir, ...log));
    expect(git(to.directory, ...log)).toContain('reviewed');
  });
});

describe('where git was', { timeout: 60_000 }, () => {
  it('is known: ORIG_HEAD, with commits that only it leads to', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    write(from.directory, { 'a.txt': 'undone\n' });
    git(from.directory, 'commit', '--quiet', '--all', '--message=undone');
    const undone = git(from.directory, 'rev-parse', 'HEAD').trim();
    git(from.directory, 'reset', '--quiet', '--hard', 'HEAD~1');
    const to = await carryWhole(from, remote);
    git(to.directory, 'reset', '--quiet', '--hard', 'ORIG_HEAD');
    expect(git(to.directory, 'rev-parse', 'HEAD').trim()).toBe(undone);
    expect(readFileSync(join(to.directory, 'a.txt'), 'utf8')).toBe('undone\n');
  });

  it('is known: what HEAD was at before, and how it came to be detached', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    git(from.directory, 'commit', '--quiet', '--allow-empty', '--message=first');
    git(from.directory, 'commit', '--quiet', '--allow-empty', '--amend', '--message=second');
    git(from.directory, 'checkout', '--quiet', 'origin/main');
    const to = await carryWhole(from, remote);
    expect(git(to.directory, 'reflog')).toBe(git(from.directory, 'reflog'));
    expect(git(to.directory, 'status')).toBe(git(from.directory, 'status'));
    expect(git(to.directory, 'status')).toContain('HEAD detached at origin/main');
    expect(git(to.directory, 'log', '-1', '--format=%s', 'HEAD@{2}')).toBe('first\n');
    git(to.directory, 'checkout', '--quiet', '-');
    expect(gitFile(to.directory, 'HEAD')).toBe('ref: refs/heads/baton/test\n');
    git(to.directory, 'fsck', '--strict', '--no-dangling');
  });

  it('is known: FETCH_HEAD, with what was fetched and no ref leads to', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    const fork = lab.remote({ 'fork.txt': 'of a fork\n' }, 'fork');
    git(from.directory, 'fetch', '--quiet', fork, 'main');
    const to = await carryWhole(from, remote);
    expect(gitFile(to.directory, 'FETCH_HEAD')).toBe(gitFile(from.directory, 'FETCH_HEAD'));
    rmSync(fork, { recursive: true });
    expect(git(to.directory, 'show', 'FETCH_HEAD:fork.txt')).toBe('of a fork\n');
  });

  it('is left out, and said to be, when its commit is gone', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    const gone = '1234567890'.repeat(4);
    write(from.directory, { '.git/ORIG_HEAD': `${gone}\n`, '.git/FETCH_HEAD': 'nothing that git writes' });
    const { captured, to } = await lab.carry(from, remote);
    expect(captured.summary.gaps.map(({ path, reason }) => `${path} ${reason}`)).toEqual([
      '.git/FETCH_HEAD GIT_FILE',
      '.git/ORIG_HEAD OBJECT_MISSING',
    ]);
    for (const name of ['ORIG_HEAD', 'FETCH_HEAD']) expect(existsSync(join(to.directory, '.git', name))).toBe(false);
  });

  it('is known: the branch’s upstream, and how far it is from it', async () => {
    const remote = lab.remote(files);
    git(remote, 'branch', 'other');
    const from = await lab.open(remote);
    git(from.directory, 'branch', '--quiet', '--set-upstream-to=origin/other');
    git(from.directory, 'commit', '--quiet', '--allow-empty', '--message=ahead');
    const to = await carryWhole(from, remote);
    const status = git(to.directory, 'status', '--porcelain=v2', '--branch');
    expect(status).toContain('# branch.upstream origin/other\n# branch.ab +1 -0');
    expect(status).toBe(git(from.directory, 'status', '--porcelain=v2', '--branch'));
  });
});

describe('a sparse checkout', { timeout: 60_000 }, () => {
  it.each([
    ['by folders', ['--cone', 'src']],
    ['by folders, with a sparse index', ['--cone', '--sparse-index', 'src']],
    ['by patterns', ['--no-cone', '/src/', '!/src/deep/']],
  ])('%s is one elsewhere, and can be changed and ended there', async (_, args) => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    git(from.directory, 'sparse-checkout', 'set', ...args);
    write(from.directory, { 'src/b.txt': 'changed\n' });
    const to = await carryWhole(from, remote);
    expect(git(to.directory, 'sparse-checkout', 'list')).toBe(git(from.directory, 'sparse-checkout', 'list'));
    expect(existsSync(join(to.directory, 'docs'))).toBe(false);
    for (const directory of [from.directory, to.directory]) {
      git(directory, 'sparse-checkout', 'add', args.includes('--cone') ? 'docs' : '/docs/');
      expect(existsSync(join(directory, 'docs/c.txt'))).toBe(true);
    }
    expect(describeRepository(to.directory)).toEqual(describeRepository(from.directory));
    for (const directory of [from.directory, to.directory]) git(directory, 'sparse-checkout', 'disable');
    expect(describeRepository(to.directory)).toEqual(describeRepository(from.directory));
    expect(git(to.directory, 'ls-files', '-t')).not.toContain('S ');
  });

  it('that a setup command made is none where the snapshot has none', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    const { manifest } = (await lab.capture(from)).summary;
    const to = await lab.open(remote, { restoring: manifest });
    git(to.directory, 'sparse-checkout', 'set', '--cone', 'src');
    expect((await lab.restore(to, manifest)).exact).toBe(true);
    expect(describeRepository(to.directory)).toEqual(describeRepository(from.directory));
    expect(() => git(to.directory, 'sparse-checkout', 'list')).toThrow('this worktree is not sparse');
    git(to.directory, 'checkout', '--quiet', '--force', 'HEAD');
    expect(existsSync(join(to.directory, 'docs/c.txt'))).toBe(true);
  });
});

describe('a shallow history', { timeout: 60_000 }, () => {
  it('that was fetched is as deep elsewhere, and can be deepened', async () => {
    const remote = lab.remote(files);
    const fork = lab.remote(files, 'fork');
    for (const text of ['one', 'two', 'three']) git(fork, 'commit', '--quiet', '--allow-empty', `--message=${text}`);
    const from = await lab.open(remote);
    const address = `file://${fork}`;
    git(from.directory, 'fetch', '--quiet', '--depth=2', address, 'main:fork');
    const to = await carryWhole(from, remote);
    expect(gitFile(to.directory, 'shallow')).toBe(gitFile(from.directory, 'shallow'));
    expect(git(to.directory, 'log', '--format=%s', 'fork')).toBe('three\ntwo\n');
    git(to.directory, 'fetch', '--quiet', '--deepen=1', address, 'main');
    expect(git(to.directory, 'log', '--format=%s', 'fork')).toBe('three\ntwo\none\n');
    git(to.directory, 'fsck');
  });

  it('of the remote’s own branch is as deep elsewhere, and can be completed', async () => {
    const remote = lab.remote(files);
    for (const text of ['one', 'two', 'three']) git(remote, 'commit', '--quiet', '--allow-empty', `--message=${text}`);
    const from = await lab.open(remote);
    const address = `file://${remote}`;
    git(from.directory, 'fetch', '--quiet', '--depth=2', address, 'main');
    expect(git(from.directory, 'log', '--format=%s')).toBe('three\ntwo\n');
    const to = await carryWhole(from, remote);
    expect(git(to.directory, 'log', '--format=%s')).toBe('three\ntwo\n');
    git(to.directory, 'fetch', '--quiet', '--unshallow', address, 'main');
    expect(git(to.directory, 'log', '--format=%s')).toBe('three\ntwo\none\nbase\n');
  });
});
