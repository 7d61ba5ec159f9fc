import type pg from 'pg';
import type { RunEvent } from '../domain/events.ts';
import type { Run } from '../domain/run.ts';
import { isEnded } from '../domain/states.ts';
import { changedColumns, insertRow, Json, updateRow, type Columns } from './columns.ts';
import type { Change } from './persist.ts';

/** Writes the run's row. Every change raises its version, by which readers tell an older row from a newer one. */
export async function projectRun(client: pg.PoolClient, { before, after, at, steps }: Change): Promise<void> {
  if (!before) {
    await insertRow(client, 'Run', {
      ...columnsOf(after),
      id: after.id,
      teamId: after.teamId,
      creatorId: after.creatorId,
      environmentId: after.environmentId,
      title: after.title,
      origin: after.origin,
      idleSeconds: after.idleSeconds,
      createdAt: at,
      lastActivityAt: at,
    });
    return;
  }
  const columns: Columns = changedColumns(columnsOf(before), columnsOf(after));
  if (before.cancelRequested !== after.cancelRequested) columns['cancelRequestedAt'] = after.cancelRequested ? at : null;
  if (before.state !== after.state) columns['endedAt'] = isEnded(after.state) ? at : null;
  for (const { event } of steps) {
    Object.assign(columns, activityOf(event));
    if (event.type === 'workspace.opened') columns['branch'] = event.repositories[0]?.branch ?? null;
  }
  // What is past its time goes by itself: nobody did anything, and the run keeps its place in lists.
  const expired = steps.every(({ event }) => event.type === 'transcript.deleted' || event.type === 'snapshots.deleted');
  await updateRow(client, 'Run', after.id, { ...columns, ...(!expired && { lastActivityAt: at }) }, 'version');
}

const columnsOf = (run: Run): Columns => ({
  harness: run.harness,
  state: run.state,
  failure: new Json(run.failure),
  waitingFor: run.waitingFor,
  waitingDetail: run.waitingDetail,
  lastEnd: new Json(run.lastEnd),
  hasConversation: run.hasConversation,
  turns: run.turns,
  turn: new Json(run.turn),
  uncaptured: new Json(run.uncaptured),
  losses: run.losses,
  next: new Json(run.next),
  usage: new Json(run.usage),
});

/** What the run does now, in one line, as far as an event tells. */
function activityOf(event: RunEvent): Columns {
  switch (event.type) {
    case 'item.started':
      return { activity: event.title.slice(0, 200) };
    case 'prompt.opened':
      return { activity: event.question.slice(0, 200) };
    case 'turn.ended':
    case 'prompt.delivered':
    case 'prompt.closed':
      return { activity: null };
    case 'session.state':
      return event.to === 'ENDED' ? { activity: null } : {};
    default:
      return {};
  }
}
