import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchSystem } from './system.ts';

/** Resolves when the system's worker has made so many checkouts in advance, and rests. */
export async function untilReady({ state }: BenchSystem, count: number, signal: AbortSignal): Promise<void> {
  const directory = path.join(state.worker, 'ready');
  for (;;) {
    const names = await readdir(directory).catch(() => []);
    if (names.length === count && names.every((name) => !/^(?:making|removed)-/.test(name))) return;
    await sleep(100, undefined, { signal });
  }
}
