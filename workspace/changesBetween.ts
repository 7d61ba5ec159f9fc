import type { FileChange } from '../domain/snapshot.ts';
import { displayPath, homePath, type BytePath } from './bytePath.ts';
import { allRepositories, type Change, type Manifest, type ManifestEntry, type RepositoryManifest } from './manifest.ts';

type Entries = ReadonlyMap<BytePath, ManifestEntry>;

/**
 * What changed from one snapshot to another, from their manifests alone: paths and how they changed. Without an earlier
 * one, against the base commits. Lines are counted where one of the two is as the base commit has it; null elsewhere.
 */
export function changesBetween(before: Manifest | null, after: Manifest): FileChange[] {
  const earlierOnes = before ? allRepositories(before) : [];
  const changes = allRepositories(after).flatMap((repository) => {
    const earlier = earlierOnes.find((other) => other.repository === repository.repository) ?? null;
    return repositoryChanges(earlier, repository).map((change) => ({ ...change, repository: repository.repository }));
  });
  const outside = entryChanges(byPath(before?.outside.entries), byPath(after.outside.entries), () => null).map((change) => ({
    ...change,
    repository: '.',
  }));
  const home = entryChanges(byPath(before?.home?.entries), byPath(after.home?.entries), () => null).map((change) => ({
    ...change,
    path: homePath(change.path),
    repository: '.',
  }));
  return [...changes, ...outside, ...home].map(({ path, oldPath, ...rest }) => ({
    ...rest,
    path: displayPath(path),
    oldPath: oldPath === null ? null : displayPath(oldPath),
  }));
}

const byPath = (entries: readonly ManifestEntry[] = []): Entries => new Map(entries.map((entry) => [entry.path, entry]));

function repositoryChanges(before: RepositoryManifest | null, after: RepositoryManifest): Change[] {
  // Entries tell what differs from their base commit: over two bases, they do not compare.
  if (before === null || before.base !== after.base) return after.changes;
  const [was, is] = [countsOf(before), countsOf(after)];
  return entryChanges(byPath(shown(before)), byPath(shown(after)), (path) => {
    const [old, now] = [was.get(path), is.get(path)];
    if (old && now) return null;
    // Back to the base commit: what was added is gone again.
    return now ?? (old ? { additions: old.deletions, deletions: old.additions } : null);
  });
}

/** What is ignored may travel, but is no change. */
const shown = ({ entries }: RepositoryManifest): ManifestEntry[] =>
  entries.filter((entry) => entry.kind === 'ABSENT' || !entry.ignored);

const countsOf = ({ changes }: RepositoryManifest) => new Map(changes.map((change) => [change.path, change]));

function entryChanges(
  before: Entries,
  after: Entries,
  count: (path: BytePath) => Pick<Change, 'additions' | 'deletions'> | null,
): Change[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return paths.flatMap((path) => {
    const [was, is] = [before.get(path), after.get(path)];
    const status = statusOf(was, is);
    if (status === null) return [];
    const { additions, deletions } = count(path) ?? { additions: null, deletions: null };
    return [{ path, status, oldPath: null, additions, deletions }];
  });
}

/** What is at a path: a kind, and what tells it from another of its kind; null for nothing. */
function contentOf(
  entry: ManifestEntry | undefined,
  other: ManifestEntry | undefined,
): { readonly type: string; readonly same: string } | null {
  if (entry === undefined) {
    // As the base commit has it: the other side's entry tells what that is.
    const base = other && other.kind !== 'DIRECTORY' ? other.base : null;
    if (base === null) return null;
    return { type: base.mode === 0o120000 ? 'LINK' : 'FILE', same: `${base.oid} ${base.mode === 0o100755}` };
  }
  switch (entry.kind) {
    case 'ABSENT':
    case 'DIRECTORY':
      return null;
    case 'LINK':
      return { type: 'LINK', same: `${entry.oid} false` };
    case 'FILE':
      return { type: 'FILE', same: `${entry.oid} ${(entry.mode & 0o100) !== 0}` };
  }
}

function statusOf(before: ManifestEntry | undefined, after: ManifestEntry | undefined): Change['status'] | null {
  const was = contentOf(before, after);
  const is = contentOf(after, before);
  if (was === null) return is === null ? null : 'ADDED';
  if (is === null) return 'DELETED';
  if (was.type !== is.type) return 'TYPE_CHANGED';
  return was.same === is.same ? null : 'MODIFIED';
}
