import { builder } from './builder.ts';
import { TokenScopeEnum } from './enums.ts';
import { pageComplexity, pageSizes } from './pages.ts';

builder.prismaNode('ApiToken', {
  id: { field: 'id', description: 'The id.' },
  description: 'A bearer token of the viewer, for programs. Its secret is told once, when it is made.',
  authScopes: (token, { viewer }) => (token.userId === viewer.userId ? { scope: 'ACCOUNT' } : false),
  fields: (t) => ({
    name: t.exposeString('name', { description: 'What it is for.' }),
    scopes: t.expose('scopes', { type: [TokenScopeEnum], description: 'What it may be used for.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    lastUsedAt: t.expose('lastUsedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was last used, to the minute; null: never.',
    }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', nullable: true, description: 'Until when it works; null: for good.' }),
    revokedAt: t.expose('revokedAt', { type: 'DateTime', nullable: true, description: 'When it was revoked.' }),
  }),
});

builder.queryField('apiTokens', (t) =>
  t.prismaConnection({
    type: 'ApiToken',
    cursor: 'id',
    description: 'The viewer’s tokens that are not revoked, the newest first.',
    authScopes: { scope: 'ACCOUNT' },
    ...pageSizes,
    complexity: pageComplexity,
    totalCount: (_root, _args, { database, viewer }) => database.apiToken.count({ where: liveTokensOf(viewer.userId) }),
    resolve: (query, _root, _args, { database, viewer }) =>
      database.apiToken.findMany({ ...query, where: liveTokensOf(viewer.userId), orderBy: { id: 'desc' } }),
  }),
);

const liveTokensOf = (userId: string) => ({ userId, revokedAt: null });
