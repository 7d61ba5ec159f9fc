import { setTimeout as delay } from 'node:timers/promises';
import { lock } from 'proper-lockfile';

/** A lock whose holder gave no sign for this long is taken over. Milliseconds. */
const staleMs = 30_000;
const pollMs = 150;

/**
 * Runs something while no other process on this directory does the same. The lock is a directory beside `path`;
 * one that a killed process left behind is taken over after 30 s. Waits as long as `signal` lets it.
 */
export async function withLock<T>(
  path: string,
  { signal, onWait }: { readonly signal: AbortSignal; readonly onWait?: () => void },
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const lost = new AbortController();
  const release = await acquire(path, signal, lost, onWait);
  try {
    return await run(AbortSignal.any([signal, lost.signal]));
  } finally {
    // A lock that was lost cannot be released; the one who took it over releases it.
    if (!lost.signal.aborted) await release().catch(() => {});
  }
}

async function acquire(
  path: string,
  signal: AbortSignal,
  lost: AbortController,
  onWait?: () => void,
): Promise<() => Promise<void>> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await lock(path, {
        realpath: false,
        stale: staleMs,
        onCompromised: (error) => lost.abort(error),
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error;
      onWait?.();
      await delay(pollMs, undefined, { signal });
    }
  }
}
