import type { Wait } from '../../domain/states.ts';

/** What a run or session waits for, in words. */
export const waitWords: Record<Wait, string> = {
  TEMPORAL: 'waiting for Temporal',
  WORKER: 'waiting for a worker',
  CLONE: 'getting the repository',
  SETUP: 'running setup',
  RESTORE: 'restoring the workspace',
  HARNESS: 'starting the agent',
  TURN: 'working',
  MESSAGE: 'ready for a message',
  PERSON: 'waiting for an answer',
  CAPTURE: 'capturing the workspace',
};

/** With its detail, where there is one: "getting the repository, fetching main". */
export const waitingWords = ({ for: wait, detail }: { for: Wait; detail: string | null }): string =>
  detail ? `${waitWords[wait]}, ${detail}` : waitWords[wait];
