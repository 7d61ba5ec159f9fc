import type { Actor } from '../../domain/actor.ts';
import type { AuditAction } from '../../domain/audit.ts';
import { parseId } from '../../domain/ids.ts';
import type { Via } from '../../domain/person.ts';
import { manages, maySee } from '../auth/viewer.ts';
import { ForbiddenError } from './apiError.ts';
import { builder } from './builder.ts';
import type { Context } from './context.ts';
import { AuditActionEnum, ViaKindEnum } from './enums.ts';
import { NotFoundError } from './errors.ts';
import { pageComplexity, pageSizes } from './pages.ts';
import { ActorRef } from './values.ts';

const ViaRef = builder.objectRef<Via>('Via').implement({
  description: 'By what someone was let in.',
  fields: (t) => ({
    kind: t.expose('kind', { type: ViaKindEnum, description: 'A sign-in or a token.' }),
    tokenId: t.id({
      nullable: true,
      description: 'The token.',
      resolve: (via) => (via.kind === 'TOKEN' ? via.tokenId : null),
    }),
    tokenName: t.string({
      nullable: true,
      description: 'What the token was called.',
      resolve: (via) => (via.kind === 'TOKEN' ? via.name : null),
    }),
  }),
});

builder.prismaNode('AuditEntry', {
  id: { field: 'id', description: 'The id.' },
  description: 'What someone did in a team. Names are as they were then; what is named may be gone.',
  authScopes: (entry, { viewer }) => (manages(viewer, entry.teamId) ? { scope: 'TEAM' } : false),
  fields: (t) => ({
    at: t.expose('at', { type: 'DateTime', description: 'When.' }),
    actor: t.field({ type: ActorRef, description: 'Who.', resolve: (entry) => entry.actor as unknown as Actor }),
    via: t.field({
      type: ViaRef,
      nullable: true,
      description: 'By what they were let in; null for operators, whom Temporal let in.',
      resolve: (entry) => entry.via as unknown as Via | null,
    }),
    action: t.field({ type: AuditActionEnum, description: 'What they did.', resolve: (entry) => entry.action as AuditAction }),
    targetId: t.exposeString('targetId', { description: 'The id of what they did it to.' }),
    targetName: t.exposeString('targetName', { description: 'What it was called.' }),
    detail: t.exposeString('detail', { nullable: true, description: 'More about it, such as the role before and after.' }),
  }),
});

const AuditFilterInput = builder.inputType('AuditFilter', {
  description: 'Which entries. What is not given does not matter.',
  fields: (t) => ({
    actions: t.field({ type: [AuditActionEnum], description: 'Of one of these actions.' }),
    actorId: t.id({ description: 'By this person.' }),
    targetId: t.id({ description: 'To this thing.' }),
  }),
});

builder.queryField('auditLog', (t) =>
  t.prismaConnection({
    type: 'AuditEntry',
    cursor: 'id',
    description: 'Who did what in a team, the newest first. For its admins.',
    authScopes: { scope: 'TEAM' },
    args: {
      teamId: t.arg.id({ required: true, description: 'The team.' }),
      filter: t.arg({ type: AuditFilterInput, description: 'Which entries.' }),
    },
    ...pageSizes,
    complexity: pageComplexity,
    totalCount: (_root, { teamId, filter }, context) =>
      context.database.auditEntry.count({ where: entriesOf(context, teamId, filter) }),
    resolve: (query, _root, { teamId, filter }, context) =>
      context.database.auditEntry.findMany({ ...query, where: entriesOf(context, teamId, filter), orderBy: { id: 'desc' } }),
  }),
);

function entriesOf({ viewer }: Context, given: string, filter: typeof AuditFilterInput.$inferInput | null | undefined) {
  const teamId = parseId('team', given);
  if (!teamId || !maySee(viewer, teamId)) throw new NotFoundError('team', given);
  if (!manages(viewer, teamId)) throw new ForbiddenError('Only an admin of the team may read its audit log.');
  const { actions, actorId, targetId } = filter ?? {};
  return {
    teamId,
    ...(actions && { action: { in: [...actions] } }),
    ...(actorId && { actorId }),
    ...(targetId && { targetId }),
  };
}
