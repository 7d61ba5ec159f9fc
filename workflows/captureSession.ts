import { setTimeout as sleep } from 'node:timers/promises';
import { failure, failureOf } from '../domain/failure.ts';
import type { SnapshotKind } from '../domain/snapshot.ts';
import { StaleSessionError } from '../domain/execution.ts';
import type { Journal } from '../journal/journal.ts';
import { newId } from '../journal/newId.ts';
import { whileAway } from '../journal/retry.ts';
import * as steps from '../journal/steps.ts';
import { captureBytes, captures, captureSeconds, captureStoredBytes } from '../telemetry/metrics.ts';
import type { HostedSession } from './hostedSession.ts';
import type { SessionWorkspaces } from './sessionWorkspaces.ts';

/** A capture is tried for this long, in milliseconds, then given up: a snapshot never fails a run. */
const tryForMs = 3 * 60_000;
/** Files that an event of a turn names. */
const mostFiles = 200;

/**
 * Captures the session's workspace and appends what it found. What cannot be captured in a few minutes is recorded as
 * failed, with its reason, and the session goes on. Rejects only when the session is no longer this worker's.
 */
export async function captureSession(
  journal: Journal,
  workspaces: SessionWorkspaces,
  session: HostedSession,
  kind: SnapshotKind,
): Promise<void> {
  const { writer, gone, log } = session;
  await whileAway(gone, () => steps.waiting(journal, writer, 'CAPTURE', null));
  const started = performance.now();
  const count = (outcome: 'captured' | 'failed') => {
    captures.inc({ kind, outcome });
    captureSeconds.observe({ kind }, (performance.now() - started) / 1_000);
  };
  for (let attempt = 0; ; attempt++) {
    try {
      await capture(journal, workspaces, session, kind);
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

async function capture(
  journal: Journal,
  workspaces: SessionWorkspaces,
  session: HostedSession,
  kind: SnapshotKind,
): Promise<void> {
  const { writer, gone } = session;
  if (!session.info) throw new Error('the session was not opened');
  const { summary, changed } = await workspaces.capture(session, session.info, gone);
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

const captureFailure = (error: unknown) => {
  const known = failureOf(error);
  return known.code === 'INTERNAL'
    ? failure(
        'CAPTURE_FAILED',
        'The workspace could not be captured; the worker’s log has the details. The next session starts from the last snapshot that was.',
      )
    : known;
};
