import type pg from 'pg';
import {
  admitAnswer,
  admitCancel,
  admitContinue,
  admitEndSession,
  admitFirstMessage,
  admitFollowUp,
  admitInterrupt,
  admitWithdraw,
} from '../domain/admission.ts';
import type { Actor } from '../domain/actor.ts';
import type { AuditAction } from '../domain/audit.ts';
import type { RestoreChoice } from '../domain/events.ts';
import type { HarnessKind } from '../domain/harness.ts';
import type { EnvironmentId, MessageId, PromptId, RunId, TeamId, UserId } from '../domain/ids.ts';
import type { Person } from '../domain/person.ts';
import type { PromptAnswer } from '../domain/prompt.ts';
import type { Decision } from '../domain/refusal.ts';
import type { Run } from '../domain/run.ts';
import type { ConflictWay } from '../domain/snapshot.ts';
import { isEnded, type MessageState, type RunOrigin } from '../domain/states.ts';
import { accepted, admitting, keyOf, Refused, type Admitted, type ClientKey } from './admitting.ts';
import { wasAppended } from './append.ts';
import type { Act } from './audit.ts';
import { claimKey, storeResult, type IdempotencyKey } from './idempotency.ts';
import type { StepName } from './faultPoints.ts';
import type { Journal } from './journal.ts';
import { newId } from './newId.ts';
import { holdQuotas } from './quotas.ts';
import { announce, applyOutcome, inTransaction, RunNotFoundError, transact } from './transact.ts';

/**
 * What people ask of runs. Each is decided and appended in one transaction under the run's lock, and is acknowledged
 * only then; Temporal is woken after the commit. A refusal writes nothing.
 */

export interface CreateRun {
  readonly teamId: TeamId;
  readonly creatorId: UserId;
  readonly environmentId: EnvironmentId;
  readonly title: string;
  readonly origin: RunOrigin;
  readonly harness: HarnessKind;
  readonly idleSeconds: number;
  readonly text: string;
}

/** Creates a run with its first message: QUEUED, and on its way to a worker. */
export function createRun(
  journal: Journal,
  person: Person,
  clientKey: ClientKey,
  input: CreateRun,
): Promise<Admitted<{ runId: RunId }>> {
  return admitting(async () => {
    const runId = newId('run');
    const messageId = newId('msg');
    const { text, ...created } = input;
    const done = await inTransaction(journal.pool, async (client) => {
      const earlier = await claimKey<{ runId: RunId }>(client, keyOf('createRun', clientKey, input));
      if (earlier) return { earlier };
      const decision = accepted(admitFirstMessage(person, { messageId, text }));
      await holdQuotas(client, journal.quotas, input.teamId);
      const { rows } = await client.query<{ at: Date }>('SELECT clock_timestamp() AS at');
      const outcome = {
        events: [{ type: 'run.created', ...created } as const, ...decision.events],
        result: undefined,
        wake: decision.wake,
        key: `client/${clientKey.userId}/createRun/${clientKey.key}`,
        act: actOf(person, 'createRun'),
        texts: new Map([[messageId, text]]),
      };
      const applied = await applyOutcome(client, runId, { run: null, at: rows[0]?.at ?? new Date() }, outcome);
      await storeResult(client, keyOf('createRun', clientKey, input), { runId });
      journal.reached('createRun.written');
      return { applied };
    });
    if (done.earlier) return { ok: true, value: done.earlier, wake: false };
    journal.reached('createRun.committed');
    announce(journal, runId, done.applied);
    return { ok: true, value: { runId }, wake: done.applied.wake };
  });
}

/** What people ask of a run, by the names of the steps, as the audit log tells of it. */
const actions = {
  createRun: 'RUN_CREATED',
  sendFollowUp: 'RUN_FOLLOWED_UP',
  continueRun: 'RUN_CONTINUED',
  withdrawMessage: 'MESSAGE_WITHDRAWN',
  cancelRun: 'RUN_CANCELED',
  answerPrompt: 'PROMPT_ANSWERED',
  endSession: 'SESSION_ENDED',
  interruptTurn: 'TURN_INTERRUPTED',
} as const satisfies Partial<Record<StepName, AuditAction>>;
type IntentName = keyof typeof actions;

/** Who acts, without their role: that is of the moment. */
const actOf = ({ actor, via }: Person, name: IntentName): Pick<Act, 'by' | 'action'> => ({
  by: { actor, ...(via && { via }) },
  action: actions[name],
});

/** Decides on a run that exists, with a client key, in one transaction. */
function decideOnce<T extends object>(
  journal: Journal,
  runId: RunId,
  person: Person,
  key: IdempotencyKey<IntentName>,
  decide: (
    run: Run,
    client: pg.PoolClient,
  ) => { decision: Decision; value: T; texts?: ReadonlyMap<MessageId, string> } | Promise<never>,
): Promise<Admitted<T>> {
  return admitting(async () => {
    const { result, wake } = await transact(journal, runId, key.mutation, async (run, client) => {
      const earlier = await claimKey<T>(client, key);
      if (earlier) return { events: [], result: earlier };
      const { decision, value, texts } = await decide(run, client);
      const { events, wake } = accepted(decision);
      if (isEnded(run.state)) await holdQuotas(client, journal.quotas, run.teamId);
      await storeResult(client, key, value);
      const once = `client/${key.userId}/${key.mutation}/${key.key}`;
      return { events, result: value, wake, key: once, act: actOf(person, key.mutation), ...(texts && { texts }) };
    });
    return { ok: true, value: result, wake };
  });
}

/** Sends a message to a run that exists: it joins a live one, and opens a new session of one that has ended. */
export function sendFollowUp(
  journal: Journal,
  person: Person,
  clientKey: ClientKey,
  input: { readonly runId: RunId; readonly text: string },
): Promise<Admitted<{ messageId: MessageId }>> {
  return decideOnce(journal, input.runId, person, keyOf('sendFollowUp', clientKey, input), (run) => {
    const messageId = newId('msg');
    const decision = admitFollowUp(run, person, { messageId, text: input.text, clientKey: clientKey.key });
    return { decision, value: { messageId }, texts: new Map([[messageId, input.text]]) };
  });
}

export interface ContinueRun {
  readonly runId: RunId;
  readonly text: string | null;
  readonly harness: HarnessKind | null;
  readonly restore: RestoreChoice;
  /** How conflicts are left where the session goes on from the newest base; null: from the snapshot's own. */
  readonly newest?: ConflictWay | null;
}

/** Continues an ended run with choices of harness and snapshot, with or without a message. */
export function continueRun(
  journal: Journal,
  person: Person,
  clientKey: ClientKey,
  input: ContinueRun,
): Promise<Admitted<{ messageId: MessageId | null }>> {
  const { runId, text, harness, restore, newest = null } = input;
  return admitting(async () => {
    if (restore.kind === 'SNAPSHOT') await requireSnapshot(journal, runId, restore.snapshotId);
    return decideOnce(journal, runId, person, keyOf('continueRun', clientKey, input), (run) => {
      const messageId = text === null ? null : newId('msg');
      const message = messageId === null || text === null ? null : { messageId, text };
      return {
        decision: admitContinue(run, person, { message, harness, restore, newest }),
        value: { messageId },
        ...(message && { texts: new Map([[message.messageId, message.text]]) }),
      };
    });
  });
}

async function requireSnapshot(journal: Journal, runId: RunId, snapshotId: string): Promise<void> {
  const { rowCount } = await journal.pool.query('SELECT 1 FROM "Snapshot" WHERE id = $1 AND "runId" = $2', [snapshotId, runId]);
  if (rowCount === 1) return;
  throw new Refused({
    kind: 'RUN_NOT_CONTINUABLE',
    reason: 'SNAPSHOT_NOT_FOUND',
    message: `This run has no snapshot ${snapshotId}.`,
  });
}

/** Decides on a run that exists; asking again is harmless by itself. */
function decideNow(
  journal: Journal,
  runId: RunId,
  person: Person,
  name: IntentName,
  decide: (run: Run, client: pg.PoolClient) => Decision | Promise<Decision>,
): Promise<Admitted<{ run: Run }>> {
  return admitting(async () => {
    const { run, wake } = await transact(journal, runId, name, async (before, client) => {
      const { events, wake } = accepted(await decide(before, client));
      return { events, result: undefined, wake, act: actOf(person, name) };
    });
    return { ok: true, value: { run }, wake };
  });
}

/** Takes back a message that still waits. Throws RunNotFoundError when the message is not of this run. */
export function withdrawMessage(
  journal: Journal,
  person: Person,
  runId: RunId,
  messageId: MessageId,
): Promise<Admitted<{ run: Run }>> {
  return decideNow(journal, runId, person, 'withdrawMessage', async (run, client) => {
    const { rows } = await client.query<{ state: MessageState }>('SELECT state FROM "Message" WHERE id = $1 AND "runId" = $2', [
      messageId,
      runId,
    ]);
    if (!rows[0]) throw new RunNotFoundError(runId);
    return admitWithdraw(run, person, { id: messageId, state: rows[0].state });
  });
}

/** Cancels the run: at once when no worker has it, else as soon as its turn can be stopped. */
export function cancelRun(journal: Journal, person: Person, runId: RunId): Promise<Admitted<{ run: Run }>> {
  return decideNow(journal, runId, person, 'cancelRun', (run) => admitCancel(run, person));
}

/** Answers the open prompt. */
export function answerPrompt(
  journal: Journal,
  person: Person,
  input: { readonly runId: RunId; readonly promptId: PromptId; readonly answer: PromptAnswer },
): Promise<Admitted<{ run: Run }>> {
  const { runId, promptId, answer } = input;
  return decideNow(journal, runId, person, 'answerPrompt', async (run, client) => {
    const { rows } = await client.query<{ answeredBy: Actor | null }>(
      'SELECT "answeredBy" FROM "Prompt" WHERE id = $1 AND "runId" = $2',
      [promptId, runId],
    );
    return admitAnswer(run, person, promptId, answer, rows[0]?.answeredBy ?? null);
  });
}

/** Asks that the live session ends after its turn. */
export function endSession(journal: Journal, person: Person, runId: RunId): Promise<Admitted<{ run: Run }>> {
  return decideNow(journal, runId, person, 'endSession', (run) => admitEndSession(run, person));
}

/** Asks that the turn in flight stops. */
export function interruptTurn(journal: Journal, person: Person, runId: RunId): Promise<Admitted<{ run: Run }>> {
  return decideNow(journal, runId, person, 'interruptTurn', (run) => admitInterrupt(run, person));
}

/** An operator's message, through Temporal: admitted like any other; `updateId` makes it idempotent. */
export function operatorFollowUp(
  journal: Journal,
  person: Person,
  { runId, text, updateId }: { readonly runId: RunId; readonly text: string; readonly updateId: string },
): Promise<Admitted<object>> {
  const key = `operator/${updateId}`;
  return admitting(async () => {
    if (await wasAppended(journal, runId, key)) return { ok: true, value: {}, wake: false };
    const messageId = newId('msg');
    const { wake } = await transact(journal, runId, 'sendFollowUp', async (run, client) => {
      const decision = accepted(admitFollowUp(run, person, { messageId, text }));
      if (isEnded(run.state)) await holdQuotas(client, journal.quotas, run.teamId);
      const act = actOf(person, 'sendFollowUp');
      return { events: decision.events, result: undefined, wake: decision.wake, key, act, texts: new Map([[messageId, text]]) };
    });
    return { ok: true, value: {}, wake };
  });
}
