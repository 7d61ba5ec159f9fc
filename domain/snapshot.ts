import type { HarnessKind } from './harness.ts';
import type { SnapshotId } from './ids.ts';

/** A blob in the team's store: its address there and its size before compression and encryption. */
export interface BlobRef {
  readonly hash: string;
  readonly bytes: number;
}

/** One changed file, against the commit that the run's branch started from. Paths are shown as UTF-8; the manifest has the bytes. */
export interface FileChange {
  /** The repository's folder in the workspace, `.` for the only one at its root. */
  readonly repository: string;
  readonly path: string;
  readonly status: 'ADDED' | 'MODIFIED' | 'DELETED' | 'RENAMED' | 'TYPE_CHANGED';
  /** Where a renamed file came from. */
  readonly oldPath: string | null;
  /** Lines; null for a binary file. */
  readonly additions: number | null;
  readonly deletions: number | null;
}

/** An entry that a snapshot does not hold, by name, and why. */
export interface CaptureGap {
  readonly repository: string;
  readonly path: string;
  readonly status: 'SKIPPED' | 'FAILED';
  /** A stable word, such as TOO_LARGE, UNREADABLE, SOCKET. */
  readonly reason: string;
  readonly detail: string;
}

/** An entry that a snapshot holds, and what people should know of it. */
export interface CaptureWarning {
  readonly repository: string;
  readonly path: string;
  /** A stable word, such as SECRET_LIKE. */
  readonly reason: string;
  readonly detail: string;
}

export const snapshotKinds = ['CHECKPOINT', 'FINAL'] as const;
export type SnapshotKind = (typeof snapshotKinds)[number];

/** One repository as a snapshot found it. */
export interface RepositoryPosition {
  readonly repository: string;
  readonly url: string;
  /** Null when HEAD is detached. */
  readonly branch: string | null;
  /** The commit of HEAD; null in a repository without commits. */
  readonly head: string | null;
  /** The commit that the run's branch started from. */
  readonly base: string | null;
  /** Commits that are on no remote. */
  readonly unpushedCommits: number;
}

/** An agent's own conversation as a snapshot holds it: what its next session needs to remember. */
export interface ConversationRef {
  readonly harness: HarnessKind;
  /** What the content is, by a word of the harness with a version. */
  readonly format: string;
  /** The agent's own id of the conversation. */
  readonly conversationId: string;
  readonly blob: BlobRef;
}

/** What an event and the API tell of a snapshot; the manifest blob lists every entry. */
export interface SnapshotSummary {
  readonly manifest: BlobRef;
  readonly repositories: readonly RepositoryPosition[];
  /** Files changed against the base, at most 500; `changedFiles` counts them all. */
  readonly changes: readonly FileChange[];
  readonly changedFiles: number;
  /** A patch of the text changes, for people to read; null when nothing changed. */
  readonly patch: BlobRef | null;
  /** Entries that were skipped or failed, at most 200; `gapCount` counts them all. */
  readonly gaps: readonly CaptureGap[];
  readonly gapCount: number;
  /** Entries that look like secrets, at most 200; `warningCount` counts them all. Not there in snapshots of before they were looked for. */
  readonly warnings?: readonly CaptureWarning[];
  readonly warningCount?: number;
  /** Entries captured. */
  readonly entries: number;
  /** Bytes that this snapshot refers to, before compression. */
  readonly bytes: number;
  /** Bytes that were new to the store, as stored. */
  readonly storedBytes: number;
  /** False for a checkpoint taken while processes could still write. */
  readonly quiesced: boolean;
  readonly tookMs: number;
  /** Of the same moment; not there where the agent has none, or it was taken away. */
  readonly conversation?: ConversationRef;
}

export const restoreStatuses = ['APPLIED', 'CONFLICT', 'SKIPPED', 'FAILED'] as const;
export type RestoreStatus = (typeof restoreStatuses)[number];

export const restoreSubjects = ['COMMITS', 'BRANCH', 'INDEX', 'WORKTREE', 'FILE', 'REPOSITORY'] as const;
export type RestoreSubject = (typeof restoreSubjects)[number];

/** One line of a restore report. What was applied is summed up by subject; what was not is named path by path. */
export interface RestoreEntry {
  readonly repository: string;
  readonly subject: RestoreSubject;
  /** The file's path, the branch's name …; null where the line speaks of the whole subject. */
  readonly path: string | null;
  readonly status: RestoreStatus;
  /** A stable word such as BLOB_CORRUPT; null when applied. */
  readonly reason: string | null;
  /** A sentence for people: what was put back, or what was not and what to do. */
  readonly detail: string;
}

/** What becomes of a file that the run and the newer base have both changed: both with markers in it, or the run's beside the base's. */
export type ConflictWay = 'MARKERS' | 'BESIDE';

/** How one repository fared where its newest base was asked for. */
export interface NewerBase {
  readonly repository: string;
  /** The branch whose newest commit was asked for. */
  readonly branch: string;
  /** MOVED: it is on the newest commit. SAME: there is none newer. STAYED: it is on the base of before; an entry says why. */
  readonly state: 'MOVED' | 'SAME' | 'STAYED';
  /** The commit that the snapshot builds on; null for none. */
  readonly from: string | null;
  /** The commit that the workspace builds on now. */
  readonly to: string | null;
  /** Files that both had changed, and that were merged. */
  readonly merged: number;
  /** Files that both had changed, and that someone must look at: an entry for each. */
  readonly conflicts: number;
  /** A merge of the run's own commits is under way, as they conflict with the base: committing ends it. */
  readonly merging: boolean;
  /** The branch that keeps the run's commits, where the base's history was rewritten; null elsewhere. */
  readonly keptBranch: string | null;
}

/** What of a snapshot was applied to a workspace, entry by entry, and what was not and why. */
export interface RestoreReport {
  readonly snapshotId: SnapshotId;
  /** Status, refs, index and all bytes are as they were captured. */
  readonly exact: boolean;
  readonly applied: number;
  readonly notApplied: number;
  /** At most 500 lines, those that were not applied first. */
  readonly entries: readonly RestoreEntry[];
  /** One for each repository, where the newest base was asked for; not there elsewhere. */
  readonly newerBase?: readonly NewerBase[];
  readonly tookMs: number;
}
