import type { LoggedEvent } from '../../domain/events.ts';
import type { RunId } from '../../domain/ids.ts';
import { CursorError } from '../../journal/follow.ts';
import { maySee } from '../auth/viewer.ts';
import { deliveries, deliveryLag } from '../../telemetry/metrics.ts';
import type { Context } from '../schema/context.ts';
import { CursorNotServableError, NotFoundError } from '../schema/errors.ts';
import type { TranscriptBatch } from '../schema/subscription.ts';
import { cancelable } from './cancelable.ts';

export type TranscriptYield = TranscriptBatch | NotFoundError | CursorNotServableError;

/** The transcript from a cursor on, for as long as the viewer may see the run. `given` is the id as it came. */
export function watchTranscript(
  context: Context,
  runId: RunId | null,
  given: string,
  after: number,
): AsyncIterableIterator<TranscriptYield> {
  return cancelable(async function* (signal): AsyncGenerator<TranscriptYield, void, void> {
    const { database, follower } = context;
    const run = runId && (await database.run.findUnique({ where: { id: runId }, select: { teamId: true } }));
    // The viewer is looked up again while the socket lives, so this is asked before every batch.
    if (!runId || !run || !maySee(context.viewer, run.teamId)) return yield new NotFoundError('run', given);
    try {
      for await (const { events, lastSeq, live } of follower.follow(runId, after, signal)) {
        if (!maySee(context.viewer, run.teamId)) return yield new NotFoundError('run', given);
        count(events, live);
        yield { kind: 'BATCH', events: events.map((event) => ({ ...event, fromSeq: event.seq })), lastSeq, live };
      }
      // It ended by itself: the run was deleted.
      if (!signal.aborted) yield new NotFoundError('run', given);
    } catch (error) {
      if (!(error instanceof CursorError)) throw error;
      yield new CursorNotServableError(error.after, error.lastSeq, error.message);
    }
  });
}

/** Older events are somebody reading up, which says nothing of how fast we are, in milliseconds. */
const freshMs = 60_000;

function count(events: readonly LoggedEvent[], live: boolean): void {
  deliveries.inc(events.length);
  const last = events.at(-1);
  const age = last && Date.now() - last.at.getTime();
  if (live && age !== undefined && age < freshMs) deliveryLag.observe(Math.max(0, age) / 1_000);
}
