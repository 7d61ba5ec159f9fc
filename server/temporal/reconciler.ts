import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { failure } from '../../domain/failure.ts';
import { executionGone, tendedRuns } from '../../journal/executions.ts';
import type { Journal } from '../../journal/journal.ts';
import type { Waker } from './waker.ts';

export interface ReconcilerOptions {
  /** How long a run must have been silent before its execution is looked for, in seconds. */
  readonly quietSeconds?: number;
  /** How often it looks, in milliseconds. */
  readonly everyMs?: number;
}

const batch = 50;

const gone = failure(
  'EXECUTION_GONE',
  'Temporal has no execution of this run any more: it was terminated or deleted, or Temporal’s database was lost. Continue the run to go on from its last snapshot.',
);

/**
 * Ends runs whose execution is gone, which nothing else would ever end. It concludes that only from Temporal’s own
 * word, never from its silence. Returns a function that stops it, once what it does now is done.
 */
export function startReconciler(
  journal: Journal,
  waker: Waker,
  log: Logger,
  { quietSeconds = 30, everyMs = 15_000 }: ReconcilerOptions = {},
): () => Promise<void> {
  const stopping = new AbortController();
  const reconcile = async (): Promise<void> => {
    for (let after = ''; !stopping.signal.aborted;) {
      const runs = await tendedRuns(journal, { after, limit: batch, quietSeconds });
      for (const run of runs) {
        if (stopping.signal.aborted || (await waker.tends(run))) continue;
        const { ended } = await executionGone(journal, run, gone);
        if (ended) log.warn({ runId: run.runId }, 'the run’s execution is gone; the run was ended');
      }
      const last = runs.at(-1);
      if (!last || runs.length < batch) return;
      after = last.runId;
    }
  };
  const done = (async () => {
    while (!stopping.signal.aborted) {
      await sleep(everyMs, undefined, { signal: stopping.signal }).catch(() => {});
      await reconcile().catch((error: unknown) =>
        log.warn({ err: error }, 'the search for runs without an execution failed; it will be tried again'),
      );
    }
  })();
  return async () => {
    stopping.abort();
    await done;
  };
}
