import {
  HarnessKindEnum,
  NoticeCodeEnum,
  NoticeLevelEnum,
  PushProblemEnum,
  SessionCauseEnum,
  SessionOutcomeEnum,
  SessionStateEnum,
  SnapshotKindEnum,
} from './enums.ts';
import { EventInterface, eventRef } from './event.ts';
import {
  ActorRef,
  CaptureGapRef,
  CaptureWarningRef,
  FailureRef,
  FileChangeRef,
  OpenedRepositoryRef,
  RestoreReportRef,
  WaitingRef,
} from './values.ts';

const interfaces = [EventInterface];

eventRef('session.opened').implement({
  description: 'A session was opened: it waits for a worker.',
  interfaces,
  fields: (t) => ({
    sessionId: t.id({ description: 'The session.', resolve: ({ event }) => event.sessionId }),
    ordinal: t.int({ description: 'Its place among the run’s sessions.', resolve: ({ event }) => event.ordinal }),
    cause: t.field({ type: SessionCauseEnum, description: 'Why.', resolve: ({ event }) => event.cause }),
    harness: t.field({ type: HarnessKindEnum, description: 'The kind of agent.', resolve: ({ event }) => event.harness }),
    restoreFrom: t.id({
      nullable: true,
      description: 'The snapshot that it restores.',
      resolve: ({ event }) => event.restoreFrom,
    }),
  }),
});

eventRef('session.state').implement({
  description: 'The session changed its state.',
  interfaces,
  fields: (t) => ({
    from: t.field({ type: SessionStateEnum, description: 'What it was.', resolve: ({ event }) => event.from }),
    to: t.field({ type: SessionStateEnum, description: 'What it is.', resolve: ({ event }) => event.to }),
    worker: t.string({ nullable: true, description: 'The worker that took it.', resolve: ({ event }) => event.worker }),
    outcome: t.field({
      type: SessionOutcomeEnum,
      nullable: true,
      description: 'How it ended.',
      resolve: ({ event }) => event.outcome,
    }),
    failure: t.field({ type: FailureRef, nullable: true, description: 'Why it failed.', resolve: ({ event }) => event.failure }),
  }),
});

eventRef('session.waiting').implement({
  description: 'What the preparing session waits for changed.',
  interfaces,
  fields: (t) => ({ waiting: t.field({ type: WaitingRef, description: 'What for.', resolve: ({ event }) => event }) }),
});

eventRef('session.failed').implement({
  description: 'The session could not be prepared or went wrong; it closes.',
  interfaces,
  fields: (t) => ({ failure: t.field({ type: FailureRef, description: 'Why.', resolve: ({ event }) => event.failure }) }),
});

eventRef('session.endRequested').implement({
  description: 'Someone asked that the session ends after its turn.',
  interfaces,
  fields: (t) => ({ actor: t.field({ type: ActorRef, description: 'Who.', resolve: ({ event }) => event.actor }) }),
});

eventRef('workspace.opened').implement({
  description: 'The repositories are there.',
  interfaces,
  fields: (t) => ({
    repositories: t.field({
      type: [OpenedRepositoryRef],
      description: 'Each with its branch.',
      resolve: ({ event }) => [...event.repositories],
    }),
    tookMs: t.int({ description: 'Milliseconds.', resolve: ({ event }) => Math.round(event.tookMs) }),
  }),
});

eventRef('workspace.restored').implement({
  description: 'The snapshot was put back.',
  interfaces,
  fields: (t) => ({
    snapshotId: t.id({ description: 'The snapshot.', resolve: ({ event }) => event.report.snapshotId }),
    report: t.field({
      type: RestoreReportRef,
      description: 'What was applied, and what was not and why.',
      resolve: ({ event }) => event.report,
    }),
  }),
});

eventRef('snapshot.captured').implement({
  description: 'The workspace was captured.',
  interfaces,
  fields: (t) => ({
    snapshotId: t.id({ description: 'The snapshot.', resolve: ({ event }) => event.snapshotId }),
    kind: t.field({
      type: SnapshotKindEnum,
      description: 'A checkpoint, or the session’s last.',
      resolve: ({ event }) => event.kind,
    }),
    quiesced: t.boolean({
      description: 'False when processes could still write.',
      resolve: ({ event }) => event.summary.quiesced,
    }),
    changes: t.field({
      type: [FileChangeRef],
      description: 'Files changed against the base; at most 500.',
      complexity: 20,
      resolve: ({ event }) => [...event.summary.changes],
    }),
    changedFiles: t.int({
      description: 'How many files changed against the base.',
      resolve: ({ event }) => event.summary.changedFiles,
    }),
    gaps: t.field({
      type: [CaptureGapRef],
      description: 'Entries that it does not hold, and why; at most 200.',
      complexity: 20,
      resolve: ({ event }) => [...event.summary.gaps],
    }),
    gapCount: t.int({ description: 'How many entries it does not hold.', resolve: ({ event }) => event.summary.gapCount }),
    warnings: t.field({
      type: [CaptureWarningRef],
      description: 'Entries that look like secrets, by the environment’s policy; at most 200.',
      complexity: 20,
      resolve: ({ event }) => [...(event.summary.warnings ?? [])],
    }),
    warningCount: t.int({
      description: 'How many entries look like secrets.',
      resolve: ({ event }) => event.summary.warningCount ?? 0,
    }),
    entries: t.int({ description: 'How many entries it holds.', resolve: ({ event }) => event.summary.entries }),
    bytes: t.float({ description: 'Bytes it refers to, before compression.', resolve: ({ event }) => event.summary.bytes }),
    storedBytes: t.float({
      description: 'Bytes that were new to the store, as stored.',
      resolve: ({ event }) => event.summary.storedBytes,
    }),
    tookMs: t.int({ description: 'Milliseconds.', resolve: ({ event }) => Math.round(event.summary.tookMs) }),
  }),
});

eventRef('snapshot.failed').implement({
  description: 'A capture was given up. It never fails a run.',
  interfaces,
  fields: (t) => ({
    kind: t.field({
      type: SnapshotKindEnum,
      description: 'A checkpoint, or the session’s last.',
      resolve: ({ event }) => event.kind,
    }),
    failure: t.field({ type: FailureRef, description: 'Why.', resolve: ({ event }) => event.failure }),
  }),
});

eventRef('branch.pushed').implement({
  description: 'The run’s branch was pushed to the remote.',
  interfaces,
  fields: (t) => ({
    repository: t.string({
      description: 'The repository’s folder in the workspace; `.` for the only one.',
      resolve: ({ event }) => event.repository,
    }),
    url: t.string({ description: 'The remote, without credentials.', resolve: ({ event }) => event.url }),
    branch: t.string({ description: 'The branch, here and there.', resolve: ({ event }) => event.branch }),
    commit: t.string({ description: 'The commit that the remote’s branch is at now.', resolve: ({ event }) => event.commit }),
    commits: t.int({
      description: 'How many of its commits the remote’s branch did not have.',
      resolve: ({ event }) => event.commits,
    }),
  }),
});

eventRef('branch.notPushed').implement({
  description: 'The run’s branch was to be pushed and was not. The run goes on, and its snapshot has the commits.',
  interfaces,
  fields: (t) => ({
    repository: t.string({
      description: 'The repository’s folder in the workspace; `.` for the only one.',
      resolve: ({ event }) => event.repository,
    }),
    url: t.string({ description: 'The remote, without credentials.', resolve: ({ event }) => event.url }),
    branch: t.string({ description: 'The branch.', resolve: ({ event }) => event.branch }),
    commit: t.string({
      nullable: true,
      description: 'The commit that it was at; null when that could not be read.',
      resolve: ({ event }) => event.commit,
    }),
    reason: t.field({ type: PushProblemEnum, description: 'Why.', resolve: ({ event }) => event.reason }),
    detail: t.string({
      description: 'What happened and what to try, with what the remote said.',
      resolve: ({ event }) => event.detail,
    }),
  }),
});

eventRef('notice').implement({
  description: 'Something to know before what follows.',
  interfaces,
  fields: (t) => ({
    level: t.field({ type: NoticeLevelEnum, description: 'How much it matters.', resolve: ({ event }) => event.level }),
    code: t.field({ type: NoticeCodeEnum, description: 'What it is about.', resolve: ({ event }) => event.code }),
    message: t.string({ description: 'A sentence for people.', resolve: ({ event }) => event.message }),
  }),
});
