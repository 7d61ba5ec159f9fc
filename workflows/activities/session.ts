import type { SessionId } from '../../domain/ids.ts';
import type { SessionInput } from '../contract.ts';

/** On the shared queue: takes a session into a worker, and lasts until it is released. Losing it is losing the worker. */
export interface HostActivities {
  /** Resolves with OVER when the session had ended before it was taken. */
  hostSession(input: SessionInput & { readonly workflowId: string }): Promise<'RELEASED' | 'OVER'>;
}

export interface OnSession {
  readonly sessionId: SessionId;
}

export type TurnStep =
  /** A turn ended; `failed` closes the session. */
  { readonly kind: 'TURN'; readonly failed: boolean } | { readonly kind: 'IDLE' } | { readonly kind: 'CLOSE' };

/** On the hosting worker's own queue: what is done with the session that it holds. */
export interface SessionActivities {
  /** Opens the workspace, runs the setup commands, restores the snapshot, starts the agent. What failed is in the journal. */
  openSession(input: OnSession): Promise<{ readonly opened: boolean }>;
  /** Takes the next message and lets the agent work on it. */
  runTurn(input: OnSession): Promise<TurnStep>;
  /** Captures workspace and conversation after a turn. Never fails the session. */
  checkpoint(input: OnSession): Promise<void>;
  /** Stops the agent's whole process tree, then captures for good. Never fails the session. */
  captureFinal(input: OnSession): Promise<void>;
  /** Frees the machine: `hostSession` resolves. */
  releaseSession(input: OnSession): Promise<void>;
}
