import { execFileSync, spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BlobStore } from '../blobs/blobStore.ts';
import type { BlobRef, FileChange } from '../domain/snapshot.ts';
import { changesBetween } from './changesBetween.ts';
import { createWorkspaces } from './workspaces.ts';
import { describeFiles, describeRepository, git, Lab, write, type LabWorkspace } from './testParts/lab.ts';

let lab: Lab;
beforeEach(() => {
  lab = new Lab();
});
afterEach(() => lab.close());

const files = { 'a.txt': 'one\ntwo\nthree\n', 'b.txt': 'b\n', 'src/c.txt': 'c\n', '.gitignore': 'node_modules/\n*.log\n' };

const told = ({ path, status, oldPath, additions, deletions }: FileChange) => [
  status,
  oldPath === null ? path : `${oldPath} → ${path}`,
  additions,
  deletions,
];

describe('the readable part of a snapshot', { timeout: 60_000 }, () => {
  it('names what changed against the base, with lines counted', async () => {
    const from = await lab.open(
      lab.remote({
        ...files,
        'old.txt': 'the same\n'.repeat(20),
        'binary.bin': '\0\u0001\u0002',
        'run.sh': '#!/bin/sh\n',
        'to-link': 'x\n',
      }),
    );
    const dir = from.directory;
    write(dir, { 'a.txt': 'one\n2\nthree\nfour\n', 'new.txt': 'n\ne\nw\n', 'binary.bin': '\0\u0003', 'same.txt': '' });
    unlinkSync(join(dir, 'b.txt'));
    renameSync(join(dir, 'old.txt'), join(dir, 'moved.txt'));
    appendFileSync(join(dir, 'moved.txt'), 'and more\n');
    chmodSync(join(dir, 'run.sh'), 0o755);
    utimesSync(join(dir, 'src/c.txt'), 1, 1);
    unlinkSync(join(dir, 'to-link'));
    symlinkSync('a.txt', join(dir, 'to-link'));
    const { summary, changes } = await lab.capture(from);
    expect(summary.changes.map(told)).toEqual([
      ['MODIFIED', 'a.txt', 2, 1],
      ['DELETED', 'b.txt', 0, 1],
      ['MODIFIED', 'binary.bin', null, null],
      ['RENAMED', 'old.txt → moved.txt', 1, 0],
      ['ADDED', 'new.txt', 3, 0],
      ['MODIFIED', 'run.sh', 0, 0],
      ['ADDED', 'same.txt', 0, 0],
      ['TYPE_CHANGED', 'to-link', 1, 1],
    ]);
    expect(changes).toEqual(summary.changes);
    const patch = (await lab.blobs.get(lab.teamId, summary.patch?.hash ?? '')).toString();
    expect(patch).toContain('diff --git a/a.txt b/a.txt\n');
    expect(patch).toContain('\n-two\n+2\n three\n+four\n');
    expect(patch).toContain('Binary files a/binary.bin and b/binary.bin differ');
    expect(patch).toContain('rename from old.txt\nrename to moved.txt');
  });

  it('says where each repository is', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    const base = git(remote, 'rev-parse', 'HEAD').trim();
    git(from.directory, 'commit', '--quiet', '--allow-empty', '--message=one');
    git(from.directory, 'commit', '--quiet', '--allow-empty', '--message=two');
    const head = git(from.directory, 'rev-parse', 'HEAD').trim();
    expect((await lab.capture(from)).summary.repositories).toEqual([
      { repository: '.', url: remote, branch: 'baton/test', head, base, unpushedCommits: 2 },
    ]);
    git(from.directory, 'checkout', '--quiet', '--detach', 'HEAD~1');
    git(from.directory, 'branch', '--quiet', '-D', 'baton/test');
    expect((await lab.capture(from)).summary.repositories).toMatchObject([{ branch: null, unpushedCommits: 1 }]);
    git(from.directory, 'switch', '--quiet', '--orphan', 'fresh');
    expect((await lab.capture(from)).summary.repositories).toMatchObject([{ branch: 'fresh', head: null, unpushedCommits: 0 }]);
  });

  it('has no patch when nothing changed, and one of bounded size when much did', async () => {
    const from = await lab.open(lab.remote(files));
    expect((await lab.capture(from)).summary).toMatchObject({ patch: null, changedFiles: 0, entries: 0 });
    write(
      from.directory,
      Object.fromEntries(
        Array.from({ length: 600 }, (_, n) => [`many/${n}.txt`, `${'a long line of text\n'.repeat(500)}${n}\n`]),
      ),
    );
    const { summary } = await lab.capture(from);
    expect(summary.changedFiles).toBe(600);
    expect(summary.changes).toHaveLength(500);
    expect(summary.patch?.bytes).toBeLessThan(2.1 * 1024 * 1024);
    const patch = (await lab.blobs.get(lab.teamId, summary.patch?.hash ?? '')).toString();
    expect(patch).toMatch(/\n# The patch is longer than is shown/);
  });

  it('tells what one turn changed, though the file had changed before', async () => {
    const from = await lab.open(lab.remote(files));
    write(from.directory, { 'a.txt': 'one\ntwo\nthree\nfour\n', 'b.txt': 'changed\n', 'new.txt': 'new\n' });
    const first = await lab.capture(from);
    write(from.directory, { 'a.txt': 'one\ntwo\nthree\nfour\nfive\n', 'b.txt': 'b\n', 'new.txt': 'newer\n' });
    unlinkSync(join(from.directory, 'src/c.txt'));
    const second = await lab.capture(from, first.summary.manifest);
    expect(second.changes.map(told)).toEqual([
      ['MODIFIED', 'a.txt', 1, 0],
      ['MODIFIED', 'b.txt', 1, 1],
      ['MODIFIED', 'new.txt', 1, 1],
      ['DELETED', 'src/c.txt', 0, 1],
    ]);
    // From the manifests alone the same paths are told, with lines where one side is the base commit's.
    const [before, after] = [await lab.manifest(first.summary.manifest), await lab.manifest(second.summary.manifest)];
    expect(changesBetween(before, after).map(told)).toEqual([
      ['MODIFIED', 'a.txt', null, null],
      ['MODIFIED', 'b.txt', 1, 1],
      ['MODIFIED', 'new.txt', null, null],
      ['DELETED', 'src/c.txt', 0, 1],
    ]);
    expect(changesBetween(null, before)).toEqual(first.summary.changes);
    expect(changesBetween(before, before)).toEqual([]);
  });

  it('tells what the first turn of a session changed against the restored snapshot', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    write(from.directory, { 'a.txt': 'one\ntwo\nthree\nfour\n' });
    const { to, captured } = await lab.carry(from, remote);
    write(to.directory, { 'a.txt': 'one\ntwo\nthree\nfour\nfive\n' });
    expect((await lab.capture(to, captured.summary.manifest)).changes.map(told)).toEqual([['MODIFIED', 'a.txt', 1, 0]]);
  });
});

describe('what a snapshot does not hold', { timeout: 60_000 }, () => {
  it('is named, path by path', async () => {
    const from = await lab.open(lab.remote(files));
    const dir = from.directory;
    execFileSync('mkfifo', [join(dir, 'src/fifo')]);
    const server = createServer().listen(join(dir, 'socket'));
    mkdirSync(join(dir, 'nested/deep'), { recursive: true });
    git(join(dir, 'nested/deep'), 'init', '--quiet');
    write(dir, {
      'nested/deep/file.txt': 'x\n',
      'odd/.git/file': 'x',
      'odd/kept.txt': 'kept\n',
      '.git/hooks/pre-commit': '#!/bin/sh\n',
      'one.txt': 'linked\n',
      setuid: 'x',
    });
    linkSync(join(dir, 'one.txt'), join(dir, 'two.txt'));
    chmodSync(join(dir, 'setuid'), 0o4755);
    git(dir, 'worktree', 'add', '--quiet', lab.path('linked'), '-b', 'linked');
    git(dir, 'config', 'core.editor', 'vi');
    const { summary } = await lab.capture(from);
    server.close();
    expect(summary.gaps.map(({ path, status, reason }) => [path, status, reason])).toEqual([
      ['.git/config', 'SKIPPED', 'CONFIG_NOT_CARRIED'],
      ['.git/hooks/pre-commit', 'SKIPPED', 'HOOK'],
      ['.git/worktrees/linked', 'SKIPPED', 'LINKED_WORKTREE'],
      ['odd/.git', 'SKIPPED', 'GIT_DIRECTORY'],
      ['one.txt', 'SKIPPED', 'HARD_LINK'],
      ['setuid', 'SKIPPED', 'SPECIAL_MODE'],
      ['socket', 'SKIPPED', 'SOCKET'],
      ['src/fifo', 'SKIPPED', 'FIFO'],
      ['two.txt', 'SKIPPED', 'HARD_LINK'],
    ]);
    expect(summary.gapCount).toBe(9);
    expect(summary.changes.map(({ path }) => path)).toEqual(['odd/kept.txt', 'one.txt', 'setuid', 'two.txt', 'file.txt']);
  });

  it('is listed in the manifest when the rules ignore it', async () => {
    const from = await lab.open(lab.remote(files));
    write(from.directory, { 'node_modules/x/index.js': 'x', 'debug.log': 'x', 'src/deep/trace.log': 'x' });
    const { summary } = await lab.capture(from);
    expect(summary.gaps).toEqual([]);
    expect((await lab.manifest(summary.manifest)).repositories[0]?.ignored).toEqual([
      'debug.log',
      'node_modules/',
      'src/deep/',
      'src/deep/trace.log',
    ]);
  });

  it('is named as far as there is room, and counted in all', async () => {
    const from = await lab.open(lab.remote(files));
    write(from.directory, Object.fromEntries(Array.from({ length: 250 }, (_, n) => [`.git/hooks/hook-${n}`, 'x'])));
    const { summary } = await lab.capture(from);
    expect(summary.gaps).toHaveLength(200);
    expect(summary.gapCount).toBe(250);
  });

  it('is what is larger than the limits, one file or all together, and is told each time', async () => {
    const limits = { file: 1_000, all: 2_500 };
    const workspaces = createWorkspaces({ blobs: lab.blobs, mirrors: lab.path('limited'), limits });
    const remote = lab.remote(files);
    const from = await lab.open(remote, { workspaces });
    const small = (name: string) => ({ [`${name}.bin`]: name.repeat(900) });
    write(from.directory, { 'a.txt': 'x'.repeat(1_001), ...small('k'), ...small('l'), ...small('m') });
    const { summary } = await lab.capture(from, null, workspaces);
    const gaps = [
      ['a.txt', 'TOO_LARGE'],
      ['m.bin', 'TOO_LARGE'],
    ];
    expect(summary.gaps.map(({ path, reason }) => [path, reason])).toEqual(gaps);
    expect(summary.gaps[0]?.detail).toContain('BATON_SNAPSHOT_FILE_MIB');
    const again = await lab.capture(from, summary.manifest, workspaces);
    expect(again.summary.gaps.map(({ path, reason }) => [path, reason])).toEqual(gaps);
    const to = await lab.open(remote, { workspaces, restoring: summary.manifest });
    const report = await lab.restore(to, summary.manifest, workspaces);
    expect(report).toMatchObject({ exact: false, notApplied: 2 });
    expect(report.entries[0]).toMatchObject({ path: 'a.txt', status: 'SKIPPED', reason: 'TOO_LARGE' });
    expect(git(to.directory, 'status', '--porcelain')).toBe('?? k.bin\n?? l.bin\n');
  });

  it('is what the agent made unreadable by breaking its repository', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    git(from.directory, 'commit', '--quiet', '--allow-empty', '--message=lost');
    git(from.directory, 'branch', 'broken');
    write(from.directory, { 'a.txt': 'kept\n', '.git/refs/heads/nonsense': 'nonsense\n', '.git/index': 'nonsense' });
    const commit = git(from.directory, 'rev-parse', 'HEAD').trim();
    rmSync(join(from.directory, '.git/objects', commit.slice(0, 2), commit.slice(2)), { force: true });
    const { to, captured, report } = await lab.carry(from, remote);
    expect(captured.summary.gaps.map(({ path, reason }) => [path, reason])).toEqual([
      ['.git/index', 'INDEX_UNREADABLE'],
      ['.git/refs/heads/nonsense', 'BROKEN_REF'],
      ['refs/heads/baton/test', 'OBJECT_MISSING'],
    ]);
    expect(report.exact).toBe(false);
    expect(git(to.directory, 'status', '--porcelain')).toBe(' M a.txt\n');
  });
});

/** A store that counts what is asked of it. */
function counting(): { store: BlobStore; puts: Buffer[] } {
  const puts: Buffer[] = [];
  const { blobs } = lab;
  const put: BlobStore['put'] = (teamId, content) => {
    puts.push(Buffer.from(content));
    return blobs.put(teamId, content);
  };
  return { store: { ...blobs, put }, puts };
}

const time = (workspace: LabWorkspace, path: string) =>
  lstatSync(join(workspace.directory, path), { bigint: true }).mtimeNs / 1000n;
const large = (seed: number) => Buffer.alloc(400_000, `${seed} large content `);
describe('a checkpoint', { timeout: 60_000 }, () => {
  it('of an unchanged workspace is the same snapshot, and stores nothing', async () => {
    const from = await lab.open(lab.remote(files));
    write(from.directory, { 'a.txt': 'changed\n', 'new.txt': 'new\n' });
    git(from.directory, 'add', 'a.txt');
    git(from.directory, 'commit', '--quiet', '--message=one');
    const first = await lab.capture(from);
    const again = await lab.capture(from, first.summary.manifest);
    expect(again.summary.manifest).toEqual(first.summary.manifest);
    expect(again.summary.storedBytes).toBe(0);
    expect(again.changes).toEqual([]);
  });

  it('stores only what changed since the last one', async () => {
    const { store, puts } = counting();
    const worker = lab.worker('counting', store);
    const from = await lab.open(lab.remote(files), { workspaces: worker });
    const large = Buffer.alloc(5_000_000, 'large ');
    write(from.directory, {
      'large.bin': large,
      ...Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`small/${n}`, `content ${n}\n`])),
    });
    const first = await lab.capture(from, null, worker);
    expect(puts.length).toBeLessThan(8);
    puts.length = 0;
    write(from.directory, { 'small/7': 'changed\n' });
    const second = await lab.capture(from, first.summary.manifest, worker);
    // The one file, the patch and the manifest.
    expect(puts.length).toBe(3);
    expect(puts[0]?.toString()).toBe('changed\n');
    expect(second.summary.entries).toBe(51);
    const to = await lab.open(lab.path('remote'), { restoring: second.summary.manifest });
    expect(await lab.restore(to, second.summary.manifest)).toMatchObject({ exact: true });
    expect(describeFiles(to.directory)).toBe(describeFiles(from.directory));
  });

  it('adds only new commits, and a few dozen of them are gathered again', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    let previous: BlobRef | null = null;
    let packs = 0;
    for (let n = 0; n < 20; n++) {
      write(from.directory, { 'a.txt': `version ${n}\n` });
      git(from.directory, 'commit', '--quiet', '--all', `--message=${n}`);
      const { summary }: { summary: { manifest: BlobRef } } = await lab.capture(from, previous);
      previous = summary.manifest;
      packs = Math.max(packs, (await lab.manifest(previous)).repositories[0]?.git?.commits.packs.length ?? 0);
    }
    expect(packs).toBe(16);
    if (previous === null) throw new Error('it was captured');
    const to = await lab.open(remote, { restoring: previous });
    expect(await lab.restore(to, previous)).toMatchObject({ exact: true });
    expect(git(to.directory, 'rev-list', '--count', 'HEAD')).toBe('21\n');
  });

  it('gathers small files again when they have come to lie in many blobs', async () => {
    const from = await lab.open(lab.remote(files));
    let previous: BlobRef | null = null;
    let most = 0;
    for (let n = 0; n < 30; n++) {
      write(from.directory, { [`file-${n}`]: `content ${n}\n` });
      const { summary }: { summary: { manifest: BlobRef } } = await lab.capture(from, previous);
      previous = summary.manifest;
      most = Math.max(most, (await lab.manifest(previous)).blobs.length);
    }
    expect(most).toBeLessThan(30);
    if (previous === null) throw new Error('it was captured');
    const to = await lab.open(lab.path('remote'), { restoring: previous });
    expect(await lab.restore(to, previous)).toMatchObject({ exact: true });
  });

  it('notices a change within the second of the one before, of the same size', async () => {
    const from = await lab.open(lab.remote(files));
    let previous: BlobRef | null = null;
    for (const letter of 'xyzabcb') {
      write(from.directory, { 'src/c.txt': `${letter}\n`, 'new.txt': `${letter}\n` });
      const { summary }: { summary: { manifest: BlobRef } } = await lab.capture(from, previous);
      previous = summary.manifest;
      const [manifest] = (await lab.manifest(previous)).repositories;
      const to = await lab.open(lab.path('remote'), { restoring: previous });
      await lab.restore(to, previous);
      expect(readFileSync(join(to.directory, 'src/c.txt'), 'utf8')).toBe(`${letter}\n`);
      expect(readFileSync(join(to.directory, 'new.txt'), 'utf8')).toBe(`${letter}\n`);
      expect(manifest?.entries).toHaveLength(2);
    }
  });

  it('does not trust what it remembers of another snapshot', async () => {
    const from = await lab.open(lab.remote(files));
    const first = await lab.capture(from);
    write(from.directory, { 'a.txt': 'second\n' });
    await lab.capture(from, first.summary.manifest);
    // The second one was lost: the third builds on the first again.
    const third = await lab.capture(from, first.summary.manifest);
    expect(third.changes.map(({ path }) => path)).toEqual(['a.txt']);
    expect(third.summary.changes.map(({ path }) => path)).toEqual(['a.txt']);
  });

  it('can be asked for twice at once', async () => {
    const from = await lab.open(lab.remote(files));
    write(from.directory, { 'a.txt': 'changed\n', 'new.txt': 'new\n' });
    const [one, two] = await Promise.all([lab.capture(from), lab.capture(from)]);
    expect(two.summary.manifest).toEqual(one.summary.manifest);
  });

  it('holds a file that is being written as it was at one moment, or says that it could not', async () => {
    const from = await lab.open(lab.remote(files));
    const growing = join(from.directory, 'growing.txt');
    const writer = appendForever(growing);
    try {
      await writer.started;
      const { summary } = await lab.capture(from);
      const entry = (await lab.manifest(summary.manifest)).repositories[0]?.entries.find(({ path }) => path === 'growing.txt');
      expect(entry?.kind).toBe('FILE');
      expect(summary.gaps.every(({ path, reason }) => path === 'growing.txt' && reason === 'CHANGED_WHILE_READ')).toBe(true);
    } finally {
      await writer.stop();
    }
  });

  it('lets the store’s errors through, and the next one is whole', async () => {
    const { blobs } = lab;
    let full = true;
    const put: BlobStore['put'] = (teamId, content) =>
      full ? Promise.reject(Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })) : blobs.put(teamId, content);
    const worker = lab.worker('full', { ...blobs, put });
    const from = await lab.open(lab.remote(files), { workspaces: worker });
    write(from.directory, { 'a.txt': 'changed\n', 'large.bin': Buffer.alloc(3_000_000, 1) });
    git(from.directory, 'add', '--all');
    await expect(lab.capture(from, null, worker)).rejects.toMatchObject({ code: 'ENOSPC' });
    full = false;
    const { summary } = await lab.capture(from, null, worker);
    const to = await lab.open(lab.path('remote'), { restoring: summary.manifest });
    expect(await lab.restore(to, summary.manifest)).toMatchObject({ exact: true });
  });

  it('is stopped by its signal', async () => {
    const from = await lab.open(lab.remote(files));
    const controller = new AbortController();
    const capture = lab.workspaces.capture({
      teamId: lab.teamId,
      ...from,
      previous: null,
      quiesced: true,
      signal: controller.signal,
    });
    controller.abort(new Error('enough'));
    await expect(capture).rejects.toThrow('enough');
  });
});

/** A process that appends to a file as fast as it can. */
function appendForever(path: string): { started: Promise<void>; stop: () => Promise<void> } {
  writeFileSync(path, 'start\n');
  const child = spawn('sh', ['-c', 'while echo more >> "$0"; do echo x; done', path], { stdio: ['ignore', 'pipe', 'ignore'] });
  child.stdout.resume();
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    started: new Promise((resolve) => child.stdout.once('data', () => resolve())),
    stop: () => {
      child.kill('SIGKILL');
      return ended;
    },
  };
}

describe('a restore', { timeout: 60_000 }, () => {
  it('keeps what setup commands made and the rules ignore, and undoes the rest of what they did', async () => {
    const remote = lab.remote({
      ...files,
      'package-lock.json': '{}\n',
      'data.crlf': 'one\ntwo\n',
      '.gitattributes': '*.crlf text eol=crlf\n',
    });
    const from = await lab.open(remote);
    write(from.directory, { 'a.txt': 'changed\n', 'kept/new.txt': 'new\n' });
    const wanted = describeFiles(from.directory);
    const captured = await lab.capture(from);
    const to = await lab.open(remote, { restoring: captured.summary.manifest });
    write(to.directory, {
      'node_modules/x/index.js': 'x',
      'package-lock.json': '{"changed":true}\n',
      'data.crlf': 'setup\n',
      'a.txt': 'setup\n',
      'extra/file.txt': 'setup\n',
      'extra/trace.log': 'ignored\n',
    });
    mkdirSync(join(to.directory, 'empty/deep'), { recursive: true });
    mkdirSync(join(to.directory, 'kept/new.txt'), { recursive: true });
    unlinkSync(join(to.directory, 'b.txt'));
    git(to.directory, 'add', '--all');
    git(to.directory, 'config', 'setup.done', 'true');
    const report = await lab.restore(to, captured.summary.manifest);
    expect(report.entries.filter(({ status }) => status !== 'APPLIED')).toEqual([]);
    expect(report.exact).toBe(true);
    expect(existsSync(join(to.directory, 'node_modules/x/index.js'))).toBe(true);
    expect(existsSync(join(to.directory, 'extra/trace.log'))).toBe(true);
    expect(git(to.directory, 'config', 'setup.done')).toBe('true\n');
    git(to.directory, 'clean', '-fdXq');
    expect(describeFiles(to.directory)).toBe(wanted);
    expect(git(to.directory, 'status', '--porcelain')).toBe(git(from.directory, 'status', '--porcelain'));
  });

  it('gives files their times back, to the microsecond', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    write(from.directory, { 'a.txt': 'changed\n', 'old.txt': 'old\n' });
    utimesSync(join(from.directory, 'old.txt'), 1_234_567_890.123_456, 1_234_567_890.123_456);
    utimesSync(join(from.directory, 'b.txt'), 1e9, 1e9);
    symlinkSync('a.txt', join(from.directory, 'link'));
    const { to } = await lab.carry(from, remote);
    for (const path of ['a.txt', 'old.txt', 'b.txt', 'link']) expect(time(to, path)).toBe(time(from, path));
  });

  it('is exact though the remote has moved on', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    write(from.directory, { 'a.txt': 'changed\n' });
    git(from.directory, 'commit', '--quiet', '--all', '--message=mine');
    const wanted = describeRepository(from.directory);
    const captured = await lab.capture(from);
    write(remote, { 'a.txt': 'theirs\n', 'theirs.txt': 'theirs\n' });
    git(remote, 'add', '--all');
    git(remote, 'commit', '--quiet', '--message=theirs');
    for (const workspaces of [lab.workspaces, lab.worker('elsewhere')]) {
      const to = await lab.open(remote, { restoring: captured.summary.manifest, workspaces });
      expect(to.opened[0]?.base).toBe(from.opened[0]?.base);
      expect(await lab.restore(to, captured.summary.manifest, workspaces)).toMatchObject({ exact: true });
      expect(describeRepository(to.directory)).toEqual(wanted);
    }
  });

  it('is exact though the base was forced away, on a worker that has seen it', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    write(from.directory, { 'a.txt': 'changed\n' });
    git(from.directory, 'commit', '--quiet', '--all', '--message=mine');
    const captured = await lab.capture(from);
    forceAway(remote, { 'a.txt': 'one\ntwo\nthree\n', 'b.txt': 'theirs\n' });
    const to = await lab.open(remote, { restoring: captured.summary.manifest });
    expect(await lab.restore(to, captured.summary.manifest)).toMatchObject({ exact: true });
    expect(describeRepository(to.directory)).toEqual(describeRepository(from.directory));
  });

  it('carries on with what the snapshot has when the base is gone everywhere, and says so', async () => {
    const remote = lab.remote({ ...files, 'd.txt': 'd\n', 'e.txt': 'e\n' });
    const from = await lab.open(remote);
    write(from.directory, { 'a.txt': 'committed\n', 'b.txt': 'mine\n' });
    git(from.directory, 'commit', '--quiet', '--all', '--message=mine');
    write(from.directory, { 'new.txt': 'new\n', 'src/c.txt': 'changed\n' });
    unlinkSync(join(from.directory, 'd.txt'));
    unlinkSync(join(from.directory, 'e.txt'));
    git(from.directory, 'add', 'new.txt');
    const captured = await lab.capture(from);
    forceAway(remote, { ...files, 'b.txt': 'theirs\n', 'd.txt': 'd\n', 'e.txt': 'theirs\n' });
    const elsewhere = lab.worker('elsewhere');
    const to = await lab.open(remote, { restoring: captured.summary.manifest, workspaces: elsewhere });
    const report = await lab.restore(to, captured.summary.manifest, elsewhere);
    expect(report.exact).toBe(false);
    expect(
      report.entries
        .filter(({ status }) => status !== 'APPLIED')
        .map(({ subject, path, status, reason }) => [subject, path, status, reason]),
    ).toEqual([
      ['REPOSITORY', null, 'CONFLICT', 'BASE_MISSING'],
      ['BRANCH', 'refs/heads/baton/test', 'FAILED', 'OBJECT_MISSING'],
      ['BRANCH', 'refs/remotes/origin/main', 'SKIPPED', 'OBJECT_MISSING'],
      ['BRANCH', null, 'FAILED', 'HEAD_MISSING'],
      ['FILE', 'e.txt', 'CONFLICT', 'BASE_MOVED'],
      ['FILE', 'b.txt', 'CONFLICT', 'BASE_MOVED'],
      ['INDEX', null, 'SKIPPED', 'BASE_MISSING'],
      ['BRANCH', '.git/logs/HEAD', 'SKIPPED', 'OBJECT_MISSING'],
    ]);
    // What was committed is not lost: the files have it, on the same branch, over what the remote has now.
    expect(git(to.directory, 'status', '--porcelain', '--branch')).toBe(
      '## baton/test\n M a.txt\n M b.txt\n D d.txt\n M src/c.txt\n?? new.txt\n',
    );
    expect(readFileSync(join(to.directory, 'a.txt'), 'utf8')).toBe('committed\n');
    expect(readFileSync(join(to.directory, 'b.txt'), 'utf8')).toBe('mine\n');
    expect(readFileSync(join(to.directory, 'e.txt'), 'utf8')).toBe('theirs\n');
    git(to.directory, 'fsck', '--connectivity-only');
    // And the session goes on from there.
    write(to.directory, { 'more.txt': 'more\n' });
    const next = await lab.capture(to, captured.summary.manifest, elsewhere);
    expect(next.summary.repositories[0]?.base).toBe(to.opened[0]?.base);
    expect(await lab.restore(await lab.open(remote, { restoring: next.summary.manifest }), next.summary.manifest)).toMatchObject({
      exact: true,
    });
  });

  it('names each file whose blob is missing or damaged, and puts the rest back', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    write(from.directory, {
      'large-1.bin': large(1),
      'large-2.bin': large(2),
      'a.txt': large(3),
      'small.txt': 'small\n',
      'b.txt': 'changed\n',
    });
    const captured = await lab.capture(from);
    const manifest = await lab.manifest(captured.summary.manifest);
    const blobOf = (path: string) => {
      const entry = manifest.repositories[0]?.entries.find((other) => other.path === path);
      const part = entry?.kind === 'FILE' ? entry.parts?.[0] : undefined;
      return manifest.blobs[part?.[0] ?? -1]?.hash ?? '';
    };
    await lab.blobs.delete(lab.teamId, blobOf('large-1.bin'));
    const blobFile = (hash: string) => join(lab.path('blobs'), lab.teamId, hash.slice(0, 2), hash);
    writeFileSync(blobFile(blobOf('large-2.bin')), 'damaged');
    appendFileSync(blobFile(blobOf('a.txt')), 'damaged');
    const to = await lab.open(remote, { restoring: captured.summary.manifest });
    const report = await lab.restore(to, captured.summary.manifest);
    expect(report).toMatchObject({ exact: false, notApplied: 3 });
    expect(report.entries.slice(0, 3).map(({ path, status, reason }) => [path, status, reason])).toEqual([
      ['a.txt', 'FAILED', 'BLOB_CORRUPT'],
      ['large-1.bin', 'FAILED', 'BLOB_MISSING'],
      ['large-2.bin', 'FAILED', 'BLOB_CORRUPT'],
    ]);
    expect(describeFiles(to.directory)).toBe(
      describeFiles(lab.path('remote'))
        .replace('b.txt 644 true b\n', 'b.txt 644 true changed\n')
        .replace('\nsrc/', '\nsmall.txt 644 true small\n\nsrc/'),
    );
  });

  it('puts files back when the commits are damaged, and says which branches are not', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    const noise = Buffer.from(Array.from({ length: 600_000 }, (_, n) => (n * 2_654_435_761) >>> 11));
    write(from.directory, { 'noise.bin': noise });
    git(from.directory, 'add', '--all');
    git(from.directory, 'commit', '--quiet', '--message=large');
    write(from.directory, { 'a.txt': 'changed\n' });
    const captured = await lab.capture(from);
    const manifest = await lab.manifest(captured.summary.manifest);
    const number = manifest.repositories[0]?.git?.commits.packs[0]?.[0]?.[0] ?? -1;
    await lab.blobs.delete(lab.teamId, manifest.blobs[number]?.hash ?? '');
    const to = await lab.open(remote, { restoring: captured.summary.manifest });
    const report = await lab.restore(to, captured.summary.manifest);
    expect(
      report.entries.filter(({ status }) => status !== 'APPLIED').map(({ subject, path, reason }) => [subject, path, reason]),
    ).toEqual([
      ['COMMITS', null, 'BLOB_MISSING'],
      ['BRANCH', 'refs/heads/baton/test', 'OBJECT_MISSING'],
      ['BRANCH', null, 'HEAD_MISSING'],
      ['FILE', 'noise.bin', 'OBJECT_MISSING'],
      ['INDEX', 'noise.bin', 'OBJECT_MISSING'],
      ['INDEX', null, 'DIFFERS'],
      ['BRANCH', '.git/logs/HEAD', 'OBJECT_MISSING'],
    ]);
    expect(git(to.directory, 'status', '--porcelain', '--branch')).toBe('## baton/test\n M a.txt\n');
  });

  it('says so when the manifest itself is missing, damaged, or from a later version', async () => {
    const remote = lab.remote(files);
    const later = await lab.blobs.put(lab.teamId, Buffer.from('{"format":"baton-snapshot","version":2}'));
    const nonsense = await lab.blobs.put(lab.teamId, Buffer.from('nonsense'));
    const missing = { hash: 'f'.repeat(64), bytes: 10 };
    for (const [ref, reason] of [
      [missing, 'BLOB_MISSING'],
      [later, 'MANIFEST_UNREADABLE'],
      [nonsense, 'MANIFEST_UNREADABLE'],
    ] as const) {
      const to = await lab.open(remote, { restoring: ref });
      const report = await lab.restore(to, ref);
      expect(report).toMatchObject({
        exact: false,
        notApplied: 1,
        entries: [{ subject: 'REPOSITORY', status: 'FAILED', reason }],
      });
      expect(git(to.directory, 'status', '--porcelain')).toBe('');
    }
  });
});

function forceAway(remote: string, content: Record<string, string>): void {
  git(remote, 'checkout', '--quiet', '--orphan', 'other');
  git(remote, 'rm', '-r', '--quiet', '--force', '.');
  write(remote, content);
  git(remote, 'add', '--all');
  git(remote, 'commit', '--quiet', '--message=another history');
  git(remote, 'branch', '--quiet', '--force', '-M', 'main');
  git(remote, 'reflog', 'expire', '--expire=all', '--all');
  git(remote, 'gc', '--quiet', '--prune=now');
}

const repositories = () => [
  { repository: 'api', url: lab.remote({ 'api.txt': 'api\n' }, 'api-remote'), branch: null },
  { repository: 'web/app', url: lab.remote({ 'web.txt': 'web\n' }, 'web-remote'), branch: 'main' },
];

describe('an environment with several repositories', { timeout: 60_000 }, () => {
  it('is carried whole, with what lies beside the repositories', async () => {
    const remotes = repositories();
    const from = await lab.open(remotes);
    write(from.directory, {
      'api/api.txt': 'changed\n',
      'web/app/new.txt': 'new\n',
      'NOTES.md': 'notes\n',
      'web/shared/x.txt': 'x\n',
    });
    git(join(from.directory, 'web/app'), 'checkout', '--quiet', '-b', 'other');
    mkdirSync(join(from.directory, 'empty'));
    symlinkSync('api', join(from.directory, 'link'));
    const captured = await lab.capture(from);
    expect(captured.summary.changes.map(({ repository, path, status }) => [repository, path, status])).toEqual([
      ['api', 'api.txt', 'MODIFIED'],
      ['web/app', 'new.txt', 'ADDED'],
      ['.', 'NOTES.md', 'ADDED'],
      ['.', 'empty', 'ADDED'],
      ['.', 'link', 'ADDED'],
      ['.', 'web/shared/x.txt', 'ADDED'],
    ]);
    const to = await lab.open(remotes, { restoring: captured.summary.manifest });
    write(to.directory, { 'left-by-setup.txt': 'x', 'setup/x': 'x' });
    expect(await lab.restore(to, captured.summary.manifest)).toMatchObject({ exact: true, notApplied: 0 });
    expect(describeFiles(to.directory)).toBe(describeFiles(from.directory));
    for (const folder of ['api', 'web/app'])
      expect(describeRepository(join(to.directory, folder))).toEqual(describeRepository(join(from.directory, folder)));
    const again = await lab.capture(to, captured.summary.manifest);
    expect(again.summary.manifest).toEqual(captured.summary.manifest);
  });

  it('can have one inside another', async () => {
    const remotes = [
      { repository: '.', url: lab.remote({ 'outer.txt': 'outer\n' }, 'outer'), branch: null },
      { repository: 'libs/inner', url: lab.remote({ 'inner.txt': 'inner\n' }, 'inner'), branch: null },
    ];
    const from = await lab.open(remotes);
    write(from.directory, { 'libs/inner/inner.txt': 'changed\n', 'libs/beside.txt': 'x\n', 'outer.txt': 'changed\n' });
    const { to, captured, report } = await lab.carry(from, remotes);
    expect(captured.summary.gaps).toEqual([]);
    expect(report).toMatchObject({ exact: true });
    expect(describeFiles(to.directory)).toBe(describeFiles(from.directory));
  });

  it('says so when a repository is no longer named, and opens one that is new', async () => {
    const remotes = repositories();
    const from = await lab.open(remotes.slice(0, 1));
    write(from.directory, { 'api/api.txt': 'changed\n' });
    const captured = await lab.capture(from);
    const to = await lab.open(remotes.slice(1), { restoring: captured.summary.manifest });
    const report = await lab.restore(to, captured.summary.manifest);
    expect(report.entries).toEqual([expect.objectContaining({ repository: 'api', status: 'SKIPPED', reason: 'NOT_OPENED' })]);
    expect(existsSync(join(to.directory, 'web/app/web.txt'))).toBe(true);
  });
});
