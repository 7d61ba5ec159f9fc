import type { RunId } from '../../domain/ids.ts';
import type { TranscriptWriter } from '../../journal/append.ts';
import { newId } from '../../journal/newId.ts';
import { createTestRun, finishSession, takeSession, type World } from '../../test/support/journal.ts';

/** A run whose log ends at `lastSeq`, and who may append to it. */
export interface EndedRun {
  readonly writer: TranscriptWriter;
  readonly lastSeq: number;
}

/**
 * As many runs as are asked for. One goes through its session, the others are its rows under other ids, so that
 * thousands are there in a moment. They have ended: no sweeper of the gateway has anything to do with them.
 */
export async function createEndedRuns(world: World, count: number): Promise<EndedRun[]> {
  const { pool } = world.journal;
  const first = await takeSession(world.journal, await createTestRun(world));
  await finishSession(world.journal, first);
  const runIds: RunId[] = Array.from({ length: count }, () => newId('run'));
  for (const [table, id] of [
    ['Run', 'id'],
    ['RunHead', 'runId'],
  ]) {
    await pool.query(
      `INSERT INTO "${table}" SELECT (jsonb_populate_record(row, jsonb_build_object('${id}', copied.id))).*
       FROM "${table}" row, unnest($2::text[]) AS copied(id) WHERE row."${id}" = $1`,
      [first.runId, runIds],
    );
  }
  const { rows } = await pool.query<{ epoch: number; lastSeq: number }>(
    'SELECT epoch, "lastSeq" FROM "RunHead" WHERE "runId" = $1',
    [first.runId],
  );
  const [head] = rows;
  if (!head) throw new Error('the run that was to be copied is gone');
  return runIds.map((runId) => ({ writer: { ...first, runId, epoch: head.epoch }, lastSeq: head.lastSeq }));
}
