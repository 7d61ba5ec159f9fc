import type { RunToAdmit } from '../../domain/admission.ts';
import type { Failure } from '../../domain/failure.ts';
import { runWorkflowId, type MessageId, type PromptId, type RunId, type SnapshotId, type UserId } from '../../domain/ids.ts';
import type { PromptAnswer, PromptOption } from '../../domain/prompt.ts';
import type { Usage } from '../../domain/usage.ts';
import { personIn } from '../auth/viewer.ts';
import { transcriptUrls } from '../exports/addresses.ts';
import { ArtifactInterface } from './artifact.ts';
import { builder } from './builder.ts';
import { HarnessRef } from './harness.ts';
import { HarnessKindEnum, RunOriginEnum, RunStateEnum } from './enums.ts';
import { RunPermissionsRef } from './permissions.ts';
import { FailureRef, UsageRef, WaitingRef, waitingOf } from './values.ts';

const RunExportsRef = builder.objectRef<{ jsonl: string; markdown: string }>('RunExports').implement({
  description: 'Addresses of a run’s transcript as files. They take the same sign-in or token as the API.',
  fields: (t) => ({
    jsonl: t.exposeString('jsonl', { description: 'As JSON lines: every event of the log.' }),
    markdown: t.exposeString('markdown', { description: 'As Markdown, for people.' }),
  }),
});

const liveSession = { where: { state: { not: 'ENDED' } }, orderBy: { ordinal: 'desc' }, take: 1 } as const;

builder.prismaNode('Run', {
  id: { field: 'id', description: 'The id.' },
  description: 'A unit of work with one conversation, executed by one session after another.',
  authScopes: (run) => ({ team: run.teamId }),
  fields: (t) => ({
    version: t.exposeInt('version', {
      description: 'Raised by every change of what this type shows; lets a client ignore an older answer.',
    }),
    title: t.exposeString('title', { description: 'What it is called.' }),
    state: t.expose('state', { type: RunStateEnum, description: 'Its state.' }),
    waitingFor: t.field({
      type: WaitingRef,
      nullable: true,
      description: 'What it waits for: while queued and blocked itself, else what its session waits for.',
      select: { waitingFor: true, waitingDetail: true, sessions: liveSession },
      resolve: (run) => {
        const [session] = run.sessions;
        const own = waitingOf(run);
        return session && (session.state !== 'QUEUED' || !own) && run.state !== 'BLOCKED' ? waitingOf(session) : own;
      },
    }),
    cancelRequestedAt: t.expose('cancelRequestedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When someone asked to cancel it, until it has ended.',
    }),
    failure: t.field({
      type: FailureRef,
      nullable: true,
      description: 'Why it failed.',
      resolve: (run) => run.failure as unknown as Failure | null,
    }),
    origin: t.expose('origin', { type: RunOriginEnum, description: 'Where it came from.' }),
    creator: t.relation('creator', { description: 'Who created it.' }),
    team: t.relation('team', { description: 'Whose it is.' }),
    environment: t.relation('environment', { description: 'What its sessions work in.' }),
    harness: t.expose('harness', { type: HarnessKindEnum, description: 'The kind of agent of its next session.' }),
    agent: t.field({
      type: HarnessRef,
      description: 'The kind of agent of its next session, with what it can do.',
      resolve: (run) => run.harness,
    }),
    branch: t.exposeString('branch', {
      nullable: true,
      description: 'Its own branch; null before its first session has opened the workspace.',
    }),
    sessions: t.relation('sessions', {
      description: 'Its sessions, the first one first.',
      query: { orderBy: { ordinal: 'asc' } },
    }),
    liveSession: t.prismaField({
      type: 'Session',
      nullable: true,
      description: 'The session that is not over; null between sessions.',
      resolve: (query, run, _args, { database }) =>
        database.session.findFirst({ ...query, where: { runId: run.id, ...liveSession.where } }),
    }),
    lastSeq: t.int({
      description: 'The sequence number of the newest event of its log.',
      select: { head: { select: { lastSeq: true } } },
      resolve: (run) => run.head?.lastSeq ?? 0,
    }),
    queuedMessages: t.relation('messages', {
      description: 'Messages that wait, in the order received.',
      query: { where: { state: 'PENDING' }, orderBy: { seq: 'asc' } },
    }),
    returnedMessages: t.relation('messages', {
      description: 'Messages that came back without having reached an agent, the newest first; at most 20.',
      query: { where: { state: 'RETURNED' }, orderBy: { seq: 'desc' }, take: 20 },
    }),
    openPrompt: t.prismaField({
      type: 'Prompt',
      nullable: true,
      description: 'The prompt that waits for an answer.',
      resolve: (query, run, _args, { database }) =>
        database.prompt.findFirst({ ...query, where: { runId: run.id, state: 'OPEN' } }),
    }),
    latestSnapshot: t.relation('latestSnapshot', { nullable: true, description: 'The snapshot that the next session restores.' }),
    artifacts: t.field({
      type: [ArtifactInterface],
      description: 'What it has left outside Baton, the oldest first: branches that were pushed, each as it was pushed last.',
      select: { artifacts: { orderBy: [{ at: 'asc' }, { url: 'asc' }] } },
      resolve: (run) => run.artifacts,
    }),
    usage: t.field({
      type: UsageRef,
      description: 'What all its sessions consumed.',
      resolve: (run) => run.usage as unknown as Usage,
    }),
    viewerCan: t.field({
      type: RunPermissionsRef,
      description: 'What the viewer may do with it now.',
      select: {
        id: true,
        sessions: { select: { state: true }, orderBy: { ordinal: 'desc' }, take: 1 },
        messages: { select: { id: true, state: true }, where: { state: 'PENDING' }, take: 101 },
        prompts: { where: { state: { in: ['OPEN', 'ANSWERED'] } }, orderBy: { createdAt: 'desc' }, take: 1 },
      },
      resolve: (run, _args, { viewer }) => ({ run: admitted(run), person: personIn(viewer, run.teamId) }),
    }),
    exports: t.field({
      type: RunExportsRef,
      description: 'Where its transcript can be downloaded.',
      resolve: (run, _args, { publicUrl }) => transcriptUrls(publicUrl, run.id as RunId),
    }),
    activity: t.exposeString('activity', {
      nullable: true,
      description: 'What it does now, in one line: the running command, the open question.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
    lastActivityAt: t.expose('lastActivityAt', { type: 'DateTime', description: 'When it last changed.' }),
    endedAt: t.expose('endedAt', { type: 'DateTime', nullable: true, description: 'When it ended; null while it has not.' }),
    workflowId: t.string({
      description: 'Temporal’s Workflow Id, for operators.',
      resolve: (run) => runWorkflowId(run.id as RunId),
    }),
  }),
});

interface AdmittedRow {
  id: string;
  state: RunToAdmit['state'];
  origin: RunToAdmit['origin'];
  creatorId: string;
  hasConversation: boolean;
  snapshotId: string | null;
  turn: unknown;
  sessions: { state: NonNullable<RunToAdmit['session']>['state'] }[];
  messages: { id: string; state: 'PENDING' | 'DELIVERED' | 'RETURNED' | 'WITHDRAWN' }[];
  prompts: {
    id: string;
    kind: 'PERMISSION' | 'QUESTION';
    question: string;
    options: unknown;
    freeText: boolean;
    state: 'OPEN' | string;
    answer: unknown;
  }[];
}

/** A row as admission looks at it. */
function admitted(row: AdmittedRow): RunToAdmit {
  const [prompt] = row.prompts;
  return {
    id: row.id as RunId,
    state: row.state,
    origin: row.origin,
    creatorId: row.creatorId as UserId,
    hasConversation: row.hasConversation,
    snapshotId: row.snapshotId as SnapshotId | null,
    session: row.sessions[0] ?? null,
    turn: row.turn as RunToAdmit['turn'],
    pending: row.messages.map(({ id, state }) => ({ id: id as MessageId, state })),
    prompt: prompt
      ? {
          promptId: prompt.id as PromptId,
          kind: prompt.kind,
          question: prompt.question,
          options: prompt.options as PromptOption[],
          freeText: prompt.freeText,
          state: prompt.state === 'OPEN' ? 'OPEN' : 'ANSWERED',
          answer: prompt.answer as PromptAnswer | null,
          answeredBy: null,
        }
      : null,
  };
}
