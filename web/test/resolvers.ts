import {
  admitAnswer,
  admitCancel,
  admitContinue,
  admitEndSession,
  admitFirstMessage,
  admitFollowUp,
  admitInterrupt,
  admitWithdraw,
  refuseAnswer,
  refuseCancel,
  refuseContinue,
  refuseDelete,
  refuseEndSession,
  refuseFollowUp,
  refuseFork,
  refuseInterrupt,
  refuseRedact,
} from '../../domain/admission.ts';
import type { Actor } from '../../domain/actor.ts';
import type { EventType, RunEvent } from '../../domain/events.ts';
import {
  runWorkflowId,
  type EnvironmentId,
  type MessageId,
  type PromptId,
  type RunId,
  type SnapshotId,
} from '../../domain/ids.ts';
import { mergeChunks, type PagedEvent } from '../../domain/mergeChunks.ts';
import { actorName } from '../../domain/actor.ts';
import type { Decision, Refusal } from '../../domain/refusal.ts';
import type { ConflictWay, RestoreReport, SnapshotSummary } from '../../domain/snapshot.ts';
import { isEnded } from '../../domain/states.ts';
import { filesOfPatch } from '../changes/patch.ts';
import type { Usage } from '../../domain/usage.ts';
import type { StandInMessage, StandInRun, StandInSession, StandInSnapshot } from './standInRun.ts';
import { refuseSecret, type NewSecret } from '../../domain/secret.ts';
import { newId, type StandInEnvironment, type StandInSecret, type World } from './world.ts';

type Args = Record<string, never>;
interface Input {
  readonly input: Record<string, unknown>;
}

const typeNames: Partial<Record<EventType, string>> = {
  'run.state': 'RunStateChangedEvent',
  'run.cancelRequested': 'CancelRequestedEvent',
  'session.state': 'SessionStateChangedEvent',
  'session.endRequested': 'EndRequestedEvent',
  notice: 'NoticeEvent',
  'turn.rolledBack': 'TurnRolledBackEvent',
  'turn.interruptRequested': 'InterruptRequestedEvent',
};

const typeName = (type: EventType): string =>
  typeNames[type] ??
  `${type
    .split('.')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')}Event`;

const actor = (who: Actor) => ({
  kind: who.kind,
  name: actorName(who),
  user: who.kind === 'USER' ? { id: who.userId, name: who.name } : null,
});

const reportView = (report: RestoreReport): object => ({ ...report, newerBase: report.newerBase ?? [] });
const summaryView = (summary: SnapshotSummary) => ({
  ...summary,
  warnings: summary.warnings ?? [],
  warningCount: summary.warningCount ?? 0,
});
const usageView = (usage: Usage) => ({ ...usage, models: usage.models ?? [] });

/** The fields of an event as the API names them. */
function fieldsOf(event: RunEvent): object {
  switch (event.type) {
    case 'run.waiting':
    case 'session.waiting':
      return { waiting: { for: event.for, detail: event.detail } };
    case 'run.continued':
      return {
        ...event,
        actor: actor(event.actor),
        restore: event.restore.kind,
        base: event.newest ? 'NEWEST' : 'KEEP',
        conflicts: event.newest ?? null,
        snapshotId: event.restore.kind === 'SNAPSHOT' ? event.restore.snapshotId : null,
      };
    case 'turn.ended':
      return { ...event, usage: usageView(event.usage) };
    case 'message.added':
      return { ...event, author: actor(event.author) };
    case 'workspace.restored':
      return { snapshotId: event.report.snapshotId, report: reportView(event.report) };
    case 'snapshot.captured':
      return { ...event, ...summaryView(event.summary) };
    default:
      return 'actor' in event ? { ...event, actor: actor(event.actor) } : event;
  }
}

export const eventView = ({ seq, fromSeq, at, session, redaction, event }: PagedEvent): object => ({
  ...fieldsOf(event),
  __typename: typeName(event.type),
  seq,
  ...(event.type === 'item.chunk' && { fromSeq }),
  at: at.toISOString(),
  sessionOrdinal: session,
  redaction: redaction && { ...redaction, actor: actor(redaction.actor) },
});

const codes: Record<Refusal['kind'], string> = {
  FORBIDDEN: 'ForbiddenError',
  INVALID_INPUT: 'InvalidInputError',
  RUN_BLOCKED: 'RunBlockedError',
  RUN_NOT_CONTINUABLE: 'RunNotContinuableError',
  RUN_NOT_LIVE: 'RunNotLiveError',
  LAST_ADMIN: 'LastAdminError',
  QUOTA_EXCEEDED: 'QuotaExceededError',
  MESSAGE_NOT_PENDING: 'MessageNotPendingError',
  PROMPT_NOT_OPEN: 'PromptNotOpenError',
  RUN_ACTIVE: 'RunActiveError',
  EVENT_NOT_REDACTABLE: 'EventNotRedactableError',
};

const refusalView = (refusal: Refusal): object => ({
  ...refusal,
  __typename: codes[refusal.kind],
  code: refusal.kind,
  answeredBy: null,
});
const permission = (refusal: Refusal | null) => ({
  allowed: refusal === null,
  reason: refusal?.message ?? null,
  code: refusal?.kind ?? null,
});
const notFound = (id: string) => ({
  __typename: 'NotFoundError',
  code: 'NOT_FOUND',
  message: `There is nothing with the id ${id}.`,
  id,
});

/** The API over a world in memory. */
export class Resolvers {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  viewer = (): object => ({
    ...this.#world.viewer,
    email: null,
    memberships: [{ team: this.#team(), role: this.#world.role }],
  });

  run = ({ id }: { id: string }): object | null => {
    const run = this.#world.runs.get(id as RunId);
    return run ? this.runView(run) : null;
  };

  runs = ({ filter, first, after }: { filter?: Record<string, never>; first?: number; after?: string }): object => {
    const all = [...this.#world.runs.values()]
      .filter((run) => this.#matches(run, filter ?? {}))
      .sort((a, b) => b.lastActivityAt.getTime() - a.lastActivityAt.getTime());
    const from = after ? Number(after) : 0;
    const nodes = all.slice(from, from + (first ?? 20));
    return {
      totalCount: all.length,
      edges: nodes.map((run, index) => ({ cursor: String(from + index + 1), node: this.runView(run) })),
      pageInfo: { hasNextPage: from + nodes.length < all.length, endCursor: String(from + nodes.length) },
    };
  };

  environments = ({ first = 20, after }: { first?: number; after?: string }): object => {
    const all = this.#world.environments;
    const from = after ? Number(after) : 0;
    const nodes = all.slice(from, from + first);
    return {
      totalCount: all.length,
      edges: nodes.map((environment, index) => ({ cursor: String(from + index + 1), node: this.#environment(environment) })),
      pageInfo: { hasNextPage: from + nodes.length < all.length, endCursor: String(from + nodes.length) },
    };
  };

  node = ({ id }: { id: string }): object | null => {
    for (const run of this.#world.runs.values()) {
      const snapshot = run.snapshots.get(id as SnapshotId);
      if (snapshot) return { __typename: 'Snapshot', ...this.#snapshot(run, snapshot) };
      const message = run.messages.get(id as MessageId);
      if (message) return { __typename: 'Message', ...this.#message(message) };
    }
    const environment = this.#world.environments.find((each) => each.id === id);
    return environment ? { __typename: 'Environment', ...this.#environment(environment) } : null;
  };

  setEnvironmentSecret = ({ input }: Input): object => {
    const { environmentId, value, clientKey: _key, ...given } = input as unknown as NewSecret & Record<string, string>;
    const secret = { ...given, host: given.host ?? null, username: given.username ?? null, knownHosts: given.knownHosts ?? null };
    const problem = refuseSecret({ ...secret, value });
    if (problem) return { __typename: 'InvalidInputError', code: 'INVALID_INPUT', ...problem };
    const set = this.#world.setSecret(environmentId ?? '', secret);
    return { __typename: 'SetEnvironmentSecretPayload', secret: this.#secret(set) };
  };

  removeEnvironmentSecret = ({ input }: Input): object => {
    const { environmentId = '', name = '' } = input as Record<string, string>;
    if (!this.#world.secrets.get(environmentId)?.delete(name)) return notFound(name);
    return { __typename: 'RemoveEnvironmentSecretPayload', name };
  };

  /** What differs between two snapshots of a stand-in: what the later one says of itself, if they are not alike. */
  snapshotDifference = (args: { before: string; after: string }): object => {
    const find = (id: string) => {
      for (const run of this.#world.runs.values()) {
        const snapshot = run.snapshots.get(id as SnapshotId);
        if (snapshot) return { run, snapshot };
      }
      return null;
    };
    const [before, after] = [find(args.before), find(args.after)];
    if (!before || !after)
      return { __typename: 'NotFoundError', code: 'NOT_FOUND', message: 'There is no such snapshot.', id: args.before };
    const { summary } = after.snapshot;
    if (after.run.gone.has(args.after))
      return {
        __typename: 'SnapshotGoneError',
        code: 'SNAPSHOT_GONE',
        message: 'What the snapshot holds can no longer be read, so it cannot be compared.',
        snapshotId: args.after,
      };
    const same = JSON.stringify(before.snapshot.summary.changes) === JSON.stringify(summary.changes);
    const patches = filesOfPatch(after.run.patches.get(after.snapshot.id) ?? '');
    const files = same ? [] : summary.changes;
    return {
      __typename: 'SnapshotDifference',
      before: this.#snapshot(before.run, before.snapshot),
      after: this.#snapshot(after.run, after.snapshot),
      same,
      fileCount: files.length,
      repositories: summary.repositories.map(({ repository, branch, head, base }) => ({
        repository,
        presence: 'BOTH',
        headMoved: !same,
        headBefore: same ? null : { branch, commit: base },
        headAfter: same ? null : { branch, commit: head },
        refs: [],
        refCount: same ? 0 : 1,
        index: [],
        indexCount: 0,
        comparable: true,
      })),
      files: ({ first = 50, after: cursor }: { first?: number; after?: string | null }) => {
        const from = cursor ? Number(cursor) : 0;
        const page = files.slice(from, from + first);
        return {
          edges: page.map((file, n) => {
            const text = patches.find(({ path }) => path === file.path)?.text ?? null;
            const kind = file.additions === null ? 'BINARY' : text === null ? 'ELSEWHERE' : 'TEXT';
            const { additions, deletions } = file;
            return {
              cursor: String(from + n + 1),
              node: {
                ...file,
                modeBefore: '644',
                modeAfter: '644',
                patch: { kind, text: kind === 'TEXT' ? text : null, additions, deletions },
              },
            };
          }),
          pageInfo: { hasNextPage: from + page.length < files.length, endCursor: String(from + page.length) },
        };
      },
    };
  };

  createRun = ({ input }: Input): object => {
    const { environmentId, text, title, origin, idleSeconds, clientKey } = input as Record<string, string>;
    return this.#once(clientKey ?? '', input, 'CreateRunPayload', (id) => {
      const first = (text ?? '').split('\n').find((line) => line.trim() !== '') ?? '';
      const decision = admitFirstMessage(this.#world.person, { messageId: newId('msg') as MessageId, text: text ?? '' });
      if (!decision.ok) return refusalView(decision.refusal);
      const run = this.#world.addRun({
        id: id as RunId,
        title: title ?? first.slice(0, 80),
        origin: (origin ?? 'API') as never,
        environmentId: environmentId as EnvironmentId,
        idleSeconds: Number(idleSeconds ?? 300),
      });
      run.append(...decision.events);
      return null;
    });
  };

  createEnvironment = ({ input }: Input): object => {
    const { clientKey, name, repositories } = input as { clientKey: string; name: string; repositories: { url: string }[] };
    if (repositories.some(({ url }) => url.startsWith('-'))) {
      return {
        __typename: 'InvalidInputError',
        code: 'INVALID_INPUT',
        field: 'repositories',
        message: 'That is not the address of a repository.',
      };
    }
    const known = this.#world.made.get(clientKey);
    const made =
      this.#world.environments.find(({ id }) => id === known?.id) ??
      this.#world.addEnvironment({
        ...input,
        name,
        repositories: repositories.map((one) => ({ branch: null, path: '.', push: false, snapshot: { ignored: [] }, ...one })),
      });
    this.#world.made.set(clientKey, { body: '', id: made.id });
    return { __typename: 'CreateEnvironmentPayload', environment: this.#environment(made) };
  };

  sendFollowUp = ({ input }: Input): object => {
    const { clientKey, runId, text } = input as Record<string, string>;
    const run = this.#world.runs.get(runId as RunId);
    if (!run) return notFound(runId ?? '');
    const known = this.#world.made.get(clientKey ?? '');
    const messageId = (known?.id ?? newId('msg')) as MessageId;
    if (!known) {
      const decision = admitFollowUp(run.state, this.#world.person, { messageId, text: text ?? '', clientKey: clientKey ?? '' });
      if (!decision.ok) return this.#refused(run, decision.refusal);
      this.#world.made.set(clientKey ?? '', { body: '', id: messageId });
      run.append(...decision.events);
    }
    return {
      __typename: 'SendFollowUpPayload',
      run: this.runView(run),
      followUp: () => this.#message(run.messages.get(messageId) as StandInMessage),
    };
  };

  continueRun = ({ input }: Input): object => {
    const { runId, text, fromSnapshotId, withoutWorkspace, harness, base, conflicts } = input as Record<string, string>;
    return this.#decide(runId, 'ContinueRunPayload', (run) =>
      admitContinue(run.state, this.#world.person, {
        message: text == null ? null : { messageId: newId('msg') as MessageId, text },
        harness: (harness ?? null) as null,
        restore: withoutWorkspace
          ? { kind: 'NONE' }
          : fromSnapshotId
            ? { kind: 'SNAPSHOT', snapshotId: fromSnapshotId as SnapshotId }
            : { kind: 'LATEST' },
        newest: base === 'NEWEST' ? (conflicts as ConflictWay) : null,
      }),
    );
  };

  withdrawMessage = ({ input }: Input): object => {
    const id = input['messageId'] as MessageId;
    const run = [...this.#world.runs.values()].find(({ messages }) => messages.has(id));
    return this.#decide(run?.id ?? '', 'WithdrawMessagePayload', (of) =>
      admitWithdraw(of.state, this.#world.person, { id, state: of.messages.get(id)?.state ?? 'WITHDRAWN' }),
    );
  };

  answerPrompt = ({ input }: Input): object => {
    const { promptId, optionId, text } = input as Record<string, string>;
    const run = [...this.#world.runs.values()].find(({ prompts }) => prompts.has(promptId as PromptId));
    return this.#decide(run?.id ?? '', 'AnswerPromptPayload', (of) =>
      admitAnswer(of.state, this.#world.person, promptId as PromptId, { optionId: optionId ?? null, text: text ?? null }),
    );
  };

  interruptTurn = ({ input }: Input): object =>
    this.#decide(input['runId'], 'InterruptTurnPayload', (run) => admitInterrupt(run.state, this.#world.person));

  endSession = ({ input }: Input): object =>
    this.#decide(input['runId'], 'EndSessionPayload', (run) => admitEndSession(run.state, this.#world.person));

  cancelRun = ({ input }: Input): object =>
    this.#decide(input['runId'], 'CancelRunPayload', (run) => admitCancel(run.state, this.#world.person));

  runView(run: StandInRun): object {
    const { state, setting } = run;
    const { person } = this.#world;
    const creator = this.#world.people.find(({ id }) => id === setting.creatorId) ?? this.#world.viewer;
    const live = run.live;
    const waiting = live
      ? { for: live.waitingFor, detail: live.waitingDetail }
      : { for: state.waitingFor, detail: state.waitingDetail };
    const prompt = [...run.prompts.values()].find((one) => one.state === 'OPEN');
    return {
      id: run.id,
      version: run.version,
      title: setting.title,
      state: state.state,
      waitingFor: isEnded(state.state) || waiting.for === null ? null : waiting,
      cancelRequestedAt: run.cancelRequestedAt?.toISOString() ?? null,
      failure: state.failure,
      origin: setting.origin,
      creator,
      team: this.#team(),
      environment: () =>
        this.#environment(this.#world.environments.find(({ id }) => id === setting.environmentId) as StandInEnvironment),
      harness: state.harness,
      branch: run.branch,
      sessions: () => run.sessions.map((session) => this.#session(run, session)),
      lastSeq: run.log.length,
      transcript: (args: Args) => this.#transcript(run, args),
      queuedMessages: () =>
        [...run.messages.values()].filter((message) => message.state === 'PENDING').map((message) => this.#message(message)),
      returnedMessages: () =>
        [...run.messages.values()]
          .filter((message) => message.state === 'RETURNED')
          .toReversed()
          .map((message) => this.#message(message)),
      openPrompt: prompt ? { ...prompt, id: prompt.promptId, answeredBy: null, createdAt: prompt.createdAt.toISOString() } : null,
      artifacts: [...run.artifacts.values()],
      latestSnapshot: () => {
        const snapshot = state.snapshotId && run.snapshots.get(state.snapshotId);
        return snapshot ? this.#snapshot(run, snapshot) : null;
      },
      usage: usageView(state.usage),
      viewerCan: {
        followUp: permission(refuseFollowUp(state, person)),
        continue: permission(refuseContinue(state, person)),
        cancel: permission(refuseCancel(state, person)),
        answer: permission(refuseAnswer(state, person)),
        fork: permission(refuseFork(state, person)),
        endSession: permission(refuseEndSession(state, person)),
        interrupt: permission(refuseInterrupt(state, person)),
        redact: permission(refuseRedact(state, person)),
        delete: permission(refuseDelete(state, person)),
      },
      exports: { jsonl: `http://127.0.0.1/export/${run.id}.jsonl`, markdown: `http://127.0.0.1/export/${run.id}.md` },
      activity: run.activity,
      createdAt: run.createdAt.toISOString(),
      lastActivityAt: run.lastActivityAt.toISOString(),
      endedAt: run.endedAt?.toISOString() ?? null,
      workflowId: runWorkflowId(run.id),
    };
  }

  #matches(run: StandInRun, filter: Record<string, unknown>): boolean {
    const { states, origins, environmentId, text, needsViewer } = filter as {
      states?: string[];
      origins?: string[];
      environmentId?: string;
      text?: string;
      needsViewer?: boolean;
    };
    return (
      (!states || states.includes(run.state.state)) &&
      (!origins || origins.includes(run.setting.origin)) &&
      (!environmentId || run.setting.environmentId === environmentId) &&
      (!text || run.setting.title.toLowerCase().includes(text.toLowerCase())) &&
      (!needsViewer || (run.state.state === 'BLOCKED' && refuseAnswer(run.state, this.#world.person) === null))
    );
  }

  #transcript(run: StandInRun, { last = 100, before }: { last?: number; before?: string }): object {
    const to = before == null ? run.log.length : Number(before) - 1;
    const page = run.log.slice(Math.max(0, to - last), to);
    return {
      edges: mergeChunks(page).map((event) => ({ cursor: String(event.seq), node: eventView(event) })),
      pageInfo: {
        startCursor: page[0] ? String(page[0].seq) : null,
        endCursor: page.length > 0 ? String(page.at(-1)?.seq) : null,
        hasPreviousPage: (page[0]?.seq ?? 1) > 1,
        hasNextPage: before != null,
      },
    };
  }

  #decide(runId: unknown, payload: string, decide: (run: StandInRun) => Decision): object {
    const run = this.#world.runs.get(runId as RunId);
    if (!run) return notFound(String(runId));
    const decision = decide(run);
    if (!decision.ok) return this.#refused(run, decision.refusal);
    if (decision.events.length > 0) run.append(...decision.events);
    return { __typename: payload, run: this.runView(run), followUp: null };
  }

  #refused(run: StandInRun, refusal: Refusal): object {
    const { openPrompt } = this.runView(run) as { openPrompt: object | null };
    return { ...refusalView(refusal), prompt: openPrompt };
  }

  #once(clientKey: string, input: object, payload: string, make: (id: string) => object | null): object {
    const body = JSON.stringify(input);
    const known = this.#world.made.get(clientKey);
    if (known && known.body !== body) {
      return {
        __typename: 'IdempotencyConflictError',
        code: 'IDEMPOTENCY_CONFLICT',
        message: 'The client key was used for something else.',
        clientKey,
      };
    }
    const id = known?.id ?? (newId('run') as string);
    if (!known) {
      const refused = make(id);
      if (refused) return refused;
      this.#world.made.set(clientKey, { body, id });
    }
    return { __typename: payload, run: this.run({ id }) };
  }

  #team = (): object => ({ ...this.#world.team, viewerRole: this.#world.role });

  #environment(environment: StandInEnvironment): object {
    return {
      permissions: 'ASK',
      allowedCommands: [],
      defaultHarness: 'SCRIPT',
      outside: [],
      outsideScript: null,
      secretFiles: 'WARN',
      ...environment,
      team: this.#team(),
      createdAt: environment.createdAt.toISOString(),
      secrets: [...(this.#world.secrets.get(environment.id)?.values() ?? [])].map((secret) => this.#secret(secret)),
    };
  }

  #secret({ createdAt, updatedAt, ...secret }: StandInSecret): object {
    return {
      ...secret,
      createdAt: createdAt.toISOString(),
      updatedAt: updatedAt.toISOString(),
      lastUsedAt: null,
      createdBy: { name: this.#world.viewer.name },
    };
  }

  #session(run: StandInRun, { view, createdAt, startedAt, endedAt, restoreReport, snapshot }: StandInSession): object {
    const from = view.restoreFrom && run.snapshots.get(view.restoreFrom);
    return {
      ...view,
      usage: usageView(view.usage),
      waitingFor: view.waitingFor ? { for: view.waitingFor, detail: view.waitingDetail } : null,
      createdAt: createdAt.toISOString(),
      startedAt: startedAt?.toISOString() ?? null,
      endedAt: endedAt?.toISOString() ?? null,
      branch: run.branch,
      restoredFrom: from ? this.#snapshot(run, from) : null,
      restoreReport: restoreReport && reportView(restoreReport),
      snapshot: snapshot ? this.#snapshot(run, snapshot) : null,
    };
  }

  #snapshot(run: StandInRun, { id, kind, summary, createdAt, sessionOrdinal }: StandInSnapshot): object {
    const patch = run.patches.get(id);
    return {
      ...summaryView(summary),
      id,
      kind,
      createdAt: createdAt.toISOString(),
      bundleUrl: `http://127.0.0.1/export/${id}.tar`,
      session: { id: run.sessions.find(({ view }) => view.ordinal === sessionOrdinal)?.view.id, ordinal: sessionOrdinal },
      patch: () => (patch === undefined ? null : { text: patch, bytes: Buffer.byteLength(patch), truncated: false }),
    };
  }

  #message({ author, createdAt, ...message }: StandInMessage): object {
    return { ...message, author: actor(author), createdAt: createdAt.toISOString(), session: null };
  }
}
