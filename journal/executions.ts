import { failRun } from '../domain/execution.ts';
import type { Failure } from '../domain/failure.ts';
import type { RunId } from '../domain/ids.ts';
import type { Journal } from './journal.ts';
import { transact } from './transact.ts';

/** A run that Temporal should be working on, by the execution that last took its work. */
export interface TendedRun {
  readonly runId: RunId;
  readonly executionRunId: string;
  /** Of its live session; null when there is none. */
  readonly ordinal: number | null;
}

/**
 * Runs that are not over and wait for no wake-up, so that an execution has them, and of which nothing was heard for
 * `quietSeconds`; ordered by id, those after `after`.
 */
export async function tendedRuns(
  journal: Journal,
  { after, limit, quietSeconds }: { readonly after: string; readonly limit: number; readonly quietSeconds: number },
): Promise<TendedRun[]> {
  const { rows } = await journal.pool.query<TendedRun>(
    `SELECT r.id AS "runId", r."executionRunId",
       (SELECT s.ordinal FROM "Session" s WHERE s."runId" = r.id AND s.state <> 'ENDED') AS ordinal
     FROM "Run" r
     WHERE r.state IN ('QUEUED', 'IN_PROGRESS', 'BLOCKED') AND r."executionRunId" IS NOT NULL AND r.id > $1
       AND r."lastActivityAt" < clock_timestamp() - make_interval(secs => $3)
       AND NOT EXISTS (SELECT 1 FROM "Wake" w WHERE w."runId" = r.id)
     ORDER BY r.id LIMIT $2`,
    [after, limit, quietSeconds],
  );
  return rows;
}

/**
 * Ends a run whose execution is gone, with its session if one was left open; its worker, should it live, is told by the
 * epoch. Does nothing when another execution has taken the run meanwhile, or a wake-up waits for one. True when it ended it.
 */
export async function executionGone(
  journal: Journal,
  { runId, executionRunId }: TendedRun,
  why: Failure,
): Promise<{ ended: boolean }> {
  const { result } = await transact(journal, runId, 'executionGone', async (run, client) => {
    const { rowCount } = await client.query(
      `SELECT 1 FROM "Run" r WHERE r.id = $1 AND r."executionRunId" = $2 AND NOT EXISTS (SELECT 1 FROM "Wake" w WHERE w."runId" = r.id)`,
      [runId, executionRunId],
    );
    if (rowCount === 0) return { events: [], result: { ended: false } };
    const { events } = failRun(run, why);
    return { events, result: { ended: events.length > 0 } };
  });
  return result;
}
