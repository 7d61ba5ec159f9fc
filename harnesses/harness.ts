import type { AgentEvent, TurnReason } from '../domain/events.ts';
import type { Failure } from '../domain/failure.ts';
import type { HarnessKind } from '../domain/harness.ts';
import type { Permissions } from '../domain/permissions.ts';
import type { PromptAnswer, PromptQuestion } from '../domain/prompt.ts';
import type { Usage } from '../domain/usage.ts';
import type { Sandbox } from './sandbox.ts';

/**
 * What an agent needs to go on in a fresh home and workspace with the same conversation. Baton stores it with the
 * workspace's snapshot of the same moment, and does not look into it.
 */
export interface ConversationState {
  /** What the content is, by a word of the harness with a version. */
  readonly format: string;
  /** The agent's own id of the conversation. */
  readonly conversationId: string;
  readonly content: Uint8Array;
}

/** Where and with what an agent is started. Paths are the host's. */
export interface AgentSetting {
  readonly sandbox: Sandbox;
  /** The workspace directory, which the agent sees as `/workspace` where the sandbox can do that. */
  readonly workspace: string;
  /** A home of its own, empty at first, which it sees as `/home/agent`. */
  readonly home: string;
  /** The environment's variables; nothing of the worker's own environment is passed on. */
  readonly variables: Readonly<Record<string, string>>;
  /** Whether the agent may reach the network. */
  readonly network: boolean;
  /**
   * An empty directory of the session's own that the agent does not see as such: its temporary files and what the
   * harness hands it lie there. The worker removes it with the session. Without one the harness makes one under the
   * system's temporary directory, and removes it when it closes.
   */
  readonly scratch?: string | undefined;
  /** A turn that takes longer, not counting the time in which a person is asked, is stopped and fails with TURN_TIMED_OUT. Milliseconds. */
  readonly turnTimeoutMs: number;
  /** What it may do without asking, for an agent that asks. Default: nothing. */
  readonly permissions?: Permissions | undefined;
  /** The conversation to go on with; none begins a new one. */
  readonly conversation?: ConversationState | undefined;
  /** Hears what takes long before the agent is ready, in a few words. */
  readonly progress?: ((detail: string) => void) | undefined;
  /** Aborts when the agent need not become ready any more. */
  readonly signal?: AbortSignal | undefined;
}

export interface TurnInput {
  readonly turn: number;
  /** The person's message. */
  readonly text: string;
}

export interface TurnResult {
  readonly reason: TurnReason;
  readonly failure: Failure | null;
  readonly usage: Usage;
}

/**
 * Takes what an agent does, as it does it. Resolves when there is room for more: an agent that waits for it cannot
 * flood the journal.
 */
export type Emit = (event: AgentEvent) => Promise<void>;

/**
 * Asks a person and waits for the answer, for days if need be; null when nobody can answer any more. The run is BLOCKED
 * meanwhile. Questions are asked one after another.
 */
export type Ask = (question: Omit<PromptQuestion, 'promptId'>, signal: AbortSignal) => Promise<PromptAnswer | null>;

/** What a turn can do towards the outside: tell the transcript, and ask a person. */
export interface TurnOutlet {
  readonly emit: Emit;
  readonly ask: Ask;
}

/** A running agent of one session. */
export interface Agent {
  /**
   * Works on one message. Resolves with how the turn ended, also when it failed; it rejects only for a defect.
   * When `signal` aborts, the turn is stopped, within a second where the agent can be interrupted and by killing its
   * whole process tree otherwise; its reason is then INTERRUPTED.
   */
  runTurn(input: TurnInput, outlet: TurnOutlet, signal: AbortSignal): Promise<TurnResult>;
  /**
   * The conversation as it is now, between two turns; null where there is nothing to carry. An agent whose harness
   * cannot resume does not have this.
   */
  exportConversation?(): Promise<ConversationState | null>;
  /** Stops everything the session started. When it resolves, nothing of it can write any more. Returns how many stray processes it stopped. */
  close(): Promise<{ readonly stopped: number }>;
}

/** The adapter to one kind of agent. `harnessCapabilities` in `domain/harness.ts` says what it can do. */
export interface Harness {
  readonly kind: HarnessKind;
  /**
   * Makes an agent ready for its first turn. Rejects with a FailureError when it cannot be: what it needs is missing,
   * or the conversation it is given cannot be read.
   */
  start(setting: AgentSetting): Promise<Agent>;
}
