import { builder } from './builder.ts';
import { maySee, teamsOf } from '../auth/viewer.ts';
import { runOrderOf, RunFilterInput, RunOrderInput, whereOf } from './runFilter.ts';
import { parseId } from '../../domain/ids.ts';
import { pageComplexity, pageSizes } from './pages.ts';
import type { Context } from './context.ts';

builder.queryFields((t) => ({
  viewer: t.prismaField({
    type: 'User',
    description: 'Who asks.',
    resolve: (query, _root, _args, { database, viewer }) =>
      database.user.findUniqueOrThrow({ ...query, where: { id: viewer.userId } }),
  }),
  run: t.prismaField({
    type: 'Run',
    nullable: true,
    description: 'A run; null when it does not exist for the viewer.',
    args: { id: t.arg.id({ required: true, description: 'The run’s id.' }) },
    resolve: async (query, _root, { id }, context) => {
      if (!parseId('run', id)) return null;
      const run = await context.database.run.findUnique({ ...query, where: { id } });
      return run && maySee(context.viewer, run.teamId) ? run : null;
    },
  }),
  runs: t.prismaConnection({
    type: 'Run',
    cursor: 'id',
    description: 'Runs of the viewer’s teams, the latest activity first unless ordered otherwise.',
    ...pageSizes,
    args: {
      filter: t.arg({ type: RunFilterInput, description: 'Which ones.' }),
      orderBy: t.arg({ type: RunOrderInput, description: 'In which order.' }),
    },
    complexity: pageComplexity,
    totalCount: (_root, { filter }, { database, viewer }) => database.run.count({ where: whereOf(viewer, filter) }),
    resolve: (query, _root, { filter, orderBy }, { database, viewer }) =>
      database.run.findMany({ ...query, where: whereOf(viewer, filter), orderBy: runOrderOf(orderBy) }),
  }),
  environments: t.prismaConnection({
    type: 'Environment',
    cursor: 'id',
    description: 'Environments of the viewer’s teams, by name.',
    ...pageSizes,
    args: { teamId: t.arg.id({ description: 'Only this team’s.' }) },
    complexity: pageComplexity,
    totalCount: (_root, { teamId }, { database, viewer }) =>
      database.environment.count({ where: environmentsOf(viewer, teamId) }),
    resolve: (query, _root, { teamId }, { database, viewer }) =>
      database.environment.findMany({
        ...query,
        where: environmentsOf(viewer, teamId),
        orderBy: [{ name: 'asc' }, { id: 'asc' }],
      }),
  }),
}));

const environmentsOf = (viewer: Context['viewer'], teamId: string | null | undefined) => ({
  teamId: { in: teamsOf(viewer).filter((id) => !teamId || id === teamId) },
});
