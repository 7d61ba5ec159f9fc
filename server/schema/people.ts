import { builder } from './builder.ts';
import { manages } from '../auth/viewer.ts';
import { RoleEnum } from './enums.ts';
import { pageComplexity, pageSizes } from './pages.ts';
import type { Role } from '../../domain/person.ts';
import type { TeamId } from '../../domain/ids.ts';

builder.prismaObject('Membership', {
  description: 'A person’s place in a team.',
  fields: (t) => ({
    team: t.relation('team', { description: 'The team.' }),
    user: t.relation('user', { description: 'The person.' }),
    role: t.expose('role', { type: RoleEnum, description: 'What they may do there.' }),
    email: t.string({
      nullable: true,
      description: 'Their address, for the team’s admins; null for others.',
      select: { userId: true, teamId: true, user: { select: { email: true } } },
      resolve: ({ userId, teamId, user }, _args, { viewer }) =>
        userId === viewer.userId || manages(viewer, teamId) ? user.email : null,
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When they came to the team.' }),
  }),
});

builder.prismaNode('User', {
  id: { field: 'id', description: 'The id.' },
  description: 'A person.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'What they are called.' }),
    email: t.string({
      nullable: true,
      description: 'The viewer’s own address; null for other people.',
      resolve: (user, _args, { viewer }) => (user.id === viewer.userId ? user.email : null),
    }),
    memberships: t.prismaField({
      type: ['Membership'],
      nullable: true,
      description: 'The viewer’s own memberships; null for other people.',
      resolve: (query, user, _args, { viewer, database }) =>
        user.id === viewer.userId
          ? database.membership.findMany({ ...query, where: { userId: user.id }, orderBy: { teamId: 'asc' } })
          : null,
    }),
  }),
});

builder.prismaNode('Team', {
  id: { field: 'id', description: 'The id.' },
  description: 'People who share runs and environments.',
  authScopes: (team) => ({ team: team.id }),
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Its name.' }),
    slug: t.exposeString('slug', { description: 'Its short name, in addresses and in Temporal.' }),
    viewerRole: t.field({
      type: RoleEnum,
      description: 'What the viewer may do here.',
      resolve: (team, _args, { viewer }): Role => viewer.roles.get(team.id as TeamId) ?? 'VIEWER',
    }),
    members: t.relatedConnection('memberships', {
      cursor: 'userId_teamId',
      description: 'Who is in it, in the order in which they were made known to Baton.',
      ...pageSizes,
      complexity: pageComplexity,
      totalCount: true,
      query: { orderBy: { userId: 'asc' } },
    }),
  }),
});
