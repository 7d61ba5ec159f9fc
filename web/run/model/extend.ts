import { isEnded } from '../../../domain/states.ts';
import { firstSeq, type LogEvent } from '../../live/runLog.ts';
import { Draft } from './draft.ts';
import { addMessage, deliverMessage, endTurn, returnMessage, rollBack, startTurn, withdrawMessage } from './extendMessages.ts';
import { addChunk, addDiff, endItem, startItem } from './extendItems.ts';
import { updatePlan } from './extendPlan.ts';
import { answerPrompt, closePrompt, deliverPrompt, openPrompt } from './extendPrompts.ts';
import { changeSession, openSession } from './extendSessions.ts';
import { emptyTranscript, redactedIn, type Entry, type Transcript } from './transcript.ts';

/**
 * The transcript after further events of the log. Pure: the one place where events become what people read. How the
 * log is cut into batches and pages makes no difference to the result.
 */
export function extend(transcript: Transcript, events: readonly LogEvent[]): Transcript {
  const [first] = events;
  if (!first) return transcript;
  const draft = new Draft(transcript);
  if (transcript.first === 0) draft.value.first = firstSeq(first);
  for (const event of events) {
    apply(draft, event);
    draft.value.last = event.seq;
  }
  return draft.value;
}

/** The transcript of a part of the log. */
export const transcriptOf = (events: readonly LogEvent[]): Transcript => extend(emptyTranscript, events);

/** An entry that shows its event as it is. */
function show<K extends Entry['kind']>(draft: Draft, kind: K, event: LogEvent): void {
  draft.push(event, {
    kind,
    id: `e${event.seq}`,
    seq: event.seq,
    at: event.at,
    lost: false,
    event,
    ...redactedIn(event),
  } as unknown as Entry);
}

function apply(draft: Draft, event: LogEvent): void {
  const { value } = draft;
  switch (event.__typename) {
    case 'RunCreatedEvent':
      value.state = 'QUEUED';
      return show(draft, 'CREATED', event);
    case 'RunStateChangedEvent':
      value.state = event.runTo;
      value.failure = event.failure;
      value.waiting = null;
      if (isEnded(event.runTo) || event.runTo === 'QUEUED') value.cancelRequested = false;
      if (event.failure && !draft.saysAlready(event.failure)) show(draft, 'RUN_FAILED', event);
      return undefined;
    case 'RunWaitingEvent':
      value.waiting = event.waiting;
      return undefined;
    case 'CancelRequestedEvent':
      value.cancelRequested = true;
      return show(draft, 'CANCEL_REQUESTED', event);
    case 'RunContinuedEvent':
      return show(draft, 'CONTINUED', event);

    case 'MessageAddedEvent':
      return addMessage(draft, event);
    case 'MessageDeliveredEvent':
      return deliverMessage(draft, event);
    case 'MessageReturnedEvent':
      return returnMessage(draft, event);
    case 'MessageWithdrawnEvent':
      return withdrawMessage(draft, event);

    case 'SessionOpenedEvent':
      return openSession(draft, event);
    case 'SessionStateChangedEvent':
      return changeSession(draft, event);
    case 'SessionWaitingEvent':
      return draft.session(event.sessionOrdinal, () => ({ waiting: event.waiting }));
    case 'SessionFailedEvent':
      return draft.session(event.sessionOrdinal, () => ({ failure: event.why }));
    case 'EndRequestedEvent':
      draft.session(event.sessionOrdinal, () => ({ endRequested: true }));
      return show(draft, 'END_REQUESTED', event);
    case 'WorkspaceOpenedEvent':
      return show(draft, 'OPENED', event);
    case 'WorkspaceRestoredEvent':
      return draft.session(event.sessionOrdinal, () => ({ restored: event }));
    case 'SnapshotCapturedEvent':
      draft.session(event.sessionOrdinal, () => ({ snapshot: event, snapshotFailed: null }));
      return show(draft, 'SNAPSHOT', event);
    case 'SnapshotFailedEvent':
      draft.session(event.sessionOrdinal, () => ({ snapshotFailed: event }));
      return show(draft, 'SNAPSHOT_FAILED', event);
    case 'BranchPushedEvent':
      return show(draft, 'PUSHED', event);
    case 'BranchNotPushedEvent':
      return show(draft, 'NOT_PUSHED', event);
    case 'NoticeEvent':
      if (event.noticeCode === 'NO_WORKSPACE_RESTORED') draft.session(event.sessionOrdinal, () => ({ notRestored: event }));
      return show(draft, 'NOTICE', event);

    case 'TurnStartedEvent':
      return startTurn(draft, event);
    case 'TurnEndedEvent':
      endTurn(draft, event);
      return show(draft, 'TURN_ENDED', event);
    case 'TurnRolledBackEvent':
      return rollBack(draft, event);
    case 'InterruptRequestedEvent':
      return show(draft, 'INTERRUPT_REQUESTED', event);

    case 'ItemStartedEvent':
      return startItem(draft, event);
    case 'ItemChunkEvent':
      return addChunk(draft, event);
    case 'ItemEndedEvent':
      return endItem(draft, event);
    case 'ItemDiffEvent':
      return addDiff(draft, event);
    case 'PlanUpdatedEvent':
      return updatePlan(draft, event);
    case 'ConversationOpenedEvent':
      draft.session(event.sessionOrdinal, () => ({ conversation: event }));
      return show(draft, 'CONVERSATION', event);
    case 'FilesChangedEvent':
      return show(draft, 'FILES', event);

    case 'PromptOpenedEvent':
      return openPrompt(draft, event);
    case 'PromptAnsweredEvent':
      return answerPrompt(draft, event);
    case 'PromptDeliveredEvent':
      return deliverPrompt(draft, event);
    case 'PromptClosedEvent':
      return closePrompt(draft, event);
    case 'EventRedactedEvent':
      return show(draft, 'REDACTED', event);
    case 'TranscriptDeletedEvent':
      return show(draft, 'TRANSCRIPT_DELETED', event);
    case 'SnapshotsDeletedEvent':
      return show(draft, 'SNAPSHOTS_DELETED', event);
    default:
      // A gateway that is newer than this page may log kinds that it does not know yet.
      event satisfies never;
      return undefined;
  }
}
