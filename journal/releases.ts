import type pg from 'pg';
import type { RunId, SnapshotId, TeamId } from '../domain/ids.ts';
import type { Journal } from './journal.ts';
import { inTransaction } from './transact.ts';

/** A snapshot that is gone, whose blobs are to be removed where nothing else refers to them. */
export interface SnapshotRelease {
  readonly id: string;
  readonly teamId: TeamId;
  /** Addresses in the team's store. */
  readonly manifest: string;
  readonly patch: string | null;
}

/**
 * Removes rows of snapshots, all of the run's or the one, inside a transaction that holds the run's lock, and notes
 * what they referred to: their blobs go afterwards, however often it takes. Gives how many there were.
 */
export async function releaseSnapshots(client: pg.PoolClient, runId: RunId, snapshotId?: SnapshotId): Promise<number> {
  const { rowCount } = await client.query(
    `WITH gone AS (
       DELETE FROM "Snapshot" WHERE "runId" = $1 AND ($2::text IS NULL OR id = $2) RETURNING id, "runId", summary
     )
     INSERT INTO "SnapshotRelease" (id, "teamId", manifest, patch)
     SELECT gone.id, r."teamId", gone.summary->'manifest'->>'hash', gone.summary->'patch'->>'hash'
     FROM gone JOIN "Run" r ON r.id = gone."runId"`,
    [runId, snapshotId ?? null],
  );
  return rowCount ?? 0;
}

/** Claims releases that are due, so that one gateway sees to each, and sets when they are due again: 5 s, doubling to an hour. */
export function claimDueReleases(journal: Journal, limit = 50): Promise<SnapshotRelease[]> {
  return inTransaction(journal.pool, async (client) => {
    const { rows } = await client.query<SnapshotRelease>(
      `WITH due AS (
         SELECT id FROM "SnapshotRelease" WHERE "nextAt" <= clock_timestamp() ORDER BY "nextAt" FOR UPDATE SKIP LOCKED LIMIT $1
       )
       UPDATE "SnapshotRelease" s SET attempts = attempts + 1,
         "nextAt" = clock_timestamp() + least(interval '5 seconds' * power(2, least(s.attempts, 10)), interval '1 hour')
       FROM due WHERE s.id = due.id
       RETURNING s.id, s."teamId", s.manifest, s.patch`,
      [limit],
    );
    return rows;
  });
}

/** All that the release was about is gone, or something else refers to it. */
export async function finishRelease(journal: Journal, id: string): Promise<void> {
  await journal.pool.query('DELETE FROM "SnapshotRelease" WHERE id = $1', [id]);
}
