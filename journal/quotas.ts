import type pg from 'pg';
import type { TeamId } from '../domain/ids.ts';
import { refuseQuota, type Quotas, type QuotaUse } from '../domain/quota.ts';
import { Refused } from './admitting.ts';
import type { Journal } from './journal.ts';

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

/** How much of each quota the team has used up, counted as `holdQuotas` counts it; those without a limit too. */
export async function readQuotas({ pool, quotas }: Journal, teamId: TeamId): Promise<QuotaUse[]> {
  const [running, stored] = await Promise.all([runningOf(pool, teamId), storedBy(pool, teamId)]);
  return [
    { kind: 'RUNNING_SESSIONS', used: running, limit: quotas.runningSessions },
    { kind: 'STORAGE_BYTES', used: stored, limit: quotas.storageBytes },
  ];
}

async function runningOf(client: pg.ClientBase | pg.Pool, teamId: TeamId): Promise<number> {
  const { rows } = await client.query<{ used: number }>(
    `SELECT count(*)::int AS used FROM "Run" r
     WHERE r."teamId" = $1 AND (r.state IN ('QUEUED', 'IN_PROGRESS') OR r.state = 'BLOCKED' AND EXISTS
       (SELECT 1 FROM "Session" s WHERE s."runId" = r.id AND s.state <> 'ENDED'))`,
    [teamId],
  );
  return rows[0]?.used ?? 0;
}

async function storedBy(client: pg.ClientBase | pg.Pool, teamId: TeamId): Promise<number> {
  const { rows } = await client.query<{ used: string }>(
    `SELECT coalesce(sum(s."storedBytes"), 0) AS used FROM "Snapshot" s JOIN "Run" r ON r.id = s."runId" WHERE r."teamId" = $1`,
    [teamId],
  );
  return Number(rows[0]?.used ?? 0);
}
