/** Work that several callers wait for, done once. */
export interface SharedWork {
  /** True once every caller has left: it is being stopped, and nobody should join it any more. */
  readonly abandoned: boolean;
  /**
   * Waits for the work and hears how far it is, at once when it has said so already. A caller whose signal aborts leaves at once; the work itself is
   * stopped only when every caller has left.
   */
  join(signal: AbortSignal, onProgress: (detail: string) => void): Promise<void>;
}

/** Starts the work. */
export function sharedWork(run: (signal: AbortSignal, say: (detail: string) => void) => Promise<void>): SharedWork {
  const controller = new AbortController();
  const listeners = new Set<(detail: string) => void>();
  let said: string | null = null;
  const done = run(controller.signal, (detail) => {
    said = detail;
    for (const listener of listeners) listener(detail);
  });
  done.catch(() => {}); // seen by whoever joined
  let joined = 0;
  return {
    get abandoned() {
      return controller.signal.aborted;
    },
    async join(signal, onProgress) {
      signal.throwIfAborted();
      joined++;
      listeners.add(onProgress);
      if (said !== null) onProgress(said);
      const leaving = new AbortController();
      const left = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true, signal: leaving.signal });
      });
      try {
        await Promise.race([done, left]);
      } finally {
        leaving.abort();
        listeners.delete(onProgress);
        if (--joined === 0) controller.abort(signal.reason);
      }
    },
  };
}
