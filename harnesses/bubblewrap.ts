import type { ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import {
  bubblewrapArguments,
  homeInside,
  pathInBubblewrap,
  workspaceInside,
  type BubblewrapLayout,
} from './bubblewrapArguments.ts';
import { agentUser, madeFiles } from './bubblewrapFiles.ts';
import { descendantsOf, isDead, readProcess } from './processTable.ts';
import { procMounts } from './procMounts.ts';
import { signalProcess, untilNone, type ProcessTree } from './processTree.ts';
import type { Sandbox, SandboxSetting } from './sandbox.ts';
import { startSupervised, type Launch } from './startSupervised.ts';
import { superviseCommand, supervisorDescriptors } from './supervisor.ts';
import { systemMounts } from './systemMounts.ts';

export interface BubblewrapOptions {
  /** The program, by an absolute path. */
  readonly program: string;
  /** See BubblewrapLayout. Without one the worker must be root, or bubblewrap setuid. Default true. */
  readonly userNamespace?: boolean;
  /** Further host directories that every sandbox sees read-only in the same place, such as `/opt/toolchain`. */
  readonly readOnly?: readonly string[];
}

const description =
  'The agent runs in a bubblewrap sandbox: it sees the system’s programs, its workspace and a home of its own, and ' +
  'nothing else of this machine’s files and processes. Where it may use the network, it reaches what this machine reaches.';

/**
 * A sandbox by bubblewrap (https://github.com/containers/bubblewrap). The workspace is `/workspace`, the home
 * `/home/agent`; users, processes, IPC and the host's name are its own, and the network where it is given none. What the
 * agent writes belongs to the worker's user outside, whoever that is, and its processes die with the worker.
 */
export function createBubblewrap({ program, userNamespace = true, readOnly = [] }: BubblewrapOptions): Sandbox {
  const user = userNamespace ? agentUser : { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const layout: BubblewrapLayout = {
    userNamespace,
    system: systemMounts(),
    readOnly,
    proc: procMounts(),
    info: infoDescriptor,
    files: madeFiles(user.uid, user.gid, homeInside).map((file, index) => ({ file, descriptor: argsDescriptor + 1 + index })),
  };
  return {
    kind: 'BUBBLEWRAP',
    description,
    workspacePath: () => workspaceInside,
    homePath: () => homeInside,
    pathInside: pathInBubblewrap,
    spawn: (command, setting) => startSupervised(() => launch(program, command, setting, layout)),
  };
}

// Above the supervisor's own descriptors: what bubblewrap tells, what it is told, and then the files made for it.
const infoDescriptor = Math.max(...Object.values(supervisorDescriptors)) + 1;
const argsDescriptor = infoDescriptor + 1;

function launch(program: string, command: readonly string[], setting: SandboxSetting, layout: BubblewrapLayout): Launch {
  const args = bubblewrapArguments(setting, layout);
  return {
    file: program,
    args: ['--args', String(argsDescriptor), '--', ...superviseCommand(command, { first: true })],
    variables: {},
    stdin: setting.stdin ?? 'PIPE',
    descriptors: 2 + layout.files.length,
    trouble: 'bwrap: ',
    async connect(child) {
      const feed = (descriptor: number, text: string): unknown => (child.stdio[descriptor] as Writable).end(text);
      feed(argsDescriptor, args.map((arg) => `${arg}\0`).join(''));
      for (const { file, descriptor } of layout.files) feed(descriptor, file.text);
      return treeOf(child, await firstProcess(child.stdio[infoDescriptor] as Readable));
    },
  };
}

/** The pid, on this machine, of the sandbox's first process; null when bubblewrap ends before it has made one. */
async function firstProcess(info: Readable): Promise<number | null> {
  let text = '';
  for await (const part of info.setEncoding('utf8')) {
    text += String(part);
    const pid = /"child-pid": *(\d+)/.exec(text)?.[1];
    if (pid !== undefined && text.includes('}')) return Number(pid);
  }
  return null;
}

/** The PID namespace of a sandbox: killing its first process kills all of it, and outlives none of it. */
function treeOf(child: ChildProcess, root: number | null): ProcessTree {
  const started = root === null ? null : (readProcess(root)?.started ?? null);
  const first = () => {
    const entry = root === null ? null : readProcess(root);
    return entry && entry.started === started && !isDead(entry) ? [entry] : [];
  };
  return {
    root: () => first()[0]?.pid ?? null,
    members: () => first().flatMap(({ pid }) => descendantsOf(pid)),
    async kill() {
      if (root === null) child.kill('SIGKILL');
      for (const { pid } of first()) signalProcess(pid, 'SIGKILL');
      await untilNone(first);
    },
  };
}
