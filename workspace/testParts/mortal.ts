import child_process from 'node:child_process';
import fs from 'node:fs';
import { basename, join } from 'node:path';
import { directoryStore } from '../../blobs/directoryStore.ts';
import { failureOf } from '../../domain/failure.ts';
import type { CaptureRequest } from '../capture.ts';
import type { OpenRequest } from '../open.ts';
import type { RestoreRequest } from '../restore.ts';
import { createWorkspaces, type Workspaces } from '../workspaces.ts';

type Sent<Request> = Omit<Request, 'signal' | 'onProgress'>;

/** What a process of its own is to do: one operation on a workspace. */
export type MortalTask = {
  /** The root of the lab: mirrors and blobs lie there. */
  readonly root: string;
  /** The step before which it kills itself, the first time that it comes there; null to live. */
  readonly dieBefore: string | null;
  /** Files that take all room of their disk while the operation is tried once; then they go, and it is tried again. */
  readonly filledBy?: string;
} & (
  | { readonly operation: 'open'; readonly request: Sent<OpenRequest> }
  | { readonly operation: 'capture'; readonly request: Sent<CaptureRequest> }
  | { readonly operation: 'restore'; readonly request: Sent<RestoreRequest> }
);

/** What it says when it lives. */
export interface MortalReport {
  /** Every step, in order: each change of a file, each start and end of git. */
  readonly steps: readonly string[];
  readonly result: unknown;
  /** What it said of a full disk. */
  readonly failure: { readonly code: string; readonly message: string } | null;
}

const task = JSON.parse(process.argv[2] ?? '') as MortalTask;
const steps: string[] = [];

function reach(step: string): void {
  if (step === task.dieBefore) process.kill(process.pid, 'SIGKILL');
  steps.push(step);
}

/** A path as steps name it: its end, without what differs from one time to the next. */
const shown = (path: unknown): string =>
  basename(Buffer.isBuffer(path) ? path.toString('latin1') : String(path))
    .replaceAll(/[0-9a-f]{6,}|^[0-9a-f]{2}$/g, '#')
    .replaceAll(/\d+/g, '#');

/** Functions that change files, with the place of the path in their arguments. */
const changes = {
  copyFile: 1,
  link: 1,
  mkdir: 0,
  rename: 1,
  rm: 0,
  rmdir: 0,
  symlink: 1,
  unlink: 0,
  utimes: 0,
  writeFile: 0,
} as const;

type Anything = Record<string, (...args: unknown[]) => unknown>;

function watch(functions: Anything, name: string, at: number): void {
  const original = functions[name];
  if (!original) throw new Error(`node:fs has no ${name}`);
  functions[name] = function watched(this: unknown, ...args: unknown[]) {
    reach(`${name.replace('Sync', '')} ${shown(args[at])}`);
    return original.apply(this, args);
  };
}

for (const [name, at] of Object.entries(changes)) {
  watch(fs as unknown as Anything, `${name}Sync`, at);
  watch(fs.promises as unknown as Anything, name, at);
}
const { spawn } = child_process;
(child_process as unknown as Anything)['spawn'] = (...args) => {
  const command = (args[1] as string[]).find((arg, n, all) => !arg.startsWith('-') && all[n - 1] !== '-c') ?? '';
  reach(`git ${command}`);
  const child = (spawn as unknown as (...args: unknown[]) => child_process.ChildProcess)(...args);
  reach(`git ${command} has begun`);
  child.once('close', () => reach(`git ${command} has ended`));
  return child;
};

const workspaces: Workspaces = createWorkspaces({
  blobs: directoryStore({ directory: join(task.root, 'blobs'), masterKey: Buffer.alloc(32, 1) }),
  mirrors: join(task.root, 'worker/mirrors'),
});
const { signal } = new AbortController();

function carryOut(): Promise<unknown> {
  switch (task.operation) {
    case 'open':
      return workspaces.open({ ...task.request, signal, onProgress: () => {} });
    case 'capture':
      return workspaces.capture({ ...task.request, signal });
    case 'restore':
      return workspaces.restore({ ...task.request, signal });
  }
}

/** Takes the room that a disk has left. */
function fill(path: string): void {
  const fd = fs.openSync(path, 'w');
  try {
    for (let size = 1 << 20; size >= 512; size >>= 1)
      try {
        for (;;) if (fs.writeSync(fd, Buffer.alloc(size, 1)) < size) break;
      } catch {
        // That much is not left: less may be.
      }
  } finally {
    fs.closeSync(fd);
  }
}

async function main(): Promise<MortalReport> {
  let failure: MortalReport['failure'] = null;
  if (task.filledBy !== undefined) {
    fill(task.filledBy);
    const { code, message } = await carryOut().then(
      () => ({ code: 'NONE', message: 'it was done' }),
      (error: unknown) => failureOf(error),
    );
    failure = { code, message };
    fs.unlinkSync(task.filledBy);
  }
  return { failure, result: await carryOut(), steps };
}

void main().then((report) => process.stdout.write(JSON.stringify(report)));
