import type { RunId, TeamId } from '../domain/ids.ts';
import { transcriptContent, type Redaction } from '../domain/redaction.ts';
import { refuseWhileActive } from '../domain/admission.ts';
import type { Acting } from '../domain/person.ts';
import { audit } from './audit.ts';
import type { Journal } from './journal.ts';
import { redactLog } from './redact.ts';
import { releaseConversations, releaseSnapshots } from './releases.ts';
import { inTransaction, RunNotFoundError, transact } from './transact.ts';

/** How long a team keeps what its runs leave, in days after a run's last activity; null: for good. */
export interface Retention {
  readonly keepTranscriptDays: number | null;
  readonly keepSnapshotDays: number | null;
}

/** What of a run is past its time. */
export interface PastRun {
  readonly runId: RunId;
  readonly lastActivityAt: Date;
  readonly transcript: boolean;
  /** Snapshots that would go; 0 when they stay. */
  readonly snapshots: number;
}

const day = 24 * 60 * 60 * 1_000;
const platform = { kind: 'PLATFORM' } as const;

export async function readRetention(journal: Journal, teamId: TeamId): Promise<Retention> {
  const { rows } = await journal.pool.query<Retention>(
    'SELECT "keepTranscriptDays", "keepSnapshotDays" FROM "Team" WHERE id = $1',
    [teamId],
  );
  return rows[0] ?? { keepTranscriptDays: null, keepSnapshotDays: null };
}

export async function setRetention(
  journal: Journal,
  by: Acting,
  teamId: TeamId,
  { keepTranscriptDays, keepSnapshotDays }: Retention,
): Promise<void> {
  await inTransaction(journal.pool, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      'UPDATE "Team" SET "keepTranscriptDays" = $2, "keepSnapshotDays" = $3 WHERE id = $1 RETURNING name',
      [teamId, keepTranscriptDays, keepSnapshotDays],
    );
    if (!rows[0]) return;
    const days = (count: number | null): string => (count === null ? 'for good' : `${count} days`);
    const detail = `transcripts ${days(keepTranscriptDays)}, snapshots ${days(keepSnapshotDays)}`;
    await audit(client, teamId, { by, action: 'RETENTION_SET', target: { id: teamId, name: rows[0].name }, detail });
  });
}

/** Notes in the audit log that someone removed blobs which nothing referred to. */
export async function noteCollected(journal: Journal, by: Acting, teamId: TeamId, blobs: number): Promise<void> {
  await inTransaction(journal.pool, async (client) => {
    const { rows } = await client.query<{ name: string }>('SELECT name FROM "Team" WHERE id = $1', [teamId]);
    const target = { id: teamId, name: rows[0]?.name ?? teamId };
    await audit(client, teamId, { by, action: 'GARBAGE_COLLECTED', target, detail: `${blobs} blobs` });
  });
}

/** Ended runs of the team of which something is past its time at `now`, the longest untouched first. */
export async function pastRuns(
  journal: Journal,
  teamId: TeamId,
  { keepTranscriptDays, keepSnapshotDays }: Retention,
  now: Date,
  limit: number,
): Promise<PastRun[]> {
  const before = (days: number | null) => (days === null ? null : new Date(now.getTime() - days * day));
  const { rows } = await journal.pool.query<PastRun>(
    `SELECT * FROM (
       SELECT r.id AS "runId", r."lastActivityAt",
         r."hasConversation" AND r."lastActivityAt" < $2::timestamptz AS transcript,
         CASE WHEN r."lastActivityAt" < $3::timestamptz
           THEN (SELECT count(*)::int FROM "Snapshot" s WHERE s."runId" = r.id) ELSE 0 END AS snapshots
       FROM "Run" r
       WHERE r."teamId" = $1 AND r.state IN ('SUCCEEDED', 'FAILED', 'CANCELED')
         AND r."lastActivityAt" < greatest($2::timestamptz, $3::timestamptz)
     ) past WHERE transcript OR snapshots > 0 ORDER BY "lastActivityAt" LIMIT $4`,
    [teamId, before(keepTranscriptDays), before(keepSnapshotDays), limit],
  );
  return rows.map((row) => ({ ...row, transcript: row.transcript ?? false }));
}

/** Removes what is past its time of a run, unless it was touched since it was found. */
export async function expireRun(journal: Journal, past: PastRun, retention: Retention): Promise<void> {
  try {
    await transact(journal, past.runId, 'expireRun', async (run, client) => {
      const nothing = { events: [], result: undefined };
      const { rows } = await client.query<{ at: Date }>(
        'SELECT clock_timestamp() AS at FROM "Run" WHERE id = $1 AND "lastActivityAt" = $2',
        [past.runId, past.lastActivityAt],
      );
      if (!rows[0] || refuseWhileActive(run, '')) return nothing;
      const at = rows[0].at.toISOString();
      const reasonOf = (what: string, days: number | null) =>
        `The team keeps ${what} for ${days} days after a run’s last activity.`;
      const events = [];
      if (past.transcript && run.hasConversation) {
        const reason = reasonOf('transcripts', retention.keepTranscriptDays);
        const redaction: Redaction = { actor: platform, at, reason };
        await redactLog(client, run.id, transcriptContent, redaction);
        await releaseConversations(client, run.id);
        await client.query(`UPDATE "Message" SET text = '' WHERE "runId" = $1`, [run.id]);
        await client.query(`UPDATE "Prompt" SET question = '', options = '[]', answer = NULL WHERE "runId" = $1`, [run.id]);
        events.push({ type: 'transcript.deleted', actor: platform, reason } as const);
      }
      if (past.snapshots > 0) {
        const reason = reasonOf('snapshots', retention.keepSnapshotDays);
        const count = await releaseSnapshots(client, run.id);
        await redactLog(client, run.id, ['snapshot.captured'], { actor: platform, at, reason });
        events.push({ type: 'snapshots.deleted', count, actor: platform, reason } as const);
      }
      return { events, result: undefined };
    });
  } catch (error) {
    // Deleted since it was found.
    if (!(error instanceof RunNotFoundError)) throw error;
  }
}

/** Claims a team whose runs and blobs were not looked through for `everyMinutes`; null when there is none. */
export function claimDueTeam(journal: Journal, everyMinutes: number): Promise<TeamId | null> {
  return inTransaction(journal.pool, async (client) => {
    const { rows } = await client.query<{ id: TeamId }>(
      `UPDATE "Team" SET "sweptAt" = clock_timestamp() WHERE id = (
         SELECT id FROM "Team" WHERE "sweptAt" IS NULL OR "sweptAt" < clock_timestamp() - make_interval(mins => $1)
         ORDER BY "sweptAt" NULLS FIRST FOR UPDATE SKIP LOCKED LIMIT 1
       ) RETURNING id`,
      [everyMinutes],
    );
    return rows[0]?.id ?? null;
  });
}
