import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { HarnessKind } from '../domain/harness.ts';
import type { RunId, SessionId } from '../domain/ids.ts';
import type { RunState, SessionCause } from '../domain/states.ts';

/**
 * What Baton and Temporal say to each other: workflow types, signals, queries and updates, and what they carry.
 * Ids and states only: no prompt, transcript text or secret ever reaches a history.
 */

export const runWorkflowType = 'run';
export const sessionWorkflowType = 'session';

/** The task queues of a deployment. Each worker process has one more of its own, for the sessions it hosts. */
export interface TaskQueues {
  /** Workflows, and the activity that hosts a session: its slots are the workers' capacity. */
  readonly shared: string;
  /** Appends to the journal, which must go on when every slot is taken. */
  readonly control: string;
}

/** The queues that are named after the configured one. */
export const taskQueues = (shared: string): TaskQueues => ({ shared, control: `${shared}-control` });

/** Whether an execution with this status, as Temporal names it, still has something to do. */
export const isOpenStatus = (name: string): boolean => ['RUNNING', 'CONTINUED_AS_NEW', 'PAUSED'].includes(name);

export interface RunInput {
  readonly runId: RunId;
  readonly taskQueue: string;
}

export interface RunResult {
  readonly state: RunState;
}

export interface SessionInput {
  readonly runId: RunId;
  readonly sessionId: SessionId;
  readonly ordinal: number;
  readonly epoch: number;
  readonly cause: SessionCause;
  readonly harness: HarnessKind;
  readonly taskQueue: string;
  /** How long an ended turn waits for the next message, in milliseconds. */
  readonly idleMs: number;
  /** How long to wait for a worker with room, in milliseconds. */
  readonly startDeadlineMs: number;
}

/** There is work in the journal, or a person asked for something. Carries nothing, so it can be repeated. */
export const wake = defineSignal('wake');

/** A worker has taken the session: the rest of its activities run on that worker's own queue. */
export const hosted = defineSignal<[{ worker: string; taskQueue: string }]>('hosted');

/** In words: what the run or session does now. */
export const status = defineQuery<string>('status');

/** In words: what waits to be taken. */
export const pending = defineQuery<string>('pending');

/** For operators: the same admission as the API's. Returns in words what became of it. */
export const sendFollowUp = defineUpdate<string, [{ text: string }]>('sendFollowUp');
export const cancel = defineUpdate<string, []>('cancel');
export const answerPrompt = defineUpdate<string, [{ promptId: string; optionId?: string; text?: string }]>('answerPrompt');
