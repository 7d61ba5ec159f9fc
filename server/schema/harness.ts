import { harnessCapabilities, harnessKinds, type HarnessCapabilities, type HarnessKind } from '../../domain/harness.ts';
import { builder } from './builder.ts';
import { DurablePromptsEnum, HarnessKindEnum } from './enums.ts';

const HarnessCapabilitiesRef = builder.objectRef<HarnessCapabilities>('HarnessCapabilities').implement({
  description: 'What a kind of agent can do.',
  fields: (t) => ({
    replaysLostTurn: t.exposeBoolean('replaysLostTurn', {
      description: 'Whether a message whose turn was lost with its worker is given to it again by itself.',
    }),
    opensIdle: t.exposeBoolean('opensIdle', { description: 'Whether a session can open without a message and wait for one.' }),
    livePrompts: t.exposeBoolean('livePrompts', { description: 'Whether it asks people while it works.' }),
    durablePrompts: t.expose('durablePrompts', {
      type: DurablePromptsEnum,
      description: 'Whether its questions can outlive its session.',
    }),
    interrupt: t.exposeBoolean('interrupt', { description: 'Whether a turn can be stopped without ending the session.' }),
    resume: t.exposeBoolean('resume', { description: 'Whether it remembers the conversation in the next session.' }),
    steering: t.exposeBoolean('steering', { description: 'Whether a message can reach it in the middle of a turn.' }),
    usage: t.exposeBoolean('usage', { description: 'Whether it counts tokens.' }),
    cost: t.exposeBoolean('cost', { description: 'Whether it tells what they cost.' }),
    attachments: t.exposeBoolean('attachments', { description: 'Whether a message may carry files and pictures.' }),
  }),
});

/** A kind of agent, with what it can do. */
export const HarnessRef = builder.objectRef<HarnessKind>('Harness').implement({
  description: 'A kind of agent.',
  fields: (t) => ({
    kind: t.field({ type: HarnessKindEnum, description: 'Which one.', resolve: (kind) => kind }),
    label: t.string({ description: 'What people call it.', resolve: (kind) => harnessCapabilities[kind].label }),
    capabilities: t.field({
      type: HarnessCapabilitiesRef,
      description: 'What it can do.',
      resolve: (kind) => harnessCapabilities[kind],
    }),
  }),
});

builder.queryFields((t) => ({
  harnesses: t.field({
    type: [HarnessRef],
    description: 'The kinds of agent that runs can be worked on by. The version of one is told by the sessions that it opens.',
    resolve: () => [...harnessKinds],
  }),
}));
