import type { FileChangePartsFragment, SnapshotChangesQuery, SnapshotDifferenceQuery } from '../generated/operations.ts';
import { filesOfPatch, type FileDiff } from './patch.ts';

export type Changes = Extract<NonNullable<SnapshotChangesQuery['node']>, { __typename: 'Snapshot' }>;
export type Difference = Extract<SnapshotDifferenceQuery['snapshotDifference'], { __typename: 'SnapshotDifference' }>;
type DifferentFile = Difference['files']['edges'][number]['node'];

/** A changed file with what the patch says of it. */
export interface ChangedFile {
  /** From the workspace's root, with the repository's folder where there are several. */
  readonly path: string;
  readonly change: FileChangePartsFragment;
  readonly diff: FileDiff | null;
  /** Why there are no lines to show, where the diff does not say it. */
  readonly note: string | null;
}

const pathOf = ({ repository, path }: Pick<FileChangePartsFragment, 'repository' | 'path'>): string =>
  repository === '.' ? path : `${repository}/${path}`;

/** The files of a snapshot, each with its part of the patch. */
export function changedFiles(changes: Pick<Changes, 'changes' | 'patch'>): ChangedFile[] {
  const diffs = new Map(filesOfPatch(changes.patch?.text ?? '').map((diff) => [diff.path, diff] as const));
  return changes.changes
    .map((change) => ({ path: pathOf(change), change, diff: diffs.get(pathOf(change)) ?? null, note: null }))
    .sort((a, b) => a.path.localeCompare(b.path));
}

/** A file that is not the same in two snapshots. */
export function differentFile({ repository, path, oldPath, status, modeBefore, modeAfter, patch }: DifferentFile): ChangedFile {
  const { additions, deletions } = patch;
  return {
    path: pathOf({ repository, path }),
    change: {
      repository,
      path,
      oldPath,
      status: status === 'MODE_CHANGED' ? 'MODIFIED' : status,
      additions,
      deletions,
    },
    diff: filesOfPatch(patch.text ?? '')[0] ?? null,
    note: noteOf({ status, modeBefore, modeAfter, patch }),
  };
}

function noteOf({
  status,
  modeBefore,
  modeAfter,
  patch,
}: Pick<DifferentFile, 'status' | 'modeBefore' | 'modeAfter' | 'patch'>): string | null {
  if (status === 'MODE_CHANGED') return `Only its mode is another: ${modeBefore} → ${modeAfter}.`;
  switch (patch.kind) {
    case 'TEXT':
      return / mode 040000$/m.test(patch.text ?? '') ? 'An empty folder.' : null;
    case 'BINARY':
      return 'A binary file: there are no lines to compare.';
    case 'TOO_LARGE':
      return 'Too large to compare line by line.';
    case 'ELSEWHERE':
      return 'It differs, and its lines are only in the repository’s remote.';
  }
}
