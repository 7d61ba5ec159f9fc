import type pg from 'pg';
import type { RunEvent } from '../domain/events.ts';
import type { SessionId } from '../domain/ids.ts';
import type { Run } from '../domain/run.ts';
import { audit } from './audit.ts';
import { activeTrace } from '../telemetry/traceContext.ts';
import { jsonText } from './jsonText.ts';
import { projectArtifacts } from './projectArtifacts.ts';
import { projectMessages } from './projectMessages.ts';
import { projectPrompts } from './projectPrompts.ts';
import { projectRun } from './projectRun.ts';
import { projectSession } from './projectSession.ts';
import { projectSnapshots } from './projectSnapshots.ts';
import type { Outcome } from './transact.ts';

/** An event in its place in the log. */
export interface LogStep {
  readonly seq: number;
  /** The session in which it happened; null between sessions. */
  readonly session: { readonly id: SessionId; readonly ordinal: number } | null;
  readonly event: RunEvent;
}

/** What a transaction changed: the run before and after, and how it came from one to the other. */
export interface Change {
  /** Null when the transaction creates the run. */
  readonly before: Run | null;
  readonly after: Run;
  /** The time of all that happened in the transaction. */
  readonly at: Date;
  readonly steps: readonly LogStep[];
  readonly outcome: Outcome<unknown>;
}

/** Writes the log and its projections, in the order in which the rows refer to each other. */
export async function persist(client: pg.PoolClient, change: Change): Promise<void> {
  if (change.steps.length > 0) {
    await projectRun(client, change);
    await projectSession(client, change);
    await projectSnapshots(client, change);
    await projectArtifacts(client, change);
    await projectMessages(client, change);
    await projectPrompts(client, change);
    await insertEvents(client, change);
    await auditAct(client, change);
  }
  await updateHead(client, change);
}

async function auditAct(client: pg.PoolClient, { after, outcome: { act } }: Change): Promise<void> {
  if (act) await audit(client, after.teamId, { ...act, target: { id: after.id, name: after.title } });
}

async function insertEvents(client: pg.PoolClient, { after, at, steps, outcome: { key } }: Change): Promise<void> {
  await client.query(
    `INSERT INTO "Event" ("runId", seq, at, session, type, payload, key)
     SELECT $1, u.seq, $2, u.session, u.type, u.payload::jsonb, u.key
     FROM unnest($3::int[], $4::int[], $5::text[], $6::text[], $7::text[]) AS u(seq, session, type, payload, key)`,
    [
      after.id,
      at,
      steps.map(({ seq }) => seq),
      steps.map(({ session }) => session?.ordinal ?? null),
      steps.map(({ event }) => event.type),
      steps.map(({ event }) => payloadOf(event)),
      steps.map((_, index) => (key === undefined ? null : `${key}/${index}`)),
    ],
  );
}

/** An event without its type, which has a column of its own. */
export function payloadOf(event: RunEvent): string {
  const { type: _, ...payload } = event;
  return jsonText(payload);
}

async function updateHead(
  client: pg.PoolClient,
  { before, after, at, steps, outcome: { wake = false, seen = false } }: Change,
): Promise<void> {
  if (!before) {
    await client.query('INSERT INTO "RunHead" ("runId", "lastSeq", epoch, wanted) VALUES ($1, $2, $3, $4)', [
      after.id,
      after.lastSeq,
      after.epoch,
      wake ? 1 : 0,
    ]);
  } else if (steps.length > 0 || wake || seen) {
    await client.query(
      `UPDATE "RunHead" SET "lastSeq" = $2, epoch = $3, wanted = wanted + $4, seen = CASE WHEN $5 THEN wanted ELSE seen END WHERE "runId" = $1`,
      [after.id, after.lastSeq, after.epoch, wake ? 1 : 0, seen],
    );
  }
  if (wake) {
    await client.query(
      `INSERT INTO "Wake" ("runId", since, "nextAt", trace) VALUES ($1, $2::timestamptz, $2::timestamptz + interval '5 seconds', $3)
       ON CONFLICT ("runId") DO UPDATE SET attempts = 0, "nextAt" = EXCLUDED."nextAt", trace = coalesce(EXCLUDED.trace, "Wake".trace)`,
      [after.id, at, activeTrace()],
    );
  } else if (seen) {
    await client.query('DELETE FROM "Wake" WHERE "runId" = $1', [after.id]);
  }
}
