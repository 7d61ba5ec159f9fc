import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BlobStore } from '../blobs/blobStore.ts';
import type { BlobRef, RestoreReport } from '../domain/snapshot.ts';
import type { Captured } from './capture.ts';
import { directGit, type SpawnGit } from './gitProcess.ts';
import type { FileEntry, Manifest, Part } from './manifest.ts';
import { live, mortalProgram } from './testParts/die.ts';
import { describeRepository, git, Lab, snapshotId, write, type LabWorkspace } from './testParts/lab.ts';
import { createWorkspaces } from './workspaces.ts';
import { tinyDisk } from '../test/support/tinyDisk.ts';

let lab: Lab;
let remote: string;
beforeEach(() => {
  lab = new Lab();
  remote = lab.remote({
    'a.txt': 'one\n',
    'b.txt': 'two\n',
    'src/c.txt': 'three\n',
    'src/d.txt': 'four\n',
    'other/d.txt': 'five\n',
  });
});
afterEach(() => lab.close());

const noise = (bytes: number, seed: number): Buffer =>
  Buffer.from(Uint32Array.from({ length: bytes / 4 }, (_, n) => ((n + seed) * 2_654_435_761) >>> 3).buffer);

const problems = ({ entries }: RestoreReport) =>
  entries.filter(({ status }) => status !== 'APPLIED').map(({ subject, path, reason }) => [subject, path, reason]);

const isGap = ({ summary }: Captured) => summary.gaps.map(({ path, status, reason }) => [path, status, reason]);

const entryOf = (manifest: Manifest, path: string): FileEntry | null => {
  const entry = manifest.repositories[0]?.entries.find((other) => other.path === path);
  return entry?.kind === 'FILE' ? entry : null;
};

/** Restores a snapshot in a fresh workspace. */
async function restored(manifest: BlobRef, workspaces = lab.workspaces) {
  const to = await lab.open(remote, { restoring: manifest, workspaces });
  return { to, report: await lab.restore(to, manifest, workspaces) };
}

describe('a file that changes under the capture', { timeout: 60_000 }, () => {
  /** A worker on which something happens as soon as git has looked at the worktree, before its files are read. */
  function afterScan(happens: () => void) {
    let left = 2;
    const workspaceGit: SpawnGit = (args, setting) => {
      const process = directGit()(args, setting);
      const scans = args.includes('diff-files') || (args.includes('--others') && !args.includes('--ignored'));
      if (!scans) return process;
      const exit = process.exit.then((end) => {
        if (--left === 0) happens();
        return end;
      });
      return { ...process, exit };
    };
    return createWorkspaces({ blobs: lab.blobs, mirrors: lab.path('worker/mirrors'), workspaceGit });
  }

  /** A worker on which something happens each time that a large piece of a file is stored. */
  function whileStoring(happens: (time: number) => void) {
    let times = 0;
    const put: BlobStore['put'] = (teamId, content) => {
      if (content.length > 1_000_000) happens(++times);
      return lab.blobs.put(teamId, content);
    };
    return lab.worker('storing', { ...lab.blobs, put });
  }

  it('after git has looked is as it is when it is read: changed, grown, shorter, gone, or another thing', async () => {
    const from = await lab.open(remote);
    const at = (path: string) => join(from.directory, path);
    write(from.directory, { 'a.txt': 'x\n', 'b.txt': 'x\n', 'src/c.txt': 'x\n', 'src/d.txt': 'x\n', gone: 'x\n', link: 'x\n' });
    const workspaces = afterScan(() => {
      writeFileSync(at('a.txt'), 'y\n');
      appendFileSync(at('b.txt'), 'y\n');
      truncateSync(at('src/c.txt'), 0);
      unlinkSync(at('src/d.txt'));
      unlinkSync(at('gone'));
      unlinkSync(at('link'));
      symlinkSync('a.txt', at('link'));
    });
    const captured = await lab.capture(from, null, workspaces);
    expect(captured.summary.gaps).toEqual([]);
    const { to, report } = await restored(captured.summary.manifest);
    expect(problems(report)).toEqual([]);
    expect(describeRepository(to.directory)).toEqual(describeRepository(from.directory));
  });

  it('to a directory is told where git had it as a file', async () => {
    const from = await lab.open(remote);
    write(from.directory, { turned: 'x\n', 'a.txt': 'x\n' });
    const workspaces = afterScan(() => {
      for (const path of ['turned', 'a.txt']) {
        unlinkSync(join(from.directory, path));
        write(from.directory, { [`${path}/inside`]: 'x\n' });
      }
    });
    const captured = await lab.capture(from, null, workspaces);
    expect(isGap(captured)).toEqual([['turned', 'FAILED', 'UNREADABLE']]);
    const { to, report } = await restored(captured.summary.manifest);
    expect(problems(report)).toEqual([['FILE', 'turned', 'UNREADABLE']]);
    expect(readdirSync(to.directory).toSorted()).toEqual(['.git', 'b.txt', 'other', 'src']);
    // The next one has it all.
    const next = await lab.capture(from, captured.summary.manifest);
    expect(next.summary.gaps).toEqual([]);
    const again = await restored(next.summary.manifest);
    expect(describeRepository(again.to.directory)).toEqual(describeRepository(from.directory));
  });

  const size = 7_000_000;
  it.each<[string, (path: string) => void]>([
    ['changes', (path) => writeFileSync(path, noise(size, 2))],
    ['grows', (path) => appendFileSync(path, 'more')],
    ['becomes shorter', (path) => truncateSync(path, 5_000_000)],
  ])('while it is read is read again: one that %s', async (_, happens) => {
    const from = await lab.open(remote);
    const path = join(from.directory, 'large.bin');
    writeFileSync(path, noise(size, 1));
    const workspaces = whileStoring((time) => time === 2 && happens(path));
    const captured = await lab.capture(from, null, workspaces);
    expect(captured.summary.gaps).toEqual([]);
    const { to, report } = await restored(captured.summary.manifest);
    expect(report.exact).toBe(true);
    expect(readFileSync(join(to.directory, 'large.bin')).equals(readFileSync(path))).toBe(true);
  });

  it('while it is read, and is gone then, is gone', async () => {
    write(remote, { 'large.bin': noise(size, 1) });
    git(remote, 'add', '--all');
    git(remote, 'commit', '--quiet', '--message=large');
    const from = await lab.open(remote);
    const path = join(from.directory, 'large.bin');
    writeFileSync(path, noise(size, 2));
    const captured = await lab.capture(
      from,
      null,
      whileStoring((time) => time === 2 && unlinkSync(path)),
    );
    expect(captured.summary.changes).toMatchObject([{ path: 'large.bin', status: 'DELETED' }]);
    const { to, report } = await restored(captured.summary.manifest);
    expect(report.exact).toBe(true);
    expect(git(to.directory, 'status', '--porcelain')).toBe(' D large.bin\n');
  });

  it('whenever it is read is told, and never has a wrong id or half of what is said', async () => {
    const from = await lab.open(remote);
    const at = (path: string) => join(from.directory, path);
    writeFileSync(at('large.bin'), noise(size, 1));
    const changes = whileStoring((time) => writeFileSync(at('large.bin'), noise(size, time + 1)));
    const mixed = await lab.capture(from, null, changes);
    expect(isGap(mixed)).toEqual([['large.bin', 'FAILED', 'CHANGED_WHILE_READ']]);
    const entry = entryOf(await lab.manifest(mixed.summary.manifest), 'large.bin');
    const { to, report } = await restored(mixed.summary.manifest);
    expect(problems(report)).toEqual([]);
    expect(git(to.directory, 'hash-object', '--no-filters', 'large.bin').trim()).toBe(entry?.oid);
    let length = size;
    const shorter = whileStoring(() => truncateSync(at('large.bin'), (length -= 300_000)));
    const told = await lab.capture(from, null, shorter);
    expect(isGap(told)).toEqual([['large.bin', 'FAILED', 'UNREADABLE']]);
    expect(problems((await restored(told.summary.manifest)).report)).toEqual([['FILE', 'large.bin', 'UNREADABLE']]);
  });
});

describe('a blob store that refuses', { timeout: 60_000 }, () => {
  const refusal = Object.assign(new Error('permission denied'), { code: 'EACCES' });

  /** A store whose nth call is refused, and no other. */
  function refusing(nth: number) {
    let calls = 0;
    const counted = <Result>(call: () => Promise<Result>): Promise<Result> =>
      ++calls === nth ? Promise.reject(refusal) : call();
    const { blobs } = lab;
    const store: BlobStore = {
      ...blobs,
      put: (teamId, content) => counted(() => blobs.put(teamId, content)),
      get: (teamId, hash) => counted(() => blobs.get(teamId, hash)),
    };
    return { workspaces: lab.worker('refusing', store), refused: () => calls >= nth };
  }

  async function worked(): Promise<LabWorkspace> {
    const from = await lab.open(remote);
    write(from.directory, { 'committed.bin': noise(400_000, 1) });
    git(from.directory, 'add', '--all');
    git(from.directory, 'commit', '--quiet', '--message=large');
    write(from.directory, { 'large.bin': noise(5_000_000, 2), 'a.txt': 'changed\n', 'staged.bin': noise(300_000, 3) });
    git(from.directory, 'add', 'staged.bin');
    write(from.directory, { 'staged.bin': 'another\n' });
    return from;
  }

  it('any one call of a capture fails it, and the next attempt makes the whole snapshot', async () => {
    const from = await worked();
    const { summary } = await lab.capture(from);
    let nth = 0;
    for (let done = false; !done;) {
      rmSync(lab.path('blobs'), { recursive: true });
      const { workspaces, refused } = refusing(++nth);
      const attempt = lab.capture(from, null, workspaces).catch((error: unknown) => error);
      done = (await attempt) !== refusal;
      expect({ nth, done }).toEqual({ nth, done: !refused() });
      expect({ nth, manifest: (await lab.capture(from)).summary.manifest }).toEqual({ nth, manifest: summary.manifest });
    }
    expect(nth).toBeGreaterThan(5);
    expect((await restored(summary.manifest)).report.exact).toBe(true);
  });

  it('any one call of a restore fails it, and the next attempt restores all', async () => {
    const from = await worked();
    const { summary } = await lab.capture(from);
    const wanted = describeRepository(from.directory);
    const to = await lab.open(remote, { restoring: summary.manifest });
    let nth = 0;
    for (let done = false; !done;) {
      const { workspaces, refused } = refusing(++nth);
      const attempt = await lab.restore(to, summary.manifest, workspaces).catch((error: unknown) => error);
      done = attempt !== refusal;
      expect({ nth, done }).toEqual({ nth, done: !refused() });
    }
    expect(nth).toBeGreaterThan(5);
    expect(describeRepository(to.directory)).toEqual(wanted);
  });

  it('to answer is waited for until the deadline, and not once the operation is to stop', async () => {
    const from = await worked();
    const { summary } = await lab.capture(from);
    const never = () => new Promise<never>(() => {});
    const mirrors = lab.path('worker/mirrors');
    const silent = (slow: Partial<BlobStore>, blobDeadlineMs: number) =>
      createWorkspaces({ blobs: { ...lab.blobs, ...slow }, mirrors, blobDeadlineMs });
    await expect(lab.capture(from, null, silent({ put: never }, 200))).rejects.toThrow('the blob store did not answer “put”');
    const to = await lab.open(remote, { restoring: summary.manifest });
    const calls: string[] = [];
    const get: BlobStore['get'] = (teamId, hash) => (calls.push(hash) > 3 ? never() : lab.blobs.get(teamId, hash));
    await expect(lab.restore(to, summary.manifest, silent({ get }, 200))).rejects.toThrow('the blob store did not answer “get”');
    const stopping = new AbortController();
    const put = () => {
      stopping.abort(new Error('enough'));
      return never();
    };
    const request = { teamId: lab.teamId, ...from, previous: null, quiesced: true, signal: stopping.signal };
    await expect(silent({ put }, 60_000).capture(request)).rejects.toThrow('enough');
    expect((await lab.restore(to, summary.manifest)).exact).toBe(true);
  });
});

describe('a blob that is not as it was stored', { timeout: 60_000 }, () => {
  const blobFile = (hash: string) => join(lab.path('blobs'), lab.teamId, hash.slice(0, 2), hash);

  const damages: Record<string, { readonly reason: string; readonly inflict: (file: string, other: string) => void }> = {
    missing: { reason: 'BLOB_MISSING', inflict: (file) => unlinkSync(file) },
    'cut short': { reason: 'BLOB_CORRUPT', inflict: (file) => truncateSync(file, Math.floor(statSync(file).size / 2)) },
    altered: {
      reason: 'BLOB_CORRUPT',
      inflict: (file) => {
        const content = readFileSync(file);
        content.writeUInt8(content.readUInt8(content.length >> 1) ^ 1, content.length >> 1);
        writeFileSync(file, content);
      },
    },
    'swapped for another': { reason: 'BLOB_CORRUPT', inflict: (file, other) => copyFileSync(other, file) },
  };

  /** Work of which each kind of content lies in a blob of its own. */
  function work(directory: string): void {
    write(directory, { 'committed.bin': noise(400_000, 1) });
    git(directory, 'add', '--all');
    git(directory, 'commit', '--quiet', '--message=large');
    write(directory, { 'large.bin': noise(5_000_000, 2), 'staged.bin': noise(300_000, 3) });
    git(directory, 'add', 'staged.bin');
    write(directory, { 'staged.bin': noise(300_000, 4), 'small.txt': 'small\n', 'a.txt': 'changed\n' });
    unlinkSync(join(directory, 'b.txt'));
  }

  const partOf = (parts: readonly Part[] | null | undefined): number => parts?.at(-1)?.[0] ?? -1;

  /** Each kind of blob: which one it is, and what a restore without it names, besides what follows from that. */
  const kinds: Record<string, { readonly blob: (manifest: Manifest) => number; readonly names: (reason: string) => unknown[] }> =
    {
      'of a pack of commits': {
        blob: ({ repositories: [repository] }) => partOf(repository?.git?.commits.packs[0]),
        names: (reason) => [
          ['COMMITS', null, reason],
          ['BRANCH', 'refs/heads/baton/test', 'OBJECT_MISSING'],
          ['BRANCH', null, 'HEAD_MISSING'],
          ['FILE', 'committed.bin', 'OBJECT_MISSING'],
          ['INDEX', 'committed.bin', 'OBJECT_MISSING'],
          ['INDEX', null, 'DIFFERS'],
          ['BRANCH', '.git/logs/HEAD', 'OBJECT_MISSING'],
        ],
      },
      'of a large file': {
        blob: (manifest) => partOf(entryOf(manifest, 'large.bin')?.parts),
        names: (reason) => [['FILE', 'large.bin', reason]],
      },
      'of small files': {
        blob: (manifest) => partOf(entryOf(manifest, 'small.txt')?.parts),
        names: (reason) => [
          ['FILE', 'a.txt', reason],
          ['FILE', 'small.txt', reason],
        ],
      },
      'that is only staged': {
        blob: ({ repositories: [repository] }) => partOf(repository?.git?.objects[0]?.parts),
        names: (reason) => [
          ['INDEX', null, reason],
          ['INDEX', 'staged.bin', 'OBJECT_MISSING'],
          ['INDEX', null, 'DIFFERS'],
        ],
      },
    };

  const each = Object.keys(damages).flatMap((damage) => Object.keys(kinds).map((kind) => [damage, kind] as const));
  it.each(each)(
    '(%s, one %s) is named with what it held, the rest is put back, and the session goes on',
    async (damage, kind) => {
      const from = await lab.open(remote);
      work(from.directory);
      const { summary } = await lab.capture(from);
      const manifest = await lab.manifest(summary.manifest);
      const number = kinds[kind]?.blob(manifest) ?? -1;
      const other = manifest.blobs[(number + 1) % manifest.blobs.length]?.hash ?? '';
      damages[damage]?.inflict(blobFile(manifest.blobs[number]?.hash ?? ''), blobFile(other));
      const { to, report } = await restored(summary.manifest);
      const named = kinds[kind]?.names(damages[damage]?.reason ?? '') ?? [];
      expect(problems(report)).toEqual(named);
      expect(report.exact).toBe(false);
      const lost = new Set(named.flatMap((line) => ((line as string[])[0] === 'FILE' ? [(line as string[])[1]] : [])));
      for (const path of ['committed.bin', 'large.bin', 'staged.bin', 'small.txt', 'a.txt'])
        if (!lost.has(path))
          expect({ path, same: readFileSync(join(to.directory, path)).equals(readFileSync(join(from.directory, path))) }).toEqual(
            {
              path,
              same: true,
            },
          );
      expect(readdirSync(to.directory)).not.toContain('b.txt');
      git(to.directory, 'fsck', '--connectivity-only');
      // The next snapshot holds what there is now, whatever is wrong with the last one.
      write(to.directory, { 'more.txt': 'more\n' });
      git(to.directory, 'add', 'more.txt');
      git(to.directory, 'commit', '--quiet', '--message=more');
      const next = await lab.capture(to, summary.manifest);
      const again = await restored(next.summary.manifest);
      expect(problems(again.report)).toEqual([]);
      expect(describeRepository(again.to.directory)).toEqual(describeRepository(to.directory));
    },
  );

  it.each(Object.keys(damages))('(%s) that is the manifest itself is told, and the session goes on', async (damage) => {
    const from = await lab.open(remote);
    work(from.directory);
    const { summary } = await lab.capture(from);
    damages[damage]?.inflict(
      blobFile(summary.manifest.hash),
      blobFile((await lab.manifest(summary.manifest)).blobs[0]?.hash ?? ''),
    );
    const { to, report } = await restored(summary.manifest);
    expect(problems(report)).toEqual([['REPOSITORY', null, damages[damage]?.reason]]);
    expect(git(to.directory, 'status', '--porcelain')).toBe('');
    write(to.directory, { 'more.txt': 'more\n' });
    const next = await lab.capture(to, summary.manifest);
    expect(next.summary.changes.map(({ path }) => path)).toEqual(['more.txt']);
    expect((await restored(next.summary.manifest)).report.exact).toBe(true);
    // Nor does it keep the workspace that it was taken of from being captured again.
    expect((await lab.capture(from, summary.manifest)).summary.manifest).toEqual(summary.manifest);
    expect((await restored(summary.manifest)).report.exact).toBe(true);
  });
});

describe('a clock that is wrong', { timeout: 60_000 }, () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  const hour = 3_600_000;
  it.each([
    ['goes back', -hour],
    ['goes forward', hour],
  ])('hides no change of the same size and time: one that %s between two captures', async (_, by) => {
    const from = await lab.open(remote);
    const paths = ['a.txt', 'new.txt', 'large.bin'] as const;
    const contents = (letter: string) => ({ 'a.txt': letter, 'new.txt': letter, 'large.bin': Buffer.alloc(400_000, letter) });
    let previous: BlobRef | null = null;
    for (const [n, letter] of [...'xyz'].entries()) {
      write(from.directory, contents(letter));
      // In the future, and each time the same.
      for (const path of paths) utimesSync(join(from.directory, path), 4_000_000_000, 4_000_000_000);
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + n * by });
      const { summary }: Captured = await lab.capture(from, previous);
      vi.useRealTimers();
      previous = summary.manifest;
      const { to, report } = await restored(previous);
      expect(report.exact).toBe(true);
      for (const path of paths) {
        const there = readFileSync(join(to.directory, path));
        expect({ path, same: there.equals(readFileSync(join(from.directory, path))) }).toEqual({ path, same: true });
      }
    }
  });
});

describe('a process of its own', { timeout: 120_000 }, () => {
  let programs: Lab;
  let program: string;
  beforeAll(async () => {
    programs = new Lab();
    program = await mortalProgram(programs.root);
  });
  afterAll(() => programs.close());

  const openRequest = (directory: string) => ({
    teamId: lab.teamId,
    directory,
    state: `${directory}.state`,
    repositories: [{ repository: '.', url: remote, branch: null }],
    workingBranch: 'baton/test',
    restoring: null,
    allowLocal: true,
  });
  const captureRequest = ({ directory, state, opened }: LabWorkspace) => ({
    teamId: lab.teamId,
    directory,
    state,
    opened,
    previous: null,
    quiesced: true,
  });

  const disk = (directory: string) => tinyDisk(directory, 24_000_000) ?? [];
  const canMakeDisks = tinyDisk('/tmp', 4_096) !== null;
  const full = { code: 'DISK_FULL', message: expect.stringContaining('disk is full') as string };

  it.runIf(canMakeDisks)('whose disk is full says so when it opens a workspace, and opens it once there is room', () => {
    const root = lab.path('small');
    mkdirSync(root);
    const directory = join(root, 'workspace');
    const task = {
      operation: 'open',
      root,
      dieBefore: null,
      filledBy: join(root, 'filler'),
      request: openRequest(directory),
    } as const;
    const report = live(program, task, disk(root));
    expect(report.failure).toMatchObject(full);
    expect(report.result).toMatchObject([{ repository: '.', baseBranch: 'main' }]);
  });

  it.runIf(canMakeDisks)('whose mirrors have no room says so, and fetches once there is some', () => {
    write(remote, { 'large.bin': noise(3_000_000, 1) });
    git(remote, 'add', '--all');
    git(remote, 'commit', '--quiet', '--message=large');
    const [root, mirrors] = [lab.path('small'), lab.path('small/worker')];
    mkdirSync(mirrors, { recursive: true });
    const request = openRequest(lab.path('workspace'));
    const report = live(
      program,
      { operation: 'open', root, dieBefore: null, filledBy: join(mirrors, 'filler'), request },
      disk(mirrors),
    );
    expect(report.failure).toMatchObject(full);
    git(request.directory, 'fsck');
  });

  it.runIf(canMakeDisks)('whose blob store has no room says so, and captures all once there is some', async () => {
    const from = await lab.open(remote);
    write(from.directory, { 'large.bin': noise(5_000_000, 1), 'a.txt': 'changed\n' });
    const expected = (await lab.capture(from)).summary.manifest;
    const blobs = lab.path('blobs');
    rmSync(blobs, { recursive: true });
    mkdirSync(blobs);
    const task = {
      operation: 'capture',
      root: lab.root,
      dieBefore: null,
      filledBy: join(blobs, 'filler'),
      request: captureRequest(from),
    } as const;
    const report = live(program, task, disk(blobs));
    expect(report.failure).toMatchObject(full);
    expect(report.result).toMatchObject({ summary: { manifest: expected } });
  });

  it.runIf(canMakeDisks)('whose workspace has no room says so, and restores all once there is some', async () => {
    const from = await lab.open(remote);
    write(from.directory, { 'committed.bin': noise(400_000, 1) });
    git(from.directory, 'add', '--all');
    git(from.directory, 'commit', '--quiet', '--message=large');
    write(from.directory, { 'large.bin': noise(3_000_000, 2) });
    const { summary } = await lab.capture(from);
    const to = await lab.open(remote, { restoring: summary.manifest });
    const request = {
      teamId: lab.teamId,
      directory: to.directory,
      state: to.state,
      opened: to.opened,
      manifest: summary.manifest,
      snapshotId,
    };
    // The disk is empty, so that what was opened is copied onto it first.
    const kept = `${to.directory}.kept`;
    spawnSync('cp', ['-a', to.directory, kept]);
    const [prefix, script] = [disk(to.directory), 'cp -a "$0/." "$1/" && shift && exec "$@"'];
    const report = live(
      program,
      { operation: 'restore', root: lab.root, dieBefore: null, filledBy: join(to.directory, '.git/filler'), request },
      [...prefix, 'sh', '-c', script, kept, to.directory],
    );
    expect(report.failure).toMatchObject(full);
    expect(report.result).toMatchObject({ exact: true });
  });

  const isRoot = process.getuid?.() === 0;

  /** Gives everything below a directory to a user. */
  function giveAway(path: string, uid: number): void {
    lchownSync(path, uid, uid);
    for (const entry of readdirSync(path, { recursive: true, withFileTypes: true, encoding: 'utf8' }))
      lchownSync(join(entry.parentPath, entry.name), uid, uid);
  }

  it('that may not read a file or a folder names it, and captures the rest', async () => {
    const remotes = [{ repository: 'api', url: remote, branch: null }];
    const from = await lab.open(remotes);
    write(from.directory, {
      'api/a.txt': 'changed\n',
      'api/b.txt': 'secret\n',
      'api/new/secret.txt': 'secret\n',
      'api/closed/inside.txt': 'x\n',
      'api/src/c.txt': 'changed\n',
      'outside.txt': 'x\n',
      'api/other/d.txt': 'changed\n',
      'secret.txt': 'secret\n',
      'shut/inside.txt': 'x\n',
    });
    const closed = ['api/b.txt', 'api/new/secret.txt', 'api/closed', 'api/other', 'secret.txt', 'shut'].map((path) =>
      join(from.directory, path),
    );
    for (const path of closed) chmodSync(path, 0);
    const uid = 12_345;
    if (isRoot) {
      chmodSync(lab.root, 0o755);
      giveAway(lab.root, uid);
      chmodSync(programs.root, 0o755);
    }
    const prefix = isRoot ? ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'] : [];
    const task = { operation: 'capture', root: lab.root, dieBefore: null, request: captureRequest(from) } as const;
    const captured = live(program, task, prefix).result as Captured;
    for (const path of closed) chmodSync(path, 0o755);
    expect(isGap(captured).toSorted()).toEqual(
      ['b.txt', 'closed', 'new/secret.txt', 'other', 'other/d.txt', 'secret.txt', 'shut'].map((path) => [
        path,
        'FAILED',
        'UNREADABLE',
      ]),
    );
    if (isRoot) giveAway(lab.root, 0);
    const to = await lab.open(remotes, { restoring: captured.summary.manifest });
    const report = await lab.restore(to, captured.summary.manifest);
    expect(problems(report).length).toBe(7);
    expect(readFileSync(join(to.directory, 'api/src/c.txt'), 'utf8')).toBe('changed\n');
    expect(readFileSync(join(to.directory, 'outside.txt'), 'utf8')).toBe('x\n');
  });
});
