import type { Logger } from 'pino';
import { noWorkerFailure } from '../../domain/execution.ts';
import type { Journal } from '../../journal/journal.ts';
import { expireQueued } from '../../journal/steps.ts';
import { claimDueWakes } from '../../journal/wakes.ts';
import { withTrace } from '../../telemetry/traceContext.ts';
import type { Waker } from './waker.ts';

export interface SweeperOptions {
  readonly startDeadlineHours: number;
  /** How often it looks, in milliseconds. */
  readonly everyMs?: number;
}

/**
 * Repeats wake-ups that no workflow has taken, and fails runs that waited past their deadline. Every gateway sweeps;
 * each due wake-up is claimed by one of them. Returns a function that stops it, once what it does now is done.
 */
export function startSweeper(
  journal: Journal,
  waker: Waker,
  log: Logger,
  { startDeadlineHours, everyMs = 1_000 }: SweeperOptions,
): () => Promise<void> {
  let sweeping: Promise<void> | null = null;
  const sweep = async (): Promise<void> => {
    for (const { runId, since, trace } of await claimDueWakes(journal)) {
      if (Date.now() - since.getTime() > startDeadlineHours * 3_600_000) {
        await expireQueued(journal, runId, noWorkerFailure(startDeadlineHours));
      }
      await withTrace(trace, () => waker.wake(runId));
    }
  };
  const timer = setInterval(() => {
    sweeping ??= sweep()
      .catch((error: unknown) => log.warn({ err: error }, 'the sweep for untaken work failed; it will be tried again'))
      .finally(() => {
        sweeping = null;
      });
  }, everyMs);
  return async () => {
    clearInterval(timer);
    await sweeping;
  };
}
