/**
 * Runs a piece of work for many wishes: never twice at one time, once more after it when it was wished for meanwhile,
 * and at least `everyMs` apart.
 */
export function coalesce(work: () => Promise<void>, everyMs: number): { readonly wish: () => void; readonly stop: () => void } {
  let busy = false;
  let wished = false;
  let timer: ReturnType<typeof setTimeout> | null = null;
  let last = Number.NEGATIVE_INFINITY;
  let stopped = false;

  const run = (): void => {
    timer = null;
    if (stopped) return;
    busy = true;
    wished = false;
    last = performance.now();
    void work().finally(() => {
      busy = false;
      if (wished) wish();
    });
  };
  const wish = (): void => {
    if (stopped) return;
    if (busy) wished = true;
    else timer ??= setTimeout(run, Math.max(0, last + everyMs - performance.now()));
  };
  return {
    wish,
    stop: () => {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}
