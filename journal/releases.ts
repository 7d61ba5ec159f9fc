import type pg from 'pg';
import type { RunId, SnapshotId, TeamId } from '../domain/ids.ts';
import type { Journal } from './journal.ts';
import { inTransaction } from './transact.ts';

/** A snapshot that is gone, or its conversation alone, whose blobs are to be removed where nothing else refers to them. */
export interface SnapshotRelease {
  readonly id: string;
  readonly teamId: TeamId;
  /** Addresses in the team's store. Without a manifest only the conversation went. */
  readonly manifest: string | null;
  readonly patch: string | null;
  readonly conversation: string | null;
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
     INSERT INTO "SnapshotRelease" (id, "teamId", manifest, patch, conversation)
     SELECT gone.id, r."teamId", gone.summary->'manifest'->>'hash', gone.summary->'patch'->>'hash',
       gone.summary->'conversation'->'blob'->>'hash'
     FROM gone JOIN "Run" r ON r.id = gone."runId"`,
    [runId, snapshotId ?? null],
  );
  return rowCount ?? 0;
}

/**
 * Takes what agents remember of the run out of its snapshots, inside a transaction that holds the run's lock: content
 * that was taken out of the log would be in there too. Its blobs go afterwards.
 */
export async function releaseConversations(client: pg.PoolClient, runId: RunId): Promise<void> {
  await client.query(
    `WITH held AS (
       SELECT s.id, r."teamId", s.summary->'conversation'->'blob'->>'hash' AS hash
       FROM "Snapshot" s JOIN "Run" r ON r.id = s."runId" WHERE s."runId" = $1 AND s.summary ? 'conversation'
     ), noted AS (
       INSERT INTO "SnapshotRelease" (id, "teamId", conversation) SELECT id || '-conversation', "teamId", hash FROM held
     )
     UPDATE "Snapshot" SET summary = summary - 'conversation' WHERE id IN (SELECT id FROM held)`,
    [runId],
  );
  await client.query(
    `UPDATE "Event" SET payload = payload #- '{summary,conversation}'
     WHERE "runId" = $1 AND type = 'snapshot.captured' AND payload->'summary' ? 'conversation'`,
    [runId],
  );
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
       RETURNING s.id, s."teamId", s.manifest, s.patch, s.conversation`,
      [limit],
    );
    return rows;
  });
}

/** All that the release was about is gone, or something else refers to it. */
export async function finishRelease(journal: Journal, id: string): Promise<void> {
  await journal.pool.query('DELETE FROM "SnapshotRelease" WHERE id = $1', [id]);
}
