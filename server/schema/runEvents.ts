import { BaseChoiceEnum, ConflictWayEnum, HarnessKindEnum, RestoreChoiceKindEnum, RunOriginEnum, RunStateEnum } from './enums.ts';
import { EventInterface, eventRef } from './event.ts';
import { ActorRef, FailureRef, WaitingRef } from './values.ts';

const interfaces = [EventInterface];

eventRef('run.created').implement({
  description: 'The run was created.',
  interfaces,
  fields: (t) => ({
    title: t.string({ description: 'What it is called.', resolve: ({ event }) => event.title }),
    origin: t.field({ type: RunOriginEnum, description: 'Where it came from.', resolve: ({ event }) => event.origin }),
    harness: t.field({ type: HarnessKindEnum, description: 'The kind of agent.', resolve: ({ event }) => event.harness }),
  }),
});

eventRef('run.state').implement({
  description: 'The run changed its state.',
  interfaces,
  fields: (t) => ({
    from: t.field({ type: RunStateEnum, description: 'What it was.', resolve: ({ event }) => event.from }),
    to: t.field({ type: RunStateEnum, description: 'What it is.', resolve: ({ event }) => event.to }),
    failure: t.field({ type: FailureRef, nullable: true, description: 'Why it failed.', resolve: ({ event }) => event.failure }),
  }),
});

eventRef('run.waiting').implement({
  description: 'What the queued run waits for changed.',
  interfaces,
  fields: (t) => ({ waiting: t.field({ type: WaitingRef, description: 'What for.', resolve: ({ event }) => event }) }),
});

eventRef('run.cancelRequested').implement({
  description: 'Someone asked to cancel the run.',
  interfaces,
  fields: (t) => ({ actor: t.field({ type: ActorRef, description: 'Who.', resolve: ({ event }) => event.actor }) }),
});

eventRef('run.continued').implement({
  description: 'The ended run was continued with choices for its next session.',
  interfaces,
  fields: (t) => ({
    actor: t.field({ type: ActorRef, description: 'Who.', resolve: ({ event }) => event.actor }),
    harness: t.field({
      type: HarnessKindEnum,
      nullable: true,
      description: 'Another kind of agent; null: the same.',
      resolve: ({ event }) => event.harness,
    }),
    restore: t.field({
      type: RestoreChoiceKindEnum,
      description: 'Which workspace.',
      resolve: ({ event }) => event.restore.kind,
    }),
    base: t.field({
      type: BaseChoiceEnum,
      description: 'Which commit its work goes on from.',
      resolve: ({ event }) => (event.newest ? 'NEWEST' : 'KEEP'),
    }),
    conflicts: t.field({
      type: ConflictWayEnum,
      nullable: true,
      description: 'What becomes of conflicts with the newest base; null where it was not asked for.',
      resolve: ({ event }) => event.newest ?? null,
    }),
    snapshotId: t.id({
      nullable: true,
      description: 'The snapshot that was chosen.',
      resolve: ({ event: { restore } }) => (restore.kind === 'SNAPSHOT' ? restore.snapshotId : null),
    }),
  }),
});

eventRef('message.added').implement({
  description: 'Someone sent a message.',
  interfaces,
  fields: (t) => ({
    messageId: t.id({ description: 'The message.', resolve: ({ event }) => event.messageId }),
    author: t.field({ type: ActorRef, description: 'Who.', resolve: ({ event }) => event.author }),
    text: t.string({
      description: 'The text, or the first 16 KiB of a longer one; the message itself has all of it.',
      resolve: ({ event }) => event.text,
    }),
    bytes: t.int({ description: 'The whole text’s size in bytes of UTF-8.', resolve: ({ event }) => event.bytes }),
    clientKey: t.string({
      nullable: true,
      description: 'The key under which its author sent it with `sendFollowUp`: who sent it knows it again before the answer.',
      resolve: ({ event }) => event.clientKey ?? null,
    }),
  }),
});

eventRef('message.delivered').implement({
  description: 'The message was given to the agent.',
  interfaces,
  fields: (t) => ({ messageId: t.id({ description: 'The message.', resolve: ({ event }) => event.messageId }) }),
});

eventRef('message.returned').implement({
  description: 'The message did not reach an agent; its text belongs to its author again.',
  interfaces,
  fields: (t) => ({
    messageId: t.id({ description: 'The message.', resolve: ({ event }) => event.messageId }),
    reason: t.string({ description: 'Why.', resolve: ({ event }) => event.reason }),
  }),
});

eventRef('message.withdrawn').implement({
  description: 'The message was taken back while it waited.',
  interfaces,
  fields: (t) => ({
    messageId: t.id({ description: 'The message.', resolve: ({ event }) => event.messageId }),
    actor: t.field({ type: ActorRef, description: 'Who took it back.', resolve: ({ event }) => event.actor }),
  }),
});
