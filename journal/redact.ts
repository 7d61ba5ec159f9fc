import type pg from 'pg';
import { refuseRedact, refuseWhileActive } from '../domain/admission.ts';
import type { EventType } from '../domain/events.ts';
import { harnessCapabilities } from '../domain/harness.ts';
import type { MessageId, PromptId, RunId, SnapshotId } from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';
import type { Person } from '../domain/person.ts';
import {
  isRedactable,
  redactedContent,
  redactedTitle,
  redactedTogether,
  transcriptContent,
  type RedactableType,
  type Redaction,
} from '../domain/redaction.ts';
import type { Refusal } from '../domain/refusal.ts';
import { liveSession, type Run } from '../domain/run.ts';
import { titleOf } from '../domain/title.ts';
import { admitting, Refused, type Admitted } from './admitting.ts';
import { Json } from './columns.ts';
import type { Journal } from './journal.ts';
import { releaseConversations, releaseSnapshots } from './releases.ts';
import { transact } from './transact.ts';

interface EventRow {
  readonly type: EventType;
  readonly redaction: Redaction | null;
  readonly payload: {
    readonly itemId?: string;
    readonly planId?: string;
    readonly promptId?: PromptId;
    readonly messageId?: MessageId;
    readonly snapshotId?: SnapshotId;
  };
}

export interface RedactEvent {
  readonly runId: RunId;
  readonly seq: number;
  readonly reason: string;
}

/**
 * Takes the content of an event away, in the log and in the rows made of it: all of the item or prompt that it belongs
 * to. Its place in the log stays, and says who did it, when and why. Doing it again changes nothing.
 */
export function redactEvent(journal: Journal, person: Person, { runId, seq, reason }: RedactEvent): Promise<Admitted<object>> {
  return admitting(async () => {
    await transact(journal, runId, 'redactEvent', async (run, client) => {
      refused(refuseRedact(run, person) ?? refuseReason(reason));
      const { rows } = await client.query<EventRow & { at: Date }>(
        'SELECT type, payload, redaction, clock_timestamp() AS at FROM "Event" WHERE "runId" = $1 AND seq = $2',
        [runId, seq],
      );
      const [row] = rows;
      if (!row) throw new Refused({ kind: 'INVALID_INPUT', field: 'seq', message: `The run has no event ${seq}.` });
      if (row.redaction) return { events: [], result: undefined };
      const { type } = row;
      if (!isRedactable(type)) throw new Refused(notRedactable(`A ${type} event has no content that could be taken away.`));
      refused(await refuseUnfinished(client, run, type, row, seq));
      const redaction: Redaction = { actor: person.actor, at: row.at.toISOString(), reason: reason.trim() };
      const count = await redactOne(client, runId, type, row, seq, redaction);
      const snapshotId = await redactRows(client, run, type, row.payload);
      if (transcriptContent.includes(type)) await releaseConversations(client, runId);
      const { actor, via } = person;
      return {
        act: { by: { actor, ...(via && { via }) }, action: 'EVENT_REDACTED' },
        events: [
          { type: 'event.redacted', redactedSeq: seq, of: type, count, snapshotId, actor: person.actor, reason: reason.trim() },
        ],
        result: undefined,
      };
    });
    return { ok: true, value: {}, wake: false };
  });
}

function refused(refusal: Refusal | null): void {
  if (refusal) throw new Refused(refusal);
}

const notRedactable = (message: string): Refusal => ({ kind: 'EVENT_NOT_REDACTABLE', message });

function refuseReason(reason: string): Refusal | null {
  if (reason.trim() !== '' && reason.length <= limits.reasonCharacters && !reason.includes('\0')) return null;
  return {
    kind: 'INVALID_INPUT',
    field: 'reason',
    message: `Say in 1 to ${limits.reasonCharacters} characters why it is redacted. The reason stays for all to read.`,
  };
}

/** What is still being written or used cannot go yet: the rest of it would come after. */
async function refuseUnfinished(
  client: pg.PoolClient,
  run: Run,
  type: RedactableType,
  { payload }: EventRow,
  seq: number,
): Promise<Refusal | null> {
  const live = liveSession(run);
  if (live && harnessCapabilities[live.harness].resume && transcriptContent.includes(type))
    return notRedactable('The agent still remembers this. End its session, then redact it: the next one begins without it.');
  switch (type) {
    case 'message.added': {
      if (run.pending.some(({ id }) => id === payload.messageId))
        return notRedactable('The message still waits to be delivered. Withdraw it, then redact it.');
      const worked = [...(run.turn ? [run.turn] : []), ...run.uncaptured];
      if (worked.some(({ messageId }) => messageId === payload.messageId))
        return notRedactable('The agent works on this message. Redact it when its turn is over and captured.');
      return null;
    }
    case 'item.started':
    case 'item.diff':
    case 'item.chunk': {
      if (!live) return null;
      const { rowCount } = await client.query(
        `SELECT 1 FROM "Event" WHERE "runId" = $1 AND seq > $2 AND type = 'item.ended' AND payload->>'itemId' = $3 LIMIT 1`,
        [run.id, seq, payload.itemId],
      );
      if (rowCount === 1) return null;
      return notRedactable('The agent is still writing this. Interrupt it, or wait until it has ended.');
    }
    case 'prompt.opened':
    case 'prompt.answered':
      return run.prompt?.promptId === payload.promptId
        ? notRedactable('The agent waits for this answer. Redact it when the agent has it.')
        : null;
    case 'snapshot.captured':
      return refuseWhileActive(run, 'redact its snapshot');
    default:
      return null;
  }
}

/** Takes content away in the log: of the event, and of all that is one thing with it. Gives how many lost theirs. */
async function redactOne(
  client: pg.PoolClient,
  runId: RunId,
  type: RedactableType,
  { payload }: EventRow,
  seq: number,
  redaction: Redaction,
): Promise<number> {
  const together = redactedTogether[type];
  if (!together) return redactLog(client, runId, [type], redaction, 'AND seq = $5', [seq]);
  const { by, types } = together;
  return redactLog(client, runId, types, redaction, 'AND payload->>$5 = $6', [
    by,
    payload[by as 'itemId' | 'planId' | 'promptId'],
  ]);
}

/** Takes the content of the run's events of some types away, those that `where` names. */
export async function redactLog(
  client: pg.PoolClient,
  runId: RunId,
  types: readonly RedactableType[],
  redaction: Redaction,
  where = '',
  values: readonly unknown[] = [],
): Promise<number> {
  let count = 0;
  for (const type of types) {
    const { rowCount } = await client.query(
      `UPDATE "Event" SET payload = payload || $3::jsonb, redaction = $4::jsonb
       WHERE "runId" = $1 AND type = $2 AND redaction IS NULL ${where}`,
      [runId, type, JSON.stringify(redactedContent[type]), new Json(redaction).text, ...values],
    );
    count += rowCount ?? 0;
  }
  return count;
}

/** Takes content away in the rows that were made of the event. Gives the run's newest snapshot from here on. */
async function redactRows(
  client: pg.PoolClient,
  run: Run,
  type: RedactableType,
  { messageId, promptId, snapshotId }: EventRow['payload'],
): Promise<SnapshotId | null> {
  switch (type) {
    case 'run.created':
      await client.query('UPDATE "Run" SET title = $2 WHERE id = $1', [run.id, redactedTitle]);
      break;
    case 'message.added':
      await redactMessage(client, run, messageId);
      break;
    case 'item.started':
    case 'item.chunk':
    case 'item.diff':
    case 'item.ended':
      await client.query('UPDATE "Run" SET activity = NULL WHERE id = $1', [run.id]);
      break;
    case 'prompt.opened':
    case 'prompt.answered':
      await client.query(`UPDATE "Prompt" SET question = '', options = '[]', answer = NULL WHERE id = $1`, [promptId]);
      break;
    case 'snapshot.captured':
      await releaseSnapshots(client, run.id, snapshotId);
      return run.snapshotId === snapshotId ? newestSnapshot(client, run.id) : run.snapshotId;
    default:
  }
  return run.snapshotId;
}

/** A run without a title of its own is named after its first message: that goes too. */
async function redactMessage(client: pg.PoolClient, run: Run, messageId: MessageId | undefined): Promise<void> {
  const { rows } = await client.query<{ text: string }>('SELECT text FROM "Message" WHERE id = $1', [messageId]);
  await client.query(`UPDATE "Message" SET text = '' WHERE id = $1`, [messageId]);
  if (rows[0] && titleOf(rows[0].text) === run.title) {
    await client.query('UPDATE "Run" SET title = $2 WHERE id = $1', [run.id, redactedTitle]);
    await client.query(
      `UPDATE "Event" SET payload = payload || $2::jsonb WHERE "runId" = $1 AND seq = 1 AND type = 'run.created'`,
      [run.id, JSON.stringify(redactedContent['run.created'])],
    );
  }
}

async function newestSnapshot(client: pg.PoolClient, runId: RunId): Promise<SnapshotId | null> {
  const { rows } = await client.query<{ id: SnapshotId }>(
    'SELECT id FROM "Snapshot" WHERE "runId" = $1 ORDER BY "createdAt" DESC, id DESC LIMIT 1',
    [runId],
  );
  return rows[0]?.id ?? null;
}
