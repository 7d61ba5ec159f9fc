import { ApplicationFailure, cancellationSignal, heartbeat } from '@temporalio/activity';
import { StaleSessionError } from '../../domain/execution.ts';
import { whileAway } from '../../journal/retry.ts';
import { hosted as noteHosted } from '../../journal/steps.ts';
import { RunNotFoundError } from '../../journal/transact.ts';
import { hosted } from '../contract.ts';
import { HostedSession, type Hosting } from '../hostedSession.ts';
import type { HostedSessions } from '../hostedSessions.ts';
import type { HostActivities } from './session.ts';

export interface HostDependencies extends Hosting {
  readonly sessions: HostedSessions;
  readonly workerName: string;
  /** The queue that only this process polls. */
  readonly ownTaskQueue: string;
  /** Tells the session's workflow by signal; tried until it is told. */
  readonly signalWorkflow: (
    workflowId: string,
    signal: typeof hosted,
    arg: { worker: string; taskQueue: string },
  ) => Promise<void>;
}

/** How often Temporal hears that the session is held, in milliseconds; it misses the worker after 15 s. */
const heartbeatMs = 3_000;

/** The activity that holds a session in this worker for as long as it lives. */
export function createHostActivities(dependencies: HostDependencies): HostActivities {
  const { journal, sessions, workerName, ownTaskQueue, signalWorkflow } = dependencies;
  return {
    async hostSession({ runId, sessionId, ordinal, epoch, workflowId }) {
      const canceled = cancellationSignal();
      const writer = { runId, sessionId, ordinal, epoch };
      const beating = setInterval(() => heartbeat(), heartbeatMs);
      let session: HostedSession | null = null;
      try {
        const { after } = await whileAway(canceled, () => noteHosted(journal, writer, workerName));
        session = await whileAway(canceled, () => HostedSession.take(dependencies, writer, after));
        sessions.add(session);
        await signalWorkflow(workflowId, hosted, { worker: workerName, taskQueue: ownTaskQueue });
        await until(session.released, session.gone, canceled);
        return 'RELEASED';
      } catch (error) {
        if (error instanceof StaleSessionError || error instanceof RunNotFoundError) return 'OVER';
        throw error;
      } finally {
        clearInterval(beating);
        if (session) await sessions.end(session);
      }
    },
  };
}

/** Resolves when the session is released; rejects when it is not this worker's any more, or its workflow let go of it. */
function until(released: Promise<void>, gone: AbortSignal, canceled: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const lost = () => reject(ApplicationFailure.nonRetryable('the session is not held any more', 'SESSION_GONE'));
    if (gone.aborted || canceled.aborted) return lost();
    gone.addEventListener('abort', lost, { once: true });
    canceled.addEventListener('abort', lost, { once: true });
    released.then(resolve, reject);
  });
}
