import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { ItemChunk } from '../../domain/events.ts';
import { appendChunks } from '../../journal/append.ts';
import { openJournal } from '../../journal/journal.ts';
import type { Bench, BenchContext, Measured } from '../bench.ts';
import { interleave, median, timed, unlessAborted } from '../measure.ts';
import { createEndedRuns } from '../parts/endedRuns.ts';
import { crowd } from '../parts/crowd.ts';
import { createOwnersWorld } from '../parts/ownersWorld.ts';
import { withSystem, type BenchSystem } from '../parts/system.ts';
import { startViewers } from '../parts/viewers.ts';

/** Appends of one repetition, and how many events each has. */
const appends = 200;
const events = 100;
/** What opening and closing a thousand sockets leaves to do is done by then. */
const settleMs = 4_000;

/** One session's streamed output while a thousand people watch other runs, against the same with nobody there. */
export const appendWatched: Bench = {
  name: 'append-watched',
  about:
    'one event appended, 100 at a time, with 1,000 viewers of other runs connected, against the same without them; at most 1.053',
  deadlineMs: 5 * 60_000,
  run: (context) => withSystem(context.progress, (system) => measure(system, context), crowd),
};

async function measure(
  { client, databaseUrl, gateway }: BenchSystem,
  { signal, progress, quick }: BenchContext,
): Promise<Measured> {
  const journal = openJournal({ databaseUrl, applicationName: 'bench', onWarning: (message) => progress(message) });
  try {
    const world = await createOwnersWorld(client, journal);
    const [own, ...others] = await createEndedRuns(world, 1 + (quick ? 50 : 1_000));
    if (!own) throw new Error('there is no run');
    await using viewers = await startViewers(gateway);
    const chunks = Array.from({ length: events }, chunk);
    let keys = 0;
    const append = async () => {
      for (let n = 0; n < (quick ? 2 : appends); n++) await appendChunks(journal, own.writer, chunks, `bench/${++keys}`);
    };
    const settled = () => delay(quick ? 0 : settleMs, undefined, { signal });
    const { watched, alone } = await interleave(quick ? 2 : 8, signal, {
      watched: async (time) => {
        progress(`repetition ${time + 1}`);
        await unlessAborted(signal, viewers.open(others));
        await settled();
        const took = await timed(append);
        await viewers.leave();
        return took;
      },
      alone: async () => {
        await settled();
        return timed(append);
      },
    });
    const perEvent = 1_000 / (events * (quick ? 2 : appends));
    return {
      ours: median(watched) * perEvent,
      limit: median(alone) * perEvent,
      unit: 'µs/event',
      detail: { viewers: others.length, ratioOfFastest: Math.min(...watched) / Math.min(...alone) },
    };
  } finally {
    await journal.close();
  }
}

const chunk = (): ItemChunk => ({
  type: 'item.chunk',
  itemId: 'item',
  stream: 'STDOUT',
  text: `${randomBytes(50).toString('hex')}\n`,
});
