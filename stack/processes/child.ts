import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { identify } from './identity.ts';
import { logTail, openLog } from './log.ts';

export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Another user to run as, where this one is root. */
  readonly uid?: number;
  readonly gid?: number;
  /** The file that standard output and error are appended to. */
  readonly log: string;
  /** A file that names the process while it runs, for a start after this process was killed. */
  readonly record?: string;
  /** Whether the process talks to this one over an IPC channel, and so notices when this one is gone. */
  readonly ipc?: boolean;
}

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it logged, at most the last 16 KiB. */
  readonly tail: string;
}

/**
 * A process that the local system runs, in a session of its own: a Ctrl-C in the terminal reaches the supervisor only,
 * which then ends its processes in their order.
 */
export class Child {
  readonly exited: Promise<Exit>;
  readonly #process: ChildProcess;
  #exit: Exit | null = null;

  /** Starts it. Rejects when the program can't be run at all. */
  static async start(options: ChildOptions): Promise<Child> {
    const log = openLog(options.log);
    try {
      const child = spawn(options.command, options.args, {
        cwd: options.cwd ?? '/',
        env: options.environment,
        uid: options.uid,
        gid: options.gid,
        detached: true,
        stdio: ['ignore', log.descriptor, log.descriptor, ...(options.ipc ? (['ipc'] as const) : [])],
      });
      const exited = new Promise<Exit>((resolve) => {
        child.once('exit', (code, signal) => resolve({ code, signal, tail: logTail(log) }));
      });
      await new Promise<void>((resolve, reject) => {
        child.once('spawn', resolve);
        child.once('error', reject);
      });
      // A message to a process that is just ending fails; that it ends is told by its exit.
      child.on('error', () => {});
      return new Child(child, exited, options.record);
    } finally {
      closeSync(log.descriptor);
    }
  }

  private constructor(child: ChildProcess, exited: Promise<Exit>, record: string | undefined) {
    this.#process = child;
    if (record !== undefined) writeFileSync(record, JSON.stringify(identify(this.pid)));
    this.exited = exited.then((exit) => {
      this.#exit = exit;
      // What it left behind in its group goes with it.
      signalGroup(this.pid, 'SIGKILL');
      if (record !== undefined) rmSync(record, { force: true });
      return exit;
    });
  }

  get pid(): number {
    return this.#process.pid as number;
  }

  /** How it ended; null while it runs. */
  get exit(): Exit | null {
    return this.#exit;
  }

  /** Hears what the process sends over its channel. */
  onMessage(listener: (message: unknown) => void): void {
    this.#process.on('message', listener);
  }

  /**
   * Ends the process by a signal, and by SIGKILL with its whole group when it has not ended after `graceMs`.
   * Resolves when it has ended.
   */
  async stop(signal: NodeJS.Signals, graceMs: number): Promise<void> {
    if (this.#exit === null) this.#process.kill(signal);
    const timeout = new AbortController();
    const late = delay(graceMs, true, { signal: timeout.signal }).catch(() => false);
    const isLate = await Promise.race([late, this.exited.then(() => false)]);
    timeout.abort();
    if (isLate) signalGroup(this.pid, 'SIGKILL');
    await this.exited;
  }
}

/** Signals every process of a group; one that is gone, or is only waited for, is no error. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // macOS says EPERM for a group of zombies.
    if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** Signals a process that may be gone already. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** How a process ended, in words. */
export function describeExit({ code, signal }: Exit): string {
  return signal === null ? `exited with code ${code}` : `was killed by ${signal}`;
}
