import type { BytePath } from './bytePath.ts';
import type { CapturedEntry } from './captureFiles.ts';
import { isGitlink } from './baseTree.ts';
import type { BaseVersion, Change, IndexedEntry, ManifestEntry } from './manifest.ts';
import type { Versions, ViewedEntry } from './view.ts';

/** The entry of a capture under way, or of a manifest. */
export type AnyEntry = CapturedEntry | ManifestEntry;

const isInCommits = (entry: AnyEntry): boolean =>
  entry.kind === 'FILE' && ('parts' in entry ? entry.parts : entry.content) === null;

const baseMode = (entry: AnyEntry & { readonly base: BaseVersion | null }): number => entry.base?.mode ?? 0;

/** Whether a person would say that the entry is as the base commit has it: same content and mode, or git takes it for that. */
function isAsBase(entry: AnyEntry, indexed: (path: BytePath) => boolean): boolean {
  if (entry.kind === 'DIRECTORY') return true;
  if (entry.kind === 'ABSENT' || entry.base === null) return false;
  const mode = entry.kind === 'LINK' ? 0o120000 : (entry.mode & 0o100) === 0 ? 0o100644 : 0o100755;
  if (baseMode(entry) !== mode) return false;
  // Line ends or a filter made other bytes of it when it was checked out: git does not call that a change.
  return entry.base.oid === entry.oid || (entry.glance === 'SAME' && !indexed(entry.path));
}

/** Git does not show what is ignored, and neither do views, though it may travel. */
const isIgnored = (entry: AnyEntry): boolean => entry.kind !== 'ABSENT' && entry.ignored === true;

/** What a view shows of entries. `indexed` tells paths that the index has otherwise than the base commit. */
export function viewedEntries(entries: readonly AnyEntry[], indexed: (path: BytePath) => boolean): ViewedEntry[] {
  return entries.filter((entry) => !isIgnored(entry) && !isAsBase(entry, indexed)).map(viewedEntry);
}

function viewedEntry(entry: AnyEntry): ViewedEntry {
  switch (entry.kind) {
    case 'FILE':
      return {
        kind: entry.kind,
        path: entry.path,
        mode: entry.mode,
        oid: entry.oid,
        sha256: entry.sha256,
        inCommits: isInCommits(entry),
      };
    case 'LINK':
      return { kind: entry.kind, path: entry.path, oid: entry.oid };
    case 'ABSENT':
    case 'DIRECTORY':
      return { kind: entry.kind, path: entry.path };
  }
}

/**
 * What a view shows of a repository whose entries are all of its files: those that are not as HEAD has them, those of
 * HEAD that are gone, and submodules whose commit in the index is another.
 */
export function viewedAgainstHead(
  entries: readonly AnyEntry[],
  head: ReadonlyMap<BytePath, BaseVersion>,
  index: readonly IndexedEntry[],
): ViewedEntry[] {
  const staged = new Map(index.filter(({ stage }) => stage === 0).map((entry) => [entry.path, entry]));
  const files = entries.flatMap((entry): ViewedEntry[] => {
    if ((entry.kind !== 'FILE' && entry.kind !== 'LINK') || isIgnored(entry)) return [];
    const was = head.get(entry.path) ?? null;
    const isStagedSo = sameVersion(staged.get(entry.path) ?? null, was);
    return isAsBase({ ...entry, base: was }, () => !isStagedSo) ? [] : [viewedEntry(entry)];
  });
  const links = [...staged.values()].filter(isGitlink);
  const there = new Set([...entries, ...links].map(({ path }) => path));
  const gone = [...head.keys()].flatMap((path): ViewedEntry[] => (there.has(path) ? [] : [{ kind: 'ABSENT', path }]));
  const modules = links.flatMap(({ path, mode, oid }): ViewedEntry[] =>
    sameVersion({ mode, oid }, head.get(path) ?? null) ? [] : [{ kind: 'GITLINK', path, oid }],
  );
  return [...files, ...gone, ...modules].sort((a, b) => (a.path < b.path ? -1 : 1));
}

const sameVersion = (a: BaseVersion | null, b: BaseVersion | null): boolean => a?.oid === b?.oid && a?.mode === b?.mode;

const essence = ({ kind, path, mode = 0, oid = '' }: ViewedEntry): string => `${kind} ${(mode & 0o100) !== 0} ${oid} ${path}`;

/** Whether two views show the same. */
export function sameView(a: readonly ViewedEntry[], b: readonly ViewedEntry[]): boolean {
  return a.length === b.length && a.every((entry, n) => b[n] !== undefined && essence(entry) === essence(b[n]));
}

/** The changes without line counts, where git cannot make the view. */
export function changesWithoutView(viewed: readonly ViewedEntry[], base: Versions): Change[] {
  return viewed.map((entry) => ({
    path: entry.path,
    status: plainStatus(entry, base.version(entry.path)),
    oldPath: null,
    additions: null,
    deletions: null,
  }));
}

function plainStatus({ kind }: ViewedEntry, base: BaseVersion | null): Change['status'] {
  if (kind === 'ABSENT') return 'DELETED';
  if (base === null) return 'ADDED';
  const wasLink = base.mode === 0o120000;
  return wasLink === (kind === 'LINK') ? 'MODIFIED' : 'TYPE_CHANGED';
}
