import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeRepository, git, Lab, write } from './testParts/lab.ts';
import { createWorkspaces, type Workspaces } from './workspaces.ts';

let lab: Lab;
let troubles: unknown[];
beforeEach(() => {
  lab = new Lab();
  troubles = [];
});
afterEach(() => {
  lab.close();
  if (troubles.length > 0) throw new Error(`A checkout could not be made: ${String(troubles[0])}`);
});

const files = { 'a.txt': 'a\n', 'src/b.txt': 'b\n', 'run.sh': '#!/bin/sh\n' };

function foresighted(name = 'foresighted', most = 4): { workspaces: Workspaces; ready: () => string[] } {
  const directory = lab.path(`${name}/ready`);
  const workspaces = createWorkspaces({
    blobs: lab.blobs,
    mirrors: lab.path(`${name}/mirrors`),
    ready: { directory, most, restMs: 0, onTrouble: (error) => troubles.push(error) },
  });
  return { workspaces, ready: () => readdirSync(directory) };
}

const inodeOf = (directory: string, path: string): number => statSync(join(directory, path)).ino;

describe('a ready checkout', { timeout: 60_000 }, () => {
  it('gives the next session what a checkout of its own would', async () => {
    const remote = lab.remote(files);
    const { workspaces, ready } = foresighted();
    const first = await lab.open(remote, { workspaces });
    await workspaces.settled();
    const [made = ''] = ready();
    const inode = inodeOf(lab.path('foresighted/ready'), join(made, 'worktree/src/b.txt'));
    const second = await lab.open(remote, { workspaces });
    expect(inodeOf(second.directory, 'src/b.txt')).toBe(inode);
    expect(ready()).not.toContain(made);
    expect(describeRepository(second.directory)).toEqual(describeRepository(first.directory));
    expect(second.opened).toEqual(first.opened);
    git(second.directory, 'fsck');
    await workspaces.close();
  });

  it('has what the remote has got since', async () => {
    const remote = lab.remote(files);
    const { workspaces, ready } = foresighted();
    const old = await lab.open(remote, { workspaces });
    write(old.directory, { 'a.txt': 'changed\n', 'new.txt': 'new\n' });
    const { summary } = await lab.capture(old, null, workspaces);
    await workspaces.settled();
    const [made = ''] = ready();
    write(remote, { 'a.txt': 'newer\n' });
    git(remote, 'commit', '--quiet', '--all', '--message=newer');
    const newer = await lab.open(remote, { workspaces });
    expect(git(newer.directory, 'log', '-1', '--format=%s')).toBe('newer\n');
    expect(ready()).toContain(made);
    const restored = await lab.open(remote, { workspaces, restoring: summary.manifest });
    expect(ready()).not.toContain(made);
    expect(git(restored.directory, 'log', '-1', '--format=%s', 'origin/main')).toBe('newer\n');
    expect(await lab.restore(restored, summary.manifest, workspaces)).toMatchObject({ exact: true });
    expect(git(restored.directory, 'status', '--porcelain')).toBe(' M a.txt\n?? new.txt\n');
    git(restored.directory, 'fsck');
    await workspaces.close();
  });

  it('is used by one session only', async () => {
    const remote = lab.remote(files);
    const { workspaces } = foresighted();
    await lab.open(remote, { workspaces });
    await workspaces.settled();
    const opened = await Promise.all([1, 2, 3].map(() => lab.open(remote, { workspaces })));
    expect(new Set(opened.map(({ directory }) => inodeOf(directory, 'a.txt'))).size).toBe(3);
    for (const { directory } of opened) expect(git(directory, 'status', '--porcelain', '--branch')).toBe('## baton/test\n');
    await workspaces.close();
  });

  it('leaves no change unseen, however soon after it is made', async () => {
    const remote = lab.remote(files);
    const { workspaces } = foresighted();
    await lab.open(remote, { workspaces });
    await workspaces.settled();
    // Until the index is older than the second in which it is taken.
    await sleep(1_100);
    const workspace = await lab.open(remote, { workspaces });
    writeFileSync(join(workspace.directory, 'a.txt'), 'A\n');
    const { changes } = await lab.capture(workspace, null, workspaces);
    expect(changes.map(({ path }) => path)).toEqual(['a.txt']);
    await workspaces.close();
  });

  it('is one of a few: the oldest make room', async () => {
    const { workspaces, ready } = foresighted('few', 2);
    for (const name of ['one', 'two', 'three']) {
      await lab.open(lab.remote(files, name), { workspaces });
      await workspaces.settled();
    }
    expect(ready()).toHaveLength(2);
    const before = ready();
    await lab.open(lab.path('one'), { workspaces });
    expect(ready()).toEqual(before);
    await workspaces.close();
  });

  it('is not made when the worker has stopped', async () => {
    const { workspaces } = foresighted();
    await workspaces.close();
    await lab.open(lab.remote(files), { workspaces });
    await workspaces.settled();
    expect(() => readdirSync(lab.path('foresighted/ready'))).toThrow('ENOENT');
  });
});
