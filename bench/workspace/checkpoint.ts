import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Bench } from '../bench.ts';
import { interleave, median, timed } from '../measure.ts';
import { changeFiles, largeRepository, ordinaryChanges, quickRepository, withWorkbench } from './workbench.ts';

const run = promisify(execFile);

/** A checkpoint after a turn that changed nothing. */
export const checkpoint: Bench = {
  name: 'checkpoint',
  about: 'a capture with nothing changed since the last one, in 25,500 files, against a warm git status; at most 2',
  deadlineMs: 15 * 60_000,
  run: ({ signal, progress, quick }) =>
    withWorkbench(quick ? quickRepository : largeRepository, signal, {}, async (bench) => {
      const workspace = await bench.open('workspace');
      await changeFiles(workspace, ordinaryChanges);
      let { manifest } = (await bench.capture(workspace)).summary;
      const status = () =>
        run('git', ['status', '--porcelain=v2', '-z'], { cwd: workspace.directory, maxBuffer: 1 << 27, signal });
      await status();
      const { ours, limit } = await interleave(quick ? 2 : 15, signal, {
        ours: () =>
          timed(async () => {
            ({ manifest } = (await bench.capture(workspace, manifest)).summary);
          }),
        limit: () => timed(status),
      });
      progress(`captures ${ours.map(Math.round).join(' ')} ms, git status ${limit.map(Math.round).join(' ')} ms`);
      return {
        ours: median(ours),
        limit: median(limit),
        unit: 'ms',
        detail: { slowestMs: Math.max(...ours), ratioOfFastest: Math.min(...ours) / Math.min(...limit) },
      };
    }),
};
