import type { EventType, LoggedEvent, RunEvent } from '../domain/events.ts';
import type { RunId } from '../domain/ids.ts';
import type { Redaction } from '../domain/redaction.ts';
import type { Journal } from './journal.ts';

interface EventRow {
  seq: number;
  at: Date;
  session: number | null;
  type: EventType;
  payload: object;
  redaction: Redaction | null;
}

/** How many events one read brings at most. */
export const pageSize = 500;

const logged =
  (runId: RunId) =>
  ({ seq, at, session, type, payload, redaction }: EventRow): LoggedEvent => ({
    runId,
    seq,
    at,
    session,
    redaction,
    event: { type, ...payload } as RunEvent,
  });

/** The events after a cursor, in order, at most `limit`. */
export async function readAfter(journal: Journal, runId: RunId, after: number, limit = pageSize): Promise<LoggedEvent[]> {
  const { rows } = await journal.pool.query<EventRow>({
    name: 'read-after',
    text: 'SELECT seq, at, session, type, payload, redaction FROM "Event" WHERE "runId" = $1 AND seq > $2 ORDER BY seq LIMIT $3',
    values: [runId, after, limit],
  });
  return rows.map(logged(runId));
}

/** The events of each run after its cursor, in order, at most `limit` of each: one question, however many runs. */
export async function readAfterEach(
  journal: Journal,
  cursors: readonly (readonly [RunId, number])[],
  limit: number,
): Promise<Map<RunId, LoggedEvent[]>> {
  const { rows } = await journal.pool.query<EventRow & { runId: RunId }>({
    name: 'read-after-each',
    text: `
      SELECT "runId", seq, at, session, type, payload, redaction
      FROM unnest($1::text[], $2::int[]) AS due(id, after) CROSS JOIN LATERAL (
        SELECT * FROM "Event" WHERE "runId" = due.id AND seq > due.after ORDER BY seq LIMIT $3
      ) AS event
      ORDER BY "runId", seq`,
    values: [cursors.map(([runId]) => runId), cursors.map(([, after]) => after), limit],
  });
  const events = new Map<RunId, LoggedEvent[]>(cursors.map(([runId]) => [runId, []]));
  for (const row of rows) events.get(row.runId)?.push(logged(row.runId)(row));
  return events;
}

/** The events before a cursor, in order, at most `limit` of those that are nearest to it. */
export async function readBefore(journal: Journal, runId: RunId, before: number, limit = pageSize): Promise<LoggedEvent[]> {
  const { rows } = await journal.pool.query<EventRow>({
    name: 'read-before',
    text: 'SELECT seq, at, session, type, payload, redaction FROM "Event" WHERE "runId" = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3',
    values: [runId, before, limit],
  });
  return rows.toReversed().map(logged(runId));
}

/** The sequence number of each run's newest event; runs that do not exist are left out. */
export async function readLastSeqs(journal: Journal, runIds: readonly RunId[]): Promise<Map<RunId, number>> {
  const { rows } = await journal.pool.query<{ runId: RunId; lastSeq: number }>({
    name: 'last-seqs',
    text: 'SELECT "runId", "lastSeq" FROM "RunHead" WHERE "runId" = ANY($1)',
    values: [runIds],
  });
  return new Map(rows.map(({ runId, lastSeq }) => [runId, lastSeq]));
}
