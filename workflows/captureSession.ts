import { setTimeout as sleep } from 'node:timers/promises';
import { failure, failureOf } from '../domain/failure.ts';
import type { BlobStore } from '../blobs/blobStore.ts';
import type { ConversationRef, SnapshotKind, SnapshotSummary } from '../domain/snapshot.ts';
import { StaleSessionError } from '../domain/execution.ts';
import type { Journal } from '../journal/journal.ts';
import { newId } from '../journal/newId.ts';
import type { SessionToOpen } from '../journal/readSession.ts';
import { whileAway } from '../journal/retry.ts';
import * as steps from '../journal/steps.ts';
import { captureBytes, captures, captureSeconds, captureStoredBytes } from '../telemetry/metrics.ts';
import type { HostedSession } from './hostedSession.ts';
import type { SessionWorkspaces } from './sessionWorkspaces.ts';

export interface CapturingDependencies {
  readonly journal: Journal;
  readonly workspaces: SessionWorkspaces;
  readonly blobs: BlobStore;
}

/** A capture is tried for this long, in milliseconds, then given up: a snapshot never fails a run. */
const tryForMs = 3 * 60_000;
/** Files that an event of a turn names. */
const mostFiles = 200;

/**
 * Captures the session's workspace and appends what it found. What cannot be captured in a few minutes is recorded as
 * failed, with its reason, and the session goes on. Rejects only when the session is no longer this worker's.
 */
export async function captureSession(
  dependencies: CapturingDependencies,
  session: HostedSession,
  kind: SnapshotKind,
): Promise<void> {
  const { journal } = dependencies;
  const { writer, gone, log } = session;
  await whileAway(gone, () => steps.waiting(journal, writer, 'CAPTURE', null));
  const started = performance.now();
  const count = (outcome: 'captured' | 'failed') => {
    captures.inc({ kind, outcome });
    captureSeconds.observe({ kind }, (performance.now() - started) / 1_000);
  };
  for (let attempt = 0; ; attempt++) {
    try {
      await capture(dependencies, session, kind);
      return count('captured');
    } catch (error) {
      gone.throwIfAborted();
      if (error instanceof StaleSessionError) throw error;
      log.warn({ err: error, kind, attempt }, 'a capture failed');
      const pause = Math.min(1_000 * 2 ** attempt, 30_000);
      if (performance.now() + pause - started > tryForMs) {
        await whileAway(gone, () =>
          steps.record(journal, writer, [{ type: 'snapshot.failed', kind, failure: captureFailure(error) }]),
        );
        return count('failed');
      }
      await sleep(pause, undefined, { signal: gone });
    }
  }
}

async function capture(dependencies: CapturingDependencies, session: HostedSession, kind: SnapshotKind): Promise<void> {
  const { journal, workspaces } = dependencies;
  const { writer, gone } = session;
  if (!session.info) throw new Error('the session was not opened');
  const { summary: workspace, changed } = await workspaces.capture(session, session.info, gone);
  const conversation = await putConversation(dependencies, session, session.info);
  const summary: SnapshotSummary = conversation
    ? { ...workspace, conversation: conversation.ref, storedBytes: workspace.storedBytes + conversation.storedBytes }
    : workspace;
  const snapshotId = newId('snp');
  await whileAway(gone, () =>
    steps.captured(journal, writer, [
      ...(changed.length > 0
        ? [{ type: 'files.changed', files: changed.slice(0, mostFiles), count: changed.length } as const]
        : []),
      { type: 'snapshot.captured', snapshotId, kind, summary },
    ]),
  );
  captureBytes.inc(summary.bytes);
  captureStoredBytes.inc(summary.storedBytes);
  session.manifest = summary.manifest;
}

/** Stores the agent's conversation, so that it is kept with the workspace of the same moment. */
async function putConversation({ blobs }: CapturingDependencies, { conversation }: HostedSession, info: SessionToOpen) {
  if (!conversation) return null;
  const { format, conversationId, content } = conversation;
  const { hash, bytes, storedBytes } = await blobs.put(info.teamId, content);
  const ref: ConversationRef = { harness: info.harness, format, conversationId, blob: { hash, bytes } };
  return { ref, storedBytes };
}

const captureFailure = (error: unknown) => {
  const known = failureOf(error);
  return known.code === 'INTERNAL'
    ? failure(
        'CAPTURE_FAILED',
        'The workspace could not be captured; the worker’s log has the details. The next session starts from the last snapshot that was.',
      )
    : known;
};
