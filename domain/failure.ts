/** Whose it is to mend: the user's (their repository, script, input) or the platform's (ours). */
export type FailureOrigin = 'USER' | 'PLATFORM';

/** Every way a run or session can fail, with whose it is and whether trying again may help. */
export const failureCodes = {
  REPOSITORY_UNREACHABLE: { origin: 'USER', retryable: true },
  REPOSITORY_REFUSED: { origin: 'USER', retryable: false },
  REPOSITORY_UNAUTHORIZED: { origin: 'USER', retryable: true },
  BRANCH_NOT_FOUND: { origin: 'USER', retryable: false },
  SECRET_UNREADABLE: { origin: 'PLATFORM', retryable: true },
  SETUP_COMMAND_FAILED: { origin: 'USER', retryable: true },
  SETUP_TIMED_OUT: { origin: 'USER', retryable: true },
  SCRIPT_FAILED: { origin: 'USER', retryable: true },
  AGENT_FAILED: { origin: 'USER', retryable: true },
  MODEL_NOT_CONFIGURED: { origin: 'PLATFORM', retryable: true },
  MODEL_REFUSED: { origin: 'PLATFORM', retryable: true },
  MODEL_UNAVAILABLE: { origin: 'PLATFORM', retryable: true },
  BUDGET_EXCEEDED: { origin: 'USER', retryable: true },
  HARNESS_UNAVAILABLE: { origin: 'PLATFORM', retryable: true },
  TURN_TIMED_OUT: { origin: 'USER', retryable: true },
  PROMPT_EXPIRED: { origin: 'USER', retryable: true },
  WORKER_LOST: { origin: 'PLATFORM', retryable: true },
  WORKER_STOPPED: { origin: 'PLATFORM', retryable: true },
  NO_WORKER: { origin: 'PLATFORM', retryable: true },
  EXECUTION_GONE: { origin: 'PLATFORM', retryable: true },
  DISK_FULL: { origin: 'PLATFORM', retryable: true },
  CAPTURE_FAILED: { origin: 'PLATFORM', retryable: true },
  INTERNAL: { origin: 'PLATFORM', retryable: true },
} as const satisfies Record<string, { origin: FailureOrigin; retryable: boolean }>;

export type FailureCode = keyof typeof failureCodes;

/** Why a run, session, turn or snapshot failed: what happened, and what to try. */
export interface Failure {
  readonly origin: FailureOrigin;
  readonly code: FailureCode;
  readonly message: string;
  readonly retryable: boolean;
}

/** Builds a failure; origin and retryable come from the code's row in the table. */
export function failure(code: FailureCode, message: string): Failure {
  return { ...failureCodes[code], code, message };
}

/** Thrown by rooms that do things (workspace, harnesses) for an expected failure; activities turn it into an event. */
export class FailureError extends Error {
  readonly failure: Failure;
  constructor(code: FailureCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'FailureError';
    this.failure = failure(code, message);
  }
}

/** The failure an error stands for. One that nobody expected is INTERNAL: its text goes to the log, not to people. */
export function failureOf(error: unknown): Failure {
  if (error instanceof FailureError) return error.failure;
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOSPC') {
    return failure('DISK_FULL', 'The worker’s disk is full. Free some room on it, then continue the run.');
  }
  return failure(
    'INTERNAL',
    'Something went wrong inside Baton; the worker’s log has the details. Continue the run to try again.',
  );
}
