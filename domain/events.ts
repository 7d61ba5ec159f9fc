import type { Actor } from './actor.ts';
import type { Failure } from './failure.ts';
import type { HarnessKind } from './harness.ts';
import type { EnvironmentId, MessageId, PromptId, RunId, SessionId, SnapshotId, TeamId, UserId } from './ids.ts';
import type { PromptAnswer, PromptQuestion } from './prompt.ts';
import type { Redaction } from './redaction.ts';
import type { ConflictWay, FileChange, RestoreReport, SnapshotKind, SnapshotSummary } from './snapshot.ts';
import type { RunOrigin, RunState, SessionCause, SessionOutcome, SessionState, Wait } from './states.ts';
import type { PlanEntry, ToolCall } from './toolCall.ts';
import type { Usage } from './usage.ts';

/**
 * The event union: every visible fact of a run. Each event has a sequence number in its run's log,
 * gapless and in commit order; rows of runs, sessions and snapshots are projections of these.
 */

// ── The run ──────────────────────────────────────────────────────────────────

export interface RunCreated {
  readonly type: 'run.created';
  readonly title: string;
  readonly origin: RunOrigin;
  readonly harness: HarnessKind;
  readonly environmentId: EnvironmentId;
  readonly teamId: TeamId;
  readonly creatorId: UserId;
  readonly idleSeconds: number;
}

export interface RunStateChanged {
  readonly type: 'run.state';
  readonly from: RunState;
  readonly to: RunState;
  readonly failure: Failure | null;
}

/** What a queued run waits for, when that changes. */
export interface RunWaiting {
  readonly type: 'run.waiting';
  readonly for: Wait;
  readonly detail: string | null;
}

export interface CancelRequested {
  readonly type: 'run.cancelRequested';
  readonly actor: Actor;
}

/** Which workspace the next session opens with. */
export type RestoreChoice =
  | { readonly kind: 'LATEST' }
  | { readonly kind: 'SNAPSHOT'; readonly snapshotId: SnapshotId }
  | { readonly kind: 'NONE' };

/** An ended run was continued with choices; they hold for the next session. */
export interface RunContinued {
  readonly type: 'run.continued';
  readonly actor: Actor;
  readonly harness: HarnessKind | null;
  readonly restore: RestoreChoice;
  /** Goes on from the newest commit of each base branch, with conflicts left this way; not there: from the snapshot's own. */
  readonly newest?: ConflictWay;
}

// ── Messages of people ───────────────────────────────────────────────────────

export interface MessageAdded {
  readonly type: 'message.added';
  readonly messageId: MessageId;
  readonly author: Actor;
  /** The text, or the first 16 KiB of a longer one; the message itself has all of it. */
  readonly text: string;
  /** The whole text's size in bytes of UTF-8. */
  readonly bytes: number;
  /** The key under which its author sent it, so that who sent it knows it again before the answer is there. */
  readonly clientKey?: string;
}

export interface MessageDelivered {
  readonly type: 'message.delivered';
  readonly messageId: MessageId;
}

/** The message did not reach an agent; its text belongs in the composer again. */
export interface MessageReturned {
  readonly type: 'message.returned';
  readonly messageId: MessageId;
  readonly reason: string;
}

export interface MessageWithdrawn {
  readonly type: 'message.withdrawn';
  readonly messageId: MessageId;
  readonly actor: Actor;
}

// ── Sessions ─────────────────────────────────────────────────────────────────

export interface SessionOpened {
  readonly type: 'session.opened';
  readonly sessionId: SessionId;
  readonly ordinal: number;
  readonly epoch: number;
  readonly cause: SessionCause;
  readonly harness: HarnessKind;
  /** The snapshot whose workspace it opens with; null for none. */
  readonly restoreFrom: SnapshotId | null;
  /** It goes on from the newest base, with conflicts left this way; not there: from the snapshot's own. */
  readonly newest?: ConflictWay;
}

/** A transition of a session. `worker` is named when it is taken, outcome and failure when it ends. */
export interface SessionStateChanged {
  readonly type: 'session.state';
  readonly from: SessionState;
  readonly to: SessionState;
  readonly worker: string | null;
  readonly outcome: SessionOutcome | null;
  readonly failure: Failure | null;
}

/** What a session that prepares waits for, in words: a clone, a setup command, a restore. */
export interface SessionWaiting {
  readonly type: 'session.waiting';
  readonly for: Wait;
  readonly detail: string | null;
}

/** What went wrong before or between turns: the session closes and ends with it. */
export interface SessionFailed {
  readonly type: 'session.failed';
  readonly failure: Failure;
}

/** A person asked that the session ends after its turn. */
export interface EndRequested {
  readonly type: 'session.endRequested';
  readonly actor: Actor;
}

/** One repository as the session opened it. */
export interface OpenedRepository {
  readonly repository: string;
  readonly url: string;
  /** The branch that the environment names, and its commit: the base of the run's work. */
  readonly baseBranch: string;
  readonly base: string;
  /** The run's own branch. */
  readonly branch: string;
}

export interface WorkspaceOpened {
  readonly type: 'workspace.opened';
  readonly repositories: readonly OpenedRepository[];
  readonly tookMs: number;
}

export interface WorkspaceRestored {
  readonly type: 'workspace.restored';
  readonly report: RestoreReport;
}

export interface SnapshotCaptured {
  readonly type: 'snapshot.captured';
  readonly snapshotId: SnapshotId;
  readonly kind: SnapshotKind;
  readonly summary: SnapshotSummary;
}

/** A capture that was given up. It never fails a run. */
export interface SnapshotFailed {
  readonly type: 'snapshot.failed';
  readonly kind: SnapshotKind;
  readonly failure: Failure;
}

/** The run's branch was pushed to the remote when its session ended. */
export interface BranchPushed {
  readonly type: 'branch.pushed';
  /** The repository's folder in the workspace. */
  readonly repository: string;
  /** The remote, without credentials. */
  readonly url: string;
  readonly branch: string;
  readonly commit: string;
  /** How many of its commits the remote's branch did not have. */
  readonly commits: number;
}

export const pushProblems = [
  'NOT_FAST_FORWARD',
  'REJECTED',
  'FORBIDDEN',
  'UNREACHABLE',
  'TIMED_OUT',
  'INVALID_OBJECTS',
  'FAILED',
] as const;
export type PushProblem = (typeof pushProblems)[number];

/** The run's branch was to be pushed and was not. It never fails a run: the snapshot has the commits. */
export interface BranchNotPushed {
  readonly type: 'branch.notPushed';
  readonly repository: string;
  readonly url: string;
  readonly branch: string;
  /** What the branch was at; null when that could not be read. */
  readonly commit: string | null;
  readonly reason: PushProblem;
  /** What happened and what to try, with what the remote said. */
  readonly detail: string;
}

export const noticeCodes = [
  'NO_WORKSPACE_RESTORED',
  'SANDBOXED',
  'NOT_SANDBOXED',
  'TURN_LOST',
  'PROCESSES_STOPPED',
  'WORKER_STOPPING',
  'CONVERSATION_NOT_CARRIED',
  'MODEL_RETRIED',
  'CONTEXT_COMPACTED',
] as const;
export type NoticeCode = (typeof noticeCodes)[number];

/** Something a reader must know before what follows. */
export interface Notice {
  readonly type: 'notice';
  readonly level: 'INFO' | 'WARNING';
  readonly code: NoticeCode;
  readonly message: string;
}

// ── Turns ────────────────────────────────────────────────────────────────────

export interface TurnStarted {
  readonly type: 'turn.started';
  /** Counts up over the run, from 1. */
  readonly turn: number;
  readonly messageId: MessageId;
}

export const turnReasons = ['COMPLETED', 'FAILED', 'INTERRUPTED', 'CANCELED'] as const;
export type TurnReason = (typeof turnReasons)[number];

export interface TurnEnded {
  readonly type: 'turn.ended';
  readonly turn: number;
  readonly reason: TurnReason;
  readonly failure: Failure | null;
  readonly usage: Usage;
}

/** The turn was lost with its worker, before a snapshot had it: what it logged from `fromSeq` on happened in a workspace that is gone. */
export interface TurnRolledBack {
  readonly type: 'turn.rolledBack';
  readonly turn: number;
  readonly fromSeq: number;
  readonly messageId: MessageId;
  /** True when the message waits again and the next session gets it; false when its text went back to its author. */
  readonly redelivered: boolean;
}

export interface InterruptRequested {
  readonly type: 'turn.interruptRequested';
  readonly actor: Actor;
}

// ── What agents do: items, streamed ──────────────────────────────────────────

/** COMMAND: a command and its output, of a script or of an agent's tool. TOOL: any other call of a tool. */
export const itemKinds = ['TEXT', 'THOUGHT', 'COMMAND', 'SETUP', 'TOOL'] as const;
export type ItemKind = (typeof itemKinds)[number];

/** An item begins: a text, a thought, a command. Its chunks follow, then its end. */
export interface ItemStarted {
  readonly type: 'item.started';
  readonly itemId: string;
  readonly kind: ItemKind;
  /** One line: the command, the tool and its target. */
  readonly title: string;
  /** The call of a tool that it is; not there for what no agent's tool does. */
  readonly tool?: ToolCall;
  /** What the tool was called with, as JSON: at most 16 KiB of it. */
  readonly input?: string;
  /** The whole input's size in bytes of UTF-8. */
  readonly inputBytes?: number;
}

export const chunkStreams = ['TEXT', 'STDOUT', 'STDERR'] as const;
export type ChunkStream = (typeof chunkStreams)[number];

/** Text or output as it streams, at most 8 KiB, flushed at least every 50 ms. */
export interface ItemChunk {
  readonly type: 'item.chunk';
  readonly itemId: string;
  readonly stream: ChunkStream;
  readonly text: string;
}

export interface ItemEnded {
  readonly type: 'item.ended';
  readonly itemId: string;
  readonly status: 'OK' | 'FAILED' | 'CANCELED';
  readonly exitCode: number | null;
  /** The signal that ended a command. */
  readonly signal: string | null;
  /** Of the whole of its text, in bytes of UTF-8, with its SHA-256 in hex: a reader can check that it has it all. */
  readonly bytes: number;
  readonly sha256: string;
  /** Bytes of output that were left out, past the limit; 0 when the log holds all of it. */
  readonly omittedBytes: number;
  readonly tookMs: number;
}

/** What a tool call changed in one file. A side that is larger than 24 KiB is left out. */
export interface ItemDiff {
  readonly type: 'item.diff';
  readonly itemId: string;
  /** In the workspace. */
  readonly path: string;
  /** Null for a file that was not there, and where it is left out. */
  readonly oldText: string | null;
  /** Null for a file that is gone, and where it is left out. */
  readonly newText: string | null;
  /** Whether both sides are here. */
  readonly complete: boolean;
}

/** What the agent means to do, as it is now; it replaces the plan of before. */
export interface PlanUpdated {
  readonly type: 'plan.updated';
  /** The same for every update in one turn. */
  readonly planId: string;
  readonly entries: readonly PlanEntry[];
}

/** The agent is ready, with a conversation of its own: a new one, or that of the session before. */
export interface ConversationOpened {
  readonly type: 'conversation.opened';
  /** The agent's own id of it. */
  readonly conversationId: string;
  /** Whether it goes on from an earlier session, so that the agent remembers what was said. */
  readonly resumed: boolean;
  /** The agent's version. */
  readonly version: string;
  /** The model that it begins with; null where the agent does not tell. */
  readonly model: string | null;
}

/** Files that a turn changed, against the checkpoint before it. At most 200 are named. */
export interface FilesChanged {
  readonly type: 'files.changed';
  readonly files: readonly FileChange[];
  readonly count: number;
}

// ── Prompts to a person ──────────────────────────────────────────────────────

export interface PromptOpened extends PromptQuestion {
  readonly type: 'prompt.opened';
}

export interface PromptAnswered {
  readonly type: 'prompt.answered';
  readonly promptId: PromptId;
  readonly answer: PromptAnswer;
  readonly actor: Actor;
}

export interface PromptDelivered {
  readonly type: 'prompt.delivered';
  readonly promptId: PromptId;
}

/** The prompt can no longer be answered: its deadline passed, or its turn ended. */
export interface PromptClosed {
  readonly type: 'prompt.closed';
  readonly promptId: PromptId;
  readonly reason: 'EXPIRED' | 'WITHDRAWN';
}

// ── What was taken away ──────────────────────────────────────────────────────

/** The content of an event, or of all events of an item or prompt, was taken away; their places in the log stay. */
export interface EventRedacted {
  readonly type: 'event.redacted';
  /** The event that was named. */
  readonly redactedSeq: number;
  /** What kind of event that is. */
  readonly of: EventType;
  /** Events that lost their content with it. */
  readonly count: number;
  /** The run’s newest snapshot from here on: the one before, when it was the newest one that went. */
  readonly snapshotId: SnapshotId | null;
  readonly actor: Actor;
  readonly reason: string;
}

/** All content of the conversation was taken away: the run can no longer be continued. */
export interface TranscriptDeleted {
  readonly type: 'transcript.deleted';
  readonly actor: Actor;
  readonly reason: string;
}

/** The run’s snapshots were removed: what follows opens without a workspace to restore. */
export interface SnapshotsDeleted {
  readonly type: 'snapshots.deleted';
  readonly count: number;
  readonly actor: Actor;
  readonly reason: string;
}

export type RunEvent =
  | RunCreated
  | RunStateChanged
  | RunWaiting
  | CancelRequested
  | RunContinued
  | MessageAdded
  | MessageDelivered
  | MessageReturned
  | MessageWithdrawn
  | SessionOpened
  | SessionStateChanged
  | SessionWaiting
  | SessionFailed
  | EndRequested
  | WorkspaceOpened
  | WorkspaceRestored
  | SnapshotCaptured
  | SnapshotFailed
  | BranchPushed
  | BranchNotPushed
  | Notice
  | TurnStarted
  | TurnEnded
  | TurnRolledBack
  | InterruptRequested
  | ItemStarted
  | ItemChunk
  | ItemEnded
  | ItemDiff
  | PlanUpdated
  | ConversationOpened
  | FilesChanged
  | PromptOpened
  | PromptAnswered
  | PromptDelivered
  | PromptClosed
  | EventRedacted
  | TranscriptDeleted
  | SnapshotsDeleted;

export type EventType = RunEvent['type'];

/** What an agent's adapter reports while it works; the journal adds the rest. */
export type AgentEvent = ItemStarted | ItemChunk | ItemDiff | ItemEnded | PlanUpdated | ConversationOpened | Notice;

/** An event as the log holds it. */
export interface LoggedEvent<E extends RunEvent = RunEvent> {
  readonly runId: RunId;
  readonly seq: number;
  readonly at: Date;
  /** The ordinal of the session in which it happened; null for what happened between sessions. */
  readonly session: number | null;
  /** Set when its content was taken away; null for nearly all. */
  readonly redaction: Redaction | null;
  readonly event: E;
}
