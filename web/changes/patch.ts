import { parsePatch, structuredPatch, type StructuredPatch, type StructuredPatchHunk } from 'diff';

export interface DiffLine {
  readonly kind: 'same' | 'add' | 'del';
  readonly before: number | null;
  readonly after: number | null;
  readonly text: string;
  /** It is the last one, and no line break follows. */
  readonly open: boolean;
}

export interface Hunk {
  /** What git names the place after: the function it is in. */
  readonly place: string;
  readonly lines: readonly DiffLine[];
}

export interface FileDiff {
  readonly path: string;
  readonly oldPath: string | null;
  readonly kind: 'TEXT' | 'BINARY' | 'UNREADABLE';
  /** In words, where the file itself has changed: new, deleted, a mode. */
  readonly note: string | null;
  readonly hunks: readonly Hunk[];
  readonly lineCount: number;
  /** The part of the patch that is this file's. */
  readonly text: string;
}

/** A patch's files, each with what a reader sees. A file whose part cannot be read does not hide the others. */
export function filesOfPatch(patch: string): FileDiff[] {
  const parts = patch.split(/^(?=diff --git )/m).filter((part) => part.startsWith('diff --git '));
  return parts.map(fileOf);
}

/** What a reader sees of a change from one text to another; null stands for a file that is not there. */
export function diffOfTexts(path: string, before: string | null, after: string | null): FileDiff {
  const { hunks } = structuredPatch(path, path, before ?? '', after ?? '', undefined, undefined, { context: 3 });
  const found = hunks.map((hunk) => hunkOf(hunk, ''));
  return {
    path,
    oldPath: null,
    kind: 'TEXT',
    note: before === null ? 'new file' : after === null ? 'deleted' : null,
    hunks: found,
    lineCount: found.reduce((sum, { lines }) => sum + lines.length, 0),
    text: '',
  };
}

function fileOf(text: string): FileDiff {
  const unreadable = { oldPath: null, kind: 'UNREADABLE', note: null, hunks: [], lineCount: 0, text } as const;
  let parsed: StructuredPatch | undefined;
  try {
    [parsed] = parsePatch(text);
  } catch {
    parsed = undefined;
  }
  const after = withoutPrefix(parsed?.newFileName, 'b/');
  const before = withoutPrefix(parsed?.oldFileName, 'a/');
  const path = after ?? before;
  if (!parsed || path === null) return { ...unreadable, path: /^diff --git a\/(.*?) b\//.exec(text)?.[1] ?? 'a file' };
  const binary = parsed.isBinary === true || /^GIT binary patch$/m.test(text);
  const places = [...text.matchAll(/^@@ -\S+ \+\S+ @@ ?(.*)$/gm)].map((match) => match[1] ?? '');
  const hunks = parsed.hunks.map((hunk, index) => hunkOf(hunk, places[index] ?? ''));
  return {
    path,
    oldPath: parsed.isRename ? before : null,
    kind: binary ? 'BINARY' : 'TEXT',
    note: noteOf(parsed),
    hunks,
    lineCount: hunks.reduce((sum, { lines }) => sum + lines.length, 0),
    text,
  };
}

/** A file's name without the letter that says which side it is; null for one that does not exist on that side. */
function withoutPrefix(name: string | undefined, prefix: string): string | null {
  if (name === undefined || name === '/dev/null') return null;
  return name.startsWith(prefix) ? name.slice(prefix.length) : name;
}

function noteOf({ isCreate, isDelete, oldMode, newMode }: StructuredPatch): string | null {
  if (isCreate) return newMode === '120000' ? 'new symbolic link' : newMode === '100755' ? 'new file, executable' : 'new file';
  if (isDelete) return 'deleted';
  if (oldMode && newMode && oldMode !== newMode) return `mode ${oldMode} → ${newMode}`;
  return null;
}

function hunkOf({ oldStart, newStart, lines }: StructuredPatchHunk, place: string): Hunk {
  let before = oldStart;
  let after = newStart;
  const found: DiffLine[] = [];
  for (const line of lines) {
    const last = found.at(-1);
    if (line.startsWith('\\')) {
      if (last) found[found.length - 1] = { ...last, open: true };
      continue;
    }
    const kind = line.startsWith('+') ? 'add' : line.startsWith('-') ? 'del' : 'same';
    found.push({
      kind,
      before: kind === 'add' ? null : before,
      after: kind === 'del' ? null : after,
      text: line.slice(1),
      open: false,
    });
    if (kind !== 'add') before += 1;
    if (kind !== 'del') after += 1;
  }
  return { place, lines: found };
}
