import { actorName, type Actor } from './actor.ts';
import type { RestoreChoice, RunEvent } from './events.ts';
import type { HarnessKind } from './harness.ts';
import type { MessageId, PromptId } from './ids.ts';
import { limits } from './limits.ts';
import type { Person } from './person.ts';
import type { PromptAnswer } from './prompt.ts';
import { refuse, type Decision, type Refusal } from './refusal.ts';
import { liveSession, type Run, type SessionView, type TurnView } from './run.ts';
import type { ConflictWay } from './snapshot.ts';
import { isEnded } from './states.ts';

/**
 * What people may ask of a run, and what becomes of it. Each `refuse…` function is read by the decision and by the
 * API's `viewerCan` alike, so that a button is offered exactly when its mutation would be accepted.
 */

/** What admission looks at of a run. */
export type RunToAdmit = Pick<
  Run,
  'id' | 'state' | 'origin' | 'creatorId' | 'hasConversation' | 'snapshotId' | 'pending' | 'prompt'
> & {
  readonly session: Pick<SessionView, 'state'> | null;
  readonly turn: Pick<TurnView, 'turn'> | null;
};

/** The text a message must have: something, and not more than the limit. */
export function refuseText(text: string): Refusal | null {
  if (text.trim() === '')
    return { kind: 'INVALID_INPUT', field: 'text', message: 'The message is empty. Write what should be done.' };
  const bytes = utf8Bytes(text);
  if (bytes > limits.messageBytes) {
    return {
      kind: 'INVALID_INPUT',
      field: 'text',
      message: `The message has ${bytes} bytes, the limit is ${limits.messageBytes}. Put long material into a file of the repository.`,
    };
  }
  // PostgreSQL cannot store U+0000 in text, nor can a shell script hold it.
  if (text.includes('\0'))
    return { kind: 'INVALID_INPUT', field: 'text', message: 'The message has a NUL character. Take it out.' };
  return null;
}

/** The rule of who may write to a run, for follow-ups and answers. */
function refuseWriter(run: RunToAdmit, person: Person): Refusal | null {
  if (person.role === 'VIEWER') {
    return {
      kind: 'FORBIDDEN',
      message: 'You can view this team’s runs but not change them. Ask a team admin to make you a member.',
    };
  }
  if (run.origin === 'LOCAL_HANDOFF' && person.actor.kind === 'USER' && person.actor.userId !== run.creatorId) {
    return { kind: 'FORBIDDEN', message: 'This run was handed over from a laptop; only its creator may continue it.' };
  }
  return null;
}

/** Why this person's follow-up would be refused, or null: the admission table. */
export function refuseFollowUp(run: RunToAdmit, person: Person): Refusal | null {
  const writer = refuseWriter(run, person);
  if (writer) return writer;
  // A reader without the lock may see a prompt go before it sees the run go on.
  if (run.state === 'BLOCKED' && run.prompt) return blocked(run.prompt);
  if (!run.hasConversation) {
    return {
      kind: 'RUN_NOT_CONTINUABLE',
      reason: 'NO_CONVERSATION',
      message: 'This run has no conversation to continue. Start a new run that references it.',
    };
  }
  if (run.pending.length >= limits.pendingMessages) {
    return {
      kind: 'INVALID_INPUT',
      field: 'text',
      message: `${limits.pendingMessages} messages wait in this run already. Withdraw some, or wait until they are delivered.`,
    };
  }
  return null;
}

function blocked({ promptId, question }: NonNullable<RunToAdmit['prompt']>): Refusal {
  return {
    kind: 'RUN_BLOCKED',
    promptId,
    question,
    message: 'The agent waits for an answer. Answer its prompt instead of sending a message.',
  };
}

/** Why this person could not continue the run with choices, or null. */
export function refuseContinue(run: RunToAdmit, person: Person): Refusal | null {
  const refused = refuseFollowUp(run, person);
  if (refused) return refused;
  if (!isEnded(run.state)) {
    return {
      kind: 'RUN_NOT_CONTINUABLE',
      reason: 'NOT_ENDED',
      message: 'This run has not ended. Send a follow-up; it joins the run as it is.',
    };
  }
  return null;
}

/** Why this person could not cancel the run, or null. Canceling an ended run is allowed and changes nothing. */
export function refuseCancel(run: RunToAdmit, person: Person): Refusal | null {
  return person.role === 'VIEWER' ? refuseWriter(run, person) : null;
}

/** Why this person could not answer the open prompt, or null. */
export function refuseAnswer(run: RunToAdmit, person: Person): Refusal | null {
  const writer = refuseWriter(run, person);
  if (writer) return writer;
  if (run.prompt?.state !== 'OPEN') return { kind: 'RUN_NOT_LIVE', message: 'The agent waits for no answer.' };
  return null;
}

/** Why this person could not end the live session, or null. */
export function refuseEndSession(run: RunToAdmit, person: Person): Refusal | null {
  if (person.role === 'VIEWER') return refuseWriter(run, person);
  if (run.session === null || run.session.state === 'ENDED')
    return { kind: 'RUN_NOT_LIVE', message: 'No session is live; there is nothing to end.' };
  return null;
}

/** Why this person could not interrupt the turn in flight, or null. */
export function refuseInterrupt(run: RunToAdmit, person: Person): Refusal | null {
  if (person.role === 'VIEWER') return refuseWriter(run, person);
  if (!run.turn) return { kind: 'RUN_NOT_LIVE', message: 'The agent is not working on anything; there is nothing to interrupt.' };
  return null;
}

/** Why this person could not fork the run into a checkout of their own, or null. */
export function refuseFork(run: RunToAdmit, _person: Person): Refusal | null {
  if (run.snapshotId) return null;
  return { kind: 'RUN_NOT_CONTINUABLE', reason: 'NO_SNAPSHOT', message: 'This run has no snapshot yet.' };
}

/** What takes something away for good is for those who answer for it. */
function refuseRemover(run: RunToAdmit, person: Person, what: string): Refusal | null {
  const isCreator = person.actor.kind === 'USER' && person.actor.userId === run.creatorId;
  if (person.role === 'ADMIN' || (person.role === 'MEMBER' && isCreator)) return null;
  return { kind: 'FORBIDDEN', message: `Only the run’s creator or an admin of the team may ${what}.` };
}

/** Why this person could not take the content of the run’s events away, or null. */
export function refuseRedact(run: RunToAdmit, person: Person): Refusal | null {
  return refuseRemover(run, person, 'redact events');
}

/** Why this person could not delete the run, or null. */
export function refuseDelete(run: RunToAdmit, person: Person): Refusal | null {
  const remover = refuseRemover(run, person, 'delete it');
  if (remover) return remover;
  return refuseWhileActive(run, 'delete it');
}

/** Why something that needs the run at rest cannot be done now, or null. */
export function refuseWhileActive(run: Pick<RunToAdmit, 'state' | 'session'>, what: string): Refusal | null {
  if (isEnded(run.state) && (run.session === null || run.session.state === 'ENDED')) return null;
  return { kind: 'RUN_ACTIVE', message: `The run has not ended. Cancel it, then ${what}.` };
}

interface NewMessage {
  readonly messageId: MessageId;
  readonly text: string;
  readonly clientKey?: string;
}

function messageAdded({ actor: author }: Person, { text, ...message }: NewMessage): RunEvent {
  return { type: 'message.added', ...message, author, text: text.slice(0, 16 * 1024), bytes: utf8Bytes(text) };
}

const queued = (run: Run): RunEvent[] =>
  isEnded(run.state) ? [{ type: 'run.state', from: run.state, to: 'QUEUED', failure: null }] : [];

/** Adds the run's first message; the run was created just before, in the same transaction. */
export function admitFirstMessage(person: Person, message: NewMessage): Decision {
  const refusal = refuseText(message.text);
  if (refusal) return refuse(refusal);
  return { ok: true, events: [messageAdded(person, message)], wake: true, result: undefined };
}

/** Decides a follow-up: it joins a run that is queued or in progress, and opens a new session of one that has ended. */
export function admitFollowUp(run: Run, person: Person, message: NewMessage): Decision {
  const refusal = refuseText(message.text) ?? refuseFollowUp(run, person);
  if (refusal) return refuse(refusal);
  return { ok: true, events: [messageAdded(person, message), ...queued(run)], wake: true, result: undefined };
}

export interface ContinueChoices {
  /** Null: the session opens idle and waits for a message. */
  readonly message: NewMessage | null;
  readonly harness: HarnessKind | null;
  readonly restore: RestoreChoice;
  /** How conflicts are left where the session goes on from the newest base; default: from the snapshot's own. */
  readonly newest?: ConflictWay | null;
}

/** Decides a continuation of an ended run with choices of harness and snapshot. */
export function admitContinue(run: Run, person: Person, choices: ContinueChoices): Decision {
  const refusal = (choices.message && refuseText(choices.message.text)) ?? refuseContinue(run, person);
  if (refusal) return refuse(refusal);
  return {
    ok: true,
    events: [
      {
        type: 'run.continued',
        actor: person.actor,
        harness: choices.harness,
        restore: choices.restore,
        ...(choices.newest && { newest: choices.newest }),
      },
      ...(choices.message ? [messageAdded(person, choices.message)] : []),
      ...queued(run),
    ],
    wake: true,
    result: undefined,
  };
}

/**
 * Withdraws a message that still waits. When it was all that queued an ended run, the run gets its former end back;
 * the first prompt of a run that has not started cannot be withdrawn, for then there would be no run.
 */
export function admitWithdraw(
  run: Run,
  person: Person,
  message: { id: MessageId; state: Run['pending'][number]['state'] },
): Decision {
  const writer = refuseWriter(run, person);
  if (writer) return refuse(writer);
  if (!run.pending.some((pending) => pending.id === message.id)) {
    return refuse({
      kind: 'MESSAGE_NOT_PENDING',
      messageId: message.id,
      state: message.state,
      message: `The message was already ${message.state.toLowerCase()}; only one that waits can be withdrawn.`,
    });
  }
  const events: RunEvent[] = [{ type: 'message.withdrawn', messageId: message.id, actor: person.actor }];
  const nothingElse = run.pending.length === 1 && run.state === 'QUEUED' && !liveSession(run);
  if (nothingElse && run.lastEnd) {
    events.push({ type: 'run.state', from: 'QUEUED', to: run.lastEnd.state, failure: run.lastEnd.failure });
  } else if (nothingElse) {
    return refuse({
      kind: 'RUN_NOT_CONTINUABLE',
      reason: 'NO_CONVERSATION',
      message: 'This is the run’s first prompt; without it there is nothing to run. Cancel the run instead.',
    });
  }
  return { ok: true, events, wake: false, result: undefined };
}

/** Cancels a run: what waits goes back to its authors; unless a worker has the session, the run is canceled at once. */
export function admitCancel(run: Run, person: Person): Decision {
  const refusal = refuseCancel(run, person);
  if (refusal) return refuse(refusal);
  if (isEnded(run.state) || run.cancelRequested) return { ok: true, events: [], wake: false, result: undefined };
  const events: RunEvent[] = [
    { type: 'run.cancelRequested', actor: person.actor },
    ...run.pending.map(({ id }): RunEvent => ({
      type: 'message.returned',
      messageId: id,
      reason: `${actorName(person.actor)} canceled the run before the message was delivered.`,
    })),
  ];
  // A session that no worker has taken yet ends here and now: no machine needs to be told.
  const live = liveSession(run);
  const waiting = live?.state === 'QUEUED';
  if (waiting) {
    events.push({ type: 'session.state', from: 'QUEUED', to: 'ENDED', worker: null, outcome: 'CANCELED', failure: null });
  }
  if (!live || waiting) {
    if (run.prompt) events.push({ type: 'prompt.closed', promptId: run.prompt.promptId, reason: 'WITHDRAWN' });
    events.push({ type: 'run.state', from: run.state, to: 'CANCELED', failure: null });
  }
  return { ok: true, events, wake: true, result: undefined };
}

/** Answers the open prompt. The first answer counts; a later one is told who was first: `answeredBy`, when anyone was. */
export function admitAnswer(
  run: Run,
  person: Person,
  promptId: PromptId,
  answer: PromptAnswer,
  answeredBy: Actor | null = run.prompt?.answeredBy ?? null,
): Decision {
  const writer = refuseWriter(run, person);
  if (writer) return refuse(writer);
  const { prompt } = run;
  if (prompt?.promptId !== promptId || prompt.state !== 'OPEN') {
    const message = answeredBy
      ? `${actorName(answeredBy)} has answered this prompt already.`
      : 'This prompt can no longer be answered.';
    return refuse({ kind: 'PROMPT_NOT_OPEN', promptId, answeredBy, message });
  }
  if (answer.optionId === null && (answer.text === null || answer.text.trim() === '')) {
    return refuse({
      kind: 'INVALID_INPUT',
      field: 'optionId',
      message: 'The answer is empty. Choose one of the options, or write a text.',
    });
  }
  if (answer.optionId !== null && !prompt.options.some((option) => option.id === answer.optionId)) {
    return refuse({
      kind: 'INVALID_INPUT',
      field: 'optionId',
      message: `The prompt has no option ${JSON.stringify(answer.optionId)}; it has ${prompt.options.map((option) => option.id).join(', ')}.`,
    });
  }
  if (answer.optionId === null && !prompt.freeText) {
    return refuse({ kind: 'INVALID_INPUT', field: 'text', message: 'This prompt takes one of its options only.' });
  }
  const events: RunEvent[] = [{ type: 'prompt.answered', promptId, answer, actor: person.actor }];
  if (!liveSession(run)) events.push({ type: 'run.state', from: run.state, to: 'QUEUED', failure: null });
  return { ok: true, events, wake: true, result: undefined };
}

/** Asks that the live session ends once its turn is over. */
export function admitEndSession(run: Run, person: Person): Decision {
  const refusal = refuseEndSession(run, person);
  if (refusal) return refuse(refusal);
  if (liveSession(run)?.endRequested) return { ok: true, events: [], wake: false, result: undefined };
  return { ok: true, events: [{ type: 'session.endRequested', actor: person.actor }], wake: true, result: undefined };
}

/** Asks that the turn in flight stops; the session goes on with the next message. */
export function admitInterrupt(run: Run, person: Person): Decision {
  const refusal = refuseInterrupt(run, person);
  if (refusal) return refuse(refusal);
  if (run.turn?.interruptRequested) return { ok: true, events: [], wake: false, result: undefined };
  return { ok: true, events: [{ type: 'turn.interruptRequested', actor: person.actor }], wake: false, result: undefined };
}

/** Bytes of a text in UTF-8, without an encoder: this room is used in workflows and in the browser alike. */
export function utf8Bytes(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}
