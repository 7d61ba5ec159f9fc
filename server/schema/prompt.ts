import type { Actor } from '../../domain/actor.ts';
import type { PromptAnswer, PromptOption } from '../../domain/prompt.ts';
import { builder } from './builder.ts';
import { PromptKindEnum, PromptStateEnum } from './enums.ts';
import { ActorRef, PromptAnswerRef, PromptOptionRef } from './values.ts';

builder.prismaNode('Prompt', {
  id: { field: 'id', description: 'The id.' },
  description: 'What an agent asks a person before it can go on.',
  include: { run: { select: { teamId: true } } },
  authScopes: (prompt) => ({ team: prompt.run.teamId }),
  fields: (t) => ({
    kind: t.expose('kind', { type: PromptKindEnum, description: 'A permission or a question.' }),
    question: t.exposeString('question', { description: 'What it asks.' }),
    options: t.field({
      type: [PromptOptionRef],
      description: 'How it can be answered.',
      resolve: (prompt) => prompt.options as unknown as PromptOption[],
    }),
    freeText: t.exposeBoolean('freeText', { description: 'Whether an answer in own words is taken.' }),
    state: t.expose('state', { type: PromptStateEnum, description: 'What became of it.' }),
    answer: t.field({
      type: PromptAnswerRef,
      nullable: true,
      description: 'The answer.',
      resolve: (prompt) => prompt.answer as unknown as PromptAnswer | null,
    }),
    answeredBy: t.field({
      type: ActorRef,
      nullable: true,
      description: 'Who answered.',
      resolve: (prompt) => prompt.answeredBy as unknown as Actor | null,
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was asked.' }),
  }),
});
