import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeRepository, git, gitEnvironment, Lab, write, type LabWorkspace } from './testParts/lab.ts';
import type { RepositoryRequest } from './open.ts';
import { createWorkspaces } from './workspaces.ts';

let lab: Lab;
beforeEach(() => {
  lab = new Lab();
});
afterEach(() => lab.close());

/** Git that may clone from paths of this machine, as `git submodule` does. */
const gitHere = (directory: string, ...args: readonly string[]): string =>
  git(directory, '-c', 'protocol.file.allow=always', ...args);

const base = { 'a.txt': 'a\n', 'src/b.txt': 'b\n', '.gitignore': '*.log\n' };

/** A repository on this machine with two commits, two branches and a tag. */
function library(name: string): string {
  const path = lab.remote({ 'lib.txt': `${name}\n`, 'src/deep/c.txt': 'c\n' }, name);
  write(path, { 'lib.txt': `${name} two\n` });
  git(path, 'commit', '--quiet', '--all', '--message=two');
  git(path, 'tag', '--annotate', '--message=tag', 'v1');
  git(path, 'branch', 'aside', 'HEAD~1');
  return path;
}

/** Every part of a repository that an agent may be in the middle of using. */
function work(directory: string): void {
  git(directory, 'switch', '--quiet', '--create', 'topic');
  write(directory, { 'lib.txt': 'mine\n', 'staged.txt': 'staged\n', 'untracked/x.txt': 'x\n', 'stashed.txt': 'stashed\n' });
  git(directory, 'add', 'stashed.txt');
  git(directory, 'stash', '--quiet');
  write(directory, { 'lib.txt': 'committed\n' });
  git(directory, 'commit', '--quiet', '--all', '--message=unpushed');
  write(directory, {
    'lib.txt': 'changed\n',
    'staged.txt': 'staged\n',
    'untracked/x.txt': 'x\n',
    'src/deep/c.txt': 'in index\n',
  });
  git(directory, 'add', 'staged.txt', 'src/deep/c.txt');
  write(directory, { 'src/deep/c.txt': 'and in the worktree\n' });
  mkdirSync(join(directory, 'empty'));
  git(directory, 'config', 'user.name', 'Somebody');
}

/** Everything of a workspace's repositories, at whatever depth. */
function describeAll(directory: string): Record<string, unknown> {
  const all: Record<string, unknown> = {};
  const walk = (folder: string) => {
    const entries = readdirSync(folder, { withFileTypes: true });
    if (entries.some(({ name }) => name === '.git')) all[relative(directory, folder) || '.'] = describeOne(folder, directory);
    for (const entry of entries) if (entry.isDirectory() && entry.name !== '.git') walk(join(folder, entry.name));
  };
  walk(directory);
  return all;
}

function describeOne(folder: string, workspace: string): unknown {
  const ask = (...args: readonly string[]) =>
    Buffer.from(git(folder, ...args), 'latin1')
      .toString()
      .trim();
  const gitDirectory = ask('rev-parse', '--absolute-git-dir');
  const isFile = lstatSync(join(folder, '.git')).isFile();
  const file = (name: string) => (existsSync(join(gitDirectory, name)) ? readFileSync(join(gitDirectory, name), 'latin1') : null);
  return {
    ...describeRepository(folder, gitDirectory),
    place: relative(workspace, gitDirectory),
    gitFile: isFile ? readFileSync(join(folder, '.git'), 'utf8').replaceAll(workspace, '/there') : null,
    top: relative(workspace, ask('rev-parse', '--show-toplevel')),
    stash: git(folder, 'stash', 'list'),
    log: git(folder, 'log', '--all', '--format=%H %P %s %d'),
    reflog: file('logs/HEAD'),
    shallow: file('shallow'),
    locked: file('locked'),
    settings: git(folder, 'config', '--list', '--local')
      .replaceAll(workspace, '/there')
      .split('\n')
      .sort()
      .filter((line) => !/^(?:remote\.origin\.(?:url|fetch)|user\.(?:name|email))=/.test(line) || folder !== workspace),
    submodules: git(folder, 'submodule', 'status', '--recursive'),
    worktrees: git(folder, 'worktree', 'list', '--porcelain').replaceAll(workspace, '/there'),
    damage: execFileSync('git', ['fsck', '--strict', '--no-dangling'], {
      cwd: folder,
      env: gitEnvironment,
      encoding: 'utf8',
      stdio: 'pipe',
    }),
  };
}

/** Carries the workspace to another one, and says that nothing is other there. */
async function expectCarried(from: LabWorkspace, remote: string | readonly RepositoryRequest[]) {
  const wanted = describeAll(from.directory);
  const { to, captured, report } = await lab.carry(from, remote);
  expect(captured.summary.gaps).toEqual([]);
  expect(report.entries.filter(({ status }) => status !== 'APPLIED')).toEqual([]);
  expect(report.exact).toBe(true);
  expect(describeAll(to.directory)).toEqual(wanted);
  expect(describeAll(from.directory)).toEqual(wanted);
  return { to, captured, report };
}

describe('a repository in a repository', { timeout: 60_000 }, () => {
  it('that was cloned into it is put back with all of its commits, without its remote', async () => {
    const remote = lab.remote(base);
    const from = await lab.open(remote);
    const cloned = library('lib');
    git(from.directory, 'clone', '--quiet', cloned, 'vendor/lib');
    work(join(from.directory, 'vendor/lib'));
    rmSync(cloned, { recursive: true });
    const { to } = await expectCarried(from, remote);
    expect(git(join(to.directory, 'vendor/lib'), 'rev-parse', 'origin/aside', 'v1^{}').split('\n')).toHaveLength(3);
  });

  it('that was begun in it is put back, with commits or without', async () => {
    const remote = lab.remote(base);
    const from = await lab.open(remote);
    git(from.directory, 'init', '--quiet', '--initial-branch=trunk', 'empty');
    git(from.directory, 'init', '--quiet', '--object-format=sha256', 'new');
    write(from.directory, { 'empty/x.txt': 'x\n', 'new/lib.txt': 'x\n', 'new/src/deep/c.txt': 'c\n' });
    git(join(from.directory, 'new'), 'add', '--all');
    git(join(from.directory, 'new'), 'commit', '--quiet', '--message=one');
    work(join(from.directory, 'new'));
    await expectCarried(from, remote);
  });

  it('is put back at any depth', async () => {
    const remote = lab.remote(base);
    const from = await lab.open(remote);
    let at = from.directory;
    for (const name of ['one', 'two', 'three/and/four', 'ünï "quoted"']) {
      git(at, 'clone', '--quiet', library(`lib ${name}`.replaceAll('/', '-')), name);
      at = join(at, name);
    }
    work(at);
    await expectCarried(from, remote);
  });
});

describe('a repository around those of the environment', { timeout: 60_000 }, () => {
  it('is put back with what it has of the files beside them', async () => {
    const repositories = [{ repository: 'main', url: lab.remote(base, 'one'), branch: null }];
    const from = await lab.open(repositories);
    git(from.directory, 'init', '--quiet');
    write(from.directory, {
      'notes.txt': 'x\n',
      'deep/er.txt': 'y\n',
      '.gitignore': 'main\n*.log\n',
      'a.log': 'ignored there, not here\n',
    });
    git(from.directory, 'add', 'notes.txt');
    git(from.directory, 'commit', '--quiet', '--message=notes');
    const { to, captured } = await expectCarried(from, repositories);
    expect((await lab.capture(to, captured.summary.manifest)).summary.manifest).toEqual(captured.summary.manifest);
  });

  it('that the environment no longer names takes those in it along', async () => {
    const one = { repository: 'one', url: lab.remote(base, 'one'), branch: null };
    const two = { repository: 'two', url: lab.remote(base, 'two'), branch: null };
    const from = await lab.open([one, two]);
    for (const name of ['one', 'two']) git(from.directory, 'init', '--quiet', `${name}/inner`);
    const { manifest } = (await lab.capture(from)).summary;
    const to = await lab.open([two], { restoring: manifest });
    const report = await lab.restore(to, manifest);
    expect(
      report.entries.filter(({ status }) => status !== 'APPLIED').map(({ repository, reason }) => [repository, reason]),
    ).toEqual([
      ['one', 'NOT_OPENED'],
      ['one/inner', 'UNSAFE_PLACE'],
    ]);
    expect(readdirSync(to.directory)).toEqual(['two']);
    expect(existsSync(join(to.directory, 'two/inner/.git/HEAD'))).toBe(true);
  });
});

describe('a submodule', { timeout: 60_000 }, () => {
  /** A remote with a submodule, which has one itself. */
  function remoteWithSubmodules(): string {
    const inner = library('inner');
    const outer = library('outer');
    gitHere(outer, 'submodule', '--quiet', 'add', '--name', 'of/inner', inner, 'deps/inner');
    git(outer, 'commit', '--quiet', '--all', '--message=with a submodule');
    const remote = lab.remote(base);
    gitHere(remote, 'submodule', '--quiet', 'add', outer, 'libs/outer');
    git(remote, 'commit', '--quiet', '--all', '--message=with a submodule');
    return remote;
  }

  it('that is not initialised stays so', async () => {
    const remote = remoteWithSubmodules();
    const from = await lab.open(remote);
    write(from.directory, { 'a.txt': 'changed\n' });
    const { to } = await expectCarried(from, remote);
    expect(git(to.directory, 'submodule', 'status')).toMatch(/^-/);
    expect(readdirSync(join(to.directory, 'libs/outer'))).toEqual([]);
    gitHere(to.directory, 'submodule', '--quiet', 'update', '--init', '--recursive');
    expect(git(to.directory, 'submodule', 'status', '--recursive')).toMatch(/^ .*\n /);
  });

  it('is put back where it was, with those in it and the work in each', async () => {
    const remote = remoteWithSubmodules();
    const from = await lab.open(remote);
    gitHere(from.directory, 'submodule', '--quiet', 'update', '--init', '--recursive');
    work(join(from.directory, 'libs/outer'));
    git(join(from.directory, 'libs/outer'), 'checkout', '--quiet', '--detach');
    git(join(from.directory, 'libs/outer/deps/inner'), 'checkout', '--quiet', 'origin/aside');
    write(from.directory, { 'libs/outer/deps/inner/new.txt': 'new\n' });
    git(from.directory, 'config', 'submodule.libs/outer.branch', 'aside');
    git(from.directory, 'config', 'submodule.libs/outer.update', 'rebase');
    const { to } = await expectCarried(from, remote);
    for (const { directory } of [from, to]) {
      git(join(directory, 'libs/outer'), 'reset', '--quiet', '--hard');
      rmSync(join(directory, 'libs/outer/deps/inner/new.txt'));
      gitHere(directory, 'submodule', '--quiet', 'update', '--recursive', '--checkout', '--force');
    }
    const status = git(to.directory, 'submodule', 'status', '--recursive');
    expect(status).toBe(git(from.directory, 'submodule', 'status', '--recursive'));
    expect(status).toMatch(/^ .*\n /);
  });

  it('that the agent has added is put back, committed or only staged', async () => {
    const remote = lab.remote(base);
    const from = await lab.open(remote);
    gitHere(from.directory, 'submodule', '--quiet', 'add', library('one'), 'one');
    git(from.directory, 'commit', '--quiet', '--message=one');
    gitHere(from.directory, 'submodule', '--quiet', 'add', '--force', library('two'), 'two.log');
    work(join(from.directory, 'two.log'));
    await expectCarried(from, remote);
  });

  it('that has its git directory in its own folder keeps it there', async () => {
    const remote = lab.remote(base);
    const from = await lab.open(remote);
    git(from.directory, 'clone', '--quiet', library('old'), 'old');
    gitHere(from.directory, 'submodule', '--quiet', 'add', './old', 'old');
    git(from.directory, 'commit', '--quiet', '--message=old');
    work(join(from.directory, 'old'));
    const { to } = await expectCarried(from, remote);
    expect(lstatSync(join(to.directory, 'old/.git')).isDirectory()).toBe(true);
  });

  it('that is shallow stays so', async () => {
    const remote = lab.remote(base);
    const from = await lab.open(remote);
    gitHere(from.directory, 'submodule', '--quiet', 'add', '--depth=1', `file://${library('deep')}`, 'deep');
    work(join(from.directory, 'deep'));
    const { to } = await expectCarried(from, remote);
    expect(readFileSync(join(to.directory, '.git/modules/deep/shallow'), 'latin1')).not.toBe('');
  });

  it('that was set up before the restore is made what it was', async () => {
    const remote = remoteWithSubmodules();
    const from = await lab.open(remote);
    gitHere(from.directory, 'submodule', '--quiet', 'update', '--init', '--recursive');
    work(join(from.directory, 'libs/outer'));
    const wanted = describeAll(from.directory);
    const { manifest } = (await lab.capture(from)).summary;
    const to = await lab.open(remote, { restoring: manifest });
    gitHere(to.directory, 'submodule', '--quiet', 'update', '--init', '--recursive');
    write(to.directory, { 'libs/outer/made-by-setup.txt': 'x\n' });
    for (const time of [1, 2]) {
      const report = await lab.restore(to, manifest);
      expect([time, report.entries.filter(({ status }) => status !== 'APPLIED')]).toEqual([time, []]);
      expect(describeAll(to.directory)).toEqual(wanted);
    }
  });

  it('that only a setup command fetched stays usable', async () => {
    const remote = remoteWithSubmodules();
    const from = await lab.open(remote);
    write(from.directory, { 'a.txt': 'changed\n' });
    const { manifest } = (await lab.capture(from)).summary;
    const to = await lab.open(remote, { restoring: manifest });
    gitHere(to.directory, 'submodule', '--quiet', 'update', '--init');
    expect((await lab.restore(to, manifest)).exact).toBe(true);
    expect(git(to.directory, 'submodule', 'status')).toMatch(/^ /);
    expect(git(to.directory, 'config', 'submodule.libs/outer.active')).toBe('true\n');
  });

  it('whose git directory nobody uses any more is named', async () => {
    const remote = remoteWithSubmodules();
    const from = await lab.open(remote);
    gitHere(from.directory, 'submodule', '--quiet', 'update', '--init');
    git(from.directory, 'submodule', '--quiet', 'deinit', '--all');
    const { captured, report } = await lab.carry(from, remote);
    expect(captured.summary.gaps.map(({ path, reason }) => [path, reason])).toEqual([['.git/modules/libs/outer', 'SUBMODULE']]);
    expect(report.entries[0]).toMatchObject({ subject: 'REPOSITORY', status: 'SKIPPED', reason: 'SUBMODULE' });
  });
});

describe('a linked worktree', { timeout: 120_000 }, () => {
  const conflict = (directory: string) => {
    for (const [branch, text] of [
      ['theirs', 'theirs'],
      ['ours', 'ours'],
    ] as const) {
      git(directory, 'switch', '--quiet', '--create', branch, 'origin/main');
      write(directory, { 'a.txt': `${text}\n` });
      git(directory, 'commit', '--quiet', '--all', `--message=${text}`);
    }
    expect(() => git(directory, 'merge', 'theirs')).toThrow('Command failed');
  };

  it('is put back with its branch, its index, its files and what is under way in it', async () => {
    const remote = lab.remote({ ...base, 'lib.txt': 'lib\n', 'src/deep/c.txt': 'c\n' });
    const from = await lab.open(remote);
    git(from.directory, 'worktree', 'add', '--quiet', '.trees/one', '-b', 'one');
    git(from.directory, 'worktree', 'add', '--quiet', '--detach', 'two');
    git(from.directory, 'worktree', 'add', '--quiet', '--lock', '--reason=in use', 'merging');
    work(join(from.directory, '.trees/one'));
    write(join(from.directory, 'two'), { 'a.txt': 'detached\n' });
    git(join(from.directory, 'two'), 'commit', '--quiet', '--all', '--message=on no branch');
    write(join(from.directory, 'two'), { 'a.txt': 'and changed\n' });
    conflict(join(from.directory, 'merging'));
    write(from.directory, { '.gitignore': '*.log\n.trees/\n' });
    const { to } = await expectCarried(from, remote);
    for (const { directory } of [from, to]) {
      write(directory, { 'merging/a.txt': 'both\n' });
      git(join(directory, 'merging'), 'commit', '--quiet', '--all', '--message=merged');
      git(directory, 'worktree', 'remove', '--force', '.trees/one');
    }
    expect(git(to.directory, 'log', '--format=%H', 'ours')).toBe(git(from.directory, 'log', '--format=%H', 'ours'));
  });

  it('of a repository in the workspace is put back beside it', async () => {
    const remote = lab.remote(base, 'one');
    const repositories = [{ repository: 'main', url: remote, branch: null }];
    const from = await lab.open(repositories);
    git(join(from.directory, 'main'), 'worktree', 'add', '--quiet', '../beside', '-b', 'beside');
    git(from.directory, 'clone', '--quiet', library('lib'), 'z');
    git(join(from.directory, 'z'), 'worktree', 'add', '--quiet', '../a/tree', '-b', 'tree');
    work(join(from.directory, 'a/tree'));
    write(from.directory, { 'beside/new.txt': 'new\n', 'notes.txt': 'x\n' });
    await expectCarried(from, repositories);
  });

  it('has its own sparse checkout', async () => {
    const remote = lab.remote({ ...base, 'docs/x.txt': 'x\n' });
    const from = await lab.open(remote);
    git(from.directory, 'worktree', 'add', '--quiet', 'one', '-b', 'one');
    git(from.directory, 'worktree', 'add', '--quiet', 'two', '-b', 'two');
    git(join(from.directory, 'one'), 'sparse-checkout', 'set', 'docs');
    const listing = (directory: string) => ['one', 'two'].map((name) => git(join(directory, name), 'ls-files', '-t'));
    const { to, report } = await lab.carry(from, remote);
    expect(report.exact).toBe(true);
    expect(listing(to.directory)).toEqual(listing(from.directory));
    for (const { directory } of [from, to]) {
      git(join(directory, 'one'), 'sparse-checkout', 'add', 'src');
      git(join(directory, 'two'), 'checkout', '--quiet', '--force', 'HEAD~0');
    }
    expect(listing(to.directory)).toEqual(listing(from.directory));
  });

  it('is put back where the agent sees it, and captured again from there', async () => {
    const remote = lab.remote(base);
    const from = await lab.open(remote);
    git(from.directory, 'worktree', 'add', '--quiet', 'tree', '-b', 'tree');
    write(from.directory, { 'tree/new.txt': 'new\n' });
    const { manifest } = (await lab.capture(from)).summary;
    const to = await lab.open(remote, { restoring: manifest });
    const seenAt = '/workspace';
    expect((await lab.restore(to, manifest, lab.workspaces, { seenAt })).exact).toBe(true);
    expect(readFileSync(join(to.directory, 'tree/.git'), 'utf8')).toBe('gitdir: /workspace/.git/worktrees/tree\n');
    expect(readFileSync(join(to.directory, '.git/worktrees/tree/gitdir'), 'utf8')).toBe('/workspace/tree/.git\n');
    const again = await lab.capture(to, manifest, lab.workspaces, { seenAt });
    expect(again.summary.manifest).toEqual(manifest);
  });

  it('outside the workspace is named', async () => {
    const remote = lab.remote(base);
    const from = await lab.open(remote);
    git(from.directory, 'worktree', 'add', '--quiet', lab.path('outside'), '-b', 'outside');
    const { captured, report } = await lab.carry(from, remote);
    expect(captured.summary.gaps.map(({ path, reason }) => [path, reason])).toEqual([
      ['.git/worktrees/outside', 'LINKED_WORKTREE'],
    ]);
    expect(report.exact).toBe(false);
    expect(git(from.directory, 'rev-parse', 'outside')).not.toBe('');
  });
});

describe('a snapshot of repositories in repositories', { timeout: 60_000 }, () => {
  it('stores and reads nothing again that has not changed, and adds what is new', async () => {
    const remote = lab.remote(base);
    const from = await lab.open(remote);
    git(from.directory, 'clone', '--quiet', library('lib'), 'lib');
    work(join(from.directory, 'lib'));
    git(from.directory, 'worktree', 'add', '--quiet', 'tree', '-b', 'tree');
    const first = await lab.capture(from);
    const second = await lab.capture(from, first.summary.manifest);
    expect(second.summary.manifest).toEqual(first.summary.manifest);
    expect(second.summary.storedBytes).toBe(0);
    expect(second.changes).toEqual([]);
    const lib = join(from.directory, 'lib');
    write(lib, { 'more.txt': 'more\n' });
    git(lib, 'add', 'more.txt');
    git(lib, 'commit', '--quiet', '--message=more');
    const third = await lab.capture(from, second.summary.manifest);
    const [before, after] = await Promise.all([second, third].map(({ summary }) => lab.manifest(summary.manifest)));
    const packs = (manifest: typeof before) => manifest?.nested[0]?.repository.git?.commits.packs.length;
    expect([packs(before), packs(after)]).toEqual([1, 2]);
    expect(third.changes.map(({ repository, path }) => [repository, path])).toEqual([['lib', 'more.txt']]);
    const wanted = describeAll(from.directory);
    const to = await lab.open(remote, { restoring: third.summary.manifest });
    expect((await lab.restore(to, third.summary.manifest)).exact).toBe(true);
    expect(describeAll(to.directory)).toEqual(wanted);
    // A capture after the restore finds all of it as it is.
    const again = await lab.capture(to, third.summary.manifest);
    // Where the content of a file lies that was committed meanwhile, in a commit or by itself, is told by whether it was read again.
    const entries = async ({ summary }: typeof again) =>
      (await lab.manifest(summary.manifest)).nested.map(({ path, repository }) => [
        path,
        repository.git,
        repository.entries.map((entry) => ('parts' in entry ? { ...entry, parts: null } : entry)),
      ]);
    expect([await entries(again), again.changes]).toEqual([await entries(third), []]);
  });

  it('shows what changed against each one’s HEAD', async () => {
    const from = await lab.open(lab.remote(base));
    git(from.directory, 'clone', '--quiet', library('lib'), 'lib');
    write(from.directory, { 'lib/lib.txt': 'changed\n', 'lib/new.txt': 'new\n' });
    const { summary } = await lab.capture(from);
    expect(summary.changes.map(({ repository, path, status }) => [repository, path, status])).toEqual([
      ['lib', 'lib.txt', 'MODIFIED'],
      ['lib', 'new.txt', 'ADDED'],
    ]);
    const patch = await lab.blobs.get(lab.teamId, summary.patch?.hash ?? '');
    expect(patch.toString()).toContain('+++ b/lib/lib.txt');
  });

  it('has their files without their commits when those are too large, and says so', async () => {
    const remote = lab.remote(base);
    const from = await lab.open(remote);
    git(from.directory, 'init', '--quiet', 'large');
    const large = join(from.directory, 'large');
    write(large, { 'noise.bin': randomBytes(3_000_000) });
    git(large, 'add', '--all');
    git(large, 'commit', '--quiet', '--message=noise');
    rmSync(join(large, 'noise.bin'));
    write(large, { 'x.txt': 'x\n' });
    const limited = createWorkspaces({
      blobs: lab.blobs,
      mirrors: lab.path('mirrors'),
      limits: { file: Infinity, all: 1_000_000 },
    });
    const { summary } = await lab.capture(from, null, limited);
    expect(summary.gaps).toContainEqual(expect.objectContaining({ repository: 'large', reason: 'TOO_LARGE' }));
    const to = await lab.open(remote, { restoring: summary.manifest });
    expect((await lab.restore(to, summary.manifest)).exact).toBe(false);
    expect(readFileSync(join(to.directory, 'large/x.txt'), 'utf8')).toBe('x\n');
  });

  it('leaves addresses out that this worker takes none of, and says so', async () => {
    const remote = lab.remote(base);
    const from = await lab.open(remote);
    git(from.directory, 'clone', '--quiet', library('lib'), 'lib');
    git(join(from.directory, 'lib'), 'remote', 'add', 'inside', `${from.directory}/lib`);
    git(join(from.directory, 'lib'), 'remote', 'add', 'far', 'git@example.com:far.git');
    const { manifest } = (await lab.capture(from)).summary;
    const to = await lab.open(remote, { restoring: manifest });
    const report = await lab.restore(to, manifest, lab.workspaces, { allowLocal: false, seenAt: from.directory });
    expect(report.entries.filter(({ status }) => status !== 'APPLIED')).toEqual([
      expect.objectContaining({ repository: 'lib', path: '.git/config: remote.origin.url', reason: 'ADDRESS_REFUSED' }),
    ]);
    expect(git(join(to.directory, 'lib'), 'config', '--get-regexp', String.raw`^remote\..*\.url$`)).toBe(
      `remote.inside.url ${from.directory}/lib\nremote.far.url git@example.com:far.git\n`,
    );
  });

  it('is of a version of its own, and others of the one that every program knows', async () => {
    const from = await lab.open(lab.remote(base));
    const plain = await lab.capture(from);
    git(from.directory, 'init', '--quiet', 'inner');
    const nested = await lab.capture(from);
    const version = async ({ summary }: typeof plain) =>
      (JSON.parse((await lab.blobs.get(lab.teamId, summary.manifest.hash)).toString()) as { version: number }).version;
    expect([await version(plain), await version(nested)]).toEqual([1, 2]);
  });
});
