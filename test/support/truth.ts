import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { RunEvent } from '../../domain/events.ts';
import type { RunId } from '../../domain/ids.ts';
import { evolve, type Run } from '../../domain/run.ts';
import { isEnded } from '../../domain/states.ts';
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
  // One statement, so that a run which is still going is seen at one moment.
  const { rows } = await journal.pool.query<LoggedRun>(
    `SELECT r.state, h."lastSeq"::int,
       (SELECT count(*)::int FROM "Message" m WHERE m."runId" = r.id AND m.state = 'PENDING') AS pending,
       (SELECT count(*)::int FROM "Session" s WHERE s."runId" = r.id AND s.state <> 'ENDED') AS live,
       (SELECT json_agg(json_build_object('seq', e.seq, 'type', e.type, 'payload', e.payload) ORDER BY e.seq)
          FROM "Event" e WHERE e."runId" = r.id) AS events
     FROM "Run" r JOIN "RunHead" h ON h."runId" = r.id WHERE r.id = $1`,
    [runId],
  );
  const [row] = rows;
  if (!row?.events) throw new Error(`run ${runId} has no events`);
  expect(row.events.map(({ seq }) => seq)).toEqual(row.events.map((_, index) => index + 1));
  const run = row.events.reduce<Run | null>(
    (before, { type, payload }) => evolve(before, { ...payload, type } as RunEvent, runId as RunId),
    null,
  ) as Run;
  expect(row).toMatchObject({ state: run.state, lastSeq: run.lastSeq });
  if (isEnded(run.state)) expect(row).toMatchObject({ pending: 0, live: 0 });
  return run;
}

interface LoggedRun {
  readonly state: string;
  readonly lastSeq: number;
  readonly pending: number;
  readonly live: number;
  readonly events: readonly { readonly seq: number; readonly type: string; readonly payload: object }[] | null;
}
