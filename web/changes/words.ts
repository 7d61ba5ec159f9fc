import { diffWordsWithSpace } from 'diff';
import type { DiffLine } from './patch.ts';

/** A part of a line, from one column to another. */
export type Range = readonly [from: number, to: number];

/** Lines longer than this are not compared word by word. */
const longest = 500;
/** Lines that have less than this part in common are two lines, not one that was changed. */
const alike = 0.5;

/** What of a changed line is new, and what of it was taken away. Nothing when the lines have little in common. */
export function changedWords(
  before: string,
  after: string,
): { readonly before: readonly Range[]; readonly after: readonly Range[] } {
  if (before.length > longest || after.length > longest) return { before: [], after: [] };
  const ranges = { before: [] as Range[], after: [] as Range[] };
  let at = 0;
  let to = 0;
  let common = 0;
  for (const { value, added, removed } of diffWordsWithSpace(before, after)) {
    if (added) ranges.after.push([to, to + value.length]);
    if (removed) ranges.before.push([at, at + value.length]);
    if (!added && !removed) common += value.trim().length;
    if (!added) at += value.length;
    if (!removed) to += value.length;
  }
  return common < alike * Math.max(before.trim().length, after.trim().length) ? { before: [], after: [] } : ranges;
}

/** The changed words of a hunk's lines: of each run of deletions with the additions that follow it, line by line. */
export function wordsOfLines(lines: readonly DiffLine[]): ReadonlyMap<number, readonly Range[]> {
  const words = new Map<number, readonly Range[]>();
  for (let index = 0; index < lines.length;) {
    const deletions = runOf(lines, index, 'del');
    const additions = runOf(lines, index + deletions, 'add');
    for (let n = 0; n < Math.min(deletions, additions); n += 1) {
      const changed = changedWords(lines[index + n]?.text ?? '', lines[index + deletions + n]?.text ?? '');
      words.set(index + n, changed.before);
      words.set(index + deletions + n, changed.after);
    }
    index += Math.max(1, deletions + additions);
  }
  return words;
}

function runOf(lines: readonly DiffLine[], from: number, kind: DiffLine['kind']): number {
  let length = 0;
  while (lines[from + length]?.kind === kind) length += 1;
  return length;
}
