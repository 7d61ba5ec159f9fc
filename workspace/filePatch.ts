import { structuredPatch, type StructuredPatchHunk } from 'diff';
import { displayPath, type BytePath } from './bytePath.ts';
import type { FileDifference, FileState } from './difference.ts';

/** Content beyond this is not compared by lines. Bytes. */
export const comparedBytes = 1024 * 1024;
/** Lines are compared for at most this long, unless said otherwise. Milliseconds. */
const comparedForMs = 1000;
/** Git takes content for binary that has a NUL in so many of its first bytes. */
const sniffedBytes = 8000;

/** A difference as people read it. */
export type FilePatch =
  | { readonly kind: 'TEXT'; readonly patch: string; readonly additions: number; readonly deletions: number }
  /** It has content that is no text. */
  | { readonly kind: 'BINARY' }
  /** It is too large to be compared by lines, or would take too long. */
  | { readonly kind: 'TOO_LARGE' }
  /** Its content is not at hand: only the remote has it, or a pack that is too large to look into. */
  | { readonly kind: 'ELSEWHERE' };

export const patchKinds = ['TEXT', 'BINARY', 'TOO_LARGE', 'ELSEWHERE'] as const satisfies readonly FilePatch['kind'][];

const isBinary = (content: Buffer): boolean => content.subarray(0, sniffedBytes).includes(0);

/**
 * A unified diff of one file as git writes it. `before` and `after` are its contents; null where there was none, or a
 * directory.
 */
export function filePatch(
  folder: string,
  difference: FileDifference,
  [before, after]: readonly [before: Buffer | null, after: Buffer | null],
  forMs = comparedForMs,
): FilePatch {
  const contents = [before, after].filter((content) => content !== null);
  if (contents.some((content) => content.length > comparedBytes)) return { kind: 'TOO_LARGE' };
  if (contents.some(isBinary)) return { kind: 'BINARY' };
  const [old, now] = [before?.toString() ?? '', after?.toString() ?? ''];
  const compared = structuredPatch('', '', old, now, undefined, undefined, { context: 3, timeout: forMs });
  return compared ? patchOfHunks(folder, difference, compared.hunks) : { kind: 'TOO_LARGE' };
}

/** A unified diff of one file, of hunks that are known. */
export function patchOfHunks(folder: string, difference: FileDifference, hunks: readonly StructuredPatchHunk[]): FilePatch {
  const lines = hunks.flatMap((hunk) => hunk.lines);
  const shown = hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
    `@@ -${range(oldStart, oldLines)} +${range(newStart, newLines)} @@`,
    ...lines,
  ]);
  return {
    kind: 'TEXT',
    patch: [...patchHeader(folder, difference, shown.length > 0), ...shown, ''].join('\n'),
    additions: lines.filter((line) => line.startsWith('+')).length,
    deletions: lines.filter((line) => line.startsWith('-')).length,
  };
}

/** Where nothing is, git counts from the line before: https://www.gnu.org/software/diffutils/manual/html_node/Detailed-Unified.html */
const range = (start: number, lines: number): string => `${lines === 0 ? Math.max(0, start - 1) : start},${lines}`;

/** The lines that a patch of the file begins with. */
export function patchHeader(
  folder: string,
  { path, oldPath, before, after }: FileDifference,
  hasHunks: boolean,
): readonly string[] {
  const name = (side: 'a/' | 'b/' | '', of: BytePath) => quoted(`${side}${folder === '.' ? '' : `${folder}/`}${displayPath(of)}`);
  const [old, now] = [name('a/', oldPath ?? path), name('b/', path)];
  const modes =
    before === null
      ? [`new file mode ${gitMode(after)}`]
      : after === null
        ? [`deleted file mode ${gitMode(before)}`]
        : gitMode(before) === gitMode(after)
          ? []
          : [`old mode ${gitMode(before)}`, `new mode ${gitMode(after)}`];
  const renamed =
    oldPath === null ? [] : ['similarity index 100%', `rename from ${name('', oldPath)}`, `rename to ${name('', path)}`];
  const sides = hasHunks ? [`--- ${before === null ? '/dev/null' : old}`, `+++ ${after === null ? '/dev/null' : now}`] : [];
  return [`diff --git ${old} ${now}`, ...modes, ...renamed, ...sides];
}

/** The mode as git writes it; permission bits that git does not know are not shown. */
function gitMode(state: FileState | null): string {
  switch (state?.kind) {
    case 'LINK':
      return '120000';
    case 'SUBMODULE':
      return '160000';
    case 'DIRECTORY':
      return '040000';
    case 'FILE':
    case undefined:
      return ((state?.mode ?? 0) & 0o100) === 0 ? '100644' : '100755';
  }
}

/** Git puts names in quotes that could be taken for something else. */
const quoted = (name: string): string =>
  /["\\\p{Cc}]/u.test(name)
    ? `"${name.replaceAll(/["\\]/g, '\\$&').replaceAll(/\p{Cc}/gu, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`)}"`
    : name;
