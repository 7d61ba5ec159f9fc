import type { RunId } from '../domain/ids.ts';
import type { Journal } from './journal.ts';
import { inTransaction } from './transact.ts';

/** A run whose workflow has not taken its work yet. */
export interface DueWake {
  readonly runId: RunId;
  /** How often it was signalled again before. */
  readonly attempts: number;
  /** Since when the run waits. */
  readonly since: Date;
  /** The trace of what was asked; null when there is none. */
  readonly trace: string | null;
}

/**
 * Claims wake-ups that are due, so that each is repeated by one gateway only, and sets when they are due again:
 * after 5 s, doubling to 10 minutes.
 */
export function claimDueWakes(journal: Journal, limit = 50): Promise<DueWake[]> {
  return inTransaction(journal.pool, async (client) => {
    const { rows } = await client.query<DueWake>(
      `WITH due AS (
         SELECT "runId" FROM "Wake" WHERE "nextAt" <= clock_timestamp() ORDER BY "nextAt" FOR UPDATE SKIP LOCKED LIMIT $1
       )
       UPDATE "Wake" w SET attempts = attempts + 1,
         "nextAt" = clock_timestamp() + least(interval '5 seconds' * power(2, least(w.attempts, 10)), interval '10 minutes')
       FROM due WHERE w."runId" = due."runId"
       RETURNING w."runId", w.attempts, w.since, w.trace`,
      [limit],
    );
    return rows;
  });
}
