import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { promisify } from 'node:util';
import type { GatewayClient } from '../../cli/gatewayClient.ts';
import type { Bench, BenchContext, Measured } from '../bench.ts';
import { interleave, median, timed, unlessAborted } from '../measure.ts';
import { withSystem, type BenchSystem } from '../parts/system.ts';
import { startBareActivity, type BareActivity } from './bareActivity.ts';
import { makeSampleRepository, type SampleRepository } from './sampleRepository.ts';
import { untilOutput } from './untilOutput.ts';

const run = promisify(execFile);

/**
 * A large project is the one that counts. On smaller ones the checkout takes next to nothing, so that the steps which
 * make a session durable show, and they cost the same on each.
 */
const large: SampleRepository = { files: 10_000, commits: 30, fileBytes: 4_000 };
const smaller: readonly SampleRepository[] = [
  { files: 200, commits: 3, fileBytes: 4_000 },
  { files: 2_000, commits: 30, fileBytes: 4_000 },
];

/** What the first session leaves behind, so that there is something to restore. */
const leave = `set -e
for file in $(git ls-files | head -20); do echo changed >> "$file"; done
for n in 1 2 3 4 5; do echo "new $n" > "new-$n.txt"; done`;

/** A follow-up to a run that has ended, until the new session's agent has printed something. */
export const handoff: Bench = {
  name: 'handoff',
  about:
    'follow-up to an ended run → first output of the new session, against git clone --shared plus a bare activity; at most 1.3',
  deadlineMs: 15 * 60_000,
  run: (context) => withSystem(context.progress, (system) => measure(system, context)),
};

async function measure(system: BenchSystem, context: BenchContext): Promise<Measured> {
  await using bare = await startBareActivity(system.temporalAddress);
  const detail: Record<string, number> = {};
  for (const sample of context.quick ? [] : smaller) {
    const { ours, limit } = await measureOn(system, bare, sample, { ...context, times: 3 });
    detail[`oursMsOn${sample.files}Files`] = median(ours);
    detail[`ratioOn${sample.files}Files`] = median(ours) / median(limit);
  }
  const sample = context.quick ? (smaller[0] ?? large) : large;
  const { ours, limit, activity } = await measureOn(system, bare, sample, { ...context, times: context.quick ? 1 : 5 });
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
  { signal, progress, times }: BenchContext & { readonly times: number },
): Promise<Times> {
  progress(`a repository of ${sample.files} files`);
  const repository = path.join(directory, `repository-${sample.files}`);
  await makeSampleRepository(repository, sample);
  const runId = await createRun(client, repository);
  let { lastSeq } = await unlessAborted(signal, untilOutput(client, { runId, after: 0 }).ended);
  const clone = path.join(directory, 'clone');
  const activity: number[] = [];
  const { ours, limit } = await interleave(times, signal, {
    ours: async () => {
      const watched = untilOutput(client, { runId, after: lastSeq });
      const began = performance.now();
      await client.mutate('sendFollowUp', { clientKey: randomUUID(), runId, text: 'echo here' }, 'run { id }');
      const took = (await watched.output) - began;
      ({ lastSeq } = await watched.ended);
      progress(`follow-up → output ${Math.round(took)} ms`);
      return took;
    },
    limit: async () => {
      const cloned = await timed(() => run('git', ['clone', '--quiet', '--shared', repository, clone], { signal }));
      const ran = await timed(() => bare.run());
      activity.push(ran);
      await rm(clone, { recursive: true });
      progress(`clone ${Math.round(cloned)} ms, bare activity ${Math.round(ran)} ms`);
      return cloned + ran;
    },
  });
  return { ours, limit, activity };
}

async function createRun(client: GatewayClient, repository: string): Promise<string> {
  const { environment } = await client.mutate<{ environment: { id: string } }>(
    'createEnvironment',
    { clientKey: randomUUID(), name: path.basename(repository), repositories: [{ url: repository }] },
    'environment { id }',
  );
  const { run: created } = await client.mutate<{ run: { id: string } }>(
    'createRun',
    { clientKey: randomUUID(), environmentId: environment.id, title: 'Bench', text: `${leave}\necho left`, idleSeconds: 0 },
    'run { id }',
  );
  return created.id;
}
