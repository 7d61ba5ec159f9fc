import type { Actor } from '../../domain/actor.ts';
import { builder } from './builder.ts';
import { SecretUseEnum } from './enums.ts';
import { ActorRef } from './values.ts';

// Only what is asked for is read: nothing here can ask for the value.
builder.prismaObject('EnvironmentSecret', {
  select: { name: true },
  description: 'A secret of an environment. Its value can be set, and never be read.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Its name, one of a kind in the environment.' }),
    use: t.expose('use', { type: SecretUseEnum, description: 'What it is for.' }),
    host: t.exposeString('host', {
      nullable: true,
      description: 'The host of the repositories that a credential is for, as `host` or `host:port`; null for a variable.',
    }),
    username: t.exposeString('username', {
      nullable: true,
      description: 'The user name that a token goes with; null: the usual one.',
    }),
    knownHosts: t.exposeString('knownHosts', {
      nullable: true,
      description: 'The host’s public keys, as in a known_hosts file; null: those that the worker knows.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was first set.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When its value was last set.' }),
    lastUsedAt: t.expose('lastUsedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When a session was last given it; null: never.',
    }),
    createdBy: t.field({
      type: ActorRef,
      select: { createdBy: true },
      description: 'Who first set it.',
      resolve: ({ createdBy }) => createdBy as unknown as Actor,
    }),
  }),
});

builder.prismaObjectField('Environment', 'secrets', (t) =>
  t.relation('secrets', {
    query: { orderBy: { name: 'asc' } },
    complexity: { field: 1, multiplier: 10 },
    description: 'Its secrets, by name, without their values.',
  }),
);
