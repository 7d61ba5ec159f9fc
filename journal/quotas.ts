import type pg from 'pg';
import type { TeamId } from '../domain/ids.ts';
import { refuseQuota, type Quotas } from '../domain/quota.ts';
import { Refused } from './admitting.ts';

/**
 * Throws Refused when the team may not have one session more. Those who ask at once wait for each other, so that none gets
 * past the limit beside another. The run's lock, if any, is taken before.
 */
export async function holdQuotas(client: pg.ClientBase, quotas: Quotas, teamId: TeamId): Promise<void> {
  const { runningSessions, storageBytes } = quotas;
  if (runningSessions !== null) {
    await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`quota/${teamId}`]);
    const refusal = refuseQuota('RUNNING_SESSIONS', await runningOf(client, teamId), runningSessions);
    if (refusal) throw new Refused(refusal);
  }
  if (storageBytes !== null) {
    const refusal = refuseQuota('STORAGE_BYTES', await storedBy(client, teamId), storageBytes);
    if (refusal) throw new Refused(refusal);
  }
}

async function runningOf(client: pg.ClientBase, teamId: TeamId): Promise<number> {
  const { rows } = await client.query<{ used: number }>(
    `SELECT count(*)::int AS used FROM "Run" r
     WHERE r."teamId" = $1 AND (r.state IN ('QUEUED', 'IN_PROGRESS') OR r.state = 'BLOCKED' AND EXISTS
       (SELECT 1 FROM "Session" s WHERE s."runId" = r.id AND s.state <> 'ENDED'))`,
    [teamId],
  );
  return rows[0]?.used ?? 0;
}

async function storedBy(client: pg.ClientBase, teamId: TeamId): Promise<number> {
  const { rows } = await client.query<{ used: string }>(
    `SELECT coalesce(sum(s."storedBytes"), 0) AS used FROM "Snapshot" s JOIN "Run" r ON r.id = s."runId" WHERE r."teamId" = $1`,
    [teamId],
  );
  return Number(rows[0]?.used ?? 0);
}
