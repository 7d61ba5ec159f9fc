import type { EventType, RunEvent } from '../../domain/events.ts';
import type { Redaction } from '../../domain/redaction.ts';
import type { PagedEvent } from '../../domain/mergeChunks.ts';
import { builder } from './builder.ts';
import { ActorRef } from './values.ts';

/** An event of one type, in its place in the log. */
export type EventOf<T extends EventType> = PagedEvent & { readonly event: Extract<RunEvent, { type: T }> };

/** The GraphQL type of every event. Total: an event without a type does not compile. */
const typeNames: Record<EventType, string> = {
  'run.created': 'RunCreatedEvent',
  'run.state': 'RunStateChangedEvent',
  'run.waiting': 'RunWaitingEvent',
  'run.cancelRequested': 'CancelRequestedEvent',
  'run.continued': 'RunContinuedEvent',
  'message.added': 'MessageAddedEvent',
  'message.delivered': 'MessageDeliveredEvent',
  'message.returned': 'MessageReturnedEvent',
  'message.withdrawn': 'MessageWithdrawnEvent',
  'session.opened': 'SessionOpenedEvent',
  'session.state': 'SessionStateChangedEvent',
  'session.waiting': 'SessionWaitingEvent',
  'session.failed': 'SessionFailedEvent',
  'session.endRequested': 'EndRequestedEvent',
  'workspace.opened': 'WorkspaceOpenedEvent',
  'workspace.restored': 'WorkspaceRestoredEvent',
  'snapshot.captured': 'SnapshotCapturedEvent',
  'snapshot.failed': 'SnapshotFailedEvent',
  'branch.pushed': 'BranchPushedEvent',
  'branch.notPushed': 'BranchNotPushedEvent',
  notice: 'NoticeEvent',
  'turn.started': 'TurnStartedEvent',
  'turn.ended': 'TurnEndedEvent',
  'turn.rolledBack': 'TurnRolledBackEvent',
  'turn.interruptRequested': 'InterruptRequestedEvent',
  'item.started': 'ItemStartedEvent',
  'item.chunk': 'ItemChunkEvent',
  'item.ended': 'ItemEndedEvent',
  'item.diff': 'ItemDiffEvent',
  'plan.updated': 'PlanUpdatedEvent',
  'conversation.opened': 'ConversationOpenedEvent',
  'files.changed': 'FilesChangedEvent',
  'prompt.opened': 'PromptOpenedEvent',
  'prompt.answered': 'PromptAnsweredEvent',
  'prompt.delivered': 'PromptDeliveredEvent',
  'prompt.closed': 'PromptClosedEvent',
  'event.redacted': 'EventRedactedEvent',
  'transcript.deleted': 'TranscriptDeletedEvent',
  'snapshots.deleted': 'SnapshotsDeletedEvent',
};

const RedactionRef = builder.objectRef<Redaction>('Redaction').implement({
  description: 'Says that the content of an event was taken away. The event keeps its place and what others refer to.',
  fields: (t) => ({
    actor: t.expose('actor', { type: ActorRef, description: 'Who did it.' }),
    at: t.field({ type: 'DateTime', description: 'When.', resolve: ({ at }) => new Date(at) }),
    reason: t.exposeString('reason', { description: 'Why.' }),
  }),
});

export const EventInterface = builder.interfaceRef<PagedEvent>('Event').implement({
  description: 'One fact of a run, in its place in the log.',
  resolveType: ({ event }) => typeNames[event.type],
  fields: (t) => ({
    seq: t.exposeInt('seq', { description: 'Its sequence number: 1, 2, 3 … without gaps.' }),
    at: t.expose('at', { type: 'DateTime', description: 'When it happened, by the database’s clock.' }),
    sessionOrdinal: t.exposeInt('session', {
      nullable: true,
      description: 'The ordinal of the session it happened in; null between sessions.',
    }),
    redaction: t.expose('redaction', {
      type: RedactionRef,
      nullable: true,
      description: 'Set when its content was taken away: texts are then empty.',
    }),
  }),
});

/** Begins the GraphQL type of one event. */
export function eventRef<T extends EventType>(type: T) {
  return builder.objectRef<EventOf<T>>(typeNames[type]);
}
