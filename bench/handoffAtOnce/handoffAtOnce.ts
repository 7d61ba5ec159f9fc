import path from 'node:path';
import type { Bench, BenchContext, Measured } from '../bench.ts';
import { interleave, median, quantile } from '../measure.ts';
import { createEnvironment, createHandedRun, handOn, type HandedRun } from '../parts/agentRuns.ts';
import { startBareActivity } from '../parts/bareActivity.ts';
import { bareHandoff } from '../parts/bareHandoff.ts';
import { makeSampleRepository, type SampleRepository } from '../parts/sampleRepository.ts';
import { withSystem, type BenchSystem } from '../parts/system.ts';

/** A project of middling size: twenty checkouts of it at once fit on a small machine. */
const sample: SampleRepository = { files: 2_000, commits: 30, fileBytes: 4_000 };
const atOnce = 20;

/** Follow-ups to twenty runs that have ended, at once, until each one's new session has printed something. */
export const handoffAtOnce: Bench = {
  name: 'handoff-20',
  about: '20 handoffs at once, the slowest (p99) of them, against 20 at once of git clone --shared plus a bare activity',
  deadlineMs: 15 * 60_000,
  // So that none waits for another's end: a worker has 10 places unless it is told otherwise.
  run: (context) => withSystem(context.progress, (system) => measure(system, context), { BATON_WORKER_CAPACITY: String(atOnce) }),
};

async function measure(
  { client, directory, temporalAddress }: BenchSystem,
  { signal, progress, quick }: BenchContext,
): Promise<Measured> {
  const count = quick ? 2 : atOnce;
  await using bare = await startBareActivity(temporalAddress);
  const repository = path.join(directory, 'repository');
  await makeSampleRepository(repository, quick ? { ...sample, files: 100, commits: 3 } : sample);
  const environmentId = await createEnvironment(client, repository);
  progress(`${count} first sessions`);
  const runs: HandedRun[] = [];
  // A few at a time: what counts comes later.
  while (runs.length < count) {
    const some = Math.min(4, count - runs.length);
    runs.push(...(await Promise.all(Array.from({ length: some }, () => createHandedRun(client, environmentId, signal)))));
  }
  const times = { ours: [] as number[], bare: [] as number[] };
  const { ours, bare: needed } = await interleave(quick ? 1 : 3, signal, {
    ours: async () => {
      const all = await Promise.all(runs.map((run) => handOn(client, run)));
      times.ours.push(...all);
      progress(`follow-ups → output ${Math.round(median(all))} ms, the slowest ${Math.round(Math.max(...all))} ms`);
      return Math.max(...all);
    },
    bare: async () => {
      const all = await Promise.all(
        runs.map((_, n) => bareHandoff(bare, repository, path.join(directory, `clone-${n}`), signal)),
      );
      const sums = all.map(({ cloned, activity }) => cloned + activity);
      times.bare.push(...sums);
      progress(`bare ${Math.round(median(sums))} ms, the slowest ${Math.round(Math.max(...sums))} ms`);
      return Math.max(...sums);
    },
  });
  return {
    ours: quantile(times.ours, 0.99),
    limit: quantile(times.bare, 0.99),
    unit: 'ms',
    detail: {
      medianMs: median(times.ours),
      ratioOfMedian: median(times.ours) / median(times.bare),
      handoffsPerSecond: (1_000 * count) / median(ours),
      barePerSecond: (1_000 * count) / median(needed),
      ratioOfThroughput: median(ours) / median(needed),
    },
  };
}
