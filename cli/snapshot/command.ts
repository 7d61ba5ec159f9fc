import { Command } from 'commander';
import { createCommand } from './create.ts';
import { diffCommand } from './diff.ts';
import { restoreCommand } from './restore.ts';
import { showCommand } from './show.ts';

/** `baton snapshot`: exact snapshots of repositories on this machine, without a server. */
export function snapshotCommand(): Command {
  const command = new Command('snapshot').description('take, restore and compare exact snapshots of your own repositories');
  for (const sub of [createCommand, restoreCommand, showCommand, diffCommand]) command.addCommand(sub());
  return command.addHelpText(
    'after',
    `
Nothing is asked of any server, and nothing in the directory changes. For example:
  $ baton snapshot create ~/src/project --out project.snapshot
  $ baton snapshot restore project.snapshot /tmp/project
What travels and what does not: docs/snapshots.md`,
  );
}
