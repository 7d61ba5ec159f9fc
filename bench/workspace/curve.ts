import type { Bench } from '../bench.ts';
import { measure } from './capture.ts';
import { largeRepository, withWorkbench, type Changes } from './workbench.ts';

const filesChanged = [1, 100, 10_000] as const;
const filesInTree = [1_000, 10_000, 100_000] as const;

const modified = (count: number): Changes => ({ modified: count, added: 0, deleted: 0, moved: 0, binaryBytes: null });

/** How a capture grows with what changed, and with what there is. */
export const captureCurve: Bench = {
  name: 'capture-curve',
  about: 'captures of 1 to 10,000 changed files and in trees of 1,000 to 100,000, each against git status plus tar and zstd',
  deadlineMs: 60 * 60_000,
  run: async (context) => {
    const detail: Record<string, number> = {};
    const note = (what: string, { ours, limit }: { readonly ours: number; readonly limit: number }) => {
      detail[`oursMs${what}`] = ours;
      detail[`ratio${what}`] = ours / limit;
      return { ours, limit };
    };
    const worst: { readonly ours: number; readonly limit: number }[] = [];
    await withWorkbench(
      context.quick ? { ...largeRepository, files: 2_000 } : largeRepository,
      context.signal,
      {},
      async (bench) => {
        for (const count of context.quick ? filesChanged.slice(0, 2) : filesChanged) {
          context.progress(`${count} changed files`);
          worst.push(note(`Of${count}Changed`, await measure(bench, context, modified(count))));
        }
      },
    );
    for (const files of context.quick ? filesInTree.slice(0, 1) : filesInTree) {
      context.progress(`a tree of ${files} files`);
      await withWorkbench({ files, commits: 3, fileBytes: 4_000 }, context.signal, {}, async (bench) => {
        worst.push(note(`In${files}Files`, await measure(bench, context, modified(100))));
      });
    }
    const highest = worst.toSorted((a, b) => b.ours / b.limit - a.ours / a.limit)[0];
    if (!highest) throw new Error('nothing was measured');
    return { ...highest, unit: 'ms', detail };
  },
};
