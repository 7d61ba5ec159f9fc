import path from 'node:path';
import type { Bench, BenchContext, Measured } from '../bench.ts';
import { interleave, median } from '../measure.ts';
import { createEnvironment, createHandedRun, handOn } from '../parts/agentRuns.ts';
import { startBareActivity, type BareActivity } from '../parts/bareActivity.ts';
import { bareHandoff } from '../parts/bareHandoff.ts';
import { makeSampleRepository, type SampleRepository } from '../parts/sampleRepository.ts';
import { withSystem, type BenchSystem } from '../parts/system.ts';
import { untilReady } from '../parts/untilReady.ts';

/**
 * A large project is the one that counts. On smaller ones the checkout takes next to nothing, so that the steps which
 * make a session durable show, and they cost the same on each.
 */
const large: SampleRepository = { files: 10_000, commits: 30, fileBytes: 4_000 };
const smaller: readonly SampleRepository[] = [
  { files: 200, commits: 3, fileBytes: 4_000 },
  { files: 2_000, commits: 30, fileBytes: 4_000 },
];

/** A follow-up to a run that has ended, until the new session's agent has printed something. */
export const handoff: Bench = {
  name: 'handoff',
  about:
    'follow-up to an ended run → first output of the new session, against git clone --shared plus a bare activity; at most 1.3',
  deadlineMs: 15 * 60_000,
  run: async (context) => {
    const measured = await withSystem(context.progress, (system) => measure(system, context));
    if (context.quick) return measured;
    const unprepared = await withSystem(context.progress, (system) => measureUnprepared(system, context), {
      BATON_READY_CHECKOUTS: '0',
    });
    return { ...measured, detail: { ...measured.detail, ...unprepared } };
  },
};

async function measure(system: BenchSystem, context: BenchContext): Promise<Measured> {
  await using bare = await startBareActivity(system.temporalAddress);
  const detail: Record<string, number> = {};
  let repositories = 0;
  /** As when somebody has looked at what the run did, and writes what comes next: the worker has had the time to prepare. */
  const prepared = () => untilReady(system, repositories, context.signal);
  for (const sample of context.quick ? [] : smaller) {
    repositories++;
    const { ours, limit } = await measureOn(system, bare, sample, { ...context, times: 3, before: prepared });
    detail[`oursMsOn${sample.files}Files`] = median(ours);
    detail[`ratioOn${sample.files}Files`] = median(ours) / median(limit);
  }
  repositories++;
  const sample = context.quick ? (smaller[0] ?? large) : large;
  const times = context.quick ? 1 : 5;
  const { ours, limit, activity } = await measureOn(system, bare, sample, { ...context, times, before: prepared });
  return {
    ours: median(ours),
    limit: median(limit),
    unit: 'ms',
    detail: {
      files: sample.files,
      slowestMs: Math.max(...ours),
      bareActivityMs: median(activity),
      ratioOfFastest: Math.min(...ours) / Math.min(...limit),
      ...detail,
    },
  };
}

/** The same on a worker that makes nothing in advance, or has not seen the repository at this commit before. */
async function measureUnprepared(system: BenchSystem, context: BenchContext): Promise<Record<string, number>> {
  context.progress('on a worker that has prepared nothing');
  await using bare = await startBareActivity(system.temporalAddress);
  const { ours, limit } = await measureOn(system, bare, large, { ...context, times: 3, before: async () => {} });
  return { oursMsUnprepared: median(ours), ratioUnprepared: median(ours) / median(limit) };
}

interface Times {
  readonly ours: readonly number[];
  readonly limit: readonly number[];
  /** The part of the limit that is the bare activity. */
  readonly activity: readonly number[];
}

/** Hands a run on over and over; between two handoffs the repository is cloned, and the bare activity runs. */
async function measureOn(
  { client, directory }: BenchSystem,
  bare: BareActivity,
  sample: SampleRepository,
  { signal, progress, times, before }: BenchContext & { readonly times: number; readonly before: () => Promise<void> },
): Promise<Times> {
  progress(`a repository of ${sample.files} files`);
  const repository = path.join(directory, `repository-${sample.files}`);
  await makeSampleRepository(repository, sample);
  const run = await createHandedRun(client, await createEnvironment(client, repository), signal);
  const activity: number[] = [];
  const { ours, limit } = await interleave(times, signal, {
    ours: async () => {
      await before();
      const took = await handOn(client, run);
      progress(`follow-up → output ${Math.round(took)} ms`);
      return took;
    },
    limit: async () => {
      // Nor does the clone compete with what the worker prepares.
      await before();
      const needed = await bareHandoff(bare, repository, path.join(directory, 'clone'), signal);
      activity.push(needed.activity);
      progress(`clone ${Math.round(needed.cloned)} ms, bare activity ${Math.round(needed.activity)} ms`);
      return needed.cloned + needed.activity;
    },
  });
  return { ours, limit, activity };
}
