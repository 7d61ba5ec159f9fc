import { ChunkStreamEnum, ItemKindEnum, ItemStatusEnum, PromptCloseReasonEnum, PromptKindEnum, TurnReasonEnum } from './enums.ts';
import { EventInterface, eventRef } from './event.ts';
import {
  ActorRef,
  FailureRef,
  FileChangeRef,
  PlanEntryRef,
  PromptAnswerRef,
  PromptOptionRef,
  ToolCallRef,
  UsageRef,
} from './values.ts';

const interfaces = [EventInterface];

eventRef('turn.started').implement({
  description: 'The agent began to work on a message.',
  interfaces,
  fields: (t) => ({
    turn: t.int({ description: 'Counts up over the run.', resolve: ({ event }) => event.turn }),
    messageId: t.id({ description: 'The message.', resolve: ({ event }) => event.messageId }),
  }),
});

eventRef('turn.ended').implement({
  description: 'The turn is over.',
  interfaces,
  fields: (t) => ({
    turn: t.int({ description: 'Which one.', resolve: ({ event }) => event.turn }),
    reason: t.field({ type: TurnReasonEnum, description: 'How it ended.', resolve: ({ event }) => event.reason }),
    failure: t.field({ type: FailureRef, nullable: true, description: 'Why it failed.', resolve: ({ event }) => event.failure }),
    usage: t.field({ type: UsageRef, description: 'What it consumed.', resolve: ({ event }) => event.usage }),
  }),
});

eventRef('turn.rolledBack').implement({
  description: 'The turn was lost with its worker: what it logged from `fromSeq` on happened in a workspace that is gone.',
  interfaces,
  fields: (t) => ({
    turn: t.int({ description: 'Which one.', resolve: ({ event }) => event.turn }),
    fromSeq: t.int({ description: 'The sequence number of its first event.', resolve: ({ event }) => event.fromSeq }),
    messageId: t.id({ description: 'The message it worked on.', resolve: ({ event }) => event.messageId }),
    redelivered: t.boolean({
      description: 'Whether the next session gets the message; else its text went back to its author.',
      resolve: ({ event }) => event.redelivered,
    }),
  }),
});

eventRef('turn.interruptRequested').implement({
  description: 'Someone asked that the turn stops.',
  interfaces,
  fields: (t) => ({ actor: t.field({ type: ActorRef, description: 'Who.', resolve: ({ event }) => event.actor }) }),
});

eventRef('item.started').implement({
  description: 'An item began: a text, a thought, a command. Its chunks follow, then its end.',
  interfaces,
  fields: (t) => ({
    itemId: t.id({ description: 'The item.', resolve: ({ event }) => event.itemId }),
    kind: t.field({ type: ItemKindEnum, description: 'What it is.', resolve: ({ event }) => event.kind }),
    title: t.string({ description: 'One line: the command, the tool and its target.', resolve: ({ event }) => event.title }),
    tool: t.field({
      type: ToolCallRef,
      nullable: true,
      description: 'The call of a tool that it is; null for what no agent’s tool does.',
      resolve: ({ event }) => event.tool,
    }),
    input: t.string({
      nullable: true,
      description: 'What the tool was called with, as JSON: at most 16 KiB of it.',
      resolve: ({ event }) => event.input,
    }),
    inputBytes: t.int({
      nullable: true,
      description: 'The whole input’s size in bytes of UTF-8.',
      resolve: ({ event }) => event.inputBytes,
    }),
  }),
});

eventRef('item.chunk').implement({
  description: 'Streamed text or output. In a page of history one event may stand for several: `fromSeq` to `seq`.',
  interfaces,
  fields: (t) => ({
    fromSeq: t.exposeInt('fromSeq', { description: 'The first sequence number that it stands for.' }),
    itemId: t.id({ description: 'The item.', resolve: ({ event }) => event.itemId }),
    stream: t.field({ type: ChunkStreamEnum, description: 'Where it came from.', resolve: ({ event }) => event.stream }),
    text: t.string({ description: 'The text.', resolve: ({ event }) => event.text }),
  }),
});

eventRef('item.ended').implement({
  description: 'The item is over.',
  interfaces,
  fields: (t) => ({
    itemId: t.id({ description: 'The item.', resolve: ({ event }) => event.itemId }),
    status: t.field({ type: ItemStatusEnum, description: 'How it ended.', resolve: ({ event }) => event.status }),
    exitCode: t.int({ nullable: true, description: 'A command’s exit code.', resolve: ({ event }) => event.exitCode }),
    signal: t.string({ nullable: true, description: 'The signal that ended a command.', resolve: ({ event }) => event.signal }),
    bytes: t.float({ description: 'Of all its text, in bytes of UTF-8.', resolve: ({ event }) => event.bytes }),
    sha256: t.string({
      description: 'Of all its text, in hex: a reader can check that it has it all.',
      resolve: ({ event }) => event.sha256,
    }),
    omittedBytes: t.float({
      description: 'Bytes of output that were left out, past the limit.',
      resolve: ({ event }) => event.omittedBytes,
    }),
    tookMs: t.float({ description: 'Milliseconds.', resolve: ({ event }) => event.tookMs }),
  }),
});

eventRef('item.diff').implement({
  description: 'What a tool call changed in one file.',
  interfaces,
  fields: (t) => ({
    itemId: t.id({ description: 'The item.', resolve: ({ event }) => event.itemId }),
    path: t.string({ description: 'The file, in the workspace.', resolve: ({ event }) => event.path }),
    oldText: t.string({
      nullable: true,
      description: 'Its text before; null for a file that was not there, and where it is too large.',
      resolve: ({ event }) => event.oldText,
    }),
    newText: t.string({
      nullable: true,
      description: 'Its text after; null for a file that is gone, and where it is too large.',
      resolve: ({ event }) => event.newText,
    }),
    complete: t.boolean({
      description: 'Whether both sides are here; a side of more than 24 KiB is left out.',
      resolve: ({ event }) => event.complete,
    }),
  }),
});

eventRef('plan.updated').implement({
  description: 'What the agent means to do, as it is now; it replaces the plan of before.',
  interfaces,
  fields: (t) => ({
    planId: t.id({ description: 'The same for every update in one turn.', resolve: ({ event }) => event.planId }),
    entries: t.field({ type: [PlanEntryRef], description: 'The steps.', resolve: ({ event }) => [...event.entries] }),
  }),
});

eventRef('conversation.opened').implement({
  description: 'The agent is ready, with a conversation of its own: a new one, or that of the session before.',
  interfaces,
  fields: (t) => ({
    conversationId: t.id({ description: 'The agent’s own id of it.', resolve: ({ event }) => event.conversationId }),
    resumed: t.boolean({
      description: 'Whether it goes on from an earlier session, so that the agent remembers what was said.',
      resolve: ({ event }) => event.resumed,
    }),
    version: t.string({ description: 'The agent’s version.', resolve: ({ event }) => event.version }),
    model: t.string({
      nullable: true,
      description: 'The model that it begins with; null where the agent does not tell.',
      resolve: ({ event }) => event.model,
    }),
  }),
});

eventRef('files.changed').implement({
  description: 'Files that a turn changed, against the checkpoint before it.',
  interfaces,
  fields: (t) => ({
    files: t.field({
      type: [FileChangeRef],
      description: 'At most 200.',
      complexity: 20,
      resolve: ({ event }) => [...event.files],
    }),
    count: t.int({ description: 'How many there are.', resolve: ({ event }) => event.count }),
  }),
});

eventRef('prompt.opened').implement({
  description: 'The agent asks a person and waits.',
  interfaces,
  fields: (t) => ({
    promptId: t.id({ description: 'The prompt.', resolve: ({ event }) => event.promptId }),
    kind: t.field({ type: PromptKindEnum, description: 'A permission or a question.', resolve: ({ event }) => event.kind }),
    question: t.string({ description: 'What it asks.', resolve: ({ event }) => event.question }),
    options: t.field({
      type: [PromptOptionRef],
      description: 'How it can be answered.',
      resolve: ({ event }) => [...event.options],
    }),
    freeText: t.boolean({ description: 'Whether an answer in own words is taken.', resolve: ({ event }) => event.freeText }),
  }),
});

eventRef('prompt.answered').implement({
  description: 'A person answered.',
  interfaces,
  fields: (t) => ({
    promptId: t.id({ description: 'The prompt.', resolve: ({ event }) => event.promptId }),
    answer: t.field({ type: PromptAnswerRef, description: 'What.', resolve: ({ event }) => event.answer }),
    actor: t.field({ type: ActorRef, description: 'Who.', resolve: ({ event }) => event.actor }),
  }),
});

eventRef('prompt.delivered').implement({
  description: 'The agent has the answer.',
  interfaces,
  fields: (t) => ({ promptId: t.id({ description: 'The prompt.', resolve: ({ event }) => event.promptId }) }),
});

eventRef('prompt.closed').implement({
  description: 'The prompt can no longer be answered.',
  interfaces,
  fields: (t) => ({
    promptId: t.id({ description: 'The prompt.', resolve: ({ event }) => event.promptId }),
    reason: t.field({ type: PromptCloseReasonEnum, description: 'Why.', resolve: ({ event }) => event.reason }),
  }),
});
