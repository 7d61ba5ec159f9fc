import type pg from 'pg';
import { activeTrace } from '../telemetry/traceContext.ts';
import { insertRow, Json, updateRow } from './columns.ts';
import type { Change, LogStep } from './persist.ts';

/** Writes the rows of messages. The row has the whole text; the event only the head of a long one. */
export async function projectMessages(client: pg.PoolClient, change: Change): Promise<void> {
  for (const step of change.steps) await projectMessage(client, change, step);
}

async function projectMessage(
  client: pg.PoolClient,
  { after, at, outcome }: Change,
  { event, seq, session }: LogStep,
): Promise<void> {
  switch (event.type) {
    case 'message.added':
      return insertRow(client, 'Message', {
        id: event.messageId,
        runId: after.id,
        seq,
        author: new Json(event.author),
        text: outcome.texts?.get(event.messageId) ?? event.text,
        state: 'PENDING',
        trace: activeTrace(),
        createdAt: at,
      });
    case 'message.delivered':
      return updateRow(client, 'Message', event.messageId, { state: 'DELIVERED', sessionId: session?.id ?? null });
    case 'message.returned':
      return updateRow(client, 'Message', event.messageId, { state: 'RETURNED', returnedReason: event.reason });
    case 'message.withdrawn':
      return updateRow(client, 'Message', event.messageId, { state: 'WITHDRAWN' });
    case 'turn.rolledBack':
      return event.redelivered
        ? updateRow(client, 'Message', event.messageId, { state: 'PENDING', sessionId: null })
        : updateRow(client, 'Message', event.messageId, {
            state: 'RETURNED',
            returnedReason: 'The worker was lost while it worked on this.',
          });
    default:
  }
}
