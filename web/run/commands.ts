import { send } from '../api/client.ts';
import { createClientKeys } from '../api/clientKey.ts';
import { failedWith } from '../api/loaded.ts';
import {
  AnswerPromptDocument,
  CancelRunDocument,
  ContinueRunDocument,
  DeleteRunDocument,
  EndSessionDocument,
  InterruptTurnDocument,
  RedactEventDocument,
  WithdrawMessageDocument,
  type ContinueRunInput,
  type RunPageFragment,
} from '../generated/operations.ts';

/** What became of a command: null, or the reason why not. */
export type Done = Promise<string | null>;

export interface Commands {
  readonly continueRun: (choices: Omit<ContinueRunInput, 'clientKey' | 'runId'>) => Done;
  readonly withdraw: (messageId: string) => Done;
  readonly answer: (promptId: string, answer: { optionId: string } | { text: string }) => Done;
  readonly interrupt: () => Done;
  readonly endSession: () => Done;
  readonly cancel: () => Done;
  readonly redact: (seq: number, reason: string) => Done;
  readonly remove: () => Done;
}

interface Answered {
  readonly run: RunPageFragment;
}

/** What people ask of a run. Each takes the run of the answer, so that the page shows it at once. */
export function createCommands(runId: string, apply: (run: RunPageFragment) => void): Commands {
  const clientKey = createClientKeys();
  /** The run of a payload is shown; a refusal's message is given back. */
  const done = async (answer: Promise<Answered | { readonly message: string }>): Done => {
    try {
      const result = await answer;
      if ('run' in result) {
        apply(result.run);
        return null;
      }
      return result.message;
    } catch (error) {
      return failedWith(error).message;
    }
  };
  return {
    continueRun: (choices) => {
      const input = { runId, ...choices };
      return done(
        send(ContinueRunDocument, { input: { ...input, clientKey: clientKey(input) } }).then((data) => data.continueRun),
      );
    },
    withdraw: (messageId) => done(send(WithdrawMessageDocument, { input: { messageId } }).then((data) => data.withdrawMessage)),
    answer: (promptId, answer) =>
      done(send(AnswerPromptDocument, { input: { promptId, ...answer } }).then((data) => data.answerPrompt)),
    interrupt: () => done(send(InterruptTurnDocument, { input: { runId } }).then((data) => data.interruptTurn)),
    endSession: () => done(send(EndSessionDocument, { input: { runId } }).then((data) => data.endSession)),
    redact: (seq, reason) => done(send(RedactEventDocument, { input: { runId, seq, reason } }).then((data) => data.redactEvent)),
    remove: async () => {
      try {
        const { deleteRun } = await send(DeleteRunDocument, { input: { runId } });
        return 'deletedRunId' in deleteRun ? null : deleteRun.message;
      } catch (error) {
        return failedWith(error).message;
      }
    },
    cancel: () => done(send(CancelRunDocument, { input: { runId } }).then((data) => data.cancelRun)),
  };
}
