import type { RunEvent, TurnReason } from '../domain/events.ts';
import {
  beginClose as decideBeginClose,
  closePrompt as decideClosePrompt,
  endSession as decideEndSession,
  failRun as decideFailRun,
  handOver as decideHandOver,
  hosted as decideHosted,
  isOver,
  loseSession as decideLoseSession,
  nextTurn as decideNextTurn,
  nextWork as decideNextWork,
  openPrompt as decideOpenPrompt,
  ownSession,
  promptDelivered as decidePromptDelivered,
  restoring as decideRestoring,
  sessionFailed as decideSessionFailed,
  StaleSessionError,
  turnEnded as decideTurnEnded,
  waiting as decideWaiting,
  type NextTurn,
  type NextWork,
  type SessionEnd,
  type Step,
} from '../domain/execution.ts';
import type { Failure } from '../domain/failure.ts';
import type { PromptId, RunId, SessionId } from '../domain/ids.ts';
import type { PromptQuestion } from '../domain/prompt.ts';
import { liveSession, type Run } from '../domain/run.ts';
import type { Wait } from '../domain/states.ts';
import type { Usage } from '../domain/usage.ts';
import type { Writer } from './append.ts';
import type { StepName } from './faultPoints.ts';
import type { Journal } from './journal.ts';
import { loadRun } from './load.ts';
import { newId } from './newId.ts';
import { transact, type Outcome } from './transact.ts';

/**
 * What the workflows' activities append. Each can be asked again when its reply was lost: the decision reads the state
 * that the first one made, and comes to the same result.
 */
const step = <T>({ events, result }: Step<T>, more: Partial<Outcome<T>> = {}): Outcome<T> => ({ events, result, ...more });

function requireEpoch(run: Run, sessionId: SessionId, epoch: number): void {
  if (ownSession(run, sessionId).epoch !== epoch) throw new StaleSessionError(sessionId, `epoch ${epoch} is not the run’s`);
}

async function own<T>(
  journal: Journal,
  { runId, sessionId, epoch, masking }: Writer,
  name: StepName,
  decide: (run: Run) => Outcome<T>,
): Promise<T> {
  const { result } = await transact(journal, runId, name, (run) => {
    requireEpoch(run, sessionId, epoch);
    const outcome = decide(run);
    return masking ? { ...outcome, events: outcome.events.map((event) => masking.event(event)) } : outcome;
  });
  return result;
}

/**
 * What the run's workflow does next. It has then taken the work: earlier wake-ups are seen, and the execution that asks
 * is the one to cancel.
 */
export async function nextWork(journal: Journal, runId: RunId, executionRunId: string): Promise<NextWork> {
  const { result } = await transact(journal, runId, 'nextWork', async (run, client) => {
    await client.query('UPDATE "Run" SET "executionRunId" = $2 WHERE id = $1 AND "executionRunId" IS DISTINCT FROM $2', [
      runId,
      executionRunId,
    ]);
    return step(decideNextWork(run, newId('ses')), { seen: true });
  });
  return result;
}

/** Temporal's run id of the execution that last took the run's work; null before the first. */
export async function executionOf(journal: Journal, runId: RunId): Promise<string | null> {
  const { rows } = await journal.pool.query<{ executionRunId: string | null }>(
    'SELECT "executionRunId" FROM "Run" WHERE id = $1',
    [runId],
  );
  return rows[0]?.executionRunId ?? null;
}

/** A worker has taken the session. The cursor is where in the log it begins to listen. */
export async function hosted(journal: Journal, { runId, sessionId, epoch }: Writer, worker: string): Promise<{ after: number }> {
  const { run } = await transact(journal, runId, 'hosted', (before) => {
    requireEpoch(before, sessionId, epoch);
    return step(decideHosted(before, sessionId, worker));
  });
  return { after: run.lastSeq };
}

/** The session puts its snapshot back. */
export async function restoring(journal: Journal, writer: Writer): Promise<void> {
  await own(journal, writer, 'restoring', (run) => step(decideRestoring(run, writer.sessionId)));
}

/** Says what the session waits for. */
export async function waiting(journal: Journal, writer: Writer, wait: Wait, detail: string | null): Promise<void> {
  await own(journal, writer, 'waiting', (run) => step(decideWaiting(run, writer.sessionId, wait, detail)));
}

/** Notes what the session will end with. */
export async function sessionFailed(journal: Journal, writer: Writer, why: Failure): Promise<void> {
  await own(journal, writer, 'sessionFailed', (run) => step(decideSessionFailed(run, writer.sessionId, why)));
}

/** Whether the session is over; a run that is gone counts as over. */
export async function isSessionOver(journal: Journal, runId: RunId, sessionId: SessionId): Promise<boolean> {
  const run = await loadRun(journal.pool, runId);
  return run === null || isOver(run, sessionId);
}

/** Facts of a session that no decision hangs on: an opened workspace, a restore report, a snapshot, a notice. */
export async function record(journal: Journal, writer: Writer, events: readonly RunEvent[], key?: string): Promise<void> {
  await own(journal, writer, 'record', () => ({ events, result: undefined, ...(key !== undefined && { key }) }));
}

/** What a capture came to: the files that changed, and the snapshot. */
export async function captured(journal: Journal, writer: Writer, events: readonly RunEvent[]): Promise<void> {
  await own(journal, writer, 'captured', () => ({ events, result: undefined }));
}

/** The next message's turn, or idle, or time to close. */
export async function nextTurn(journal: Journal, writer: Writer): Promise<NextTurn> {
  return own(journal, writer, 'nextTurn', (run) => step(decideNextTurn(run, writer.sessionId), { seen: true }));
}

export interface TurnOutcome {
  readonly turn: number;
  readonly reason: TurnReason;
  readonly failure: Failure | null;
  readonly usage: Usage;
}

/** The turn is over. Events that belong before its end, such as the files it changed, are appended with it. */
export async function turnEnded(journal: Journal, writer: Writer, outcome: TurnOutcome): Promise<void> {
  await own(journal, writer, 'turnEnded', (run) => {
    // A cancel reaches the agent as an interrupt; the log says what it was.
    const reason = outcome.reason === 'INTERRUPTED' && run.cancelRequested ? 'CANCELED' : outcome.reason;
    return step(decideTurnEnded(run, writer.sessionId, { ...outcome, reason }));
  });
}

/** The agent asks a person: the run is BLOCKED until the answer has reached it. */
export async function openPrompt(journal: Journal, writer: Writer, question: PromptQuestion): Promise<void> {
  await own(journal, writer, 'openPrompt', (run) => step(decideOpenPrompt(run, writer.sessionId, question)));
}

/** The answer has been handed to the agent. */
export async function promptDelivered(journal: Journal, writer: Writer, promptId: PromptId): Promise<void> {
  await own(journal, writer, 'promptDelivered', (run) => step(decidePromptDelivered(run, writer.sessionId, promptId)));
}

/** Closes a prompt that has no answer; false when one came first. */
export async function closePrompt(
  journal: Journal,
  writer: Writer,
  promptId: PromptId,
  reason: 'EXPIRED' | 'WITHDRAWN',
): Promise<{ closed: boolean }> {
  return own(journal, writer, 'closePrompt', (run) => step(decideClosePrompt(run, writer.sessionId, promptId, reason)));
}

/** The session's worker is being stopped: the session ends after its turn. */
export async function handOver(journal: Journal, writer: Writer): Promise<void> {
  await own(journal, writer, 'handOver', (run) => step(decideHandOver(run, writer.sessionId)));
}

/** Begins to close the session, unless a message keeps it open; `must` closes in any case. */
export async function beginClose(journal: Journal, writer: Writer, must: boolean): Promise<{ closing: boolean }> {
  return own(journal, writer, 'beginClose', (run) => step(decideBeginClose(run, writer.sessionId, must), { seen: true }));
}

/** The session is over; `wake` tells that something waits for the next one. */
export async function endSession(
  journal: Journal,
  runId: RunId,
  sessionId: SessionId,
  end: SessionEnd,
): Promise<{ wake: boolean }> {
  const { result } = await transact(journal, runId, 'sessionEnded', (run) => {
    const decided = decideEndSession(run, sessionId, end);
    return step(decided, { wake: decided.events.length > 0 && decided.result.wake });
  });
  return result;
}

/** The session's worker is gone and its lease has run out. */
export async function loseSession(
  journal: Journal,
  runId: RunId,
  sessionId: SessionId,
  why: Failure,
): Promise<{ wake: boolean }> {
  const { result } = await transact(journal, runId, 'sessionLost', (run) => {
    const decided = decideLoseSession(run, sessionId, why);
    return step(decided, { wake: decided.events.length > 0 && decided.result.wake });
  });
  return result;
}

/** Fails a run that waited too long for a worker, unless one has taken it by now. */
export async function expireQueued(journal: Journal, runId: RunId, why: Failure): Promise<void> {
  await transact(journal, runId, 'expireQueued', (run) =>
    run.state === 'QUEUED' ? step(decideFailRun(run, why), { seen: true }) : { events: [], result: undefined },
  );
}

/** Says what a queued run waits for, when that has changed. */
export async function runWaiting(journal: Journal, runId: RunId, wait: Wait, detail: string | null): Promise<void> {
  // Asked without the lock first: nearly always there is nothing to say.
  const { rowCount } = await journal.pool.query(
    `SELECT 1 FROM "Run" WHERE id = $1 AND state = 'QUEUED' AND ("waitingFor" IS DISTINCT FROM $2::"Wait" OR "waitingDetail" IS DISTINCT FROM $3)`,
    [runId, wait, detail],
  );
  if (rowCount === 0) return;
  await transact(journal, runId, 'runWaiting', (run) => {
    const changed = run.waitingFor !== wait || run.waitingDetail !== detail;
    const waits = run.state === 'QUEUED' && liveSession(run) === null && changed;
    return { events: waits ? [{ type: 'run.waiting', for: wait, detail }] : [], result: undefined };
  });
}
