import { BlobCorruptError, BlobMissingError } from '../blobs/blobStore.ts';
import type { SnapshotId } from '../domain/ids.ts';
import type { NewerBase, RestoreEntry, RestoreReport, RestoreSubject } from '../domain/snapshot.ts';
import type { Gap } from './manifest.ts';
import { displayPath, type BytePath } from './bytePath.ts';

/** What a report names at most; it counts everything. */
const namedEntries = 500;

/** Something that was not put back, or not as it was. */
export interface RestoreProblem {
  readonly subject: RestoreSubject;
  readonly path: BytePath | null;
  readonly status: 'CONFLICT' | 'SKIPPED' | 'FAILED';
  readonly reason: string;
  readonly detail: string;
}

/** Writes a restore report line by line. */
export class RestoreLog {
  readonly #applied: RestoreEntry[] = [];
  readonly #problems: RestoreEntry[] = [];
  readonly #newerBase: NewerBase[] = [];
  #appliedCount = 0;

  /** Sums up what was put back of one subject. */
  applied(repository: string, subject: RestoreSubject, count: number, detail: string): void {
    this.#appliedCount += count;
    this.#applied.push({ repository, subject, path: null, status: 'APPLIED', reason: null, detail });
  }

  problem(repository: string, { path, ...rest }: RestoreProblem): void {
    const shown = path === null ? null : displayPath(path);
    const known = this.#problems.some(
      (entry) => entry.repository === repository && entry.subject === rest.subject && entry.path === shown && shown !== null,
    );
    // What could not be written also fails the check afterwards: one line is enough.
    if (!known) this.#problems.push({ repository, path: shown, ...rest });
  }

  /** How a repository fared whose newest base was asked for. */
  newerBase(one: NewerBase): void {
    this.#newerBase.push(one);
  }

  report(snapshotId: SnapshotId, tookMs: number): RestoreReport {
    return {
      snapshotId,
      exact: this.#problems.length === 0 && this.#newerBase.every(({ state }) => state !== 'MOVED'),
      applied: this.#appliedCount,
      notApplied: this.#problems.length,
      entries: [...this.#problems, ...this.#applied].slice(0, namedEntries),
      ...(this.#newerBase.length > 0 && { newerBase: this.#newerBase }),
      tookMs,
    };
  }
}

/** Reasons for which something that a workspace had is in no snapshot, with what it was. */
const lost: ReadonlyMap<string, RestoreSubject> = new Map([
  ['TOO_LARGE', 'FILE'],
  ['UNREADABLE', 'FILE'],
  ['UNSAFE_NAME', 'FILE'],
  ['SECRET_LIKE', 'FILE'],
  ['THROUGH_LINK', 'FILE'],
  ['OUTSIDE_SCRIPT', 'FILE'],
  ['OPERATION_IN_PROGRESS', 'REPOSITORY'],
  ['NESTED_REPOSITORY', 'REPOSITORY'],
  ['SUBMODULE', 'REPOSITORY'],
  ['LINKED_WORKTREE', 'REPOSITORY'],
]);

/** What the snapshot could not take along, as problems of the restore: the workspace is not as it was. */
export function lostAtCapture(gaps: readonly Gap[]): RestoreProblem[] {
  return gaps.flatMap(({ path, reason, detail }): RestoreProblem[] => {
    const subject = lost.get(reason);
    if (subject === undefined) return [];
    return [{ subject, path, status: 'SKIPPED', reason, detail: `The snapshot was taken without it: ${detail}.` }];
  });
}

/** The stable word for a blob that cannot be read; null for an error of another kind. */
export function blobReason(error: unknown): 'BLOB_MISSING' | 'BLOB_CORRUPT' | null {
  if (error instanceof BlobMissingError) return 'BLOB_MISSING';
  if (error instanceof BlobCorruptError) return 'BLOB_CORRUPT';
  return null;
}

export const blobTrouble: Record<'BLOB_MISSING' | 'BLOB_CORRUPT', string> = {
  BLOB_MISSING: 'the blob store no longer has its content',
  BLOB_CORRUPT: 'its content was damaged in the blob store',
};
