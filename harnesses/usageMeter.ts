import { readFileSync } from 'node:fs';
import { readProcess, type ProcessEntry } from './processTable.ts';

export interface Measured {
  readonly cpuMs: number;
  readonly peakMemoryBytes: number;
}

/** The first sample is taken after this many milliseconds, each later one after twice the time … */
const firstSampleMs = 20;
/** … up to this. */
const slowestSampleMs = 1000;

/**
 * Measures what a process tree consumes, from `/proc`, which any user can read.
 *
 * CPU time is read at the end, while the root still stands: the kernel has added to it what its dead descendants used,
 * and the living are added to that. Memory has no such total without a cgroup of its own, which a worker seldom may
 * make, so it is sampled: what processes have for themselves is summed, what they share is counted once. A process
 * that lives shorter than the first sample is not seen. Where `/proc` tells nothing, both are 0.
 */
export class UsageMeter {
  readonly #root: () => number | null;
  readonly #members: () => readonly ProcessEntry[];
  #cpuMs = 0;
  #peakMemoryBytes = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(root: () => number | null, members: () => readonly ProcessEntry[]) {
    this.#root = root;
    this.#members = members;
    this.#schedule(firstSampleMs);
  }

  #schedule(ms: number): void {
    this.#timer = setTimeout(() => {
      const before = process.cpuUsage();
      this.#sample();
      // A tree of thousands of processes takes its time to read; that may be a tenth of all time at most.
      const { user, system } = process.cpuUsage(before);
      const costMs = (user + system) / 1000;
      this.#schedule(Math.max(Math.min(ms * 2, slowestSampleMs), costMs * 10));
    }, ms);
    this.#timer.unref();
  }

  #sample(): void {
    const root = this.#root();
    const supervisor = root === null ? null : readProcess(root);
    const processes = [...(supervisor ? [supervisor] : []), ...this.#members()];
    let cpuMs = 0;
    let own = 0;
    let shared = 0;
    for (const process of processes) {
      const memory = readMemory(process.pid);
      cpuMs += process.cpuMs;
      own += memory.own;
      shared = Math.max(shared, memory.shared);
      this.#peakMemoryBytes = Math.max(this.#peakMemoryBytes, memory.peak);
    }
    // A tree that is being torn down shows less than it did.
    this.#cpuMs = Math.max(this.#cpuMs, cpuMs);
    this.#peakMemoryBytes = Math.max(this.#peakMemoryBytes, own + shared);
  }

  /** Takes the last sample and says what all of it came to. To be called while the tree's root still stands. */
  finish(): Measured {
    this.stop();
    this.#sample();
    return { cpuMs: this.#cpuMs, peakMemoryBytes: this.#peakMemoryBytes };
  }

  /** Ends the sampling of a tree that is gone. */
  stop(): void {
    if (this.#timer) clearTimeout(this.#timer);
  }
}

interface Memory {
  readonly own: number;
  readonly shared: number;
  /** The most it ever had. */
  readonly peak: number;
}

function readMemory(pid: number): Memory {
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    return { own: 0, shared: 0, peak: 0 };
  }
  const bytes = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024;
  return { own: bytes('RssAnon'), shared: bytes('RssFile') + bytes('RssShmem'), peak: bytes('VmHWM') };
}
