/**
 * The states of runs and sessions and the one table of transitions.
 * Admission, the workflows, the API's `viewerCan` and the viewer all read it here.
 */
export const runStates = ['QUEUED', 'IN_PROGRESS', 'BLOCKED', 'SUCCEEDED', 'FAILED', 'CANCELED'] as const;
export type RunState = (typeof runStates)[number];

export const sessionStates = [
  'QUEUED',
  'PROVISIONING',
  'RESTORING',
  'RUNNING',
  'IDLE',
  'BLOCKED',
  'SNAPSHOTTING',
  'ENDED',
] as const;
export type SessionState = (typeof sessionStates)[number];

export const sessionOutcomes = ['SUCCEEDED', 'FAILED', 'CANCELED', 'PARKED', 'LOST'] as const;
export type SessionOutcome = (typeof sessionOutcomes)[number];

/** Why a session was opened. */
export const sessionCauses = ['START', 'FOLLOW_UP', 'ANSWER', 'RECOVERY'] as const;
export type SessionCause = (typeof sessionCauses)[number];

/** What a run in each state may become. An ended run is queued again by a follow-up. */
export const runTransitions: Record<RunState, readonly RunState[]> = {
  // Withdrawing the only message that queued an ended run gives the run its former end back.
  QUEUED: ['IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'CANCELED'],
  IN_PROGRESS: ['BLOCKED', 'QUEUED', 'SUCCEEDED', 'FAILED', 'CANCELED'],
  BLOCKED: ['IN_PROGRESS', 'QUEUED', 'SUCCEEDED', 'FAILED', 'CANCELED'],
  SUCCEEDED: ['QUEUED'],
  FAILED: ['QUEUED'],
  CANCELED: ['QUEUED'],
};

/** What a session in each state may become. Every state may end: a worker can be lost at any moment. */
export const sessionTransitions: Record<SessionState, readonly SessionState[]> = {
  QUEUED: ['PROVISIONING', 'ENDED'],
  PROVISIONING: ['RESTORING', 'RUNNING', 'IDLE', 'SNAPSHOTTING', 'ENDED'],
  RESTORING: ['RUNNING', 'IDLE', 'SNAPSHOTTING', 'ENDED'],
  RUNNING: ['IDLE', 'BLOCKED', 'SNAPSHOTTING', 'ENDED'],
  IDLE: ['RUNNING', 'SNAPSHOTTING', 'ENDED'],
  BLOCKED: ['RUNNING', 'SNAPSHOTTING', 'ENDED'],
  SNAPSHOTTING: ['ENDED'],
  ENDED: [],
};

export const endedRunStates = ['SUCCEEDED', 'FAILED', 'CANCELED'] as const satisfies readonly RunState[];
export type EndedRunState = (typeof endedRunStates)[number];

export function isEnded(state: RunState): state is EndedRunState {
  return (endedRunStates as readonly RunState[]).includes(state);
}

export function canRunBecome(from: RunState, to: RunState): boolean {
  return runTransitions[from].includes(to);
}

export function canSessionBecome(from: SessionState, to: SessionState): boolean {
  return sessionTransitions[from].includes(to);
}

/** What an ended session's outcome makes of a run that has nothing more to do. */
export const runStateAfter: Record<SessionOutcome, RunState> = {
  SUCCEEDED: 'SUCCEEDED',
  FAILED: 'FAILED',
  CANCELED: 'CANCELED',
  PARKED: 'BLOCKED',
  // A worker that was lost with no turn in flight lost nothing: every turn was checkpointed as it ended.
  LOST: 'SUCCEEDED',
};

/** What a run or session waits for. Every wait is named on screen and has a deadline. */
export const waits = [
  'TEMPORAL',
  'WORKER',
  'CLONE',
  'SETUP',
  'RESTORE',
  'HARNESS',
  'TURN',
  'MESSAGE',
  'PERSON',
  'CAPTURE',
] as const;
export type Wait = (typeof waits)[number];

export const runOrigins = ['MANUAL', 'API', 'CLI', 'SCHEDULE', 'INTEGRATION', 'LOCAL_HANDOFF'] as const;
export type RunOrigin = (typeof runOrigins)[number];

/** How long an ended turn waits for the next message before its session ends, by origin, in seconds. */
export const defaultIdleSeconds: Record<RunOrigin, number> = {
  MANUAL: 300,
  CLI: 300,
  LOCAL_HANDOFF: 300,
  API: 0,
  SCHEDULE: 0,
  INTEGRATION: 0,
};

export const messageStates = ['PENDING', 'DELIVERED', 'RETURNED', 'WITHDRAWN'] as const;
export type MessageState = (typeof messageStates)[number];
