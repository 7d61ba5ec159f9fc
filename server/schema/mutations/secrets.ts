import { parseId, type EnvironmentId, type TeamId } from '../../../domain/ids.ts';
import { refuseSecret, type NewSecret } from '../../../domain/secret.ts';
import { refuseSshPrivateKey } from '../../../domain/sshPrivateKey.ts';
import { removeSecret, setSecret, type OfEnvironment } from '../../../journal/secrets.ts';
import { actingAs, maySee, personIn } from '../../auth/viewer.ts';
import { ForbiddenError } from '../apiError.ts';
import { builder } from '../builder.ts';
import type { Context } from '../context.ts';
import { SecretUseEnum } from '../enums.ts';
import { IdempotencyConflictError, InvalidInputError, NotFoundError } from '../errors.ts';
import { admittedOr, clientKeyOf } from './admitted.ts';

interface OfSecret {
  readonly environmentId: EnvironmentId;
  readonly name: string;
}

const SetEnvironmentSecretPayload = builder.objectRef<OfSecret>('SetEnvironmentSecretPayload').implement({
  description: 'The secret is set. Sessions that open from now on have it.',
  fields: (t) => ({
    secret: t.prismaField({
      type: 'EnvironmentSecret',
      nullable: true,
      description: 'The secret, without its value; null when it was removed since.',
      resolve: (query, { environmentId, name }, _args, { database }) =>
        database.environmentSecret.findUnique({ ...query, where: { environmentId_name: { environmentId, name } } }),
    }),
    environment: t.prismaField({
      type: 'Environment',
      description: 'Its environment.',
      resolve: (query, { environmentId }, _args, { database }) =>
        database.environment.findUniqueOrThrow({ ...query, where: { id: environmentId } }),
    }),
  }),
});

const SetEnvironmentSecretInput = builder.inputType('SetEnvironmentSecretInput', {
  description: 'A secret of an environment, new or in place of the one of that name.',
  fields: (t) => ({
    clientKey: t.string({ required: true, description: 'Idempotent per person.' }),
    environmentId: t.id({ required: true, description: 'Whose it is.' }),
    name: t.string({ required: true, description: 'Letters, digits and _, not beginning with a digit.' }),
    value: t.string({ required: true, description: 'Its value, of at most 64 KiB. Nothing tells it again.' }),
    use: t.field({ type: SecretUseEnum, required: true, description: 'What it is for.' }),
    host: t.string({
      description: 'For a credential: the host of the repositories that it is for, as `host` or `host:port`.',
    }),
    username: t.string({ description: 'For a token: the user name that it goes with. Default: `x-access-token`.' }),
    knownHosts: t.string({
      description: 'For a key: the host’s public keys, as in a known_hosts file. Default: those that the worker knows.',
    }),
  }),
});

builder.mutationField('setEnvironmentSecret', (t) =>
  t.field({
    authScopes: { scope: 'ENVIRONMENTS' },
    type: SetEnvironmentSecretPayload,
    description: 'Sets a secret of an environment.',
    errors: {
      types: [NotFoundError, ForbiddenError, InvalidInputError, IdempotencyConflictError],
      union: { name: 'SetEnvironmentSecretResult', description: 'What setEnvironmentSecret comes to.' },
    },
    args: { input: t.arg({ type: SetEnvironmentSecretInput, required: true, description: 'The secret.' }) },
    resolve: async (_root, { input }, context) => {
      const clientKey = clientKeyOf(context, input.clientKey);
      const environment = await environmentToEdit(context, input.environmentId);
      const secret = validated(input);
      const { journal, secretBox, viewer } = context;
      await admittedOr(setSecret(journal, secretBox, actingAs(viewer), clientKey, environment, secret));
      return { environmentId: environment.environmentId, name: secret.name };
    },
  }),
);

const RemoveEnvironmentSecretPayload = builder.objectRef<OfSecret>('RemoveEnvironmentSecretPayload').implement({
  description: 'The secret is gone. Sessions that are open keep what they were given.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The secret’s name.' }),
    environment: t.prismaField({
      type: 'Environment',
      description: 'The environment.',
      resolve: (query, { environmentId }, _args, { database }) =>
        database.environment.findUniqueOrThrow({ ...query, where: { id: environmentId } }),
    }),
  }),
});

const RemoveEnvironmentSecretInput = builder.inputType('RemoveEnvironmentSecretInput', {
  description: 'A secret to remove.',
  fields: (t) => ({
    environmentId: t.id({ required: true, description: 'Whose it is.' }),
    name: t.string({ required: true, description: 'Its name.' }),
  }),
});

builder.mutationField('removeEnvironmentSecret', (t) =>
  t.field({
    authScopes: { scope: 'ENVIRONMENTS' },
    type: RemoveEnvironmentSecretPayload,
    description: 'Removes a secret of an environment, for good.',
    errors: {
      types: [NotFoundError, ForbiddenError],
      union: { name: 'RemoveEnvironmentSecretResult', description: 'What removeEnvironmentSecret comes to.' },
    },
    args: { input: t.arg({ type: RemoveEnvironmentSecretInput, required: true, description: 'The secret.' }) },
    resolve: async (_root, { input }, context) => {
      const environment = await environmentToEdit(context, input.environmentId);
      if (!(await removeSecret(context.journal, actingAs(context.viewer), environment, input.name)))
        throw new NotFoundError('secret', input.name);
      return { environmentId: environment.environmentId, name: input.name };
    },
  }),
);

/** The environment, where the viewer may set what it has. */
async function environmentToEdit({ database, viewer }: Context, given: string): Promise<OfEnvironment> {
  const environmentId = parseId('env', given);
  const found =
    environmentId && (await database.environment.findUnique({ where: { id: environmentId }, select: { teamId: true } }));
  if (!environmentId || !found || !maySee(viewer, found.teamId)) throw new NotFoundError('environment', given);
  const teamId = found.teamId as TeamId;
  if (personIn(viewer, teamId, 'ENVIRONMENTS').role === 'VIEWER')
    throw new ForbiddenError('You can view this team’s environments but not change their secrets.');
  return { environmentId, teamId };
}

function validated(input: typeof SetEnvironmentSecretInput.$inferInput): NewSecret {
  const { name, value, use } = input;
  const host = input.host?.trim().toLowerCase() || null;
  const secret = { name, value, use, host, username: input.username || null, knownHosts: input.knownHosts || null };
  const problem = refuseSecret(secret);
  if (problem) throw new InvalidInputError(problem.field, problem.message);
  const unusable = use === 'GIT_SSH_KEY' ? refuseSshPrivateKey(value) : null;
  if (unusable) throw new InvalidInputError('value', unusable);
  return secret;
}
