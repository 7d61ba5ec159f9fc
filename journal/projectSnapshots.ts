import type pg from 'pg';
import { insertRow, Json, updateRow } from './columns.ts';
import type { Change } from './persist.ts';

/** Writes the rows of snapshots, and the run's newest one. */
export async function projectSnapshots(client: pg.PoolClient, { before, after, at, steps }: Change): Promise<void> {
  for (const { event, session } of steps) {
    if (event.type !== 'snapshot.captured') continue;
    await insertRow(client, 'Snapshot', {
      id: event.snapshotId,
      runId: after.id,
      sessionId: session?.id ?? null,
      kind: event.kind,
      summary: new Json(event.summary),
      storedBytes: event.summary.storedBytes,
      createdAt: at,
    });
  }
  if (before && before.snapshotId !== after.snapshotId)
    await updateRow(client, 'Run', after.id, { snapshotId: after.snapshotId });
}
