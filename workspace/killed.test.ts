import { cpSync, existsSync, readdirSync, rmSync, symlinkSync, unlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { directoryStore } from '../blobs/directoryStore.ts';
import type { CaptureRequest } from './capture.ts';
import type { OpenRequest } from './open.ts';
import type { RestoreRequest } from './restore.ts';
import { die, live, mortalProgram } from './testParts/die.ts';
import { describeRepository, git, Lab, snapshotId, write } from './testParts/lab.ts';
import { createWorkspaces } from './workspaces.ts';

let programs: Lab;
let program: string;
beforeAll(async () => {
  programs = new Lab();
  program = await mortalProgram(programs.root);
});
afterAll(() => programs.close());

let lab: Lab;
let remote: string;
beforeEach(() => {
  lab = new Lab();
  remote = lab.remote({
    'a.txt': 'one\n',
    'b.txt': 'two\n',
    'src/c.txt': 'three\n',
    'src/d.txt': 'four\n',
    '.gitignore': '*.log\n',
  });
  return () => lab.close();
});

const seconds = 1_000;

/** Changes of every kind that a snapshot holds: commits, a branch, what is staged, files, large ones, links, deletions. */
function work(directory: string): void {
  write(directory, { 'a.txt': 'committed\n', 'new.txt': 'new\n' });
  git(directory, 'add', '--all');
  git(directory, 'commit', '--quiet', '--message=mine');
  git(directory, 'tag', 'light');
  write(directory, { 'staged.txt': 'staged\n', 'large.bin': Buffer.alloc(5_000_000, 'large ') });
  git(directory, 'add', 'staged.txt');
  write(directory, { 'staged.txt': 'and changed\n', 'a.txt': 'changed\n', 'deep/in/here.txt': 'here\n' });
  symlinkSync('a.txt', join(directory, 'link'));
  unlinkSync(join(directory, 'src/d.txt'));
  git(directory, 'config', 'pull.rebase', 'true');
  git(directory, 'stash', 'push', '--quiet', '--', 'b.txt', 'a.txt');
  write(directory, { 'a.txt': 'changed again\n' });
}

/** Everything below a directory, but for what git names by its content. */
function names(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => !/(^|\/)(objects|borrowed)\/([0-9a-f]{2}|pack)\/./.test(name) && !/(^|\/)(settled|asked.*)$/.test(name))
    .toSorted();
}

/** Steps, each once: at the first and the last time that it is taken nothing else is there than in between. */
const distinct = (steps: readonly string[]): string[] => [...new Set(steps)];

const openRequest = (name: string): Omit<OpenRequest, 'signal' | 'onProgress'> => ({
  teamId: lab.teamId,
  directory: lab.path(name),
  state: lab.path(`${name}.state`),
  repositories: [{ repository: '.', url: remote, branch: null }],
  workingBranch: 'baton/test',
  restoring: null,
  allowLocal: true,
});

/** The lock of a process that died is taken over half a minute later: here it is as if that had gone by. */
function letTimePass(mirrors: string): void {
  if (!existsSync(mirrors)) return;
  for (const name of readdirSync(mirrors, { recursive: true, encoding: 'utf8' }))
    if (name.endsWith('.git.lock')) utimesSync(join(mirrors, name), 1, 1);
}

describe('a worker that is killed, at whatever step,', { timeout: 600 * seconds }, () => {
  it('while it opens a workspace, leaves nothing that the next attempt cannot begin with', async () => {
    const { steps, result } = live(program, {
      operation: 'open',
      root: lab.path('whole'),
      dieBefore: null,
      request: openRequest('whole/workspace'),
    });
    const points = distinct(steps);
    expect(points.length).toBeGreaterThan(20);
    const expected = { names: names(lab.path('whole')), described: describeRepository(lab.path('whole/workspace')) };
    for (const [n, dieBefore] of points.entries()) {
      const root = lab.path(`killed-${n}`);
      const request = openRequest(`killed-${n}/workspace`);
      expect.soft({ dieBefore, died: die(program, { operation: 'open', root, dieBefore, request }) }).toEqual({
        dieBefore,
        died: true,
      });
      letTimePass(join(root, 'worker/mirrors'));
      const workspaces = createWorkspaces({ blobs: lab.blobs, mirrors: join(root, 'worker/mirrors') });
      const opened = await workspaces.open({ ...request, signal: lab.signal, onProgress: () => {} });
      expect.soft({ dieBefore, opened }).toEqual({ dieBefore, opened: result });
      const found = { names: names(root), described: describeRepository(request.directory) };
      expect.soft({ dieBefore, ...found }).toEqual({ dieBefore, ...expected });
      rmSync(root, { recursive: true });
    }
  });

  it('while it captures, leaves nothing that makes the next attempt another snapshot', async () => {
    const from = await lab.open(remote);
    write(from.directory, { 'a.txt': 'first\n' });
    const first = await lab.capture(from);
    work(from.directory);
    const request: Omit<CaptureRequest, 'signal'> = {
      teamId: lab.teamId,
      directory: from.directory,
      state: from.state,
      opened: from.opened,
      previous: first.summary.manifest,
      quiesced: true,
    };
    const before = { state: `${from.state}.before`, blobs: `${lab.path('blobs')}.before` };
    cpSync(from.state, before.state, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
    cpSync(lab.path('blobs'), before.blobs, { recursive: true });
    const begin = () => {
      rmSync(from.state, { recursive: true });
      rmSync(lab.path('blobs'), { recursive: true });
      cpSync(before.state, from.state, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
      cpSync(before.blobs, lab.path('blobs'), { recursive: true });
    };
    const task = { operation: 'capture', root: lab.root, request } as const;
    const points = distinct(live(program, { ...task, dieBefore: null }).steps);
    expect(points.length).toBeGreaterThan(15);
    begin();
    const whole = await lab.capture(from, request.previous);
    const expected = { names: names(from.state), blobs: names(lab.path('blobs')) };
    for (const dieBefore of points) {
      begin();
      expect.soft({ dieBefore, died: die(program, { ...task, dieBefore }) }).toEqual({ dieBefore, died: true });
      const { summary, changes } = await lab.capture(from, request.previous);
      expect.soft({ dieBefore, manifest: summary.manifest, changes }).toEqual({
        dieBefore,
        manifest: whole.summary.manifest,
        changes: whole.changes,
      });
      for (const { hash } of (await lab.manifest(summary.manifest)).blobs) await lab.blobs.get(lab.teamId, hash);
      await collectHalves();
      expect.soft({ dieBefore, names: names(from.state), blobs: names(lab.path('blobs')) }).toEqual({ dieBefore, ...expected });
    }
  });

  /** What half a blob left goes with the next collection that is late enough. */
  async function collectHalves(): Promise<void> {
    for (const name of readdirSync(lab.path('blobs'), { recursive: true, encoding: 'utf8' }))
      if (name.endsWith('.tmp')) utimesSync(join(lab.path('blobs'), name), 1, 1);
    for await (const _ of directoryStore({ directory: lab.path('blobs'), masterKey: Buffer.alloc(32, 1) }).list(lab.teamId));
  }

  it('while it restores, leaves nothing that the next attempt does not put right', async () => {
    const from = await lab.open(remote);
    work(from.directory);
    const { summary } = await lab.capture(from);
    const wanted = describeRepository(from.directory);
    const open = async () => {
      const to = await lab.open(remote, { restoring: summary.manifest });
      const { directory, state, opened } = to;
      const request: Omit<RestoreRequest, 'signal'> = {
        teamId: lab.teamId,
        directory,
        state,
        opened,
        manifest: summary.manifest,
        snapshotId,
      };
      return { to, task: { operation: 'restore', root: lab.root, request } as const };
    };
    const whole = await open();
    const points = distinct(live(program, { ...whole.task, dieBefore: null }).steps);
    expect(points.length).toBeGreaterThan(20);
    const expected = { names: names(whole.to.directory), state: names(whole.to.state), described: wanted };
    for (const dieBefore of points) {
      const { to, task } = await open();
      expect.soft({ dieBefore, died: die(program, { ...task, dieBefore }) }).toEqual({ dieBefore, died: true });
      const report = await lab.restore(to, summary.manifest);
      expect.soft({ dieBefore, problems: report.entries.filter(({ status }) => status !== 'APPLIED') }).toEqual({
        dieBefore,
        problems: [],
      });
      const found = { names: names(to.directory), state: names(to.state), described: describeRepository(to.directory) };
      expect.soft({ dieBefore, ...found }).toEqual({ dieBefore, ...expected });
      rmSync(to.directory, { recursive: true });
      rmSync(to.state, { recursive: true });
    }
  });
});
