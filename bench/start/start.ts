import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { projectRoot } from '../../stack/projectRoot.ts';
import { nothingRuns, RunningSystem } from '../../stack/testParts/runningSystem.ts';
import { temporaryDirectory } from '../../test/support/temporaryDirectory.ts';
import type { Bench, BenchContext, Measured } from '../bench.ts';
import { interleave, median, timed } from '../measure.ts';
import { buildPrograms } from '../parts/build.ts';
import { startBareParts } from './bareParts.ts';
import { memoryOfTree } from './memory.ts';

const limitSeconds = 8;
const memoryLimitMiB = 1024;
/** How long a system is left alone before its memory counts as idle. */
const settleMs = 10_000;

/** `npm start` on a state directory that it has run on before, until it says that it is ready. */
export const start: Bench = {
  name: 'start',
  about:
    'a warm start until it is ready, against 8 s; beside it the same parts started bare, and the idle memory of all, limit 1 GiB',
  deadlineMs: 5 * 60_000,
  run: measure,
};

async function measure({ signal, progress, quick }: BenchContext): Promise<Measured> {
  await buildPrograms(progress);
  await using directory = await temporaryDirectory();
  const home = path.join(directory.path, 'state');
  progress('the first start, which makes the state');
  const memoryMiB = await withStarted(home, async ({ pid }) => {
    await delay(quick ? 0 : settleMs, undefined, { signal });
    return memoryOfTree(pid);
  });
  const { ours, bare } = await interleave(quick ? 1 : 7, signal, {
    ours: async (time) => {
      progress(`start ${time + 1}`);
      const began = performance.now();
      return withStarted(home, async () => performance.now() - began);
    },
    bare: async () => {
      let stop = async () => {};
      const took = await timed(async () => {
        stop = await startBareParts(home, signal);
      });
      await stop();
      return took;
    },
  });
  return {
    ours: median(ours) / 1_000,
    limit: limitSeconds,
    unit: 's',
    detail: {
      slowestSeconds: Math.max(...ours) / 1_000,
      barePartsSeconds: median(bare) / 1_000,
      ratioToBareParts: median(ours) / median(bare),
      idleMemoryMiB: memoryMiB,
      idleMemoryLimitMiB: memoryLimitMiB,
    },
  };
}

/** Starts the system as a process of its own, and stops it after `work`. */
async function withStarted(home: string, work: (system: RunningSystem) => Promise<number>): Promise<number> {
  const system = new RunningSystem(home, {}, [process.execPath, path.join(projectRoot, 'bin', 'baton.mjs'), 'start']);
  try {
    return await work(await system.ready());
  } finally {
    await system.stop();
    await nothingRuns(home);
  }
}
