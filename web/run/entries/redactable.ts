import { assertNever } from '../../../domain/assertNever.ts';
import type { Entry } from '../model/transcript.ts';

/** The event to name when the entry's content is to be taken away; null where there is none, or not yet. */
export function redactableSeq(entry: Entry): number | null {
  if (entry.redacted) return null;
  switch (entry.kind) {
    case 'TURN':
    case 'MESSAGE':
      return entry.messageSeq;
    case 'ITEM':
      return entry.state === 'RUNNING' ? null : entry.seq;
    case 'PROMPT':
      return entry.state === 'OPEN' || entry.state === 'ANSWERED' ? null : entry.seq;
    case 'NOTICE':
    case 'NOT_PUSHED':
    case 'PLAN':
    case 'FILES':
    case 'SNAPSHOT':
      return entry.seq;
    case 'CREATED':
    case 'TURN_ENDED':
    case 'SNAPSHOT_FAILED':
    case 'OPENED':
    case 'CONVERSATION':
    case 'PUSHED':
    case 'CONTINUED':
    case 'CANCEL_REQUESTED':
    case 'INTERRUPT_REQUESTED':
    case 'END_REQUESTED':
    case 'RUN_FAILED':
    case 'REDACTED':
    case 'TRANSCRIPT_DELETED':
    case 'SNAPSHOTS_DELETED':
      return null;
    default:
      return assertNever(entry, 'entry');
  }
}
