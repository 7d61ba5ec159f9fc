import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { GatewayClient } from '../../cli/gatewayClient.ts';
import { leaseSeconds } from '../../journal/lease.ts';
import type { Bench, BenchContext, Measured } from '../bench.ts';
import { interleave, median, unlessAborted } from '../measure.ts';
import { createEnvironment, createHandedRun, followUp, handOn, type HandedRun } from '../parts/agentRuns.ts';
import { makeSampleRepository } from '../parts/sampleRepository.ts';
import { withSystem, type BenchSystem } from '../parts/system.ts';
import { untilOutput } from '../parts/untilOutput.ts';
import { untilLost } from './untilLost.ts';
import { startWorkers, type Workers } from './workers.ts';

/** After that long without a heartbeat Temporal takes a worker for lost: workflows/proxies.ts. */
const heartbeatSeconds = 15;
const handoffs = 1.3;
/** The turn has been going on that long when its worker is killed. */
const intoTurnMs = 3_000;

/** A worker is killed in the middle of a script's turn, with another one up: until the next session prints something. */
export const recovery: Bench = {
  name: 'recovery',
  about:
    'kill -9 of the worker during a turn → first output of the next session, against lease (30 s) + heartbeat (15 s) + 1.3 × a handoff',
  deadlineMs: 10 * 60_000,
  run: (context) => withSystem(context.progress, (system) => measure(system, context)),
};

async function measure(system: BenchSystem, { signal, progress, quick }: BenchContext): Promise<Measured> {
  const { client, directory } = system;
  await using workers = await startWorkers(system, signal);
  const repository = path.join(directory, 'repository');
  await makeSampleRepository(repository, { files: quick ? 200 : 2_000, commits: 30, fileBytes: 4_000 });
  const run = await createHandedRun(client, await createEnvironment(client, repository), signal);
  const failing: number[] = [];
  const { recovered, handed } = await interleave(quick ? 1 : 5, signal, {
    recovered: async () => {
      const { failedMs, outputMs } = await loseAndRecover(client, workers, run, signal);
      progress(`kill → failed ${Math.round(failedMs)} ms, → output ${Math.round(outputMs)} ms`);
      failing.push(failedMs);
      return outputMs;
    },
    handed: async () => {
      const took = await handOn(client, run);
      progress(`handoff ${Math.round(took)} ms`);
      return took;
    },
  });
  return {
    ours: median(recovered) / 1_000,
    limit: leaseSeconds + heartbeatSeconds + (handoffs * median(handed)) / 1_000,
    unit: 's',
    detail: {
      slowestSeconds: Math.max(...recovered) / 1_000,
      killToFailedSeconds: median(failing) / 1_000,
      handoffSeconds: median(handed) / 1_000,
    },
  };
}

/** Both from the kill on: until the run has failed, and until the session that follows has printed something. */
async function loseAndRecover(
  client: GatewayClient,
  workers: Workers,
  run: HandedRun,
  signal: AbortSignal,
): Promise<{ failedMs: number; outputMs: number }> {
  const lost = untilLost(client, run);
  // Seen below, also when what comes before it fails.
  lost.catch(() => {});
  const turn = untilOutput(client, run);
  await followUp(client, run.runId, 'echo begun\nsleep 300');
  await turn.output;
  await delay(intoTurnMs, undefined, { signal });
  const worker = await workerOf(client, run.runId);
  const began = performance.now();
  await workers.kill(worker);
  run.after = await unlessAborted(signal, lost);
  const failedMs = performance.now() - began;
  const outputMs = failedMs + (await handOn(client, run));
  await workers.mend();
  return { failedMs, outputMs };
}

/** The worker of the run's newest session. */
async function workerOf(client: GatewayClient, runId: string): Promise<string> {
  const { run } = await client.ask<{ run: { sessions: { worker: string | null }[] } }>(
    'query ($runId: ID!) { run(id: $runId) { sessions { worker } } }',
    { runId },
  );
  const worker = run.sessions.at(-1)?.worker;
  if (worker == null) throw new Error('the session has no worker');
  return worker;
}
