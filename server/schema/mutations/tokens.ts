import { parseId, type TokenId } from '../../../domain/ids.ts';
import { tokenScopes, type TokenScope } from '../../../domain/person.ts';
import { createToken, revokeToken } from '../../../journal/tokens.ts';
import { hashSecret, newSecret } from '../../auth/secret.ts';
import { actingAs } from '../../auth/viewer.ts';
import { ForbiddenError } from '../apiError.ts';
import { builder } from '../builder.ts';
import { TokenScopeEnum } from '../enums.ts';
import { IdempotencyConflictError, InvalidInputError, NotFoundError } from '../errors.ts';
import { admittedOr, clientKeyOf, nameOf } from './admitted.ts';

const CreateApiTokenPayload = builder.objectRef<{ tokenId: TokenId; secret: string | null }>('CreateApiTokenPayload').implement({
  description: 'The token was created.',
  fields: (t) => ({
    token: t.prismaField({
      type: 'ApiToken',
      description: 'The token.',
      resolve: (query, { tokenId }, _args, { database }) =>
        database.apiToken.findUniqueOrThrow({ ...query, where: { id: tokenId } }),
    }),
    secret: t.exposeString('secret', {
      nullable: true,
      description:
        'What to send as `Authorization: Bearer …`. It is kept nowhere: null when this client key had made the token before.',
    }),
  }),
});

const CreateApiTokenInput = builder.inputType('CreateApiTokenInput', {
  description: 'A new token.',
  fields: (t) => ({
    clientKey: t.string({ required: true, description: 'Idempotent per person.' }),
    name: t.string({ required: true, description: 'What it is for.' }),
    scopes: t.field({
      type: [TokenScopeEnum],
      required: true,
      description: 'What it may be used for; at most what the viewer may here. READ is part of every token.',
    }),
    expiresAt: t.field({ type: 'DateTime', description: 'Until when it works. Default: for good.' }),
  }),
});

builder.mutationField('createApiToken', (t) =>
  t.field({
    authScopes: { scope: 'ACCOUNT' },
    type: CreateApiTokenPayload,
    description: 'Creates an API token of the viewer, and tells its secret this once.',
    errors: {
      types: [ForbiddenError, InvalidInputError, IdempotencyConflictError],
      union: { name: 'CreateApiTokenResult', description: 'What createApiToken comes to.' },
    },
    args: { input: t.arg({ type: CreateApiTokenInput, required: true, description: 'The token.' }) },
    resolve: async (_root, { input }, context) => {
      const clientKey = clientKeyOf(context, input.clientKey);
      const name = nameOf('name', 'A token’s name', input.name);
      const scopes = scopesOf(context.viewer.scopes, input.scopes);
      const expiresAt = input.expiresAt ?? null;
      if (expiresAt && expiresAt.getTime() <= Date.now())
        throw new InvalidInputError('expiresAt', 'That moment is past. Choose one to come, or none.');
      const secret = newSecret('baton_token');
      const token = { name, scopes, expiresAt };
      const { value } = await admittedOr(
        createToken(context.journal, actingAs(context.viewer), clientKey, token, hashSecret(secret)),
      );
      return { tokenId: value.tokenId, secret: value.made ? secret : null };
    },
  }),
);

/** The scopes in their order, each once. Throws ForbiddenError for one that the viewer does not have here. */
function scopesOf(own: ReadonlySet<TokenScope>, given: readonly TokenScope[]): TokenScope[] {
  const beyond = given.filter((scope) => !own.has(scope));
  if (beyond.length > 0)
    throw new ForbiddenError(`A token makes no token that may do more than itself: it has no ${beyond.join(', ')}.`);
  return tokenScopes.filter((scope) => scope === 'READ' || given.includes(scope));
}

const RevokeApiTokenPayload = builder.objectRef<{ tokenId: TokenId }>('RevokeApiTokenPayload').implement({
  description: 'The token works no more.',
  fields: (t) => ({
    tokenId: t.exposeID('tokenId', { description: 'The token.' }),
  }),
});

const RevokeApiTokenInput = builder.inputType('RevokeApiTokenInput', {
  description: 'A token to revoke.',
  fields: (t) => ({ tokenId: t.id({ required: true, description: 'The token.' }) }),
});

builder.mutationField('revokeApiToken', (t) =>
  t.field({
    authScopes: { scope: 'ACCOUNT' },
    type: RevokeApiTokenPayload,
    description: 'Revokes a token of the viewer: it works no more, and its sockets close at once.',
    errors: {
      types: [NotFoundError, ForbiddenError],
      union: { name: 'RevokeApiTokenResult', description: 'What revokeApiToken comes to.' },
    },
    args: { input: t.arg({ type: RevokeApiTokenInput, required: true, description: 'The token.' }) },
    resolve: async (_root, { input }, { journal, viewer }) => {
      const tokenId = parseId('tok', input.tokenId);
      if (!tokenId || !(await revokeToken(journal, actingAs(viewer), viewer.userId, tokenId)))
        throw new NotFoundError('token', input.tokenId);
      return { tokenId };
    },
  }),
);
