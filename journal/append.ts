import type { AgentEvent, ItemChunk } from '../domain/events.ts';
import { ownSession, StaleSessionError } from '../domain/execution.ts';
import type { RunId, SessionId } from '../domain/ids.ts';
import { appendedEvents, appends } from '../telemetry/metrics.ts';
import type { Journal } from './journal.ts';
import type { Masking } from './masking.ts';
import { payloadOf } from './persist.ts';
import { transact } from './transact.ts';

/** Who writes: a session with its epoch. */
export interface Writer {
  readonly runId: RunId;
  readonly sessionId: SessionId;
  readonly epoch: number;
  /** Masks the secrets that the session has, in all that it appends. */
  readonly masking?: Masking;
}

/** Who writes a transcript: a session that its events name by ordinal. */
export interface TranscriptWriter extends Writer {
  readonly ordinal: number;
}

/**
 * Appends streamed chunks: the hot path, one statement that counts and inserts. A chunk changes no projection.
 * The counter's row is the run's lock, so it is ordered with every other transaction of the run.
 * Throws StaleSessionError when the epoch is not the run's: the session has been taken over and must stop.
 */
export async function appendChunks(
  journal: Journal,
  writer: TranscriptWriter,
  chunks: readonly ItemChunk[],
  key: string,
): Promise<void> {
  const { runId, sessionId, ordinal, epoch } = writer;
  const { rowCount } = await journal.pool.query({
    name: 'append-chunks',
    text: `
      WITH head AS (
        UPDATE "RunHead" SET "lastSeq" = "lastSeq" + cardinality($4::text[])
        WHERE "runId" = $1 AND epoch = $2 RETURNING "lastSeq" - cardinality($4::text[]) AS base
      )
      INSERT INTO "Event" ("runId", seq, at, session, type, payload, key)
      SELECT $1, head.base + u.n, clock_timestamp(), $3::int, 'item.chunk', u.payload::jsonb, $5 || '/' || u.n
      FROM head, unnest($4::text[]) WITH ORDINALITY AS u(payload, n)`,
    values: [runId, epoch, ordinal, chunks.map(payloadOf), key],
  });
  if (rowCount === 0) throw new StaleSessionError(sessionId, `epoch ${epoch} is not the run’s`);
  appends.inc();
  appendedEvents.inc(chunks.length);
  journal.bell.ring(runId, false);
}

/** Appends what an agent did, under the run's lock, with the projections it changes. Throws StaleSessionError as above. */
export async function appendAgentEvents(
  journal: Journal,
  writer: Writer,
  events: readonly AgentEvent[],
  key: string,
): Promise<void> {
  await transact(journal, writer.runId, 'appendEvents', (run) => {
    const session = ownSession(run, writer.sessionId);
    if (session.epoch !== writer.epoch) throw new StaleSessionError(writer.sessionId, `epoch ${writer.epoch} is not the run’s`);
    return { events, result: undefined, key };
  });
}

/** Whether an append with this key was committed: asked before it is repeated, when its reply was lost. */
export async function wasAppended(journal: Journal, runId: RunId, key: string): Promise<boolean> {
  const { rowCount } = await journal.pool.query('SELECT 1 FROM "Event" WHERE "runId" = $1 AND key LIKE $2 LIMIT 1', [
    runId,
    `${key}/%`,
  ]);
  return rowCount === 1;
}
