import SchemaBuilder from '@pothos/core';
import ComplexityPlugin, { ComplexityErrorKind, type ComplexityResult } from '@pothos/plugin-complexity';
import DataloaderPlugin from '@pothos/plugin-dataloader';
import ErrorsPlugin from '@pothos/plugin-errors';
import PrismaPlugin from '@pothos/plugin-prisma';
import RelayPlugin from '@pothos/plugin-relay';
import ScopeAuthPlugin from '@pothos/plugin-scope-auth';
import { GraphQLError } from 'graphql';
import { idKinds, idPrefix } from '../../domain/ids.ts';
import type PrismaTypes from '../../prisma/generated/pothos.ts';
import { getDatamodel } from '../../prisma/generated/pothos.ts';
import type { TokenScope } from '../../domain/person.ts';
import { maySee } from '../auth/viewer.ts';
import { isVisible } from '../auth/visibility.ts';
import { ForbiddenError } from './apiError.ts';
import type { Context } from './context.ts';

export interface SchemaTypes {
  Context: Context;
  PrismaTypes: PrismaTypes;
  DefaultFieldNullability: false;
  DefaultEdgesNullability: false;
  DefaultNodeNullability: false;
  AuthScopes: {
    /** Signed in at all. */
    viewer: boolean;
    /** May see what belongs to this team. */
    team: string;
    /** Came with a token that may be used for this, or by a browser. Each mutation names one. */
    scope: TokenScope;
  };
  Scalars: {
    DateTime: { Input: Date; Output: Date };
    ID: { Input: string; Output: string };
  };
}

/**
 * The schema's builder. Ids carry their kind in their prefix, so Relay's global id of a thing is its id.
 * The errors plugin comes before scope-auth, so that a mutation's refusal for want of a scope is a member of its union.
 */
export const builder = new SchemaBuilder<SchemaTypes>({
  plugins: [ErrorsPlugin, ScopeAuthPlugin, ComplexityPlugin, RelayPlugin, PrismaPlugin, DataloaderPlugin],
  defaultFieldNullability: false,
  prisma: {
    client: (context) => context.database,
    dmmf: getDatamodel(),
    filterConnectionTotalCount: true,
  },
  relay: {
    cursorType: 'String',
    edgesFieldOptions: { nullable: false },
    nodeFieldOptions: { nullable: false },
    encodeGlobalID: (_typename, id) => String(id),
    decodeGlobalID: (id) => {
      const prefix = idPrefix(id);
      return { typename: prefix ? idKinds[prefix] : 'Unknown', id };
    },
    nodeQueryOptions: {
      description: 'Anything by its id; null when it does not exist for the viewer.',
      args: { id: { description: 'The id.' } },
      resolve: async (_root, { id }, { database, viewer }, _info, resolveNode) =>
        (await isVisible(database, viewer, id.id)) ? resolveNode(id) : null,
    },
    nodesQueryOptions: false,
  },
  errors: { defaultTypes: [], directResult: true },
  scopeAuth: {
    authScopes: (context) => ({
      viewer: true,
      team: (teamId) => maySee(context.viewer, teamId),
      scope: (scope) => context.viewer.scopes.has(scope),
    }),
    unauthorizedError: (_parent, { viewer }, { parentType, fieldName }, { message }) =>
      parentType.name === 'Mutation' || parentType.name === 'Query'
        ? new ForbiddenError(
            `This token may not be used for ${fieldName}: its scopes are ${[...viewer.scopes].join(', ')}. Use one that has the scope, or the page.`,
          )
        : new ForbiddenError(message),
    runScopesOnType: true,
  },
  complexity: {
    defaultComplexity: 1,
    defaultListMultiplier: 10,
    limit: { complexity: 20_000, depth: 15, breadth: 500 },
    complexityError: tooComplex,
  },
});

function tooComplex(
  kind: ComplexityErrorKind,
  result: ComplexityResult & Partial<Record<`max${'Complexity' | 'Depth' | 'Breadth'}`, number>>,
) {
  const { complexity, maxComplexity, depth, maxDepth, breadth, maxBreadth } = result;
  const words: Record<ComplexityErrorKind, string> = {
    [ComplexityErrorKind.Complexity]: `costs ${complexity}, and may cost ${maxComplexity}. Ask for smaller pages, or fewer fields of each`,
    [ComplexityErrorKind.Depth]: `is ${depth} deep, and may be ${maxDepth}. Ask in several queries`,
    [ComplexityErrorKind.Breadth]: `has ${breadth} fields, and may have ${maxBreadth}. Ask in several queries`,
  };
  return new GraphQLError(`The query is too complex: it ${words[kind]}.`, { extensions: { code: 'QUERY_TOO_COMPLEX' } });
}

builder.queryType({ description: 'What can be read.' });
builder.mutationType({ description: 'What can be asked for. Expected failures are members of each result.' });
builder.subscriptionType({ description: 'What can be watched. docs/live-protocol.md has the rules.' });

builder.scalarType('DateTime', {
  description: 'A moment, in ISO 8601 with milliseconds, UTC.',
  serialize: (value) => value.toISOString(),
  parseValue: (value) => {
    const date = new Date(String(value));
    if (Number.isNaN(date.getTime())) throw new TypeError(`${JSON.stringify(value)} is not a moment in ISO 8601.`);
    return date;
  },
});
