import { refuseDelete } from '../domain/admission.ts';
import type { RunId, TeamId } from '../domain/ids.ts';
import type { Person } from '../domain/person.ts';
import { admitting, Refused, type Admitted } from './admitting.ts';
import { Json } from './columns.ts';
import type { Journal } from './journal.ts';
import { lockRun } from './load.ts';
import { releaseSnapshots } from './releases.ts';
import { inTransaction, RunNotFoundError } from './transact.ts';

/**
 * Deletes a run: its rows at once, and with the same commit the notes by which its blobs and its executions in
 * Temporal go afterwards. A run that has not ended is refused. Throws RunNotFoundError when it is gone already.
 */
export function deleteRun(journal: Journal, person: Person, runId: RunId): Promise<Admitted<object>> {
  return admitting(async () => {
    await inTransaction(journal.pool, async (client) => {
      const locked = await lockRun(client, runId);
      if (!locked) throw new RunNotFoundError(runId);
      const refusal = refuseDelete(locked.run, person);
      if (refusal) throw new Refused(refusal);
      await client.query('INSERT INTO "RunDeletion" ("runId", "teamId", actor, sessions) VALUES ($1, $2, $3, $4)', [
        runId,
        locked.run.teamId,
        new Json(person.actor).text,
        locked.run.session?.ordinal ?? 0,
      ]);
      await releaseSnapshots(client, runId);
      await client.query('DELETE FROM "Run" WHERE id = $1', [runId]);
      journal.reached('deleteRun.written');
    });
    journal.reached('deleteRun.committed');
    journal.bell.ring(runId, true);
    return { ok: true, value: {}, wake: false };
  });
}

/** A deleted run that Temporal may still know of. */
export interface DueDeletion {
  readonly runId: RunId;
  readonly sessions: number;
  /** How often Temporal was asked, this time too. */
  readonly attempts: number;
}

/** Claims deleted runs that Temporal may still know of, and sets when they are due again: after 5 s, doubling to an hour. */
export async function claimDueDeletions(journal: Journal, limit = 20): Promise<DueDeletion[]> {
  return inTransaction(journal.pool, async (client) => {
    const { rows } = await client.query<DueDeletion>(
      `WITH due AS (
         SELECT "runId" FROM "RunDeletion" WHERE "nextAt" <= clock_timestamp() ORDER BY "nextAt" FOR UPDATE SKIP LOCKED LIMIT $1
       )
       UPDATE "RunDeletion" d SET attempts = attempts + 1,
         "nextAt" = clock_timestamp() + least(interval '5 seconds' * power(2, least(d.attempts, 10)), interval '1 hour')
       FROM due WHERE d."runId" = due."runId"
       RETURNING d."runId", d.sessions, d.attempts`,
      [limit],
    );
    return rows;
  });
}

/** Nothing of the run is left in Temporal. The note of who deleted it stays. */
export async function finishDeletion(journal: Journal, runId: RunId): Promise<void> {
  await journal.pool.query('UPDATE "RunDeletion" SET "nextAt" = NULL WHERE "runId" = $1', [runId]);
}

/** Runs among these that were deleted, with their teams. */
export async function deletedAmong(journal: Journal, runIds: readonly RunId[]): Promise<{ runId: RunId; teamId: TeamId }[]> {
  const { rows } = await journal.pool.query<{ runId: RunId; teamId: TeamId }>({
    name: 'deleted-among',
    text: 'SELECT "runId", "teamId" FROM "RunDeletion" WHERE "runId" = ANY($1)',
    values: [runIds],
  });
  return rows;
}

/** Runs that were deleted in the last so many seconds. */
export async function deletedLately(journal: Journal, seconds: number): Promise<{ runId: RunId; teamId: TeamId }[]> {
  const { rows } = await journal.pool.query<{ runId: RunId; teamId: TeamId }>({
    name: 'deleted-lately',
    text: 'SELECT "runId", "teamId" FROM "RunDeletion" WHERE "requestedAt" > clock_timestamp() - make_interval(secs => $1)',
    values: [seconds],
  });
  return rows;
}
