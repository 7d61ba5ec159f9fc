import type { NextWork, SessionEnd } from '../../domain/execution.ts';
import type { RunId, SessionId } from '../../domain/ids.ts';
import type { SessionCause } from '../../domain/states.ts';
import type { SearchAttributeName } from '../searchAttributes.ts';

/** What the run's workflow shows of it to operators. */
export type RunFacts = Readonly<Record<Exclude<SearchAttributeName, 'BatonRunState' | 'BatonRepository'>, string>> & {
  readonly BatonRepository: readonly string[];
};

export type Work =
  | (Extract<NextWork, { kind: 'SESSION' }> & {
      readonly cause: SessionCause;
      readonly idleMs: number;
      readonly startDeadlineMs: number;
      readonly facts: RunFacts;
    })
  | { readonly kind: 'PARKED' }
  | { readonly kind: 'NOTHING'; readonly state: Extract<NextWork, { kind: 'NOTHING' }>['state']; readonly code: string | null };

/**
 * Appends to the journal on behalf of workflows. They run on a queue of their own and are tried for as long as the
 * database is away: an outage of an hour fails no run.
 */
export interface ControlActivities {
  /** The session that is open, a new one when something waits, or nothing. */
  nextWork(input: { runId: RunId; executionRunId: string }): Promise<Work>;
  /** Whether the session is over, for a workflow that waits for a worker to take it. */
  isSessionOver(input: { runId: RunId; sessionId: SessionId }): Promise<boolean>;
  /** No worker had room within the deadline. */
  noteNoWorker(input: { runId: RunId; sessionId: SessionId; epoch: number; waitedMs: number }): Promise<void>;
  beginClose(input: { runId: RunId; sessionId: SessionId; epoch: number; must: boolean }): Promise<{ closing: boolean }>;
  endSession(input: { runId: RunId; sessionId: SessionId; end: SessionEnd }): Promise<void>;
  /** Waits until the lease has run out, then ends the session as lost. */
  loseSession(input: { runId: RunId; sessionId: SessionId }): Promise<void>;
  /** An operator canceled the execution: the run is canceled, as if by the API. */
  requestCancel(input: { runId: RunId }): Promise<void>;
  /** An operator's update: admitted like the API's, and told in words. */
  operatorFollowUp(input: { runId: RunId; text: string }): Promise<string>;
  operatorCancel(input: { runId: RunId }): Promise<string>;
  operatorAnswer(input: { runId: RunId; promptId: string; optionId?: string; text?: string }): Promise<string>;
}
