import { heartbeat } from '@temporalio/activity';
import type { AgentEvent } from '../../domain/events.ts';
import { StaleSessionError } from '../../domain/execution.ts';
import { failure, failureOf } from '../../domain/failure.ts';
import { noUsage } from '../../domain/usage.ts';
import { readMessage } from '../../journal/readSession.ts';
import { whileAway } from '../../journal/retry.ts';
import * as steps from '../../journal/steps.ts';
import { createAsk } from '../askPerson.ts';
import { inSpan } from '../../telemetry/span.ts';
import type { HostedSession } from '../hostedSession.ts';
import type { HostedSessions } from '../hostedSessions.ts';
import { captureSession } from '../captureSession.ts';
import { pushBranches } from '../pushBranches.ts';
import { openSession, type OpeningDependencies } from '../openSession.ts';
import type { SessionActivities, TurnStep } from './session.ts';

export interface SessionDependencies extends OpeningDependencies {
  readonly sessions: HostedSessions;
  /** How long a question to a person may wait, in milliseconds. */
  readonly promptDeadlineMs: number;
}

const heartbeatMs = 3_000;

/** The activities of this worker's own queue: what is done with the sessions that it holds. */
export function createSessionActivities(dependencies: SessionDependencies): SessionActivities {
  const { sessions, journal, workspaces } = dependencies;
  return {
    openSession: ({ sessionId }) =>
      beating(sessions.get(sessionId), async (session) => {
        try {
          await openSession(dependencies, session);
          return { opened: true };
        } catch (error) {
          if (error instanceof StaleSessionError || session.gone.aborted) throw error;
          if (!session.isCanceled) {
            const why = failureOf(error);
            session.log[why.code === 'INTERNAL' ? 'error' : 'info'](
              { err: error, code: why.code },
              'the session could not be opened',
            );
            await whileAway(session.gone, () => steps.sessionFailed(journal, session.writer, why));
          }
          return { opened: false };
        }
      }),

    runTurn: ({ sessionId }) => beating(sessions.get(sessionId), (session) => runTurn(dependencies, session)),

    checkpoint: ({ sessionId }) =>
      beating(sessions.get(sessionId), (session) => captureSession(dependencies, session, 'CHECKPOINT')),

    captureFinal: ({ sessionId }) =>
      beating(sessions.get(sessionId), async (session) => {
        await stopAgent(dependencies, session);
        await captureSession(dependencies, session, 'FINAL');
        await pushBranches(journal, workspaces, session);
      }),

    releaseSession: async ({ sessionId }) => sessions.get(sessionId).release(),
  };
}

/** Takes the next message and lets the agent work on it; what happened is in the journal when it resolves. */
async function runTurn({ journal, promptDeadlineMs }: SessionDependencies, session: HostedSession): Promise<TurnStep> {
  const { writer, gone } = session;
  const next = await whileAway(gone, () => steps.nextTurn(journal, writer));
  if (next.kind !== 'TURN') return { kind: next.kind };
  const { turn } = next;
  const started = performance.now();
  let result;
  try {
    const { agent } = session;
    if (!agent) throw new Error('the session has no agent');
    const { text, trace } = await whileAway(gone, () => readMessage(journal, next.messageId));
    const outlet = {
      emit: (event: AgentEvent) => session.transcript.emit(event),
      ask: createAsk(journal, session, promptDeadlineMs),
    };
    const attributes = { 'baton.run': writer.runId, 'baton.session': writer.sessionId, 'baton.turn': turn };
    const signal = session.beginTurn();
    result = await inSpan('turn', { trace, attributes }, () => agent.runTurn({ turn, text }, outlet, signal));
    await session.transcript.settle();
    session.conversation = (await agent.exportConversation?.()) ?? session.conversation;
  } catch (error) {
    if (error instanceof StaleSessionError || gone.aborted) throw error;
    session.log.error({ err: error, turn }, 'a turn failed for a defect');
    const why = failure(
      'INTERNAL',
      'The turn failed for a defect of Baton; the worker’s log has the details. Continue the run to try again.',
    );
    result = { reason: 'FAILED' as const, failure: why, usage: { ...noUsage, wallMs: performance.now() - started } };
  }
  // An agent that was killed because the session is gone says so as an interrupt; the turn is then lost, not ended.
  gone.throwIfAborted();
  const { turnFailure } = session;
  const { reason, failure: why, usage } = turnFailure ? { ...result, reason: 'FAILED' as const, failure: turnFailure } : result;
  await whileAway(gone, () => steps.turnEnded(journal, writer, { turn, reason, failure: why, usage }));
  return { kind: 'TURN', failed: reason === 'FAILED' };
}

/** Stops everything that the agent started, and says so when there was something left. */
async function stopAgent({ journal }: SessionDependencies, session: HostedSession): Promise<void> {
  const stopped = (await session.agent?.close())?.stopped ?? 0;
  session.agent = null;
  if (stopped === 0) return;
  const message =
    stopped === 1 ? 'A process was still running and was stopped.' : `${stopped} processes were still running and were stopped.`;
  await whileAway(session.gone, () =>
    steps.record(journal, session.writer, [{ type: 'notice', level: 'INFO', code: 'PROCESSES_STOPPED', message }]),
  );
}

/**
 * Heartbeats while it works, so that Temporal misses the worker soon after it is gone. What is thrown goes into the
 * execution's history, without secrets.
 */
async function beating<T>(session: HostedSession, work: (session: HostedSession) => Promise<T>): Promise<T> {
  const timer = setInterval(() => heartbeat(), heartbeatMs);
  try {
    return await work(session);
  } catch (error) {
    throw session.writer.masking.error(error);
  } finally {
    clearInterval(timer);
  }
}
