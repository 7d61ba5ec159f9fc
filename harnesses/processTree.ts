import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessEntry } from './processTable.ts';

/** The processes of one sandboxed command, and how they are ended for good. */
export interface ProcessTree {
  /** The supervisor's pid on this machine; null before it is known and where there is none. */
  readonly root: () => number | null;
  /** What runs below the supervisor, zombies too. */
  readonly members: () => readonly ProcessEntry[];
  /** Kills all of it, the supervisor too, and resolves when none of it can do anything any more. */
  kill(): Promise<void>;
}

/** A killed process that is still there after this long hangs in the kernel, mostly in a file system that does not answer. */
const killDeadlineMs = 10_000;

/** How often a tree is looked at while it is waited for. */
export const lookEveryMs = 20;

/** Sends a signal; false when there is no such process any more, or it is not ours to signal. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** Resolves once nothing is left of what `look` finds, calling it again and again. Throws when that takes too long. */
export async function untilNone(look: () => readonly ProcessEntry[]): Promise<void> {
  const deadline = performance.now() + killDeadlineMs;
  // The killed are mostly gone within a millisecond.
  let pause = 1;
  for (let left = look(); left.length > 0; left = look()) {
    if (performance.now() > deadline) {
      throw new Error(`processes ${left.map(({ pid }) => pid).join(', ')} are still there ${killDeadlineMs} ms after SIGKILL`);
    }
    await delay(pause);
    pause = Math.min(pause * 2, lookEveryMs);
  }
}
