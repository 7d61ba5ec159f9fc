import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemGitConfig } from './bubblewrapFiles.ts';
import { descendantsIn, isDead, listProcesses, type ProcessEntry } from './processTable.ts';
import { signalProcess, untilNone, type ProcessTree } from './processTree.ts';
import type { Sandbox } from './sandbox.ts';
import { startSupervised } from './startSupervised.ts';
import { superviseCommand } from './supervisor.ts';

/** The variable by which the processes of one command are found again, wherever they went. */
const markerVariable = 'BATON_SANDBOX_ID';

/**
 * No sandbox but order: a clean environment, a home of its own, a session and process group of its own, and an end for
 * all of it. Processes that left the group are found by their ancestry or by a variable in their environment (on Linux);
 * one that did away with both escapes. `why` ends the description: why nothing stronger is used.
 */
export function createProcessGroup(why: string): Sandbox {
  return {
    kind: 'PROCESS_GROUP',
    description:
      'The agent runs without a sandbox, as a plain process group: it has a clean environment and a home of its own, but can ' +
      `read and change what the worker’s user can, and reaches the network. ${why}`,
    workspacePath: ({ workspace }) => workspace,
    homePath: ({ home }) => home,
    pathInside: (_setting, hostPath) => hostPath,
    spawn: (command, setting) =>
      startSupervised(async (directory) => {
        const gitConfig = join(directory, 'gitconfig');
        await writeFile(gitConfig, systemGitConfig);
        const marker = randomUUID();
        const [file, ...args] = superviseCommand(command, { first: false });
        return {
          file,
          args,
          directory: setting.directory ?? setting.workspace,
          variables: { GIT_CONFIG_SYSTEM: gitConfig, ...setting.variables, [markerVariable]: marker },
          stdin: setting.stdin ?? 'PIPE',
          descriptors: 0,
          trouble: null,
          connect: async (child, words) => treeOf(child.pid ?? 0, marker, await words.heard(() => words.watchdog())),
        };
      }),
  };
}

function treeOf(root: number, marker: string, watchdog: number | null): ProcessTree {
  const members = (): ProcessEntry[] => processesOf(root, marker, watchdog).filter(({ pid }) => pid !== root);
  return {
    root: () => root,
    members,
    async kill() {
      await untilNone(() => killAll(members()));
      // The watchdog and the supervisor, and on a system without /proc whatever was missed.
      signalProcess(-root, 'SIGKILL');
    },
  };
}

/** Kills those that live, and tells which they were. */
function killAll(members: readonly ProcessEntry[]): ProcessEntry[] {
  const living = members.filter((entry) => !isDead(entry));
  // Held still first, so that none has a child while the others die.
  for (const signal of ['SIGSTOP', 'SIGKILL'] as const) for (const { pid } of living) signalProcess(pid, signal);
  return living;
}

function processesOf(root: number, marker: string, watchdog: number | null): ProcessEntry[] {
  const table = listProcesses();
  // Older than the supervisor: none of its.
  const since = table.find(({ pid }) => pid === root)?.started ?? 0;
  const young = table.filter(({ started }) => started >= since);
  const own = young.filter(
    ({ pid, group, session }) => pid === root || group === root || session === root || isMarked(pid, marker),
  );
  const known = new Set(own.map(({ pid }) => pid));
  return [...own, ...descendantsIn(young, known)].filter(({ pid }) => pid !== watchdog);
}

function isMarked(pid: number, marker: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`${markerVariable}=${marker}`);
  } catch {
    // Another user's, or gone.
    return false;
  }
}
