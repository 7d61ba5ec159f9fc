import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Bench, BenchContext } from '../bench.ts';
import { interleave, median, timed } from '../measure.ts';
import {
  binaryBytes,
  changeFiles,
  largeRepository,
  ordinaryChanges,
  quickRepository,
  statusAndTar,
  withWorkbench,
  type Changes,
  type Workbench,
} from './workbench.ts';

/** The first snapshot of a session that changed about 200 files. */
export const capture: Bench = {
  name: 'capture',
  about:
    'a capture of about 200 changes in 25,500 files, against git status --porcelain=v2 -z plus tar and zstd of what it names; at most 1.2',
  deadlineMs: 20 * 60_000,
  run: (context) =>
    withWorkbench(context.quick ? quickRepository : largeRepository, context.signal, {}, async (bench) => {
      const plain = await measure(bench, context, ordinaryChanges);
      const binary = await measure(bench, context, { ...ordinaryChanges, binaryBytes });
      return {
        ours: plain.ours,
        limit: plain.limit,
        unit: 'ms',
        detail: {
          storedBytes: plain.storedBytes,
          tarBytes: plain.tarBytes,
          ratioOfBytes: plain.storedBytes / plain.tarBytes,
          oursMsWithBinary: binary.ours,
          limitMsWithBinary: binary.limit,
          ratioWithBinary: binary.ours / binary.limit,
          ratioOfBytesWithBinary: binary.storedBytes / binary.tarBytes,
        },
      };
    }),
};

export interface MeasuredCapture {
  /** Milliseconds. */
  readonly ours: number;
  readonly limit: number;
  readonly storedBytes: number;
  readonly tarBytes: number;
}

/** Changes the files anew each time, and captures them as if nothing had been captured before. */
export async function measure(
  bench: Workbench,
  { signal, progress, quick }: BenchContext,
  changes: Changes,
): Promise<MeasuredCapture> {
  const workspace = await bench.open('workspace');
  const archive = path.join(bench.directory, 'changes.tar.zst');
  const stored: number[] = [];
  const packed: number[] = [];
  const taken = await interleave(quick ? 1 : 5, signal, {
    ours: async () => {
      await changeFiles(workspace, changes);
      const took = await timed(async () => stored.push((await bench.capture(workspace)).summary.storedBytes));
      progress(`capture ${Math.round(took)} ms`);
      return took;
    },
    limit: async () => {
      await changeFiles(workspace, changes);
      const took = await timed(() => statusAndTar(workspace, archive, signal));
      packed.push((await stat(archive)).size);
      progress(`git status, tar and zstd ${Math.round(took)} ms`);
      return took;
    },
  });
  await bench.remove(workspace);
  return {
    ours: median(taken.ours),
    limit: median(taken.limit),
    storedBytes: median(stored),
    tarBytes: median(packed),
  };
}
