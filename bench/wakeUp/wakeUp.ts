import { setTimeout as delay } from 'node:timers/promises';
import { performance } from 'node:perf_hooks';
import { appendChunks } from '../../journal/append.ts';
import { openJournal, type Journal } from '../../journal/journal.ts';
import type { Bench, BenchContext, Measured } from '../bench.ts';
import { quantile, unlessAborted } from '../measure.ts';
import { crowd } from '../parts/crowd.ts';
import { createEndedRuns, type EndedRun } from '../parts/endedRuns.ts';
import { createOwnersWorld } from '../parts/ownersWorld.ts';
import { withSystem, type BenchSystem } from '../parts/system.ts';
import { startViewers, timestamp } from '../parts/viewers.ts';

const p99LimitMs = 50;
const medianLimitMs = 5;
const subscribers = 1_000;
const deliveriesPerSecond = 1_000;
/** Journals that append, as those of so many workers, each with its connections and its bell. */
const writers = 4;
/** Before the figures count, so that what is compiled and cached in the first seconds is; and while they do. */
const warmUpMs = 3_000;
const measuredMs = 10_000;
/** What was appended last has come by then, or never comes. */
const lastMs = 3_000;

/** A thousand subscribers, each of a run of its own, of which a thousand hear something in every second. */
export const wakeUp: Bench = {
  name: 'wake-up',
  about:
    '1,000 subscribers, 1,000 deliveries a second: append → received over graphql-ws; p99 against 50 ms, median against 5 ms',
  deadlineMs: 5 * 60_000,
  run: (context) => withSystem(context.progress, (system) => measure(system, context), crowd),
};

async function measure(
  { client, databaseUrl, gateway }: BenchSystem,
  { signal, progress, quick }: BenchContext,
): Promise<Measured> {
  const journals = Array.from({ length: writers }, () =>
    openJournal({ databaseUrl, applicationName: 'bench', onWarning: (message) => progress(message) }),
  );
  try {
    const [journal] = journals;
    if (!journal) throw new Error('there is no journal');
    const runs = await createEndedRuns(await createOwnersWorld(client, journal), quick ? 50 : subscribers);
    await using viewers = await startViewers(gateway);
    progress('connecting');
    await unlessAborted(signal, viewers.open(runs));
    const perSecond = quick ? 50 : deliveriesPerSecond;
    progress('warming up');
    await appendSteadily(journals, runs, perSecond, quick ? 500 : warmUpMs, signal);
    await delay(lastMs, undefined, { signal });
    await viewers.heard();
    progress('measuring');
    const { sent, tookMs } = await appendSteadily(journals, runs, perSecond, quick ? 1_000 : measuredMs, signal);
    await delay(lastMs, undefined, { signal });
    const delays = await viewers.heard();
    if (delays.length !== sent) throw new Error(`${sent} events were appended, ${delays.length} were received`);
    const p50 = quantile(delays, 0.5);
    return {
      ours: quantile(delays, 0.99),
      limit: p99LimitMs,
      unit: 'ms',
      detail: {
        medianMs: p50,
        medianLimitMs,
        ratioOfMedian: p50 / medianLimitMs,
        slowestMs: Math.max(...delays),
        deliveriesPerSecond: (sent * 1_000) / tookMs,
      },
    };
  } finally {
    await Promise.all(journals.map((journal) => journal.close()));
  }
}

/** Appends an event to one run after the other, as many a second as are asked for, whether those before are through or not. */
async function appendSteadily(
  journals: readonly Journal[],
  runs: readonly EndedRun[],
  perSecond: number,
  forMs: number,
  signal: AbortSignal,
): Promise<{ sent: number; tookMs: number }> {
  const began = performance.now();
  const appending: Promise<void>[] = [];
  const due = () => Math.floor((Math.min(performance.now() - began, forMs) * perSecond) / 1_000);
  while (performance.now() - began < forMs) {
    while (appending.length < due()) {
      const run = runs[appending.length % runs.length];
      const journal = journals[appending.length % journals.length];
      if (!run || !journal) throw new Error('there is nobody to append');
      const text = timestamp();
      const chunk = { type: 'item.chunk', itemId: 'item', stream: 'STDOUT', text } as const;
      appending.push(appendChunks(journal, run.writer, [chunk], `bench/${text}`));
    }
    await delay(1, undefined, { signal });
  }
  await Promise.all(appending);
  return { sent: appending.length, tookMs: performance.now() - began };
}
