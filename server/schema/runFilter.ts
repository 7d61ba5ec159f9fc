import type { Prisma } from '../../prisma/generated/client/client.ts';
import { teamsOf, type Viewer } from '../auth/viewer.ts';
import { builder } from './builder.ts';
import { RunOriginEnum, RunStateEnum } from './enums.ts';

export const RunFilterInput = builder.inputType('RunFilter', {
  description: 'Which runs. What is not given does not matter.',
  fields: (t) => ({
    states: t.field({ type: [RunStateEnum], description: 'In one of these states.' }),
    teamId: t.id({ description: 'Of this team.' }),
    environmentId: t.id({ description: 'In this environment.' }),
    creatorId: t.id({ description: 'By this person.' }),
    origins: t.field({ type: [RunOriginEnum], description: 'Of one of these origins.' }),
    text: t.string({ description: 'Text that the title contains, whatever the case.' }),
    needsViewer: t.boolean({ description: 'Only runs that wait for an answer which the viewer may give.' }),
  }),
});

export type RunFilter = typeof RunFilterInput.$inferInput;

const RunOrderFieldEnum = builder.enumType('RunOrderField', {
  description: 'What runs are ordered by.',
  values: ['CREATED_AT', 'LAST_ACTIVITY_AT'] as const,
});
const OrderDirectionEnum = builder.enumType('OrderDirection', {
  description: 'Upwards or downwards.',
  values: ['ASC', 'DESC'] as const,
});

export const RunOrderInput = builder.inputType('RunOrder', {
  description: 'The order of runs.',
  fields: (t) => ({
    field: t.field({ type: RunOrderFieldEnum, required: true, description: 'By what.' }),
    direction: t.field({ type: OrderDirectionEnum, required: true, description: 'Which way.' }),
  }),
});

/** The rows that the viewer may see and the filter names. */
export function whereOf(viewer: Viewer, filter: RunFilter | null | undefined): Prisma.RunWhereInput {
  const { states, teamId, environmentId, creatorId, origins, text, needsViewer } = filter ?? {};
  return {
    teamId: { in: teamsOf(viewer).filter((id) => !teamId || id === teamId) },
    ...(environmentId && { environmentId }),
    ...(creatorId && { creatorId }),
    ...(states && { state: { in: [...states] } }),
    ...(origins && { origin: { in: [...origins] } }),
    ...(text && { title: { contains: text, mode: 'insensitive' } }),
    ...(needsViewer && { AND: [{ state: 'BLOCKED' }, answerableBy(viewer)] }),
  };
}

/** Runs whose prompt the viewer may answer: as in admission, not as a mere viewer, and local handoffs only as creator. */
const answerableBy = (viewer: Viewer): Prisma.RunWhereInput => ({
  teamId: { in: [...viewer.roles].filter(([, role]) => role !== 'VIEWER').map(([id]) => id) },
  OR: [{ origin: { not: 'LOCAL_HANDOFF' } }, { creatorId: viewer.userId }],
});

export function runOrderOf(order: typeof RunOrderInput.$inferInput | null | undefined): Prisma.RunOrderByWithRelationInput[] {
  const direction = order?.direction === 'ASC' ? 'asc' : 'desc';
  return [order?.field === 'CREATED_AT' ? { createdAt: direction } : { lastActivityAt: direction }, { id: direction }];
}
