import { assertNever } from './assertNever.ts';
import type { RestoreChoice, RunEvent } from './events.ts';
import type { Failure } from './failure.ts';
import type { HarnessKind } from './harness.ts';
import type { EnvironmentId, MessageId, RunId, SessionId, SnapshotId, TeamId, UserId } from './ids.ts';
import type { PromptView } from './prompt.ts';
import type { ConflictWay } from './snapshot.ts';
import {
  canRunBecome,
  canSessionBecome,
  isEnded,
  type EndedRunState,
  type MessageState,
  type RunOrigin,
  type RunState,
  type SessionCause,
  type SessionOutcome,
  type SessionState,
  type Wait,
} from './states.ts';
import { addUsage, noUsage, type Usage } from './usage.ts';

/** A message that has not come to rest: waiting, or given to a turn. */
export interface MessageView {
  readonly id: MessageId;
  readonly state: MessageState;
}

export interface SessionView {
  readonly id: SessionId;
  readonly ordinal: number;
  readonly epoch: number;
  readonly cause: SessionCause;
  readonly harness: HarnessKind;
  readonly state: SessionState;
  readonly outcome: SessionOutcome | null;
  /** What it ended with, or will: a turn or its preparation has failed. */
  readonly failure: Failure | null;
  readonly worker: string | null;
  readonly waitingFor: Wait | null;
  readonly waitingDetail: string | null;
  readonly restoreFrom: SnapshotId | null;
  /** How conflicts are left where it goes on from the newest base; null where it stays on the snapshot's own. */
  readonly newest: ConflictWay | null;
  readonly endRequested: boolean;
  readonly usage: Usage;
}

/** The turn in flight. */
export interface TurnView {
  readonly turn: number;
  readonly messageId: MessageId;
  /** The sequence number of its `turn.started`. */
  readonly fromSeq: number;
  readonly interruptRequested: boolean;
}

/** A turn that has ended. */
export type EndedTurnView = Omit<TurnView, 'interruptRequested'>;

/**
 * A run as its log says it is: all that admission and the workflows decide on. The journal loads it from
 * the projections under the run's lock, and writes it back with the events that changed it.
 */
export interface Run {
  readonly id: RunId;
  readonly teamId: TeamId;
  readonly creatorId: UserId;
  readonly environmentId: EnvironmentId;
  readonly title: string;
  readonly origin: RunOrigin;
  readonly harness: HarnessKind;
  readonly idleSeconds: number;
  readonly state: RunState;
  readonly failure: Failure | null;
  readonly waitingFor: Wait | null;
  readonly waitingDetail: string | null;
  readonly cancelRequested: boolean;
  /** How it last ended, and with what failure: given back when the message that queued it again is withdrawn. */
  readonly lastEnd: { readonly state: EndedRunState; readonly failure: Failure | null } | null;
  /** Whether there is a conversation to continue; false once its transcript was deleted, or for an imported run. */
  readonly hasConversation: boolean;
  readonly turns: number;
  /** The latest snapshot that can be restored. */
  readonly snapshotId: SnapshotId | null;
  /** Sessions that were lost since a turn last ended. */
  readonly losses: number;
  /** What a person chose when they continued the run; the next session takes it. */
  readonly next: {
    readonly harness: HarnessKind | null;
    readonly restore: RestoreChoice;
    readonly newest?: ConflictWay;
  } | null;
  readonly usage: Usage;
  /** Raised whenever a session is opened or lost; a writer with an older one is refused. */
  readonly epoch: number;
  readonly lastSeq: number;
  /** The latest session. */
  readonly session: SessionView | null;
  /** Messages PENDING, in the order received. */
  readonly pending: readonly MessageView[];
  readonly turn: TurnView | null;
  /** Turns of the live session that ended after the last snapshot: lost with the worker, as the one in flight is. */
  readonly uncaptured: readonly EndedTurnView[];
  /** The prompt that is open, or answered and not yet delivered. */
  readonly prompt: PromptView | null;
}

/** The session that is not over yet, or null. */
export function liveSession(run: Run): SessionView | null {
  return run.session !== null && run.session.state !== 'ENDED' ? run.session : null;
}

/** Thrown when an event does not fit the state it meets: a defect of ours, never a person's. */
export class IllegalEventError extends Error {
  constructor(event: RunEvent, run: Run | null, why: string) {
    super(
      `${event.type} does not fit ${run?.id ?? 'a run that does not exist'} (${run?.state ?? 'none'}, session ${run?.session?.state ?? 'none'}): ${why}`,
    );
    this.name = 'IllegalEventError';
  }
}

/**
 * The run after an event. Pure: the one place where events become state.
 * Throws IllegalEventError when the event leads outside the transition tables.
 */
export function evolve(run: Run | null, event: RunEvent, id: RunId): Run {
  if (run === null) {
    if (event.type !== 'run.created') throw new IllegalEventError(event, run, 'the first event creates the run');
    return {
      id,
      teamId: event.teamId,
      creatorId: event.creatorId,
      environmentId: event.environmentId,
      title: event.title,
      origin: event.origin,
      harness: event.harness,
      idleSeconds: event.idleSeconds,
      state: 'QUEUED',
      failure: null,
      waitingFor: 'WORKER',
      waitingDetail: null,
      cancelRequested: false,
      lastEnd: null,
      hasConversation: false,
      turns: 0,
      snapshotId: null,
      losses: 0,
      next: null,
      usage: noUsage,
      epoch: 0,
      lastSeq: 1,
      session: null,
      pending: [],
      turn: null,
      uncaptured: [],
      prompt: null,
    };
  }
  const after = { ...run, lastSeq: run.lastSeq + 1 };
  const illegal = (why: string): never => {
    throw new IllegalEventError(event, run, why);
  };
  const live = (): SessionView => liveSession(run) ?? illegal('no session is live');
  const withSession = (change: Partial<SessionView>): Run => ({ ...after, session: { ...live(), ...change } });
  const withoutPending = (messageId: MessageId): readonly MessageView[] => {
    if (!run.pending.some((message) => message.id === messageId)) illegal('the message is not pending');
    return run.pending.filter((message) => message.id !== messageId);
  };

  switch (event.type) {
    case 'run.created':
      return illegal('the run exists');
    case 'run.state': {
      if (event.from !== run.state) illegal(`it is not ${event.from}`);
      if (!canRunBecome(event.from, event.to)) illegal(`${event.from} does not become ${event.to}`);
      const ended = isEnded(event.to);
      return {
        ...after,
        state: event.to,
        failure: event.failure,
        waitingFor: event.to === 'QUEUED' ? 'WORKER' : event.to === 'BLOCKED' ? 'PERSON' : null,
        waitingDetail: null,
        next: ended ? null : run.next,
        cancelRequested: ended || event.to === 'QUEUED' ? false : run.cancelRequested,
        lastEnd: isEnded(event.to) ? { state: event.to, failure: event.failure } : run.lastEnd,
      };
    }
    case 'run.waiting':
      if (run.state !== 'QUEUED') illegal('only a queued run waits by itself');
      return { ...after, waitingFor: event.for, waitingDetail: event.detail };
    case 'run.cancelRequested':
      if (isEnded(run.state)) illegal('it has ended');
      return { ...after, cancelRequested: true };
    case 'run.continued':
      if (!isEnded(run.state)) illegal('it has not ended');
      return {
        ...after,
        harness: event.harness ?? run.harness,
        next: { harness: event.harness, restore: event.restore, ...(event.newest && { newest: event.newest }) },
      };

    case 'message.added':
      return { ...after, hasConversation: true, pending: [...run.pending, { id: event.messageId, state: 'PENDING' }] };
    case 'message.delivered':
      live();
      return { ...after, pending: withoutPending(event.messageId) };
    case 'message.returned':
      return { ...after, pending: withoutPending(event.messageId) };
    case 'message.withdrawn':
      return { ...after, pending: withoutPending(event.messageId) };

    case 'session.opened': {
      if (liveSession(run)) illegal('a session is live');
      if (event.ordinal !== (run.session?.ordinal ?? 0) + 1) illegal('ordinals count up by one');
      if (event.epoch !== run.epoch + 1) illegal('each session raises the epoch by one');
      return {
        ...after,
        epoch: event.epoch,
        next: null,
        session: {
          id: event.sessionId,
          ordinal: event.ordinal,
          epoch: event.epoch,
          cause: event.cause,
          harness: event.harness,
          state: 'QUEUED',
          outcome: null,
          failure: null,
          worker: null,
          waitingFor: 'WORKER',
          waitingDetail: null,
          restoreFrom: event.restoreFrom,
          newest: event.newest ?? null,
          endRequested: false,
          usage: noUsage,
        },
      };
    }
    case 'session.state': {
      const session = live();
      if (event.from !== session.state) illegal(`the session is not ${event.from}`);
      if (!canSessionBecome(event.from, event.to)) illegal(`${event.from} does not become ${event.to}`);
      if ((event.to === 'ENDED') !== (event.outcome !== null)) illegal('a session has an outcome when it ends, and not before');
      const lost = event.outcome === 'LOST';
      return {
        ...after,
        epoch: lost ? run.epoch + 1 : run.epoch,
        losses: lost ? run.losses + 1 : run.losses,
        uncaptured: event.to === 'ENDED' && !lost ? [] : run.uncaptured,
        session: {
          ...session,
          state: event.to,
          outcome: event.outcome,
          failure: event.to === 'ENDED' ? event.failure : session.failure,
          worker: event.worker ?? session.worker,
          waitingFor: sessionWait[event.to],
          waitingDetail: null,
        },
      };
    }
    case 'session.waiting':
      return withSession({ waitingFor: event.for, waitingDetail: event.detail });
    case 'session.failed':
      return withSession({ failure: event.failure });
    case 'session.endRequested':
      return withSession({ endRequested: true });
    case 'workspace.opened':
    case 'workspace.restored':
    case 'snapshot.failed':
    case 'branch.pushed':
    case 'branch.notPushed':
    case 'files.changed':
    case 'item.started':
    case 'item.chunk':
    case 'item.ended':
    case 'item.diff':
    case 'plan.updated':
    case 'conversation.opened':
      live();
      return after;
    case 'notice':
      return after;
    case 'snapshot.captured':
      live();
      return { ...after, snapshotId: event.snapshotId, uncaptured: [] };

    case 'turn.started': {
      const session = live();
      if (run.turn) illegal('a turn is in flight');
      if (event.turn !== run.turns + 1) illegal('turns count up by one');
      return {
        ...after,
        turns: event.turn,
        turn: { turn: event.turn, messageId: event.messageId, fromSeq: after.lastSeq, interruptRequested: false },
        session: { ...session, waitingFor: 'TURN', waitingDetail: null },
      };
    }
    case 'turn.ended': {
      if (run.turn?.turn !== event.turn) return illegal('that turn is not in flight');
      const session = live();
      const { interruptRequested: _, ...ended } = run.turn;
      return {
        ...after,
        turn: null,
        uncaptured: [...run.uncaptured, ended],
        losses: 0,
        usage: addUsage(run.usage, event.usage),
        session: { ...session, failure: event.failure, usage: addUsage(session.usage, event.usage) },
      };
    }
    case 'turn.rolledBack':
      if (run.turn?.turn !== event.turn && run.uncaptured.at(-1)?.turn !== event.turn)
        illegal('that turn is not the last one since the last snapshot');
      return {
        ...after,
        turn: null,
        uncaptured: run.uncaptured.filter(({ turn }) => turn !== event.turn),
        pending: event.redelivered ? [{ id: event.messageId, state: 'PENDING' }, ...run.pending] : run.pending,
      };
    case 'turn.interruptRequested':
      if (!run.turn) return illegal('no turn is in flight');
      return { ...after, turn: { ...run.turn, interruptRequested: true } };

    case 'prompt.opened': {
      if (run.prompt) illegal('a prompt is open');
      live();
      const { type: _, ...question } = event;
      return { ...after, prompt: { ...question, state: 'OPEN', answer: null, answeredBy: null } };
    }
    case 'prompt.answered':
      if (run.prompt?.promptId !== event.promptId || run.prompt.state !== 'OPEN') return illegal('that prompt is not open');
      return { ...after, prompt: { ...run.prompt, state: 'ANSWERED', answer: event.answer, answeredBy: event.actor } };
    case 'prompt.delivered':
      if (run.prompt?.promptId !== event.promptId || run.prompt.state !== 'ANSWERED') illegal('that prompt has no answer');
      return { ...after, prompt: null };
    case 'prompt.closed':
      if (run.prompt?.promptId !== event.promptId) illegal('that prompt is not open');
      return { ...after, prompt: null };

    case 'event.redacted':
      return { ...after, snapshotId: event.snapshotId };
    case 'transcript.deleted':
      if (!isEnded(run.state)) illegal('it has not ended');
      return { ...after, hasConversation: false };
    case 'snapshots.deleted':
      if (!isEnded(run.state)) illegal('it has not ended');
      return { ...after, snapshotId: null };
    default:
      return assertNever(event, 'event');
  }
}

/** What a session waits for on entering each state. */
const sessionWait: Record<SessionState, Wait | null> = {
  QUEUED: 'WORKER',
  PROVISIONING: 'CLONE',
  RESTORING: 'RESTORE',
  RUNNING: 'TURN',
  IDLE: 'MESSAGE',
  BLOCKED: 'PERSON',
  SNAPSHOTTING: 'CAPTURE',
  ENDED: null,
};

/** Applies events one after another. */
export function evolveAll(run: Run | null, events: readonly RunEvent[], id: RunId): Run | null {
  return events.reduce<Run | null>((state, event) => evolve(state, event, id), run);
}
