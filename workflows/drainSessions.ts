import { failure } from '../domain/failure.ts';
import { sessionWorkflowId, type RunId } from '../domain/ids.ts';
import type { Journal } from '../journal/journal.ts';
import { whileAway } from '../journal/retry.ts';
import { handOver } from '../journal/steps.ts';
import type { HostedSession } from './hostedSession.ts';
import type { HostedSessions } from './hostedSessions.ts';

export interface Draining {
  readonly journal: Journal;
  readonly sessions: HostedSessions;
  /** Tells the session's workflow that there is something to do. */
  readonly wake: (workflowId: string) => Promise<void>;
  /** How long turns may go on, in milliseconds. */
  readonly turnsMs: number;
}

/** How long the captures of what was interrupted may take, in milliseconds; what is left then is lost with the worker. */
export const captureMs = 60_000;
/** How much of that is left when pushes are given up for it, in milliseconds. */
const lastMs = 10_000;

const stopped = failure(
  'WORKER_STOPPED',
  'The worker was stopped while it worked on this. What it did so far was captured; continue the run to go on from there.',
);

/**
 * Empties a worker that takes nothing more: each session ends when its turn has, captured, and what waits for it goes on
 * at another worker. A turn that takes too long is interrupted, and captured like any other.
 */
export async function drainSessions({ journal, sessions, wake, turnsMs }: Draining): Promise<void> {
  const tell = async (session: HostedSession): Promise<void> => {
    const { writer, gone, log } = session;
    try {
      await whileAway(gone, () => handOver(journal, writer));
      await wake(sessionWorkflowId(writer.runId as RunId, writer.ordinal));
    } catch (error) {
      // It has ended meanwhile, or is lost with the worker in the end.
      log.info({ err: error }, 'a session could not be asked to end');
    }
  };
  sessions.handOver((session) => void tell(session));
  for (const session of await sessions.left(turnsMs)) session.failTurn(stopped);
  for (const session of await sessions.left(captureMs - lastMs)) session.hurry();
  await sessions.left(lastMs);
}
