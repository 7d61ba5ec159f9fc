import { EventInterface, eventRef } from './event.ts';
import { ActorRef } from './values.ts';

const interfaces = [EventInterface];

eventRef('event.redacted').implement({
  description: 'The content of an earlier event, or of the item or prompt that it belongs to, was taken away.',
  interfaces,
  fields: (t) => ({
    redactedSeq: t.int({ description: 'The event that was named.', resolve: ({ event }) => event.redactedSeq }),
    count: t.int({ description: 'Events that lost their content with it.', resolve: ({ event }) => event.count }),
    actor: t.field({ type: ActorRef, description: 'Who.', resolve: ({ event }) => event.actor }),
    reason: t.string({ description: 'Why.', resolve: ({ event }) => event.reason }),
  }),
});

eventRef('transcript.deleted').implement({
  description: 'All content of the conversation was taken away: the run can no longer be continued.',
  interfaces,
  fields: (t) => ({
    actor: t.field({ type: ActorRef, description: 'Who.', resolve: ({ event }) => event.actor }),
    reason: t.string({ description: 'Why.', resolve: ({ event }) => event.reason }),
  }),
});

eventRef('snapshots.deleted').implement({
  description: 'The run’s snapshots were removed.',
  interfaces,
  fields: (t) => ({
    count: t.int({ description: 'How many there were.', resolve: ({ event }) => event.count }),
    actor: t.field({ type: ActorRef, description: 'Who.', resolve: ({ event }) => event.actor }),
    reason: t.string({ description: 'Why.', resolve: ({ event }) => event.reason }),
  }),
});
