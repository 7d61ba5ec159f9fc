import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { blobsInManifest, openBundle, SnapshotIncompleteError } from './bundle.ts';
import { describeFiles, git, gitEnvironment, Lab, write, type LabWorkspace } from './testParts/lab.ts';

let lab: Lab;
beforeEach(() => {
  lab = new Lab();
});
afterEach(() => lab.close());

/** Captures the workspace, again for each further step, and puts the last snapshot's bundle back with tar and sh alone. */
async function unpack(workspace: LabWorkspace, ...steps: (() => void)[]): Promise<string> {
  let captured = await lab.capture(workspace);
  for (const step of steps) {
    step();
    captured = await lab.capture(workspace, captured.summary.manifest);
  }
  const pieces: Buffer[] = [];
  for await (const piece of await openBundle(lab.blobs, lab.teamId, captured.summary, 'snapshot')) pieces.push(piece);
  const archive = lab.path('bundle.tar');
  writeFileSync(archive, Buffer.concat(pieces));
  execFileSync('tar', ['-xpf', archive, '-C', lab.root]);
  const to = lab.path('unpacked');
  execFileSync('sh', [join(lab.path('snapshot'), 'unpack.sh'), to], { env: gitEnvironment, stdio: 'pipe' });
  return to;
}

const staged = (directory: string) => git(directory, 'ls-files', '-s', '-z');
const status = (directory: string) => git(directory, 'status', '--porcelain', '-z');
const head = (directory: string) => readFileSync(join(directory, '.git/HEAD'), 'latin1');

function expectTheSame(to: string, from: LabWorkspace): void {
  expect(describeFiles(to)).toBe(describeFiles(from.directory));
  expect(staged(to)).toBe(staged(from.directory));
  expect(status(to)).toBe(status(from.directory));
  expect(head(to)).toBe(head(from.directory));
}

const base = { 'README.md': 'read me\n', 'src/a.txt': 'a\n', 'src/deep/b.txt': 'b\n', 'run.sh': 'echo\n' };

describe('a bundle, unpacked with plain git and tar', () => {
  it('has files, links, modes, deletions, odd names and large files as they were', async () => {
    const from = await lab.open(lab.remote(base));
    const dir = from.directory;
    write(dir, { 'src/a.txt': 'changed\n', 'new/über.txt': 'x\n', [`long/${'n'.repeat(120)}/${'m'.repeat(120)}.txt`]: 'long\n' });
    write(dir, { 'large.bin': Buffer.alloc(3_000_000, 'noise') });
    writeFileSync(Buffer.concat([Buffer.from(`${dir}/`), Buffer.from([0x66, 0xff, 0x2e])]), 'no UTF-8 in its name');
    chmodSync(join(dir, 'run.sh'), 0o755);
    unlinkSync(join(dir, 'README.md'));
    write(dir, { 'README.md/now/a/folder.txt': 'x\n' });
    rmSync(join(dir, 'src/deep'), { recursive: true });
    symlinkSync('/nowhere/at/all', join(dir, 'src/deep'));
    mkdirSync(join(dir, 'empty'));
    expectTheSame(await unpack(from), from);
  });

  it('has what is staged and not in the worktree, and conflicts', async () => {
    const from = await lab.open(lab.remote(base));
    const dir = from.directory;
    write(dir, { 'src/a.txt': 'staged\n', 'only-staged.txt': 'x\n' });
    git(dir, 'add', '--all');
    git(dir, 'rm', '--quiet', '--cached', 'README.md');
    write(dir, { 'src/a.txt': 'staged\nand more\n' });
    unlinkSync(join(dir, 'only-staged.txt'));
    expectTheSame(await unpack(from), from);
  });

  it('has commits that are on no remote, over several checkpoints, branches, tags, and a detached HEAD', async () => {
    const from = await lab.open(lab.remote(base));
    const dir = from.directory;
    const commit = (text: string) => () => {
      write(dir, { 'src/a.txt': `${text}\n`, [`${text}.txt`]: text.repeat(1_000) });
      git(dir, 'add', '--all');
      git(dir, 'commit', '--quiet', `--message=${text}`);
    };
    commit('one')();
    const to = await unpack(from, commit('two'), commit('three'), () => {
      git(dir, 'tag', '--annotate', '--message=tag', 'v1');
      git(dir, 'branch', 'aside', 'HEAD~1');
      git(dir, 'checkout', '--quiet', '--detach', 'HEAD~1');
      write(dir, { 'three.txt': 'three'.repeat(1_000) });
    });
    expectTheSame(to, from);
    const log = ['log', '--format=%H %s', 'baton/test', 'aside', 'v1'];
    expect(git(to, ...log)).toBe(git(dir, ...log));
    git(to, 'fsck', '--strict', '--no-dangling');
  });

  it('has what is left of a merge, which goes on once that is copied into .git', async () => {
    const from = await lab.open(lab.remote(base));
    const dir = from.directory;
    for (const [branch, text] of [
      ['theirs', 'theirs'],
      ['ours', 'ours'],
    ] as const) {
      git(dir, 'switch', '--quiet', '--create', branch, 'origin/main');
      write(dir, { 'src/a.txt': `${text}\n` });
      git(dir, 'commit', '--quiet', '--all', `--message=${text}`);
    }
    expect(() => git(dir, 'merge', '--message=a merge', 'theirs')).toThrow('Command failed');
    const to = await unpack(from);
    expectTheSame(to, from);
    expect(git(to, 'status')).not.toContain('conclude merge');
    cpSync(join(lab.path('snapshot'), 'repositories/1/git'), join(to, '.git'), { recursive: true });
    for (const directory of [dir, to]) {
      write(directory, { 'src/a.txt': 'both\n' });
      git(directory, 'add', 'src/a.txt');
      git(directory, '-c', 'core.editor=true', 'merge', '--continue');
    }
    expect(git(to, 'log', '--format=%H %P %s')).toBe(git(dir, 'log', '--format=%H %P %s'));
    expect(git(to, 'log', '-1', '--format=%s')).toBe('a merge\n');
  });

  it('has several repositories, those of SHA-256, and files outside them', async () => {
    const one = lab.remote(base, 'one');
    const two = lab.remote({ 'b.txt': 'b\n' }, 'two', '--object-format=sha256');
    const from = await lab.open([
      { repository: 'one', url: one, branch: null },
      { repository: 'libs/two', url: two, branch: null },
    ]);
    write(from.directory, { 'notes.txt': 'outside\n', 'libs/two/c.txt': 'c\n' });
    git(join(from.directory, 'libs/two'), 'add', '--all');
    git(join(from.directory, 'libs/two'), 'commit', '--quiet', '--message=two');
    const to = await unpack(from);
    expect(readFileSync(join(to, 'notes.txt'), 'utf8')).toBe('outside\n');
    for (const folder of ['one', 'libs/two']) {
      expectTheSame(join(to, folder), { ...from, directory: join(from.directory, folder) });
    }
  });

  it('has repositories in repositories, submodules and linked worktrees', async () => {
    const lib = lab.remote({ 'lib.txt': 'lib\n', 'src/c.txt': 'c\n' }, 'lib');
    git(lib, 'commit', '--quiet', '--allow-empty', '--message=two');
    const from = await lab.open(lab.remote(base));
    const dir = from.directory;
    git(dir, 'clone', '--quiet', lib, 'vendor/lib');
    git(dir, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', lib, 'libs/module');
    git(dir, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', '--depth=1', `file://${lib}`, 'shallow');
    git(dir, 'commit', '--quiet', '--message=submodules');
    git(dir, 'init', '--quiet', '--object-format=sha256', 'vendor/lib/new');
    git(dir, 'worktree', 'add', '--quiet', 'tree', '-b', 'tree');
    const folders = ['vendor/lib', 'libs/module', 'shallow', 'tree', 'vendor/lib/new'];
    for (const folder of folders) {
      write(join(dir, folder), { 'staged.txt': `${folder}\n`, 'lib.txt': 'changed\n', 'src/c.txt': 'committed\n' });
      git(join(dir, folder), 'add', 'src/c.txt');
      git(join(dir, folder), 'commit', '--quiet', '--message=mine');
      git(join(dir, folder), 'add', 'staged.txt');
    }
    git(join(dir, 'tree'), 'checkout', '--quiet', '--detach');
    git(join(dir, 'tree'), 'commit', '--quiet', '--allow-empty', '--message=on no branch');
    const to = await unpack(from);
    expect(describeFiles(to)).toBe(describeFiles(dir));
    for (const folder of ['.', ...folders]) {
      const told = (directory: string) =>
        [
          ['status', '--porcelain=v2', '-z'],
          ['ls-files', '-s', '-z'],
          ['log', '--format=%H %P'],
          ['rev-parse', '--is-shallow-repository', '--symbolic-full-name', 'HEAD'],
        ].map((args) => git(join(directory, folder), ...args));
      expect([folder, told(to)]).toEqual([folder, told(dir)]);
      git(join(to, folder), 'fsck', '--strict', '--no-dangling');
    }
    const modules = (directory: string) => git(directory, 'submodule', 'status').replaceAll(/ \(.*\)/g, '');
    expect(modules(to)).toBe(modules(dir));
    expect(git(join(to, 'vendor/lib'), 'config', 'remote.origin.url')).toBe(`${lib}\n`);
    expect(git(to, 'worktree', 'list', '--porcelain').replaceAll(to, '')).toBe(
      git(dir, 'worktree', 'list', '--porcelain').replaceAll(dir, ''),
    );
  });

  it('is refused as a whole when a blob of it is gone', async () => {
    const from = await lab.open(lab.remote(base));
    write(from.directory, { 'new.txt': 'x\n' });
    const { summary } = await lab.capture(from);
    const [first] = await blobsInManifest(lab.blobs, lab.teamId, summary.manifest.hash);
    await lab.blobs.delete(lab.teamId, first ?? '');
    await expect(openBundle(lab.blobs, lab.teamId, summary, 'snapshot')).rejects.toThrow(SnapshotIncompleteError);
  });
});
