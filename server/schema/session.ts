import type { Failure } from '../../domain/failure.ts';
import type { RestoreReport } from '../../domain/snapshot.ts';
import type { Usage } from '../../domain/usage.ts';
import { builder } from './builder.ts';
import { HarnessKindEnum, SessionCauseEnum, SessionOutcomeEnum, SessionStateEnum } from './enums.ts';
import { FailureRef, RestoreReportRef, UsageRef, WaitingRef, waitingOf } from './values.ts';

builder.prismaNode('Session', {
  id: { field: 'id', description: 'The id.' },
  description: 'One execution of the agent in one workspace on one worker.',
  include: { run: { select: { teamId: true } } },
  authScopes: (session) => ({ team: session.run.teamId }),
  fields: (t) => ({
    run: t.relation('run', { description: 'The run it works on.' }),
    ordinal: t.exposeInt('ordinal', { description: 'Its place among the run’s sessions, from 1.' }),
    cause: t.expose('cause', { type: SessionCauseEnum, description: 'Why it was opened.' }),
    state: t.expose('state', { type: SessionStateEnum, description: 'Its state.' }),
    outcome: t.expose('outcome', {
      type: SessionOutcomeEnum,
      nullable: true,
      description: 'How it ended; null while it has not.',
    }),
    failure: t.field({
      type: FailureRef,
      nullable: true,
      description: 'What it failed with, or will when it closes.',
      resolve: (session) => session.failure as unknown as Failure | null,
    }),
    waitingFor: t.field({ type: WaitingRef, nullable: true, description: 'What it waits for.', resolve: waitingOf }),
    harness: t.expose('harness', { type: HarnessKindEnum, description: 'The kind of agent.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was opened, that is, queued.' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', nullable: true, description: 'When a worker took it.' }),
    endedAt: t.expose('endedAt', { type: 'DateTime', nullable: true, description: 'When it ended.' }),
    worker: t.exposeString('worker', { nullable: true, description: 'The worker that has or had it.' }),
    branch: t.exposeString('branch', { nullable: true, description: 'The branch it works on.' }),
    restoredFrom: t.relation('restoredFrom', {
      nullable: true,
      description: 'The snapshot whose workspace it opened with; null for none.',
    }),
    restoreReport: t.field({
      type: RestoreReportRef,
      nullable: true,
      description: 'What of that snapshot was applied.',
      resolve: (session) => session.restoreReport as unknown as RestoreReport | null,
    }),
    snapshot: t.prismaField({
      type: 'Snapshot',
      nullable: true,
      description: 'Its newest snapshot.',
      resolve: (query, session, _args, { database }) =>
        database.snapshot.findFirst({ ...query, where: { sessionId: session.id }, orderBy: { createdAt: 'desc' } }),
    }),
    usage: t.field({ type: UsageRef, description: 'What it consumed.', resolve: (session) => session.usage as unknown as Usage }),
  }),
});
