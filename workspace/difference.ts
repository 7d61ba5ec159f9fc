import { isWithin, type BytePath } from './bytePath.ts';
import {
  allRepositories,
  homeEntries,
  type BaseVersion,
  type IndexManifest,
  type Manifest,
  type ManifestEntry,
  type RepositoryManifest,
} from './manifest.ts';

/** What is at a path. */
export interface FileState {
  readonly kind: 'FILE' | 'LINK' | 'DIRECTORY' | 'SUBMODULE';
  /** Permission bits; of a file that is as its commit has it, those that git knows. */
  readonly mode: number;
  /** The id git gives to the content; null for a directory. */
  readonly oid: string | null;
  /** Null where only the commit knows. */
  readonly bytes: number | null;
}

export const differenceStatuses = ['ADDED', 'DELETED', 'MODIFIED', 'MODE_CHANGED', 'RENAMED', 'TYPE_CHANGED'] as const;
export type DifferenceStatus = (typeof differenceStatuses)[number];

/** A path that is not in both snapshots as it is in one. */
export interface FileDifference {
  readonly path: BytePath;
  readonly status: DifferenceStatus;
  /** Where a renamed file was: one with the same content. */
  readonly oldPath: BytePath | null;
  /** Null where there was nothing. */
  readonly before: FileState | null;
  readonly after: FileState | null;
}

export interface HeadPosition {
  /** Null when HEAD is detached. */
  readonly branch: BytePath | null;
  /** Null on a branch without commits. */
  readonly commit: string | null;
}

/** A ref that leads elsewhere: to an object's id, or `ref: ` and a name; null where it is not. */
export interface RefDifference {
  readonly name: BytePath;
  readonly before: string | null;
  readonly after: string | null;
}

/** A path whose entry in the index is another one. */
export interface IndexDifference {
  readonly path: BytePath;
  readonly status: 'ADDED' | 'REMOVED' | 'CHANGED';
}

/** What differs in one repository. */
export interface RepositoryDifference {
  readonly repository: string;
  /** Which of the two snapshots have it. */
  readonly presence: 'BOTH' | 'BEFORE' | 'AFTER';
  /** Null when HEAD is where it was, or could not be read. */
  readonly head: { readonly before: HeadPosition | null; readonly after: HeadPosition | null } | null;
  readonly refs: readonly RefDifference[];
  readonly index: readonly IndexDifference[];
  /**
   * Null when the snapshots build on different commits: what is as in those is in neither manifest, so that they cannot
   * be compared.
   */
  readonly files: readonly FileDifference[] | null;
}

export interface SnapshotDifference {
  readonly repositories: readonly RepositoryDifference[];
  /** Files of the workspace that lie in none of its repositories, and those of the agent's home as `~/…`. */
  readonly outside: readonly FileDifference[];
}

/** Whether nothing differs, as far as the manifests tell. */
export function isSame({ repositories, outside }: SnapshotDifference): boolean {
  return (
    outside.length === 0 &&
    repositories.every(
      ({ presence, head, refs, index, files }) =>
        presence === 'BOTH' && head === null && refs.length === 0 && index.length === 0 && files?.length === 0,
    )
  );
}

/**
 * What differs from one snapshot to another, from their manifests alone. `complete` says that both name every file of
 * the worktree, as those of repositories which were adopted do; else what a manifest does not name is as in its base.
 */
export function differenceBetween(
  before: Manifest,
  after: Manifest,
  { complete = false }: { readonly complete?: boolean } = {},
): SnapshotDifference {
  const names = [...new Set([...allRepositories(before), ...allRepositories(after)].map(({ repository }) => repository))];
  const find = (manifest: Manifest, name: string) =>
    allRepositories(manifest).find(({ repository, present }) => repository === name && present) ?? null;
  return {
    repositories: names.flatMap((name) => repositoryDifference(name, find(before, name), find(after, name), complete) ?? []),
    outside: [
      ...fileDifferences(before.outside.entries, after.outside.entries, true),
      ...fileDifferences(homeEntries(before.home), homeEntries(after.home), true),
    ],
  };
}

function repositoryDifference(
  repository: string,
  before: RepositoryManifest | null,
  after: RepositoryManifest | null,
  complete: boolean,
): RepositoryDifference | null {
  if (before === null && after === null) return null;
  const comparable = complete || before === null || after === null || before.base === after.base;
  return {
    repository,
    presence: before === null ? 'AFTER' : after === null ? 'BEFORE' : 'BOTH',
    head: headDifference(before, after),
    refs: refDifferences(before, after),
    index: indexDifferences(before, after, complete),
    files: comparable ? fileDifferences(before?.entries ?? [], after?.entries ?? [], complete) : null,
  };
}

function headDifference(before: RepositoryManifest | null, after: RepositoryManifest | null): RepositoryDifference['head'] {
  const position = (of: RepositoryManifest | null): HeadPosition | null =>
    of?.git?.head ? { branch: 'branch' in of.git.head ? of.git.head.branch : null, commit: of.git.headCommit } : null;
  const [was, is] = [position(before), position(after)];
  if (was?.branch === is?.branch && was?.commit === is?.commit) return null;
  return { before: was, after: is };
}

function refDifferences(before: RepositoryManifest | null, after: RepositoryManifest | null): RefDifference[] {
  const refsOf = (of: RepositoryManifest | null) =>
    new Map(of?.git?.refs.map(([name, target]) => [name, 'oid' in target ? target.oid : `ref: ${target.ref}`]));
  const [was, is] = [refsOf(before), refsOf(after)];
  return pathsOf(was, is).flatMap((name) => {
    const [old, now] = [was.get(name) ?? null, is.get(name) ?? null];
    return old === now ? [] : [{ name, before: old, after: now }];
  });
}

const pathsOf = (a: ReadonlyMap<BytePath, unknown>, b: ReadonlyMap<BytePath, unknown>): BytePath[] =>
  [...new Set([...a.keys(), ...b.keys()])].sort();

/** What is in an index, as far as it differs from the base: by path, all that tells one entry from another. */
function stagedIn(index: IndexManifest): Map<BytePath, string> {
  const staged = new Map<BytePath, string>(index.removed.map((path) => [path, '']));
  for (const { path, mode, oid, stage, assumeValid, skipWorktree, intentToAdd } of index.changed) {
    const flags = `${Number(assumeValid)}${Number(skipWorktree)}${Number(intentToAdd)}`;
    staged.set(path, `${staged.get(path) ?? ''}${mode.toString(8)} ${oid} ${stage} ${flags}\n`);
  }
  return staged;
}

function indexDifferences(
  before: RepositoryManifest | null,
  after: RepositoryManifest | null,
  complete: boolean,
): IndexDifference[] {
  if (!before?.git?.index || !after?.git?.index) return [];
  if (before.git.index.digest === after.git.index.digest || (before.base !== after.base && !complete)) return [];
  const [was, is] = [stagedIn(before.git.index), stagedIn(after.git.index)];
  const [oldBase, newBase] = [basesOf(before), basesOf(after)];
  const paths =
    before.base === after.base ? pathsOf(was, is) : pathsOf(new Map([...was, ...oldBase]), new Map([...is, ...newBase]));
  return paths.flatMap((path): IndexDifference[] => {
    const old = was.get(path) ?? oldBase.get(path) ?? asBase(path, newBase, complete);
    const now = is.get(path) ?? newBase.get(path) ?? asBase(path, oldBase, complete);
    if (old === now) return [];
    return [{ path, status: old === '' ? 'ADDED' : now === '' ? 'REMOVED' : 'CHANGED' }];
  });
}

/** What the index would have at a path that a manifest does not name. */
const asBase = (path: BytePath, other: ReadonlyMap<BytePath, string>, complete: boolean): string =>
  complete ? '' : (other.get(path) ?? 'as the base has it');

/** What the base has at the paths that a manifest names; empty for nothing. */
const basesOf = ({ entries }: RepositoryManifest): Map<BytePath, string> =>
  new Map(
    entries.flatMap((entry) =>
      entry.kind === 'DIRECTORY'
        ? []
        : [[entry.path, entry.base === null ? '' : `${entry.base.mode.toString(8)} ${entry.base.oid} 0 000\n`] as const],
    ),
  );

function fileDifferences(before: readonly ManifestEntry[], after: readonly ManifestEntry[], complete: boolean): FileDifference[] {
  const [was, is] = [byPath(before), byPath(after)];
  const found = pathsOf(was, is).flatMap((path): FileDifference[] => {
    const [old, now] = [was.get(path), is.get(path)];
    const [oldState, newState] = [stateOf(old, now, complete), stateOf(now, old, complete)];
    const exact = old !== undefined && now !== undefined;
    const status = statusOf(oldState, newState, exact);
    return status === null ? [] : [{ path, status, oldPath: null, before: oldState, after: newState }];
  });
  return pairRenames(withoutFilledFolders(found));
}

const byPath = (entries: readonly ManifestEntry[]): ReadonlyMap<BytePath, ManifestEntry> =>
  new Map(entries.map((entry) => [entry.path, entry]));

function stateOf(entry: ManifestEntry | undefined, other: ManifestEntry | undefined, complete: boolean): FileState | null {
  if (entry === undefined)
    // As the base commit has it: the other side's entry tells what that is.
    return complete || !other || other.kind === 'DIRECTORY' || other.base === null ? null : baseState(other.base);
  switch (entry.kind) {
    case 'FILE':
      return { kind: 'FILE', mode: entry.mode, oid: entry.oid, bytes: entry.bytes };
    case 'LINK':
      return { kind: 'LINK', mode: 0o777, oid: entry.oid, bytes: entry.target.length };
    case 'DIRECTORY':
      return { kind: 'DIRECTORY', mode: entry.mode, oid: null, bytes: null };
    case 'ABSENT':
      return null;
  }
}

function baseState({ mode, oid }: BaseVersion): FileState {
  const kind = mode === 0o120000 ? 'LINK' : mode === 0o160000 ? 'SUBMODULE' : 'FILE';
  return { kind, mode: kind === 'FILE' ? mode & 0o777 : 0o777, oid, bytes: null };
}

/** `exact` when both modes are those of files; else one is what git knows of it, which is whether it may be run. */
function statusOf(before: FileState | null, after: FileState | null, exact: boolean): DifferenceStatus | null {
  if (before === null) return after === null ? null : 'ADDED';
  if (after === null) return 'DELETED';
  if (before.kind !== after.kind) return 'TYPE_CHANGED';
  if (before.oid !== after.oid) return 'MODIFIED';
  const mask = exact ? 0o777 : 0o100;
  return (before.mode & mask) === (after.mode & mask) ? null : 'MODE_CHANGED';
}

/** An empty folder that got something in it, or held something before, is told by that. */
function withoutFilledFolders(differences: readonly FileDifference[]): FileDifference[] {
  const paths = differences.map(({ path }) => path);
  return differences.filter(({ path, before, after }, n) => {
    if (before?.kind !== 'DIRECTORY' && after?.kind !== 'DIRECTORY') return true;
    if (before !== null && after !== null) return true;
    // They are in order, and what lies in a folder follows it, but for names that go on with a character before the slash.
    for (let next = n + 1; next < paths.length && paths[next]?.startsWith(path); next++)
      if (isWithin(path, paths[next] ?? '')) return false;
    return true;
  });
}

/** Tells a file that is gone and one that came with the same content as a rename; of several, the one with the same name. */
function pairRenames(differences: readonly FileDifference[]): FileDifference[] {
  const gone = new Map<string, FileDifference[]>();
  for (const difference of differences) {
    const { status, before } = difference;
    if (status !== 'DELETED' || before?.oid == null || before.kind !== 'FILE' || before.bytes === 0) continue;
    const known = gone.get(before.oid);
    if (known) known.push(difference);
    else gone.set(before.oid, [difference]);
  }
  const paired = new Set<FileDifference>();
  const renamed = differences.map((difference): FileDifference => {
    const { status, after, path } = difference;
    if (status !== 'ADDED' || after?.oid == null || after.kind !== 'FILE' || after.bytes === 0) return difference;
    const free = (gone.get(after.oid) ?? []).filter((other) => !paired.has(other));
    const from = free.find((other) => nameOf(other.path) === nameOf(path)) ?? free[0];
    if (!from) return difference;
    paired.add(from);
    return { ...difference, status: 'RENAMED', oldPath: from.path, before: from.before };
  });
  return renamed.filter((difference) => !paired.has(difference));
}

const nameOf = (path: BytePath): string => path.slice(path.lastIndexOf('/') + 1);
