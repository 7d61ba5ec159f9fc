import { activityInfo, heartbeat, sleep } from '@temporalio/activity';
import type { Actor } from '../../domain/actor.ts';
import { failure } from '../../domain/failure.ts';
import { sessionWorkflowId, type PromptId, type RunId, type SessionId } from '../../domain/ids.ts';
import type { Person } from '../../domain/person.ts';
import { StaleSessionError } from '../../domain/execution.ts';
import type { Admitted } from '../../journal/admitting.ts';
import * as intents from '../../journal/intents.ts';
import type { Journal } from '../../journal/journal.ts';
import { leaseLeft, revokeLease } from '../../journal/lease.ts';
import { readOrdinal, readSession, type SessionToOpen } from '../../journal/readSession.ts';
import * as steps from '../../journal/steps.ts';
import { RunNotFoundError } from '../../journal/transact.ts';
import type { ControlActivities, RunFacts, Work } from './control.ts';

export interface ControlDependencies {
  readonly journal: Journal;
  readonly startDeadlineMs: number;
  /** Whether an execution with this Workflow Id is open. Rejects when Temporal does not say. */
  readonly isOpen: (workflowId: string) => Promise<boolean>;
}

/** Sessions that open without a message wait for one at least this long, or they would close before anyone could write. */
const idleWithoutMessageSeconds = 300;

const operator: Actor & { kind: 'OPERATOR' } = { kind: 'OPERATOR', name: 'An operator' };
const asOperator: Person = { actor: operator, role: 'ADMIN' };

/** The activities of the control queue. A run that was deleted has nothing more to do. */
export function createControlActivities(dependencies: ControlDependencies): ControlActivities {
  const { journal, startDeadlineMs } = dependencies;
  return {
    async nextWork({ runId, executionRunId }): Promise<Work> {
      const work = await unlessGone(() => steps.nextWork(journal, runId, executionRunId), {
        kind: 'NOTHING',
        state: 'CANCELED',
        failure: null,
      } as const);
      if (work.kind === 'NOTHING') return { kind: 'NOTHING', state: work.state, code: work.failure?.code ?? null };
      if (work.kind === 'PARKED') return work;
      const session = await readSession(journal, work.sessionId);
      const idleSeconds = work.opensIdle ? Math.max(session.idleSeconds, idleWithoutMessageSeconds) : session.idleSeconds;
      return { ...work, idleMs: idleSeconds * 1_000, startDeadlineMs, facts: factsOf(session) };
    },

    isSessionOver: ({ runId, sessionId }) => steps.isSessionOver(journal, runId, sessionId),

    async noteNoWorker({ runId, sessionId, epoch, waitedMs }) {
      const hours = Math.round((waitedMs / 3_600_000) * 10) / 10;
      await unlessStale(() =>
        steps.sessionFailed(
          journal,
          { runId, sessionId, epoch },
          failure('NO_WORKER', `No worker had room for the session within ${hours} hours. Add a worker, then continue the run.`),
        ),
      );
    },

    beginClose: ({ runId, sessionId, epoch, must }) =>
      unlessGone(() => unlessStale(() => steps.beginClose(journal, { runId, sessionId, epoch }, must), { closing: true }), {
        closing: true,
      }),

    async endSession({ runId, sessionId, end }) {
      await unlessGone(() => unlessStale(() => steps.endSession(journal, runId, sessionId, end)));
    },

    async loseSession({ runId, sessionId }) {
      if (!(await outlastReset(dependencies, runId, sessionId))) return;
      await revokeLease(journal, sessionId);
      for (let left = await leaseLeft(journal, sessionId); left > 0; left = await leaseLeft(journal, sessionId)) {
        heartbeat();
        await sleep(Math.min(left, 2_000));
      }
      const lost = failure(
        'WORKER_LOST',
        'The worker that had the session was lost. What it did since the last checkpoint is gone; continue the run to go on from there.',
      );
      await unlessGone(() => steps.loseSession(journal, runId, sessionId, lost));
    },

    async requestCancel({ runId }) {
      await unlessGone(() => intents.cancelRun(journal, asOperator, runId));
    },

    operatorFollowUp: ({ runId, text }) =>
      inWords(
        runId,
        () => intents.operatorFollowUp(journal, asOperator, { runId, text, updateId: updateId() }),
        'The message waits for the run’s next turn.',
      ),

    operatorAnswer: ({ runId, promptId, optionId, text }) =>
      inWords(
        runId,
        () => {
          const answer = { optionId: optionId ?? null, text: text ?? null };
          return intents.answerPrompt(journal, asOperator, { runId, promptId: promptId as PromptId, answer });
        },
        'The agent gets the answer.',
      ),

    operatorCancel: ({ runId }) =>
      inWords(runId, () => intents.cancelRun(journal, asOperator, runId), 'The run is being canceled.'),
  };
}

const lookAgainMs = 1_000;

/**
 * After a reset, the run's new execution finds that the session's is open and cannot start it again: it is not lost, and is
 * waited for. True when the session is to be ended as lost, false when it came to an end by itself.
 */
async function outlastReset({ journal, isOpen }: ControlDependencies, runId: RunId, sessionId: SessionId): Promise<boolean> {
  const ordinal = await readOrdinal(journal, sessionId);
  const session = ordinal === null ? null : sessionWorkflowId(runId, ordinal);
  if (session === null || activityInfo().workflowExecution?.workflowId === session) return true;
  while (await isOpen(session)) {
    heartbeat();
    await sleep(lookAgainMs);
  }
  return !(await steps.isSessionOver(journal, runId, sessionId));
}

/** The id of the activity that serves an update is the same on every retry of it. */
const updateId = (): string => {
  const { workflowExecution, activityId } = activityInfo();
  return `${workflowExecution?.runId}/${activityId}`;
};

async function inWords(runId: RunId, work: () => Promise<Admitted<unknown>>, done: string): Promise<string> {
  const admitted = await unlessGone(work);
  if (!admitted) return `There is no run ${runId}.`;
  return admitted.ok ? done : `Refused: ${admitted.refusal.message}`;
}

async function unlessGone<T, F = undefined>(work: () => Promise<T>, otherwise?: F): Promise<T | F> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RunNotFoundError) return otherwise as F;
    throw error;
  }
}

async function unlessStale<T, F = undefined>(work: () => Promise<T>, otherwise?: F): Promise<T | F> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StaleSessionError) return otherwise as F;
    throw error;
  }
}

const factsOf = (session: SessionToOpen): RunFacts => ({
  BatonTeam: session.teamSlug,
  BatonCreator: session.creatorId,
  BatonHarness: session.harness,
  BatonEnvironment: session.environmentName,
  BatonOrigin: session.origin,
  BatonRepository: session.repositories.map(({ url }) => repositoryName(url)),
});

/** `owner/name` of a repository's address: no host, no credentials. */
export function repositoryName(url: string): string {
  const parts = url
    .replace(/\.git\/?$/, '')
    .split(/[/:]/)
    .filter((part) => part !== '');
  return parts.slice(-2).join('/');
}
