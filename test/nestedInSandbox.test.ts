import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bubblewraps } from '../harnesses/sandboxTrial.ts';
import { sandboxedGit } from '../workflows/sandboxedGit.ts';
import { git, Lab, write } from '../workspace/testParts/lab.ts';
import { createWorkspaces } from '../workspace/workspaces.ts';

describe.each(bubblewraps)('repositories in a workspace, captured and restored with git in %s', (_name, sandbox) => {
  it('are as the agent had them, who sees the workspace elsewhere', { timeout: 120_000 }, async () => {
    const lab = new Lab();
    try {
      const lib = lab.remote({ 'lib.txt': 'lib\n' }, 'lib');
      const remote = lab.remote({ 'a.txt': 'a\n' });
      const nothing = lab.path('nothing');
      mkdirSync(nothing);
      const workspaces = createWorkspaces({
        blobs: lab.blobs,
        mirrors: lab.path('mirrors'),
        workspaceGit: sandboxedGit({ sandbox, nothing }),
      });
      const from = await lab.open(remote, { workspaces });
      const seenAt = sandbox.workspacePath({ workspace: from.directory, home: nothing, variables: {}, network: false });
      git(from.directory, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', lib, 'module');
      git(from.directory, 'clone', '--quiet', lib, 'clone');
      git(join(from.directory, 'clone'), 'worktree', 'add', '--quiet', '../tree', '-b', 'tree');
      for (const name of ['module', 'clone', 'tree']) {
        write(join(from.directory, name), { 'lib.txt': `${name}\n`, 'new.txt': 'new\n' });
        git(join(from.directory, name), 'commit', '--quiet', '--all', '--message=mine');
        git(join(from.directory, name), 'add', 'new.txt');
      }
      // As git in the agent's sandbox writes them.
      write(from.directory, {
        'tree/.git': `gitdir: ${seenAt}/clone/.git/worktrees/tree\n`,
        'clone/.git/worktrees/tree/gitdir': `${seenAt}/tree/.git\n`,
      });
      const { summary } = await lab.capture(from, null, workspaces, { seenAt });
      expect(summary.gaps).toEqual([]);
      rmSync(lib, { recursive: true });
      const to = await lab.open(remote, { restoring: summary.manifest, workspaces });
      const report = await lab.restore(to, summary.manifest, workspaces, { seenAt });
      expect(report.entries.filter(({ status }) => status !== 'APPLIED')).toEqual([]);
      expect(readFileSync(join(to.directory, 'tree/.git'), 'utf8')).toBe(`gitdir: ${seenAt}/clone/.git/worktrees/tree\n`);
      expect((await lab.capture(to, summary.manifest, workspaces, { seenAt })).summary.manifest).toEqual(summary.manifest);
      for (const { directory } of [from, to])
        write(directory, { 'tree/.git': `gitdir: ${directory}/clone/.git/worktrees/tree\n` });
      for (const name of ['.', 'module', 'clone', 'tree']) {
        const told = (directory: string) =>
          git(join(directory, name), 'status', '--porcelain=v2', '--branch') + git(join(directory, name), 'log', '--format=%H');
        expect([name, told(to.directory)]).toEqual([name, told(from.directory)]);
      }
    } finally {
      lab.close();
    }
  });
});
