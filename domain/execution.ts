import type { RunEvent, TurnReason } from './events.ts';
import { failure, type Failure } from './failure.ts';
import { harnessCapabilities, type HarnessKind } from './harness.ts';
import type { MessageId, PromptId, SessionId, SnapshotId } from './ids.ts';
import type { PromptQuestion } from './prompt.ts';
import { liveSession, type EndedTurnView, type Run, type SessionView } from './run.ts';
import type { ConflictWay } from './snapshot.ts';
import {
  isEnded,
  runStateAfter,
  type RunState,
  type SessionCause,
  type SessionOutcome,
  type SessionState,
  type Wait,
} from './states.ts';
import type { Usage } from './usage.ts';

/**
 * What the workflows and their activities ask of a run, and what becomes of it. Every decision can be asked twice:
 * an activity whose reply was lost asks again and gets the same answer from the state it made.
 */
export interface Step<T> {
  readonly events: readonly RunEvent[];
  readonly result: T;
}

/** Thrown when a session that has been succeeded or ended still wants to write: its worker must stop. */
export class StaleSessionError extends Error {
  readonly sessionId: SessionId;
  constructor(sessionId: SessionId, why: string) {
    super(`session ${sessionId} may no longer write: ${why}`);
    this.name = 'StaleSessionError';
    this.sessionId = sessionId;
  }
}

/** The live session with this id; throws StaleSessionError when it is over or another one has taken its place. */
export function ownSession(run: Run, sessionId: SessionId): SessionView {
  const live = liveSession(run);
  if (live?.id !== sessionId) throw new StaleSessionError(sessionId, 'it has ended');
  if (live.epoch !== run.epoch) throw new StaleSessionError(sessionId, `its epoch is ${live.epoch}, the run’s is ${run.epoch}`);
  return live;
}

const sessionState = (
  session: SessionView,
  to: SessionState,
  more: { worker?: string; outcome?: SessionOutcome; failure?: Failure | null } = {},
): RunEvent => ({
  type: 'session.state',
  from: session.state,
  to,
  worker: more.worker ?? null,
  outcome: more.outcome ?? null,
  failure: more.failure ?? null,
});

const runState = (from: RunState, to: RunState, why: Failure | null = null): RunEvent => ({
  type: 'run.state',
  from,
  to,
  failure: why,
});

export type NextWork =
  | {
      readonly kind: 'SESSION';
      readonly sessionId: SessionId;
      readonly ordinal: number;
      readonly epoch: number;
      readonly harness: HarnessKind;
      readonly cause: SessionCause;
      /** No message waits: it was continued without one. */
      readonly opensIdle: boolean;
    }
  | { readonly kind: 'PARKED' }
  | { readonly kind: 'NOTHING'; readonly state: RunState; readonly failure: Failure | null };

const workOn = (session: Pick<SessionView, 'id' | 'ordinal' | 'epoch' | 'cause' | 'harness'>, run: Run): NextWork => ({
  kind: 'SESSION',
  sessionId: session.id,
  ordinal: session.ordinal,
  epoch: session.epoch,
  cause: session.cause,
  harness: session.harness,
  opensIdle: run.pending.length === 0 && run.turn === null,
});

/** What the run workflow does next: the session that is open, a new one when something waits, or nothing. */
export function nextWork(run: Run, newSessionId: SessionId): Step<NextWork> {
  const live = liveSession(run);
  if (live)
    return {
      events: [],
      result: workOn(live, run),
    };
  const answered = run.prompt?.state === 'ANSWERED';
  if (run.pending.length === 0 && run.next === null && !answered) {
    if (run.state === 'BLOCKED') return { events: [], result: { kind: 'PARKED' } };
    return { events: [], result: { kind: 'NOTHING', state: run.state, failure: run.failure } };
  }
  const ordinal = (run.session?.ordinal ?? 0) + 1;
  const epoch = run.epoch + 1;
  const cause: SessionCause =
    run.session === null ? 'START' : run.session.outcome === 'LOST' ? 'RECOVERY' : answered ? 'ANSWER' : 'FOLLOW_UP';
  const restore = run.next?.restore ?? { kind: 'LATEST' };
  const restoreFrom: SnapshotId | null =
    restore.kind === 'NONE' ? null : restore.kind === 'SNAPSHOT' ? restore.snapshotId : run.snapshotId;
  const newest = newestOf(run, cause, restoreFrom);
  return {
    events: [
      {
        type: 'session.opened',
        sessionId: newSessionId,
        ordinal,
        epoch,
        cause,
        harness: run.harness,
        restoreFrom,
        ...(newest && { newest }),
      },
    ],
    result: workOn({ id: newSessionId, ordinal, epoch, cause, harness: run.harness }, run),
  };
}

/** Whether the next session goes on from the newest base: as chosen, and again where the session it was chosen for was lost. */
function newestOf({ next, session }: Run, cause: SessionCause, restoreFrom: SnapshotId | null): ConflictWay | null {
  if (restoreFrom === null) return null;
  if (next) return next.newest ?? null;
  return cause === 'RECOVERY' && session?.restoreFrom === restoreFrom ? session.newest : null;
}

/** A worker has taken the session. */
export function hosted(run: Run, sessionId: SessionId, worker: string): Step<void> {
  const session = ownSession(run, sessionId);
  if (session.state !== 'QUEUED') {
    if (session.worker === worker) return { events: [], result: undefined };
    throw new StaleSessionError(sessionId, `worker ${session.worker} has taken it`);
  }
  return {
    events: [
      sessionState(session, 'PROVISIONING', { worker }),
      ...(run.state === 'QUEUED' ? [runState('QUEUED', 'IN_PROGRESS')] : []),
    ],
    result: undefined,
  };
}

/** The session has its repositories and puts the snapshot back. */
export function restoring(run: Run, sessionId: SessionId): Step<void> {
  const session = ownSession(run, sessionId);
  return { events: session.state === 'PROVISIONING' ? [sessionState(session, 'RESTORING')] : [], result: undefined };
}

/** Whether the session is over, for a workflow that waits for a worker to take it. */
export function isOver(run: Run, sessionId: SessionId): boolean {
  return liveSession(run)?.id !== sessionId;
}

/** Notes what the session will end with. */
export function sessionFailed(run: Run, sessionId: SessionId, why: Failure): Step<void> {
  ownSession(run, sessionId);
  return { events: [{ type: 'session.failed', failure: why }], result: undefined };
}

/** Says what a session that prepares waits for. */
export function waiting(run: Run, sessionId: SessionId, wait: Wait, detail: string | null): Step<void> {
  const session = ownSession(run, sessionId);
  if (session.waitingFor === wait && session.waitingDetail === detail) return { events: [], result: undefined };
  return { events: [{ type: 'session.waiting', for: wait, detail }], result: undefined };
}

export type NextTurn =
  | { readonly kind: 'TURN'; readonly turn: number; readonly messageId: MessageId }
  | { readonly kind: 'IDLE' }
  | { readonly kind: 'CLOSE' };

/** What a session that is free does next: the oldest waiting message's turn, wait idle, or close because a person asked. */
export function nextTurn(run: Run, sessionId: SessionId): Step<NextTurn> {
  const session = ownSession(run, sessionId);
  if (run.turn) return { events: [], result: { kind: 'TURN', turn: run.turn.turn, messageId: run.turn.messageId } };
  if (session.state === 'SNAPSHOTTING' || session.endRequested || run.cancelRequested)
    return { events: [], result: { kind: 'CLOSE' } };
  const message = run.pending[0];
  if (!message) return { events: session.state === 'IDLE' ? [] : [sessionState(session, 'IDLE')], result: { kind: 'IDLE' } };
  const turn = run.turns + 1;
  return {
    events: [
      ...(session.state === 'RUNNING' ? [] : [sessionState(session, 'RUNNING')]),
      { type: 'message.delivered', messageId: message.id },
      { type: 'turn.started', turn, messageId: message.id },
    ],
    result: { kind: 'TURN', turn, messageId: message.id },
  };
}

export interface TurnEnd {
  readonly turn: number;
  readonly reason: TurnReason;
  readonly failure: Failure | null;
  readonly usage: Usage;
}

/** The turn is over. A prompt it left open can no longer be answered. */
export function turnEnded(run: Run, sessionId: SessionId, end: TurnEnd): Step<void> {
  const session = ownSession(run, sessionId);
  if (run.turn?.turn !== end.turn) return { events: [], result: undefined };
  return {
    events: [
      ...(run.prompt ? [{ type: 'prompt.closed', promptId: run.prompt.promptId, reason: 'WITHDRAWN' } satisfies RunEvent] : []),
      ...unblocked(run, session),
      { type: 'turn.ended', ...end },
    ],
    result: undefined,
  };
}

/** The agent asks a person and waits: session and run are BLOCKED until the answer has reached it. */
export function openPrompt(run: Run, sessionId: SessionId, question: PromptQuestion): Step<void> {
  const session = ownSession(run, sessionId);
  if (run.prompt?.promptId === question.promptId) return { events: [], result: undefined };
  return {
    events: [
      { type: 'prompt.opened', ...question },
      sessionState(session, 'BLOCKED'),
      ...(run.state === 'BLOCKED' ? [] : [runState(run.state, 'BLOCKED')]),
    ],
    result: undefined,
  };
}

/** The answer has been handed to the agent, which goes on. */
export function promptDelivered(run: Run, sessionId: SessionId, promptId: PromptId): Step<void> {
  const session = ownSession(run, sessionId);
  if (run.prompt?.promptId !== promptId || run.prompt.state !== 'ANSWERED') return { events: [], result: undefined };
  return { events: [{ type: 'prompt.delivered', promptId }, ...unblocked(run, session)], result: undefined };
}

/** Nobody answered before the deadline, or the agent no longer wants to know. False when an answer came first. */
export function closePrompt(
  run: Run,
  sessionId: SessionId,
  promptId: PromptId,
  reason: 'EXPIRED' | 'WITHDRAWN',
): Step<{ closed: boolean }> {
  const session = ownSession(run, sessionId);
  if (run.prompt?.promptId !== promptId) return { events: [], result: { closed: true } };
  if (run.prompt.state !== 'OPEN') return { events: [], result: { closed: false } };
  return { events: [{ type: 'prompt.closed', promptId, reason }, ...unblocked(run, session)], result: { closed: true } };
}

const unblocked = (run: Run, session: SessionView): RunEvent[] => [
  ...(session.state === 'BLOCKED' ? [sessionState(session, 'RUNNING')] : []),
  ...(run.state === 'BLOCKED' ? [runState('BLOCKED', 'IN_PROGRESS')] : []),
];

/**
 * The session wants to close. A message that came in the meantime keeps it open, unless it must close
 * (a failure, a cancel, a person's wish); from here on messages wait for the next session.
 */
export function beginClose(run: Run, sessionId: SessionId, must: boolean): Step<{ closing: boolean }> {
  const session = ownSession(run, sessionId);
  if (session.state === 'SNAPSHOTTING') return { events: [], result: { closing: true } };
  const mayStay = !must && !session.endRequested && !run.cancelRequested;
  if (mayStay && run.pending.length > 0) return { events: [], result: { closing: false } };
  return { events: [sessionState(session, 'SNAPSHOTTING')], result: { closing: true } };
}

export interface SessionEnd {
  readonly outcome: Exclude<SessionOutcome, 'LOST'>;
  /** False when the session never got as far as an agent: what waits goes back to its authors. */
  readonly started: boolean;
}

/** The session is over. The run takes its outcome, or is queued again when something waits for the next session. */
export function endSession(run: Run, sessionId: SessionId, end: SessionEnd): Step<{ wake: boolean }> {
  if (run.session?.id === sessionId && run.session.state === 'ENDED')
    return { events: [], result: { wake: run.state === 'QUEUED' } };
  const session = ownSession(run, sessionId);
  const outcome = run.cancelRequested && end.outcome !== 'PARKED' ? 'CANCELED' : end.outcome;
  const why =
    outcome === 'FAILED'
      ? (session.failure ?? failure('INTERNAL', 'The session failed without a reason. Continue the run to try again.'))
      : null;
  const events: RunEvent[] = [sessionState(session, 'ENDED', { outcome, failure: why })];
  const returned = !end.started && outcome === 'FAILED';
  if (returned) {
    for (const { id } of run.pending) {
      events.push({
        type: 'message.returned',
        messageId: id,
        reason: `The session could not start: ${why?.message}`,
      });
    }
  }
  if (run.prompt && outcome !== 'PARKED')
    events.push({ type: 'prompt.closed', promptId: run.prompt.promptId, reason: 'WITHDRAWN' });
  const again = !returned && run.pending.length > 0;
  const to: RunState = again ? 'QUEUED' : runStateAfter[outcome];
  if (to !== run.state) events.push(runState(run.state, to, again ? null : why));
  return { events, result: { wake: again } };
}

/** The session's worker is being stopped: the session ends after its turn, and what waits goes on at another worker. */
export function handOver(run: Run, sessionId: SessionId): Step<void> {
  const session = ownSession(run, sessionId);
  if (session.endRequested || session.state === 'SNAPSHOTTING') return { events: [], result: undefined };
  const message =
    run.turn !== null
      ? 'This worker is being stopped. The turn may end first; what is sent now goes on at another worker.'
      : 'This worker is being stopped. What is sent now goes on at another worker.';
  return {
    events: [
      { type: 'notice', level: 'INFO', code: 'WORKER_STOPPING', message },
      { type: 'session.endRequested', actor: { kind: 'PLATFORM' } },
    ],
    result: undefined,
  };
}

/** How many sessions of one turn may be lost before the run fails. */
export const maxLosses = 3;

/** What is lost with the session's worker, the latest first: the turn in flight, and those that no snapshot has yet. */
const turnsSinceSnapshot = (run: Run): readonly EndedTurnView[] =>
  [...run.uncaptured, ...(run.turn ? [run.turn] : [])].toReversed();

const rolledBack = ({ turn, fromSeq, messageId }: EndedTurnView, redelivered: boolean): RunEvent => ({
  type: 'turn.rolledBack',
  turn,
  fromSeq,
  messageId,
  redelivered,
});

/**
 * The session's worker is gone. What was done since the last checkpoint is rolled back: an agent gets its messages
 * again in the next session, a script is never run twice by itself.
 */
export function loseSession(run: Run, sessionId: SessionId, why: Failure): Step<{ wake: boolean }> {
  if (run.session?.id !== sessionId || run.session.state === 'ENDED')
    return { events: [], result: { wake: run.state === 'QUEUED' } };
  const { session } = run;
  const events: RunEvent[] = [sessionState(session, 'ENDED', { outcome: 'LOST', failure: why })];
  if (run.prompt) events.push({ type: 'prompt.closed', promptId: run.prompt.promptId, reason: 'WITHDRAWN' });
  const tooOften = run.losses + 1 >= maxLosses;
  const lostTurns = turnsSinceSnapshot(run);
  const redelivered =
    lostTurns.length > 0 && harnessCapabilities[session.harness].replaysLostTurn && !run.cancelRequested && !tooOften;
  events.push(...lostTurns.map((turn) => rolledBack(turn, redelivered)));
  const pending = run.cancelRequested || (!tooOften && (redelivered || run.pending.length > 0));
  if (tooOften) {
    for (const { id } of run.pending) events.push({ type: 'message.returned', messageId: id, reason: why.message });
  }
  const turnLost = lostTurns.length > 0 && !redelivered;
  if (run.cancelRequested && run.pending.length === 0 && !redelivered) {
    events.push(runState(run.state, 'CANCELED'));
    return { events, result: { wake: false } };
  }
  if (pending) {
    if (run.state !== 'QUEUED') events.push(runState(run.state, 'QUEUED'));
    return { events, result: { wake: true } };
  }
  const to: RunState = turnLost || tooOften || run.turns === 0 ? 'FAILED' : 'SUCCEEDED';
  if (run.state !== to) events.push(runState(run.state, to, to === 'FAILED' ? why : null));
  return { events, result: { wake: false } };
}

/** Nothing took the run before its deadline, or its execution is gone: it fails, and what waits goes back to its authors. */
export function failRun(run: Run, why: Failure): Step<void> {
  if (isEnded(run.state)) return { events: [], result: undefined };
  const live = liveSession(run);
  return {
    events: [
      ...(live ? [sessionState(live, 'ENDED', { outcome: 'LOST', failure: why })] : []),
      ...(run.prompt ? [{ type: 'prompt.closed', promptId: run.prompt.promptId, reason: 'WITHDRAWN' } satisfies RunEvent] : []),
      ...turnsSinceSnapshot(run).map((turn) => rolledBack(turn, false)),
      ...run.pending.map(({ id }): RunEvent => ({ type: 'message.returned', messageId: id, reason: why.message })),
      runState(run.state, 'FAILED', why),
    ],
    result: undefined,
  };
}

/** The failure of a run that no worker took in time. */
export function noWorkerFailure(hours: number): Failure {
  return failure('NO_WORKER', `No worker took the run within ${hours} hours. Start a worker, then continue the run.`);
}
