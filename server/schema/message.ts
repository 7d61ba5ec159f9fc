import type { Actor } from '../../domain/actor.ts';
import { builder } from './builder.ts';
import { MessageStateEnum } from './enums.ts';
import { ActorRef } from './values.ts';

builder.prismaNode('Message', {
  id: { field: 'id', description: 'The id.' },
  description: 'What a person said to a run.',
  include: { run: { select: { teamId: true } } },
  authScopes: (message) => ({ team: message.run.teamId }),
  fields: (t) => ({
    author: t.field({ type: ActorRef, description: 'Who said it.', resolve: (message) => message.author as unknown as Actor }),
    text: t.exposeString('text', { description: 'The whole of it.' }),
    state: t.expose('state', { type: MessageStateEnum, description: 'What became of it.' }),
    returnedReason: t.exposeString('returnedReason', {
      nullable: true,
      description: 'Why it came back without reaching an agent.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was sent.' }),
    session: t.relation('session', { nullable: true, description: 'The session that got it.' }),
  }),
});
