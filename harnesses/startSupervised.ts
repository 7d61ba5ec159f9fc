import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable, type Readable } from 'node:stream';
import { openOutputPipes } from './outputPipes.ts';
import type { ProcessTree } from './processTree.ts';
import type { SandboxProcess } from './sandbox.ts';
import { SupervisedProcess } from './supervisedProcess.ts';
import { supervisorDescriptors, SupervisorWords, type CommandEnd } from './supervisor.ts';

export interface Launch {
  readonly file: string;
  readonly args: readonly string[];
  readonly directory?: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly stdin: 'PIPE' | 'EMPTY';
  /** How many descriptors it gets above the supervisor's own; they are sockets, for either side to write. */
  readonly descriptors: number;
  readonly trouble: string | null;
  /** Gives the descriptors what they need, and finds out what the tree is. */
  readonly connect: (child: ChildProcess, words: SupervisorWords) => Promise<ProcessTree>;
}

/**
 * Starts a supervised command. `prepare` gets a private directory of the worker, which is removed once the process is
 * gone; rejects when the file to start does not exist or cannot be started.
 */
export async function startSupervised(prepare: (directory: string) => Promise<Launch> | Launch): Promise<SandboxProcess> {
  const directory = await mkdtemp(join(tmpdir(), 'baton-'));
  const cleanUp = (): Promise<void> => rm(directory, { recursive: true, force: true });
  const undo: (() => void)[] = [];
  try {
    const launch = await prepare(directory);
    const { stdout, stderr } = await openOutputPipes(directory);
    undo.push(...[stdout, stderr].flatMap((pipe) => [pipe.release, () => pipe.stream.destroy()]));
    const child = spawnChild(launch, stdout.descriptor, stderr.descriptor);
    undo.push(() => child.kill('SIGKILL'));
    const exited = exitOf(child);
    await spawned(child);
    stdout.release();
    stderr.release();
    const words = new SupervisorWords();
    words.listen(child.stdio[supervisorDescriptors.words] as Readable);
    const tree = await launch.connect(child, words);
    const streams = { stdin: child.stdin ?? noInput(), stdout: stdout.stream, stderr: stderr.stream };
    return new SupervisedProcess({ ...streams, exited, tree, words, trouble: launch.trouble, cleanUp });
  } catch (error) {
    for (const each of undo) each();
    await cleanUp();
    throw error;
  }
}

function spawnChild(
  { file, args, directory, variables, stdin, descriptors }: Launch,
  stdout: number,
  stderr: number,
): ChildProcess {
  const more = Array.from({ length: descriptors }, () => 'pipe' as const);
  const child = spawn(file, args, {
    cwd: directory,
    env: variables,
    // A session of its own: what is typed at the worker's terminal is not for the agent.
    detached: true,
    // In the order of the supervisor's descriptors: stdin, stdout, its words, stderr, its hold.
    stdio: [stdin === 'PIPE' ? 'pipe' : 'ignore', stdout, 'pipe', stderr, 'pipe', ...more],
  });
  // A process that dies while it is being written to is told by its exit, not by the broken pipe.
  for (const stream of child.stdio) stream?.on('error', () => undefined);
  return child;
}

function exitOf(child: ChildProcess): Promise<CommandEnd> {
  return new Promise((resolve) => {
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
  });
}

function spawned(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', () => {
      child.off('error', reject);
      // Signals are sent by pid; nothing else can fail from here on.
      child.on('error', () => undefined);
      resolve();
    });
    child.once('error', reject);
  });
}

/** The stdin of a process that gets none: it has ended already. */
function noInput(): Writable {
  const writable = new Writable();
  writable.on('error', () => undefined);
  return writable.end();
}
