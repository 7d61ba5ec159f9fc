import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { RunEvent } from '../../domain/events.ts';
import type { RunId } from '../../domain/ids.ts';
import { evolve, type Run } from '../../domain/run.ts';
import type { Journal } from '../../journal/journal.ts';

/** How often each message's script was carried out; it makes a file for each time, outside its workspace. */
export function timesRun(directory: string, name: string): number {
  return readdirSync(directory).filter((file) => file.startsWith(`${name}.`)).length;
}

/** A line of a script that notes, outside the workspace, that the script runs. Needs the process-group sandbox. */
export const noteRun = (directory: string, name: string): string => `mktemp ${join(directory, `${name}.XXXXXXXX`)} > /dev/null`;

/**
 * Holds a run's log against the tables: no gap, every event one that may follow the ones before, and each projection as
 * the log says. Gives the run.
 */
export async function expectTrueLog(journal: Journal, runId: string): Promise<Run> {
  const { rows: events } = await journal.pool.query<{ seq: string; type: string; payload: object }>(
    'SELECT seq, type, payload FROM "Event" WHERE "runId" = $1 ORDER BY seq',
    [runId],
  );
  expect(events.map(({ seq }) => Number(seq))).toEqual(events.map((_, index) => index + 1));
  let run: Run | null = null;
  for (const { type, payload } of events) run = evolve(run, { ...payload, type } as RunEvent, runId as RunId);
  if (!run) throw new Error(`run ${runId} has no events`);
  const { rows } = await journal.pool.query(
    `SELECT r.state, h."lastSeq"::int, h.epoch::int,
       (SELECT count(*)::int FROM "Message" m WHERE m."runId" = r.id AND m.state = 'PENDING') AS pending,
       (SELECT count(*)::int FROM "Session" s WHERE s."runId" = r.id AND s.state <> 'ENDED') AS live
     FROM "Run" r JOIN "RunHead" h ON h."runId" = r.id WHERE r.id = $1`,
    [runId],
  );
  expect(rows[0]).toMatchObject({ state: run.state, lastSeq: run.lastSeq });
  if (['SUCCEEDED', 'FAILED', 'CANCELED'].includes(run.state)) expect(rows[0]).toMatchObject({ pending: 0, live: 0 });
  return run;
}
