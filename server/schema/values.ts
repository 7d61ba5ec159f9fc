import type { Actor } from '../../domain/actor.ts';
import { actorName } from '../../domain/actor.ts';
import type { OpenedRepository } from '../../domain/events.ts';
import type { Failure } from '../../domain/failure.ts';
import type { PromptAnswer, PromptOption } from '../../domain/prompt.ts';
import type {
  CaptureGap,
  CaptureWarning,
  FileChange,
  NewerBase,
  RepositoryPosition,
  RestoreEntry,
  RestoreReport,
} from '../../domain/snapshot.ts';
import type { Wait } from '../../domain/states.ts';
import type { PlanEntry, ToolCall } from '../../domain/toolCall.ts';
import type { ModelUsage, Usage } from '../../domain/usage.ts';
import { builder } from './builder.ts';
import {
  ActorKindEnum,
  CaptureGapStatusEnum,
  ChangeStatusEnum,
  FailureOriginEnum,
  NewerBaseStateEnum,
  PlanStatusEnum,
  RestoreStatusEnum,
  RestoreSubjectEnum,
  ToolKindEnum,
  WaitEnum,
} from './enums.ts';

/** The plain values of the domain, as the API shows them. */

export const FailureRef = builder.objectRef<Failure>('Failure').implement({
  description: 'Why something failed: what happened, and what to try.',
  fields: (t) => ({
    origin: t.expose('origin', { type: FailureOriginEnum, description: 'Whose it is to mend.' }),
    code: t.exposeString('code', { description: 'A stable word for programs.' }),
    message: t.exposeString('message', { description: 'What happened and what to try, for people.' }),
    retryable: t.exposeBoolean('retryable', { description: 'Whether trying again may help.' }),
  }),
});

export interface Waiting {
  readonly for: Wait;
  readonly detail: string | null;
}

export const WaitingRef = builder.objectRef<Waiting>('Waiting').implement({
  description: 'What a run or session waits for.',
  fields: (t) => ({
    for: t.expose('for', { type: WaitEnum, description: 'The kind of wait.' }),
    detail: t.exposeString('detail', { nullable: true, description: 'In words: which repository, which command, how far.' }),
  }),
});

/** A wait as two columns hold it. */
export const waitingOf = (row: { waitingFor: Wait | null; waitingDetail: string | null }): Waiting | null =>
  row.waitingFor && { for: row.waitingFor, detail: row.waitingDetail };

const ModelUsageRef = builder.objectRef<ModelUsage>('ModelUsage').implement({
  description: 'Tokens that one model read and wrote.',
  fields: (t) => ({
    model: t.exposeString('model', { description: 'The provider’s name for it.' }),
    inputTokens: t.exposeFloat('inputTokens', { description: 'Read, those of the cache among them.' }),
    outputTokens: t.exposeFloat('outputTokens', { description: 'Written, those of reasoning among them.' }),
    cacheReadTokens: t.exposeFloat('cacheReadTokens', { description: 'Of the input: read from the provider’s cache.' }),
    cacheWriteTokens: t.exposeFloat('cacheWriteTokens', { description: 'Of the input: written to the provider’s cache.' }),
    reasoningTokens: t.exposeFloat('reasoningTokens', { description: 'Of the output: thinking.' }),
    costMicros: t.exposeFloat('costMicros', { description: 'Cost in millionths of a US dollar, where known.' }),
  }),
});

export const ToolCallRef = builder.objectRef<ToolCall>('ToolCall').implement({
  description: 'A call of a tool by an agent.',
  fields: (t) => ({
    id: t.exposeString('id', { description: 'The agent’s own id of the call.' }),
    name: t.exposeString('name', { description: 'The tool’s name, as the agent has it.' }),
    kind: t.expose('kind', { type: ToolKindEnum, description: 'What it does.' }),
  }),
});

export const PlanEntryRef = builder.objectRef<PlanEntry>('PlanEntry').implement({
  description: 'One step of what an agent means to do.',
  fields: (t) => ({
    content: t.exposeString('content', { description: 'The step, in the agent’s words.' }),
    status: t.expose('status', { type: PlanStatusEnum, description: 'How far it is with it.' }),
  }),
});

export const UsageRef = builder.objectRef<Usage>('Usage').implement({
  description: 'What was consumed. Times in milliseconds, memory in bytes, cost in millionths of a US dollar.',
  fields: (t) => ({
    wallMs: t.exposeFloat('wallMs', { description: 'Time that turns took.' }),
    cpuMs: t.exposeFloat('cpuMs', { description: 'Processor time of the agent and all it started.' }),
    peakMemoryBytes: t.exposeFloat('peakMemoryBytes', { description: 'The highest use of memory.' }),
    inputTokens: t.exposeFloat('inputTokens', { description: 'Tokens read by models.' }),
    outputTokens: t.exposeFloat('outputTokens', { description: 'Tokens written by models.' }),
    costMicros: t.exposeFloat('costMicros', { description: 'Cost in millionths of a US dollar, where known.' }),
    models: t.field({
      type: [ModelUsageRef],
      description: 'The tokens by model; none where no model was used.',
      resolve: ({ models }) => [...(models ?? [])],
    }),
  }),
});

export const ActorRef = builder.objectRef<Actor>('Actor').implement({
  description: 'Who caused something.',
  fields: (t) => ({
    kind: t.expose('kind', { type: ActorKindEnum, description: 'A person, an operator, or Baton.' }),
    name: t.string({ description: 'How they are named in a sentence.', resolve: (actor) => actorName(actor) }),
    user: t.prismaField({
      type: 'User',
      nullable: true,
      description: 'The person.',
      resolve: (query, actor, _args, { database }) =>
        actor.kind === 'USER' ? database.user.findUnique({ ...query, where: { id: actor.userId } }) : null,
    }),
  }),
});

export const FileChangeRef = builder.objectRef<FileChange>('FileChange').implement({
  description: 'A changed file.',
  fields: (t) => ({
    repository: t.exposeString('repository', { description: 'The repository’s folder in the workspace; `.` for the only one.' }),
    path: t.exposeString('path', { description: 'The path in the repository, as UTF-8.' }),
    oldPath: t.exposeString('oldPath', { nullable: true, description: 'Where a renamed file came from.' }),
    status: t.expose('status', { type: ChangeStatusEnum, description: 'What became of it.' }),
    additions: t.exposeInt('additions', { nullable: true, description: 'Lines added; null for a binary file.' }),
    deletions: t.exposeInt('deletions', { nullable: true, description: 'Lines taken away; null for a binary file.' }),
  }),
});

export const CaptureGapRef = builder.objectRef<CaptureGap>('CaptureGap').implement({
  description: 'An entry that a snapshot does not hold, and why.',
  fields: (t) => ({
    repository: t.exposeString('repository', { description: 'The repository’s folder in the workspace.' }),
    path: t.exposeString('path', { description: 'The path in the repository.' }),
    status: t.expose('status', { type: CaptureGapStatusEnum, description: 'Left out on purpose, or failed.' }),
    reason: t.exposeString('reason', { description: 'A stable word.' }),
    detail: t.exposeString('detail', { description: 'A sentence for people.' }),
  }),
});

export const CaptureWarningRef = builder.objectRef<CaptureWarning>('CaptureWarning').implement({
  description: 'An entry that a snapshot holds, and what people should know of it.',
  fields: (t) => ({
    repository: t.exposeString('repository', { description: 'The repository’s folder in the workspace.' }),
    path: t.exposeString('path', { description: 'The path in the repository.' }),
    reason: t.exposeString('reason', { description: 'A stable word, such as SECRET_LIKE.' }),
    detail: t.exposeString('detail', { description: 'A sentence for people. It never has what was found.' }),
  }),
});

export const RepositoryPositionRef = builder.objectRef<RepositoryPosition>('RepositoryPosition').implement({
  description: 'One repository as a snapshot found it.',
  fields: (t) => ({
    repository: t.exposeString('repository', { description: 'Its folder in the workspace.' }),
    url: t.exposeString('url', { description: 'Its remote.' }),
    branch: t.exposeString('branch', { nullable: true, description: 'The branch; null when HEAD is detached.' }),
    head: t.exposeString('head', { nullable: true, description: 'The commit of HEAD.' }),
    base: t.exposeString('base', { nullable: true, description: 'The commit that the run’s branch started from.' }),
    unpushedCommits: t.exposeInt('unpushedCommits', { description: 'Commits that are on no remote.' }),
  }),
});

export const OpenedRepositoryRef = builder.objectRef<OpenedRepository>('OpenedRepository').implement({
  description: 'One repository as a session opened it.',
  fields: (t) => ({
    repository: t.exposeString('repository', { description: 'Its folder in the workspace.' }),
    url: t.exposeString('url', { description: 'Its remote.' }),
    baseBranch: t.exposeString('baseBranch', { description: 'The remote’s branch that the work started from.' }),
    base: t.exposeString('base', { description: 'That branch’s commit.' }),
    branch: t.exposeString('branch', { description: 'The run’s own branch.' }),
  }),
});

const RestoreEntryRef = builder.objectRef<RestoreEntry>('RestoreEntry').implement({
  description: 'One line of a restore report. What was applied is summed up; what was not is named path by path.',
  fields: (t) => ({
    repository: t.exposeString('repository', { description: 'The repository’s folder in the workspace.' }),
    subject: t.expose('subject', { type: RestoreSubjectEnum, description: 'What the line speaks of.' }),
    path: t.exposeString('path', { nullable: true, description: 'The file, the branch; null for the whole subject.' }),
    status: t.expose('status', { type: RestoreStatusEnum, description: 'How it fared.' }),
    reason: t.exposeString('reason', { nullable: true, description: 'A stable word; null when applied.' }),
    detail: t.exposeString('detail', { description: 'A sentence for people.' }),
  }),
});

const NewerBaseRef = builder.objectRef<NewerBase>('NewerBase').implement({
  description: 'How one repository fared where its newest base was asked for.',
  fields: (t) => ({
    repository: t.exposeString('repository', { description: 'The repository’s folder in the workspace.' }),
    branch: t.exposeString('branch', { description: 'The branch whose newest commit was asked for.' }),
    state: t.expose('state', { type: NewerBaseStateEnum, description: 'Whether it was moved.' }),
    from: t.exposeString('from', { nullable: true, description: 'The commit that the snapshot builds on.' }),
    to: t.exposeString('to', { nullable: true, description: 'The commit that the workspace builds on now.' }),
    merged: t.exposeInt('merged', { description: 'Files that both had changed, and that were merged.' }),
    conflicts: t.exposeInt('conflicts', {
      description: 'Files that both had changed and that someone must look at: an entry for each says what to do.',
    }),
    merging: t.exposeBoolean('merging', {
      description: 'A merge is under way, as the run’s commits conflict with the base: committing ends it.',
    }),
    keptBranch: t.exposeString('keptBranch', {
      nullable: true,
      description: 'The branch that keeps the run’s commits, where the base’s history was rewritten.',
    }),
  }),
});

export const RestoreReportRef = builder.objectRef<RestoreReport>('RestoreReport').implement({
  description: 'What of a snapshot was applied to a workspace, and what was not and why.',
  fields: (t) => ({
    exact: t.exposeBoolean('exact', { description: 'Status, refs, index and all bytes are as they were captured.' }),
    applied: t.exposeInt('applied', { description: 'Entries that were applied.' }),
    notApplied: t.exposeInt('notApplied', { description: 'Entries that were not.' }),
    entries: t.field({
      type: [RestoreEntryRef],
      description: 'At most 500 lines, those not applied first.',
      resolve: (report) => [...report.entries],
    }),
    newerBase: t.field({
      type: [NewerBaseRef],
      description: 'One for each repository, where the newest base was asked for; empty elsewhere.',
      resolve: (report) => [...(report.newerBase ?? [])],
    }),
    tookMs: t.exposeInt('tookMs', { description: 'Milliseconds.' }),
  }),
});

export const PromptOptionRef = builder.objectRef<PromptOption>('PromptOption').implement({
  description: 'One way to answer a prompt.',
  fields: (t) => ({
    id: t.exposeString('id', { description: 'What to answer with.' }),
    label: t.exposeString('label', { description: 'What a person reads.' }),
  }),
});

export const PromptAnswerRef = builder.objectRef<PromptAnswer>('PromptAnswer').implement({
  description: 'A person’s answer.',
  fields: (t) => ({
    optionId: t.exposeString('optionId', { nullable: true, description: 'The option they chose.' }),
    text: t.exposeString('text', { nullable: true, description: 'What they wrote.' }),
  }),
});
