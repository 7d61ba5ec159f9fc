import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Bench, BenchContext } from '../bench.ts';
import { interleave, median, timed } from '../measure.ts';
import { changeFiles, largeRepository, ordinaryChanges, quickRepository, withWorkbench } from './workbench.ts';

const run = promisify(execFile);

/** A workspace opened and restored, onto a checkout that is ready and from the mirror alone. */
export const restore: Bench = {
  name: 'restore',
  about:
    'open and restore about 200 changes in 25,500 files onto a ready checkout, against git clone --shared with checkout; at most 0.15',
  deadlineMs: 30 * 60_000,
  run: async (context) => {
    const onto = await measure(context, true);
    const mirrored = await measure(context, false);
    return {
      ours: onto.ours,
      limit: onto.limit,
      unit: 'ms',
      detail: {
        slowestMs: onto.slowest,
        oursMsFromMirror: mirrored.ours,
        limitMsFromMirror: mirrored.limit,
        // At most 0.8.
        ratioFromMirror: mirrored.ours / mirrored.limit,
      },
    };
  },
};

async function measure(
  { signal, progress, quick }: BenchContext,
  ready: boolean,
): Promise<{ readonly ours: number; readonly limit: number; readonly slowest: number }> {
  return withWorkbench(quick ? quickRepository : largeRepository, signal, { ready }, async (bench) => {
    const from = await bench.open('from');
    await changeFiles(from, ordinaryChanges);
    const { manifest } = (await bench.capture(from)).summary;
    await bench.remove(from);
    const clone = path.join(bench.directory, 'clone');
    const { ours, limit } = await interleave(quick ? 1 : 5, signal, {
      ours: async (time) => {
        // As when somebody has looked at what the run did: the worker has had the time to make its next checkout.
        await bench.workspaces.settled();
        let took = 0;
        const began = performance.now();
        const workspace = await bench.open(`workspace-${time}`, manifest);
        const report = await bench.restore(workspace, manifest);
        took = performance.now() - began;
        if (!report.exact) throw new Error(`the restore was not exact: ${JSON.stringify(report.entries)}`);
        progress(`open and restore ${Math.round(took)} ms`);
        await bench.remove(workspace);
        return took;
      },
      limit: async () => {
        // Nor does the clone compete with what the worker prepares.
        await bench.workspaces.settled();
        const took = await timed(() => run('git', ['clone', '--quiet', '--shared', bench.repository, clone], { signal }));
        progress(`git clone --shared ${Math.round(took)} ms`);
        await rm(clone, { recursive: true });
        return took;
      },
    });
    return { ours: median(ours), limit: median(limit), slowest: Math.max(...ours) };
  });
}
