import { FailureError } from '../domain/failure.ts';
import type { PromptAnswer } from '../domain/prompt.ts';
import type { Ask } from '../harnesses/harness.ts';
import type { Journal } from '../journal/journal.ts';
import { newId } from '../journal/newId.ts';
import { whileAway } from '../journal/retry.ts';
import * as steps from '../journal/steps.ts';
import type { HostedSession } from './hostedSession.ts';

/** A timer takes at most 24.8 days; a prompt that waits longer is the next session's. */
const longestMs = 2 ** 31 - 1;

/**
 * Asks people on behalf of the session's agent: one question at a time, each a prompt in the log, which blocks the run
 * until its answer is in the log too. When nobody answers before the deadline, the turn fails with PROMPT_EXPIRED.
 */
export function createAsk(journal: Journal, session: HostedSession, deadlineMs: number): Ask {
  let last: Promise<unknown> = Promise.resolve();
  return (question, signal) => {
    const turn = last.then(() => askOne(journal, session, { question, signal, deadlineMs }));
    last = turn.catch(() => {});
    return turn;
  };
}

interface Asking {
  readonly question: Parameters<Ask>[0];
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
}

async function askOne(
  journal: Journal,
  session: HostedSession,
  { question, signal, deadlineMs }: Asking,
): Promise<PromptAnswer | null> {
  if (signal.aborted) return null;
  const { writer, gone } = session;
  const promptId = newId('prm');
  const answered = session.answerTo(promptId);
  // What the agent said before it asked stands above its question.
  await session.transcript.flush();
  await whileAway(gone, () => steps.openPrompt(journal, writer, { promptId, ...question }));
  const deadline = AbortSignal.timeout(Math.min(deadlineMs, longestMs));
  let answer = await orAborted(answered, AbortSignal.any([signal, session.halted, deadline]));
  if (answer === null) {
    const reason = deadline.aborted ? 'EXPIRED' : 'WITHDRAWN';
    const { closed } = await whileAway(gone, () => steps.closePrompt(journal, writer, promptId, reason));
    if (closed) {
      if (deadline.aborted) session.failTurn(expired(deadlineMs).failure);
      return null;
    }
    // A person was faster than the deadline: their answer is in the log, and on its way here.
    answer = await orAborted(answered, gone);
  }
  if (answer !== null) await whileAway(gone, () => steps.promptDelivered(journal, writer, promptId));
  return answer;
}

const expired = (deadlineMs: number) => {
  const hours = Math.round((deadlineMs / 3_600_000) * 10) / 10;
  return new FailureError(
    'PROMPT_EXPIRED',
    `Nobody answered the agent’s question within ${hours} hours. Continue the run, and answer when it asks again.`,
  );
};

/** What the promise resolves with; null when the signal aborts first. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | null> {
  return new Promise((resolve) => {
    const give = () => resolve(null);
    if (signal.aborted) return give();
    signal.addEventListener('abort', give, { once: true });
    void promise.then((value) => {
      signal.removeEventListener('abort', give);
      resolve(value);
    });
  });
}
