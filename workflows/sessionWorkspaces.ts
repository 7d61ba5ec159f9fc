import type { BranchNotPushed, BranchPushed, OpenedRepository } from '../domain/events.ts';
import type { FileChange, RestoreReport, SnapshotSummary } from '../domain/snapshot.ts';
import type { EnvironmentRepository, SessionToOpen } from '../journal/readSession.ts';
import type { HostedSession } from './hostedSession.ts';

/** What the session's activities do with its workspace. */
export interface SessionWorkspaces {
  /** Clones the repositories into the session's workspace, each on the run's own branch. */
  open(session: HostedSession, info: SessionToOpen, onProgress: (detail: string) => void): Promise<readonly OpenedRepository[]>;
  /** Puts the snapshot back onto what was opened. */
  restore(
    session: HostedSession,
    info: SessionToOpen & { restore: NonNullable<SessionToOpen['restore']> },
  ): Promise<RestoreReport>;
  /** Captures the workspace; `changed` against the snapshot before. */
  capture(
    session: HostedSession,
    info: SessionToOpen,
    signal: AbortSignal,
  ): Promise<{ summary: SnapshotSummary; changed: readonly FileChange[] }>;
  /** Pushes the run's branch of one repository to its remote; null when the remote has all of it. */
  push(
    session: HostedSession,
    info: SessionToOpen,
    repository: { readonly opened: OpenedRepository; readonly url: EnvironmentRepository['url'] },
    signal: AbortSignal,
  ): Promise<BranchPushed | BranchNotPushed | null>;
  /** Makes no more checkouts for sessions to come. */
  close(): Promise<void>;
}
