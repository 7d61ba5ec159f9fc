import type { SessionId } from '../domain/ids.ts';
import type { Writer } from './append.ts';
import type { Journal } from './journal.ts';

/** How long a session may write after its last renewal, in seconds. A worker renews every 5 s. */
export const leaseSeconds = 30;
export const renewEveryMs = 5_000;

/**
 * Renews the session's lease by the database's clock. False when the session is over or was taken over: its worker
 * must stop it. While the database is away nothing is renewed, and nobody can take the session over either.
 */
export async function renewLease(journal: Journal, { sessionId, runId, epoch }: Writer): Promise<boolean> {
  const { rowCount } = await journal.pool.query(
    `UPDATE "Session" SET "leaseUntil" = clock_timestamp() + make_interval(secs => $4)
     WHERE id = $1 AND state <> 'ENDED' AND NOT "leaseRevoked" AND EXISTS (SELECT 1 FROM "RunHead" WHERE "runId" = $2 AND epoch = $3)`,
    [sessionId, runId, epoch, leaseSeconds],
  );
  return rowCount === 1;
}

/**
 * Refuses every further renewal: Temporal has lost sight of the worker, which may live and reach the database all the
 * same. It then stops its agent and gives the lease up, or the lease runs out.
 */
export async function revokeLease(journal: Journal, sessionId: SessionId): Promise<void> {
  await journal.pool.query('UPDATE "Session" SET "leaseRevoked" = true WHERE id = $1 AND NOT "leaseRevoked"', [sessionId]);
}

/** Ends the lease at once: the worker has stopped the session's agent and will write no more. */
export async function giveUpLease(journal: Journal, { sessionId }: Writer): Promise<void> {
  // The column rounds to milliseconds, and what it rounds up would be left of the lease for a moment.
  const text = `UPDATE "Session" SET "leaseUntil" = date_trunc('milliseconds', clock_timestamp()) WHERE id = $1`;
  await journal.pool.query(text, [sessionId]);
}

/** Milliseconds until the session's lease has run out; 0 when it has, or when it never had one. */
export async function leaseLeft(journal: Journal, sessionId: SessionId): Promise<number> {
  const { rows } = await journal.pool.query<{ left: number | null }>(
    `SELECT greatest(0, extract(epoch FROM "leaseUntil" - clock_timestamp()) * 1000)::float AS left FROM "Session" WHERE id = $1`,
    [sessionId],
  );
  return rows[0]?.left ?? 0;
}
