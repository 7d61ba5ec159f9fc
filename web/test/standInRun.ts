import type { Actor } from '../../domain/actor.ts';
import type { BranchPushed, RunEvent } from '../../domain/events.ts';
import type { HarnessKind } from '../../domain/harness.ts';
import type { EnvironmentId, MessageId, PromptId, RunId, SessionId, SnapshotId, TeamId, UserId } from '../../domain/ids.ts';
import type { LoggedEvent } from '../../domain/events.ts';
import type { PromptView } from '../../domain/prompt.ts';
import { evolve, liveSession, type Run, type SessionView } from '../../domain/run.ts';
import type { RestoreReport, SnapshotKind, SnapshotSummary } from '../../domain/snapshot.ts';
import { isEnded, type MessageState } from '../../domain/states.ts';

export interface StandInMessage {
  readonly id: MessageId;
  readonly author: Actor;
  readonly text: string;
  readonly createdAt: Date;
  state: MessageState;
  returnedReason: string | null;
}

export interface StandInSnapshot {
  readonly id: SnapshotId;
  readonly sessionOrdinal: number;
  readonly kind: SnapshotKind;
  readonly summary: SnapshotSummary;
  readonly createdAt: Date;
}

/** A branch that was pushed. */
export interface StandInArtifact extends Omit<BranchPushed, 'type'> {
  readonly __typename: 'BranchArtifact';
  readonly kind: 'BRANCH';
  readonly sessionOrdinal: number;
  readonly at: string;
}

export interface StandInSession {
  view: SessionView;
  readonly createdAt: Date;
  startedAt: Date | null;
  endedAt: Date | null;
  restoreReport: RestoreReport | null;
  snapshot: StandInSnapshot | null;
}

/** What a scenario says of a run besides its events. */
export interface RunSetting {
  readonly id: RunId;
  readonly title: string;
  readonly origin: Run['origin'];
  readonly harness: HarnessKind;
  readonly environmentId: EnvironmentId;
  readonly teamId: TeamId;
  readonly creatorId: UserId;
  readonly idleSeconds: number;
}

/** A log and what follows from it, by the domain's own rules: a run that the real system could have. */
export class StandInRun {
  readonly log: LoggedEvent[] = [];
  readonly messages = new Map<MessageId, StandInMessage>();
  readonly sessions: StandInSession[] = [];
  readonly snapshots = new Map<SnapshotId, StandInSnapshot>();
  /** By remote and branch. */
  readonly artifacts = new Map<string, StandInArtifact>();
  readonly prompts = new Map<PromptId, PromptView & { readonly createdAt: Date }>();
  /** Snapshots whose blobs are gone. */
  readonly gone = new Set<string>();
  /** The patch of each snapshot, by its id. */
  readonly patches = new Map<SnapshotId, string>();
  readonly setting: RunSetting;
  state: Run;
  version = 1;
  branch: string | null = null;
  activity: string | null = null;
  endedAt: Date | null = null;
  cancelRequestedAt: Date | null = null;
  readonly createdAt: Date;
  lastActivityAt: Date;
  readonly #changed: (run: StandInRun) => void;
  #clock: () => Date;

  constructor(setting: RunSetting, clock: () => Date, changed: (run: StandInRun) => void) {
    this.setting = setting;
    this.#clock = clock;
    this.#changed = changed;
    this.createdAt = clock();
    this.lastActivityAt = this.createdAt;
    const created: RunEvent = { type: 'run.created', ...setting };
    this.state = evolve(null, created, setting.id);
    this.#log(created, null);
  }

  get id(): RunId {
    return this.setting.id;
  }

  get live(): SessionView | null {
    return liveSession(this.state);
  }

  set clock(clock: () => Date) {
    this.#clock = clock;
  }

  /** Appends events, one after another, each as the state it meets allows. */
  append(...events: readonly RunEvent[]): void {
    for (const event of events) {
      const before = liveSession(this.state);
      this.state = evolve(this.state, event, this.id);
      const session = event.type === 'session.opened' ? event.sessionId : (before?.id ?? null);
      this.#log(event, session);
      this.#project(event);
    }
    this.version += 1;
    this.#changed(this);
  }

  #log(event: RunEvent, sessionId: SessionId | null): void {
    this.lastActivityAt = this.#clock();
    const session =
      sessionId === null
        ? null
        : (this.sessions.find(({ view }) => view.id === sessionId)?.view.ordinal ?? this.sessions.length + 1);
    this.log.push({ runId: this.id, seq: this.log.length + 1, at: this.lastActivityAt, session, redaction: null, event });
  }

  #project(event: RunEvent): void {
    const at = this.lastActivityAt;
    const current = this.sessions.at(-1);
    if (event.type === 'session.opened' && this.state.session) {
      this.sessions.push({
        view: this.state.session,
        createdAt: at,
        startedAt: null,
        endedAt: null,
        restoreReport: null,
        snapshot: null,
      });
    } else if (current && this.state.session?.id === current.view.id) {
      current.view = this.state.session;
    }
    this.#projectMessage(event, at);
    this.#projectPrompt(event, at);
    if (event.type === 'session.state' && current) {
      if (event.to === 'PROVISIONING') current.startedAt = at;
      if (event.to === 'ENDED') current.endedAt = at;
      this.activity = null;
    }
    if (event.type === 'workspace.opened') this.branch = event.repositories[0]?.branch ?? null;
    if (event.type === 'workspace.restored' && current) current.restoreReport = event.report;
    if (event.type === 'branch.pushed') this.#projectArtifact(event, at);
    if (event.type === 'item.started') this.activity = event.title;
    if (event.type === 'item.ended') this.activity = null;
    if (event.type === 'run.cancelRequested') this.cancelRequestedAt = at;
    if (event.type === 'run.state') {
      this.endedAt = isEnded(event.to) ? at : null;
      if (isEnded(event.to)) this.cancelRequestedAt = null;
    }
    if (event.type === 'snapshot.captured' && current) {
      const snapshot = {
        id: event.snapshotId,
        sessionOrdinal: current.view.ordinal,
        kind: event.kind,
        summary: event.summary,
        createdAt: at,
      };
      this.snapshots.set(event.snapshotId, snapshot);
      current.snapshot = snapshot;
    }
  }

  #projectArtifact({ type: _, ...pushed }: BranchPushed, at: Date): void {
    const key = `${pushed.url} ${pushed.branch}`;
    this.artifacts.set(key, {
      ...pushed,
      __typename: 'BranchArtifact',
      kind: 'BRANCH',
      commits: pushed.commits + (this.artifacts.get(key)?.commits ?? 0),
      sessionOrdinal: this.sessions.at(-1)?.view.ordinal ?? 0,
      at: at.toISOString(),
    });
  }

  #projectMessage(event: RunEvent, at: Date): void {
    switch (event.type) {
      case 'message.added':
        this.messages.set(event.messageId, {
          id: event.messageId,
          author: event.author,
          text: event.text,
          createdAt: at,
          state: 'PENDING',
          returnedReason: null,
        });
        return;
      case 'message.delivered':
        this.#message(event.messageId, 'DELIVERED');
        return;
      case 'message.returned':
        this.#message(event.messageId, 'RETURNED', event.reason);
        return;
      case 'message.withdrawn':
        this.#message(event.messageId, 'WITHDRAWN');
        return;
      case 'turn.rolledBack':
        this.#message(event.messageId, event.redelivered ? 'PENDING' : 'RETURNED', 'The turn was lost with its worker.');
        return;
      default:
    }
  }

  #projectPrompt(event: RunEvent, at: Date): void {
    if (event.type === 'prompt.opened') {
      const { type: _, ...question } = event;
      this.prompts.set(event.promptId, { ...question, state: 'OPEN', answer: null, answeredBy: null, createdAt: at });
      this.activity = event.question;
      return;
    }
    if (!('promptId' in event)) return;
    const prompt = this.prompts.get(event.promptId);
    if (!prompt) return;
    if (event.type === 'prompt.answered') {
      this.prompts.set(event.promptId, { ...prompt, state: 'ANSWERED', answer: event.answer, answeredBy: event.actor });
    }
    if (event.type === 'prompt.delivered') this.prompts.set(event.promptId, { ...prompt, state: 'DELIVERED' });
    if (event.type === 'prompt.closed') this.prompts.set(event.promptId, { ...prompt, state: event.reason });
  }

  #message(id: MessageId, state: MessageState, reason: string | null = null): void {
    const message = this.messages.get(id);
    if (message) Object.assign(message, { state, returnedReason: reason });
  }
}
