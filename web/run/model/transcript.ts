import type {
  ActorPartsFragment,
  FailurePartsFragment,
  RedactionPartsFragment,
  RestoreReportPartsFragment,
} from '../../generated/operations.ts';
import type { LogEvent } from '../../live/runLog.ts';
import type { Output } from './output.ts';

/** The event of one kind. */
export type EventOf<K extends LogEvent['__typename']> = Extract<LogEvent, { __typename: K }>;

export type Actor = ActorPartsFragment;
export type Failure = FailurePartsFragment;
export type Redaction = RedactionPartsFragment;
export type RestoreReport = RestoreReportPartsFragment;

interface EntryBase {
  /** Stable over later events and older pages. */
  readonly id: string;
  /** The event it began with: what a link to it names. */
  readonly seq: number;
  /** When; null when the beginning is on a page that was not loaded. */
  readonly at: string | null;
  /** It happened in a turn that was lost with its worker: its workspace is gone. */
  readonly lost: boolean;
  /** Set when its content was taken away. */
  readonly redacted?: Redaction;
}

/** What an entry says of its event's content, where that was taken away. */
export const redactedIn = ({ redaction }: Pick<LogEvent, 'redaction'>): Pick<EntryBase, 'redacted'> =>
  redaction ? { redacted: redaction } : {};

/** A person's message, where its turn began. */
export interface TurnEntry extends EntryBase {
  readonly kind: 'TURN';
  readonly turn: number;
  readonly messageId: string;
  readonly clientKey: string | null;
  readonly messageSeq: number | null;
  /** Null when the message came before what was loaded. */
  readonly author: Actor | null;
  readonly text: string | null;
  /** The whole text's size in bytes; the event holds the first 16 KiB. */
  readonly size: number;
  /** The lost turn's text went back to its author, or is given to the next session; null when the turn was not lost. */
  readonly fate: 'RETURNED' | 'REDELIVERED' | null;
}

/** A message that came to rest without a turn. */
export interface MessageEntry extends EntryBase {
  readonly kind: 'MESSAGE';
  readonly messageId: string;
  readonly clientKey: string | null;
  readonly messageSeq: number | null;
  readonly author: Actor | null;
  readonly text: string | null;
  readonly size: number;
  readonly state: 'RETURNED' | 'WITHDRAWN';
  readonly reason: string | null;
}

export interface ItemEntry extends EntryBase {
  readonly kind: 'ITEM';
  readonly itemId: string;
  /** Null when its beginning is on a page that was not loaded. */
  readonly itemKind: EventOf<'ItemStartedEvent'>['itemKind'] | null;
  readonly title: string | null;
  /** The call of a tool that it is. */
  readonly tool: EventOf<'ItemStartedEvent'>['tool'];
  /** What the tool was called with, as JSON, or the beginning of it. */
  readonly input: string | null;
  readonly diffs: readonly EventOf<'ItemDiffEvent'>[];
  readonly output: Output;
  readonly state: 'RUNNING' | 'OK' | 'FAILED' | 'CANCELED' | 'LOST';
  readonly end: EventOf<'ItemEndedEvent'> | null;
}

export interface PromptEntry extends EntryBase {
  readonly kind: 'PROMPT';
  readonly promptId: string;
  readonly ask: EventOf<'PromptOpenedEvent'> | null;
  readonly state: 'OPEN' | 'ANSWERED' | 'DELIVERED' | 'EXPIRED' | 'WITHDRAWN';
  readonly answered: EventOf<'PromptAnsweredEvent'> | null;
}

/** What the agent means to do in a turn, as it was told last. */
export interface PlanEntry extends EntryBase {
  readonly kind: 'PLAN';
  readonly steps: EventOf<'PlanUpdatedEvent'>['steps'];
}

/** What is shown as its event says it. */
interface EventEntry<Kind extends string, Name extends LogEvent['__typename']> extends EntryBase {
  readonly kind: Kind;
  readonly event: EventOf<Name>;
}

export type Entry =
  | TurnEntry
  | MessageEntry
  | ItemEntry
  | PromptEntry
  | PlanEntry
  | EventEntry<'CREATED', 'RunCreatedEvent'>
  | EventEntry<'NOTICE', 'NoticeEvent'>
  | EventEntry<'FILES', 'FilesChangedEvent'>
  | EventEntry<'TURN_ENDED', 'TurnEndedEvent'>
  | EventEntry<'SNAPSHOT', 'SnapshotCapturedEvent'>
  | EventEntry<'SNAPSHOT_FAILED', 'SnapshotFailedEvent'>
  | EventEntry<'PUSHED', 'BranchPushedEvent'>
  | EventEntry<'NOT_PUSHED', 'BranchNotPushedEvent'>
  | EventEntry<'OPENED', 'WorkspaceOpenedEvent'>
  | EventEntry<'CONVERSATION', 'ConversationOpenedEvent'>
  | EventEntry<'CONTINUED', 'RunContinuedEvent'>
  | EventEntry<'CANCEL_REQUESTED', 'CancelRequestedEvent'>
  | EventEntry<'INTERRUPT_REQUESTED', 'InterruptRequestedEvent'>
  | EventEntry<'END_REQUESTED', 'EndRequestedEvent'>
  | EventEntry<'RUN_FAILED', 'RunStateChangedEvent'>
  | EventEntry<'REDACTED', 'EventRedactedEvent'>
  | EventEntry<'TRANSCRIPT_DELETED', 'TranscriptDeletedEvent'>
  | EventEntry<'SNAPSHOTS_DELETED', 'SnapshotsDeletedEvent'>;

/** What the loaded events say of a session. What came before them is missing here, and known from the API. */
export interface SessionFacts {
  readonly ordinal: number;
  readonly opened: EventOf<'SessionOpenedEvent'> | null;
  /** Each state it was seen to enter, with the time. */
  readonly states: readonly { readonly state: EventOf<'SessionStateChangedEvent'>['sessionTo']; readonly at: string }[];
  readonly state: EventOf<'SessionStateChangedEvent'>['sessionTo'] | null;
  readonly outcome: EventOf<'SessionStateChangedEvent'>['outcome'];
  readonly worker: string | null;
  readonly failure: Failure | null;
  readonly waiting: EventOf<'SessionWaitingEvent'>['waiting'] | null;
  readonly restored: EventOf<'WorkspaceRestoredEvent'> | null;
  /** Why it began without a workspace. */
  readonly notRestored: EventOf<'NoticeEvent'> | null;
  readonly snapshot: EventOf<'SnapshotCapturedEvent'> | null;
  readonly snapshotFailed: EventOf<'SnapshotFailedEvent'> | null;
  readonly endRequested: boolean;
  /** The agent's own conversation, once it is ready. */
  readonly conversation: EventOf<'ConversationOpenedEvent'> | null;
}

export interface Section {
  readonly id: string;
  /** Null before the first session. */
  readonly session: SessionFacts | null;
  readonly entries: readonly Entry[];
}

/** A message that waits for its turn. */
export interface PendingMessage extends Pick<EntryBase, 'redacted'> {
  readonly messageId: string;
  /** The key under which its author sent it, if that is known. */
  readonly clientKey: string | null;
  /** The event that added it; null when that is on a page that was not loaded. */
  readonly messageSeq: number | null;
  readonly seq: number;
  readonly at: string | null;
  readonly author: Actor | null;
  readonly text: string | null;
  readonly size: number;
}

/** The loaded part of a run's log, as people read it. */
export interface Transcript {
  /** First and last sequence number; 0 when nothing was loaded. */
  readonly first: number;
  readonly last: number;
  readonly sections: readonly Section[];
  /** In the order received. */
  readonly pending: readonly PendingMessage[];
  readonly state: EventOf<'RunStateChangedEvent'>['runTo'] | null;
  readonly failure: Failure | null;
  readonly waiting: EventOf<'RunWaitingEvent'>['waiting'] | null;
  readonly cancelRequested: boolean;
  /** The turn in flight. */
  readonly turn: { readonly turn: number; readonly messageId: string; readonly at: string } | null;
  /** The prompt that waits for an answer. */
  readonly openPrompt: string | null;
  /** Where what is not finished stands: key to section and entry. */
  readonly places: ReadonlyMap<string, Place>;
}

export interface Place {
  readonly section: number;
  readonly entry: number;
}

export const emptyTranscript: Transcript = {
  first: 0,
  last: 0,
  sections: [],
  pending: [],
  state: null,
  failure: null,
  waiting: null,
  cancelRequested: false,
  turn: null,
  openPrompt: null,
  places: new Map(),
};
