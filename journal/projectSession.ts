import type pg from 'pg';
import type { RunEvent } from '../domain/events.ts';
import type { SessionView } from '../domain/run.ts';
import { changedColumns, insertRow, Json, updateRow, type Columns } from './columns.ts';
import type { Change } from './persist.ts';

/** Writes the rows of sessions. At most one session is opened and one changed in a transaction. */
export async function projectSession(client: pg.PoolClient, { before, after, at, steps }: Change): Promise<void> {
  const { session } = after;
  if (!session) return;
  const known = before?.session?.id === session.id ? before.session : null;
  if (!known) {
    await insertRow(client, 'Session', {
      ...columnsOf(session),
      id: session.id,
      runId: after.id,
      ordinal: session.ordinal,
      epoch: session.epoch,
      cause: session.cause,
      harness: session.harness,
      restoreFrom: session.restoreFrom,
      newest: session.newest,
      createdAt: at,
    });
    return;
  }
  const columns: Columns = changedColumns(columnsOf(known), columnsOf(session));
  for (const { event } of steps) Object.assign(columns, detailsOf(event, at));
  await updateRow(client, 'Session', session.id, columns);
}

const columnsOf = (session: SessionView): Columns => ({
  state: session.state,
  outcome: session.outcome,
  failure: new Json(session.failure),
  waitingFor: session.waitingFor,
  waitingDetail: session.waitingDetail,
  worker: session.worker,
  endRequested: session.endRequested,
  usage: new Json(session.usage),
});

/** What a row shows of a session beyond what decisions need. */
function detailsOf(event: RunEvent, at: Date): Columns {
  switch (event.type) {
    case 'session.state':
      if (event.to === 'PROVISIONING') return { startedAt: at };
      return event.to === 'ENDED' ? { endedAt: at, leaseUntil: null } : {};
    case 'workspace.opened':
      return { repositories: new Json(event.repositories), branch: event.repositories[0]?.branch ?? null };
    case 'workspace.restored':
      return { restoreReport: new Json(event.report) };
    default:
      return {};
  }
}
