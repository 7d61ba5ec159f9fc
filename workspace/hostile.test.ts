import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BlobRef } from '../domain/snapshot.ts';
import { describeFiles, git, gitEnvironment, Lab, write, type LabWorkspace } from './testParts/lab.ts';
import { serializeManifest, type GitManifest, type Manifest, type ManifestEntry, type RepositoryManifest } from './manifest.ts';

let lab: Lab;
let marker: string;
beforeEach(() => {
  lab = new Lab();
  marker = lab.path('it-ran');
});
afterEach(() => lab.close());

const files = { 'a.txt': 'a\n', 'src/b.txt': 'b\n', 'link-to-src/x.txt': 'x\n' };

/** A program that leaves a mark when anything runs it. */
function trap(): string {
  const path = lab.path('trap.sh');
  writeFileSync(path, `#!/bin/sh\necho "$0 $@" >> ${marker}\ncat\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Everything in a repository's settings that makes git run a program, or read another repository. */
function setTraps(directory: string): void {
  const program = trap();
  const config = `
[core]
	fsmonitor = ${program}
	hooksPath = ${lab.path('hooks')}
	sshCommand = ${program}
	editor = ${program}
	pager = ${program}
	askPass = ${program}
	gitProxy = ${program}
	alternateRefsCommand = ${program}
	attributesFile = ${lab.path('attributes')}
	excludesFile = ${lab.path('excludes')}
	fsyncMethod = batch
[filter "trap"]
	clean = ${program}
	smudge = ${program}
	process = ${program}
	required = true
[diff]
	external = ${program}
[diff "trap"]
	textconv = ${program}
	command = ${program}
[merge "trap"]
	driver = ${program}
[alias]
	status = !${program}
	ls-files = !${program}
[credential]
	helper = !${program}
[gpg]
	program = ${program}
[log]
	showSignature = true
[uploadpack]
	packObjectsHook = ${program}
[pager]
	diff-tree = ${program}
[extensions]
	partialClone = evil
[remote "evil"]
	url = ext::${program} %S
	promisor = true
	partialclonefilter = blob:none
[remote "origin"]
	uploadpack = ${program}
[url "ext::${program} "]
	insteadOf = http
[submodule]
	recurse = true
[maintenance]
	auto = true
[gc]
	auto = 1
`;
  writeFileSync(join(directory, '.git/included'), config);
  writeFileSync(
    join(directory, '.git/config'),
    `${readFileSync(join(directory, '.git/config'), 'utf8')}[include]\n\tpath = included\n${config}`,
  );
  writeFileSync(join(directory, '.gitattributes'), '* filter=trap diff=trap merge=trap\n');
  mkdirSync(join(directory, '.git/info'), { recursive: true });
  writeFileSync(join(directory, '.git/info/attributes'), '* filter=trap diff=trap merge=trap\n');
  for (const place of [lab.path('hooks'), join(directory, '.git/hooks')]) {
    mkdirSync(place, { recursive: true });
    for (const hook of [
      'post-checkout',
      'post-index-change',
      'reference-transaction',
      'pre-commit',
      'post-commit',
      'pre-auto-gc',
      'fsmonitor-watchman',
      'post-merge',
      'post-rewrite',
    ]) {
      writeFileSync(join(place, hook), `#!/bin/sh\necho hook $0 >> ${marker}\n`);
      chmodSync(join(place, hook), 0o755);
    }
  }
}

/** Work that makes every part of a capture and a restore do something. */
function work(directory: string): void {
  write(directory, { 'a.txt': 'changed\n', 'new.txt': 'new\n' });
  git(directory, 'add', 'new.txt');
  git(directory, 'commit', '--quiet', '--message=work');
  write(directory, { 'src/b.txt': 'staged\n' });
  git(directory, 'add', 'src/b.txt');
  write(directory, { 'src/b.txt': 'and changed\n' });
}

/** Everything that the snapshot holds, as one text. */
async function everything(ref: BlobRef): Promise<string> {
  const manifest = await lab.manifest(ref);
  const texts = await Promise.all(
    manifest.blobs.map(async ({ hash }) => (await lab.blobs.get(lab.teamId, hash)).toString('latin1')),
  );
  return JSON.stringify(manifest) + texts.join('');
}

/** Captures a workspace, changes the manifest, and restores what that says. */
async function restoreChanged(
  change: (manifest: Manifest, repository: RepositoryManifest & { git: GitManifest }) => void,
): Promise<{ to: LabWorkspace; problems: (string | null)[][] }> {
  const remote = lab.remote(files);
  const from = await lab.open(remote);
  write(from.directory, { 'a.txt': 'changed\n', 'good.txt': 'good\n' });
  const captured = await lab.capture(from);
  const manifest = structuredClone(await lab.manifest(captured.summary.manifest));
  const repository = manifest.repositories[0];
  if (!repository?.git) throw new Error('the repository was captured');
  change(manifest, { ...repository, git: repository.git });
  const { hash, bytes } = await lab.blobs.put(lab.teamId, serializeManifest(manifest));
  const to = await lab.open(remote, { restoring: { hash, bytes } });
  const report = await lab.restore(to, { hash, bytes });
  expect(report.exact).toBe(false);
  expect(readFileSync(join(to.directory, 'good.txt'), 'utf8')).toBe('good\n');
  return {
    to,
    problems: report.entries.filter(({ status }) => status !== 'APPLIED').map(({ path, reason }) => [path, reason]),
  };
}

const like = (repository: RepositoryManifest, path: string): ManifestEntry => {
  const good = repository.entries.find((entry) => entry.path === 'good.txt');
  if (good?.kind !== 'FILE') throw new Error('good.txt is a file');
  return { ...good, path };
};

describe('a workspace written by someone hostile', { timeout: 60_000 }, () => {
  it('is captured and restored without running anything it set up', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    work(from.directory);
    setTraps(from.directory);
    const { to, captured, report } = await lab.carry(from, remote);
    expect(existsSync(marker)).toBe(false);
    expect(report.exact).toBe(true);
    expect(describeFiles(to.directory)).toBe(describeFiles(from.directory));
    expect(captured.summary.gaps.map(({ reason }) => reason)).toEqual(
      expect.arrayContaining(['CONFIG_NOT_CARRIED', 'HOOK', 'GIT_STATE']),
    );
    // Nothing of it has come along to take effect later.
    const config = readFileSync(join(to.directory, '.git/config'), 'utf8');
    expect(config).not.toContain(trap());
    expect(existsSync(join(to.directory, '.git/hooks'))).toBe(false);
    git(to.directory, 'status');
    git(to.directory, 'checkout', '--quiet', '--force', 'HEAD');
    expect(existsSync(marker)).toBe(false);
    // The traps are real: git itself falls into them, and may trip over what they print.
    spawnSync('git', ['status'], { cwd: from.directory, env: gitEnvironment });
    expect(existsSync(marker)).toBe(true);
  });

  it('is restored onto without running what a setup command set up', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    work(from.directory);
    const captured = await lab.capture(from);
    const to = await lab.open(remote, { restoring: captured.summary.manifest });
    setTraps(to.directory);
    write(to.directory, { 'link-to-src/x.txt': 'changed by setup\n' });
    const report = await lab.restore(to, captured.summary.manifest);
    expect(existsSync(marker)).toBe(false);
    expect(report.entries.filter(({ status }) => status !== 'APPLIED')).toEqual([]);
    await lab.capture(to, captured.summary.manifest);
    expect(existsSync(marker)).toBe(false);
  });

  it('cannot make git run in a submodule of its own', async () => {
    const remote = lab.remote(files);
    git(remote, 'update-index', '--add', '--cacheinfo', `160000,${git(remote, 'rev-parse', 'HEAD').trim()},module`);
    git(remote, 'commit', '--quiet', '--message=module');
    const from = await lab.open(remote);
    const module = join(from.directory, 'module');
    git(module, 'init', '--quiet');
    git(module, 'commit', '--quiet', '--allow-empty', '--message=x');
    setTraps(module);
    const { to, captured, report } = await lab.carry(from, remote);
    expect(existsSync(marker)).toBe(false);
    expect(report.exact).toBe(true);
    expect(captured.summary.gaps.map(({ repository, reason }) => [repository, reason])).toEqual(
      expect.arrayContaining([
        ['module', 'CONFIG_NOT_CARRIED'],
        ['module', 'HOOK'],
      ]),
    );
    const config = readFileSync(join(to.directory, 'module/.git/config'), 'utf8');
    expect(config).not.toContain(trap());
    expect(config).not.toContain('evil');
    expect(existsSync(join(to.directory, 'module/.git/hooks'))).toBe(false);
    git(to.directory, 'status');
    expect(existsSync(marker)).toBe(false);
  });

  it('cannot make git run in a repository in it, when one is restored onto what a setup command made there', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    git(from.directory, 'clone', '--quiet', lab.remote(files, 'other'), 'inner');
    work(join(from.directory, 'inner'));
    const { manifest } = (await lab.capture(from)).summary;
    const to = await lab.open(remote, { restoring: manifest });
    git(to.directory, 'init', '--quiet', 'inner');
    setTraps(join(to.directory, 'inner'));
    const report = await lab.restore(to, manifest);
    expect(existsSync(marker)).toBe(false);
    expect(report.entries.filter(({ status }) => status !== 'APPLIED')).toEqual([]);
    git(join(to.directory, 'inner'), 'status');
    expect(existsSync(marker)).toBe(false);
  });

  it('carries no addresses of repositories in it that could run something, and no passwords', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    const inner = join(from.directory, 'inner');
    git(from.directory, 'init', '--quiet', 'inner');
    git(inner, 'remote', 'add', 'good', 'https://name:a-password@example.com/good.git');
    git(inner, 'remote', 'add', 'evil', `ext::${trap()}`);
    git(inner, 'config', 'submodule.x.update', `!${trap()}`);
    git(inner, 'config', 'submodule.x.url', '--upload-pack=evil');
    const { to, captured } = await lab.carry(from, remote);
    expect(captured.summary.gaps).toEqual([
      expect.objectContaining({
        repository: 'inner',
        reason: 'CONFIG_NOT_CARRIED',
        detail: expect.stringMatching(/: remote\.evil\.url, submodule\.x\.update, submodule\.x\.url$/),
      }),
    ]);
    const config = readFileSync(join(to.directory, 'inner/.git/config'), 'utf8');
    expect(config).toContain('url = https://example.com/good.git');
    expect(config).not.toMatch(/ext::|password|upload-pack|!/);
    expect(await everything(captured.summary.manifest)).not.toContain('a-password');
  });

  describe('that wants to read what is not its own', () => {
    let secret: string;
    let secretCommit: string;
    beforeEach(() => {
      secret = lab.remote({ 'secret.txt': 'the other team’s secret' }, 'other-team');
      git(secret, 'gc', '--quiet');
      secretCommit = git(secret, 'rev-parse', 'HEAD').trim();
    });

    it.each(['alternates', 'a linked pack folder', 'a linked pack', 'linked objects'])('gets nothing by %s', async (way) => {
      const from = await lab.open(lab.remote(files));
      const objects = join(from.directory, '.git/objects');
      const theirs = join(secret, '.git/objects');
      const pack = execFileSync('ls', [join(theirs, 'pack')], { encoding: 'utf8' })
        .split('\n')
        .filter((name) => /\.(?:pack|idx)$/.test(name));
      if (way === 'alternates') write(objects, { 'info/alternates': `${theirs}\n` });
      else if (way === 'a linked pack')
        for (const name of pack) symlinkSync(join(theirs, 'pack', name), join(objects, 'pack', name));
      else if (way === 'a linked pack folder') {
        renameSync(join(objects, 'pack'), join(objects, 'old'));
        symlinkSync(join(theirs, 'pack'), join(objects, 'pack'));
      } else {
        rmSync(objects, { recursive: true });
        symlinkSync(theirs, objects);
      }
      write(from.directory, { '.git/refs/heads/stolen': `${secretCommit}\n`, 'a.txt': 'changed\n' });
      const { summary } = await lab.capture(from);
      expect(summary.gaps.map(({ reason }) => reason)).toEqual(expect.arrayContaining([expect.stringMatching(/^OBJECT/)]));
      const held = await everything(summary.manifest);
      expect(held).not.toContain('other team’s secret');
      expect(held).not.toContain('refs/heads/stolen",{');
      // The rest is captured all the same.
      expect(summary.changes.map(({ path }) => path)).toContain('a.txt');
    });

    it.each([
      'alternates',
      'a file that names their git directory',
      'a linked git directory',
      'a linked module',
      'a module by dots',
    ])('gets nothing by a repository in it, with %s', async (way) => {
      const from = await lab.open(lab.remote(files));
      const inner = join(from.directory, 'inner');
      const theirs = join(secret, '.git');
      git(from.directory, 'init', '--quiet', 'inner');
      if (way === 'alternates') {
        write(inner, { '.git/objects/info/alternates': `${theirs}/objects\n`, '.git/refs/heads/stolen': `${secretCommit}\n` });
      } else {
        rmSync(join(inner, '.git'), { recursive: true });
        const modules = join(from.directory, '.git/modules');
        mkdirSync(modules);
        if (way === 'a linked git directory') symlinkSync(theirs, join(inner, '.git'));
        else if (way === 'a linked module') symlinkSync(theirs, join(modules, 'inner'));
        const named = {
          'a file that names their git directory': theirs,
          'a linked module': '../.git/modules/inner',
          'a module by dots': `../.git/modules/../../../other-team/.git`,
        }[way];
        if (named !== undefined) write(inner, { '.git': `gitdir: ${named}\n` });
      }
      write(from.directory, { 'inner/x.txt': 'x\n', 'a.txt': 'changed\n' });
      const { summary } = await lab.capture(from);
      const reasons = summary.gaps.map(({ reason }) => reason);
      expect(reasons).toContain(way === 'alternates' ? 'OBJECT_MISSING' : 'NESTED_REPOSITORY');
      const held = await everything(summary.manifest);
      expect(held).not.toContain('other team’s secret');
      expect(held).not.toContain('refs/heads/stolen",{');
      expect(summary.changes.map(({ path }) => path)).toContain('a.txt');
    });

    it('gets nothing by links in the worktree', async () => {
      const from = await lab.open(lab.remote(files));
      unlinkSync(join(from.directory, 'a.txt'));
      symlinkSync(join(secret, 'secret.txt'), join(from.directory, 'a.txt'));
      rmSync(join(from.directory, 'src'), { recursive: true });
      write(secret, { 'b.txt': 'the other team’s secret' });
      symlinkSync(secret, join(from.directory, 'src'));
      git(
        from.directory,
        'update-index',
        '--add',
        '--cacheinfo',
        `100644,${git(from.directory, 'rev-parse', 'HEAD:a.txt').trim()},src/secret.txt`,
      );
      const { summary } = await lab.capture(from);
      expect(await everything(summary.manifest)).not.toContain('other team’s secret');
      expect(summary.changes).toContainEqual(expect.objectContaining({ path: 'a.txt', status: 'TYPE_CHANGED' }));
    });

    it.each([
      'HEAD',
      'index',
      'config',
      'packed-refs',
      'info/exclude',
      'info/sparse-checkout',
      'refs/heads/x',
      'logs/refs/stash',
      'logs/HEAD',
      'ORIG_HEAD',
      'FETCH_HEAD',
    ])('gets nothing by a link for .git/%s', async (name) => {
      const from = await lab.open(lab.remote(files));
      write(secret, { plain: `${secretCommit} the other team’s secret` });
      const path = join(from.directory, '.git', name);
      rmSync(path, { force: true });
      mkdirSync(join(path, '..'), { recursive: true });
      symlinkSync(join(secret, 'plain'), path);
      write(from.directory, { 'a.txt': 'changed\n' });
      const { summary } = await lab.capture(from);
      expect(await everything(summary.manifest)).not.toContain('secret');
      expect(summary.gapCount).toBeGreaterThan(0);
      expect(summary.changes.map((change) => change.path)).toContain('a.txt');
    });

    it.each(['a link', 'a file that points there', 'nothing'])('gets nothing by %s for .git', async (way) => {
      const from = await lab.open(lab.remote(files));
      rmSync(join(from.directory, '.git'), { recursive: true });
      if (way === 'a link') symlinkSync(join(secret, '.git'), join(from.directory, '.git'));
      else if (way !== 'nothing') writeFileSync(join(from.directory, '.git'), `gitdir: ${join(secret, '.git')}\n`);
      write(from.directory, { 'a.txt': 'changed\n', 'new.txt': 'new\n' });
      const { summary } = await lab.capture(from);
      expect(await everything(summary.manifest)).not.toContain('secret');
      expect(summary.gaps).toContainEqual(
        expect.objectContaining({ path: '.git', status: 'FAILED', reason: 'GIT_DIRECTORY_GONE' }),
      );
      expect(summary.changes.map(({ path, status }) => [path, status])).toEqual([
        ['a.txt', 'MODIFIED'],
        ['new.txt', 'ADDED'],
      ]);
    });

    it('gets nothing by a link for a whole repository', async () => {
      const remote = lab.remote(files);
      const repositories = [{ repository: 'api', url: remote, branch: null }];
      const from = await lab.open(repositories);
      rmSync(join(from.directory, 'api'), { recursive: true });
      symlinkSync(secret, join(from.directory, 'api'));
      const { captured, report } = await lab.carry(from, repositories);
      expect(await everything(captured.summary.manifest)).not.toContain('other team’s secret');
      expect(captured.summary.gaps).toContainEqual(expect.objectContaining({ repository: 'api', reason: 'REPOSITORY_GONE' }));
      expect(report.exact).toBe(false);
    });
  });

  it('does not make a capture wait for a FIFO in its git directory', async () => {
    const from = await lab.open(lab.remote(files));
    for (const name of ['HEAD', 'index', 'config', 'packed-refs', 'info/exclude', 'ORIG_HEAD', 'MERGE_HEAD', 'sequencer/todo']) {
      rmSync(join(from.directory, '.git', name), { force: true });
      mkdirSync(join(from.directory, '.git', name, '..'), { recursive: true });
      execFileSync('mkfifo', [join(from.directory, '.git', name)]);
    }
    write(from.directory, { 'a.txt': 'changed\n' });
    const { summary } = await lab.capture(from);
    expect(summary.changes.map(({ path }) => path)).toContain('a.txt');
  });
});

describe('a manifest written by someone hostile', { timeout: 60_000 }, () => {
  it.each([
    '../outside.txt',
    '/tmp/outside.txt',
    'src/../../outside.txt',
    '.git/hooks/post-checkout',
    '.GIT/config',
    'src/.git/config',
    './x',
    'a//b',
    'src/',
    '',
  ])('cannot write to %j', async (path) => {
    const { to, problems } = await restoreChanged((_, repository) => void repository.entries.push(like(repository, path)));
    expect(problems).toContainEqual([path, 'UNSAFE_PATH']);
    expect(existsSync(lab.path('outside.txt'))).toBe(false);
    expect(existsSync(join(to.directory, '.git/hooks'))).toBe(false);
  });

  it('cannot write through a link that it makes itself', async () => {
    const outside = lab.path('outside');
    mkdirSync(outside);
    const { problems } = await restoreChanged((_, repository) => {
      repository.entries.push(
        { kind: 'LINK', path: 'door', target: outside, mtime: 1, oid: 'a'.repeat(40), base: null, glance: 'COMPARE' },
        like(repository, 'door/file.txt'),
        { kind: 'DIRECTORY', path: 'door/folder', mode: 0o755 },
      );
    });
    expect(problems).toContainEqual(['door/file.txt', 'UNSAFE_PATH']);
    expect(describeFiles(outside)).toBe('');
  });

  it('cannot write through a link that the repository has', async () => {
    const outside = lab.path('outside');
    mkdirSync(outside);
    const remote = lab.remote({ ...files });
    symlinkSync(outside, join(remote, 'door'));
    git(remote, 'add', '--all');
    git(remote, 'commit', '--quiet', '--message=door');
    const from = await lab.open(remote);
    write(from.directory, { 'good.txt': 'good\n' });
    const captured = await lab.capture(from);
    const manifest = structuredClone(await lab.manifest(captured.summary.manifest));
    const [repository] = manifest.repositories;
    if (!repository) throw new Error('the repository was captured');
    repository.entries.push(like(repository, 'door/file.txt'), {
      kind: 'ABSENT',
      path: 'door/gone',
      base: { mode: 0o100644, oid: 'a'.repeat(40) },
    });
    write(outside, { gone: 'still here' });
    const { hash, bytes } = await lab.blobs.put(lab.teamId, serializeManifest(manifest));
    const to = await lab.open(remote, { restoring: { hash, bytes } });
    const report = await lab.restore(to, { hash, bytes });
    expect(report.entries).toContainEqual(expect.objectContaining({ path: 'door/file.txt', reason: 'UNSAFE_PATH' }));
    expect(describeFiles(outside)).toBe('gone 644 true still here');
  });

  it('cannot put repositories where they would be others’, or out of the workspace', async () => {
    const outside = lab.path('outside');
    mkdirSync(outside);
    const remote = lab.remote({ ...files });
    symlinkSync(outside, join(remote, 'door'));
    git(remote, 'add', '--all');
    git(remote, 'commit', '--quiet', '--message=door');
    const from = await lab.open(remote);
    git(from.directory, 'init', '--quiet', 'inner');
    write(from.directory, { 'inner/x.txt': 'x\n' });
    const captured = await lab.capture(from);
    const manifest = structuredClone(await lab.manifest(captured.summary.manifest));
    const [inner] = manifest.nested;
    if (!inner) throw new Error('the repository in it was captured');
    const module = { ...inner, kind: 'SUBMODULE' as const, owner: '', path: 'module' };
    manifest.nested.push(
      ...['../out', '/tmp/out', '.git/modules/x', 'door', 'door/in', '', 'a.txt', 'a\nb/../..'].map((path) => ({
        ...inner,
        path,
      })),
      ...['../../..', '../hooks', 'x/../../y', '', null].map((name, n) => ({ ...module, name, path: `module-${n}` })),
      { ...module, name: 'x', owner: 'not-here' },
      { ...module, name: 'a\nb' },
      { ...module, kind: 'WORKTREE', name: 'x/y' },
    );
    const { hash, bytes } = await lab.blobs.put(lab.teamId, serializeManifest(manifest));
    const to = await lab.open(remote, { restoring: { hash, bytes } });
    const before = readdirSync(lab.root);
    const report = await lab.restore(to, { hash, bytes });
    expect(report.entries.filter(({ reason }) => reason === 'UNSAFE_PLACE')).toHaveLength(16);
    expect(readdirSync(lab.root)).toEqual(before);
    expect(readdirSync(outside)).toEqual([]);
    expect(existsSync(join(to.directory, '.git/modules'))).toBe(false);
    expect(existsSync(join(to.directory, '.git/hooks'))).toBe(false);
    expect(readFileSync(join(to.directory, 'inner/x.txt'), 'utf8')).toBe('x\n');
    expect(git(to.directory, 'status', '--porcelain')).toBe('?? inner/\n');
  });

  it('cannot name refs that lead out of refs', async () => {
    const { to, problems } = await restoreChanged((_, { git: captured }) => {
      const oid = captured.headCommit ?? '';
      captured.refs.push(
        ['refs/heads/../../hooks/post-checkout', { ref: 'refs/heads/main' }],
        ['hooks/x', { oid }],
        ['refs/heads/ok', { ref: '../../../etc/passwd' }],
      );
    });
    expect(problems.filter(([, reason]) => reason === 'UNSAFE_NAME')).toHaveLength(3);
    expect(existsSync(join(to.directory, '.git/hooks'))).toBe(false);
    git(to.directory, 'fsck');
  });

  it('cannot put paths into the index that git would never add', async () => {
    const { to, problems } = await restoreChanged((_, { git: captured }) => {
      const entry = {
        mode: 0o100644,
        oid: git(lab.path('remote'), 'rev-parse', 'HEAD:a.txt').trim(),
        stage: 0,
        assumeValid: false,
        skipWorktree: false,
        intentToAdd: false,
      };
      captured.index?.changed.push(
        { ...entry, path: '.git/hooks/post-checkout' },
        { ...entry, path: '../x' },
        { ...entry, path: 'odd', mode: 0o40000 },
      );
    });
    expect(problems.filter(([, reason]) => reason === 'UNSAFE_PATH')).toHaveLength(3);
    expect(git(to.directory, 'ls-files')).toBe('a.txt\nlink-to-src/x.txt\nsrc/b.txt\n');
  });

  it('cannot bring settings or files of the git directory that take effect', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    write(from.directory, { 'a.txt': 'changed\n' });
    const captured = await lab.capture(from);
    const manifest = structuredClone(await lab.manifest(captured.summary.manifest));
    const held = manifest.repositories[0]?.git;
    if (!held) throw new Error('the repository was captured');
    held.settings.push(
      ['core.fsmonitor', trap()],
      ['core.hookspath', lab.path('hooks')],
      ['filter.x.clean', trap()],
      ['branch.x.remote', `ext::${trap()}`],
      ['user.name', 'two\nlines'],
    );
    held.files.push(
      ['hooks/post-checkout', Buffer.from('#!/bin/sh\n').toString('base64')],
      ['shallow', Buffer.from('not an id').toString('base64')],
    );
    const { hash, bytes } = await lab.blobs.put(lab.teamId, serializeManifest(manifest));
    const to = await lab.open(remote, { restoring: { hash, bytes } });
    await lab.restore(to, { hash, bytes });
    const config = readFileSync(join(to.directory, '.git/config'), 'utf8');
    for (const word of ['fsmonitor', 'hookspath', 'filter', 'ext::', 'lines']) expect(config).not.toContain(word);
    expect(existsSync(join(to.directory, '.git/hooks'))).toBe(false);
    expect(existsSync(join(to.directory, '.git/shallow'))).toBe(false);
  });
});
