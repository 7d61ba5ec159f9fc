import type { BlobStore } from '../blobs/blobStore.ts';

/** The blob store did not answer in time. */
export class BlobStoreSlowError extends Error {
  constructor(call: string, deadlineMs: number) {
    super(`the blob store did not answer “${call}” within ${Math.round(deadlineMs / 1000)} s`);
    this.name = 'BlobStoreSlowError';
  }
}

/**
 * The store for one operation on a workspace: no call of it is waited for longer than the deadline, in milliseconds, nor
 * once the operation is to stop. What a call that was given up still does harms nobody: equal content has one address.
 */
export function waitingStore(blobs: BlobStore, { deadlineMs, signal }: { deadlineMs: number; signal: AbortSignal }): BlobStore {
  async function within<T>(call: string, run: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    let giveUp = (_: Error): void => {};
    const given = new Promise<never>((_, reject) => (giveUp = reject));
    const stop = () => giveUp(signal.reason as Error);
    const timer = setTimeout(() => giveUp(new BlobStoreSlowError(call, deadlineMs)), deadlineMs);
    signal.addEventListener('abort', stop, { once: true });
    try {
      return await Promise.race([run(), given]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    }
  }
  return {
    ...blobs,
    put: (teamId, content) => within('put', () => blobs.put(teamId, content)),
    get: (teamId, hash) => within('get', () => blobs.get(teamId, hash)),
  };
}
