import { randomBytes } from 'node:crypto';
import type { ItemChunk } from '../../domain/events.ts';
import { appendChunks } from '../../journal/append.ts';
import { openJournal } from '../../journal/journal.ts';
import { withClient } from '../../stack/postgres/connect.ts';
import { createTestRun, createWorld, takeSession } from '../../test/support/journal.ts';
import type { Bench, BenchContext, Measured } from '../bench.ts';
import { interleave, median, timed } from '../measure.ts';
import { startDatabase } from '../parts/database.ts';
import { copyRows } from './copyRows.ts';

/** Events per append, and how many appends one repetition makes; the first is the one that counts. */
const shapes = [
  { events: 100, appends: 20 },
  { events: 1, appends: 50 },
  { events: 10, appends: 50 },
  { events: 1_000, appends: 5 },
] as const;

/** A line of output. */
const lineBytes = 100;

/** The journal's hot path, one session's streamed output, against COPY of the same rows in transactions of the same size. */
export const append: Bench = {
  name: 'append',
  about: 'one event appended to the journal, 100 at a time, against COPY into the same table in transactions of the same size',
  deadlineMs: 3 * 60_000,
  run: measure,
};

async function measure({ signal, progress, quick }: BenchContext): Promise<Measured> {
  progress('starting PostgreSQL');
  await using database = await startDatabase();
  const journal = openJournal({ databaseUrl: database.url, applicationName: 'bench', onWarning: (message) => progress(message) });
  try {
    const world = await createWorld(journal);
    const writer = await takeSession(journal, await createTestRun(world));
    const copied = await createTestRun(world);
    return await withClient(database.url, async (client) => {
      // Copied rows come after those that the run has of its own.
      let seq = 1_000;
      let keys = 0;
      const medians: { ours: number; limit: number }[] = [];
      for (const { events, appends } of quick ? [{ events: 100, appends: 2 }] : shapes) {
        progress(`${events} at a time`);
        const chunks = Array.from({ length: events }, (_, n) => chunk(n));
        const { ours, limit } = await interleave(quick ? 2 : 21, signal, {
          ours: () =>
            timed(async () => {
              for (let n = 0; n < appends; n++) await appendChunks(journal, writer, chunks, `bench/${++keys}`);
            }),
          limit: () =>
            timed(async () => {
              for (let n = 0; n < appends; n++) {
                const key = `bench/${++keys}`;
                const rows = chunks.map(({ type: _, ...payload }, index) => ({
                  runId: copied,
                  seq: seq++,
                  payload,
                  key: `${key}/${index}`,
                }));
                await copyRows(client, rows);
              }
            }),
        });
        const perEvent = 1_000 / (events * appends);
        medians.push({ ours: median(ours) * perEvent, limit: median(limit) * perEvent });
      }
      return report(medians);
    });
  } finally {
    await journal.close();
  }
}

function chunk(n: number): ItemChunk {
  return {
    type: 'item.chunk',
    itemId: `item-${n % 3}`,
    stream: 'STDOUT',
    text: `${randomBytes(lineBytes / 2).toString('hex')}\n`,
  };
}

function report(medians: readonly { readonly ours: number; readonly limit: number }[]): Measured {
  const [first, ...others] = medians;
  if (!first) throw new Error('nothing was measured');
  const ratios = others.map(({ ours, limit }, n) => [`ratioAt${shapes[n + 1]?.events}`, ours / limit] as const);
  return {
    ...first,
    unit: 'µs/event',
    detail: { eventsPerSecond: 1_000_000 / first.ours, ...Object.fromEntries(ratios) },
  };
}
