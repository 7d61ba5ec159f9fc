import { defineSearchAttributeKey } from '@temporalio/common';
import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  condition,
  continueAsNew,
  executeChild,
  getExternalWorkflowHandle,
  isCancellation,
  patched,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { sessionWorkflowId } from '../domain/ids.ts';
import type { Work } from './activities/control.ts';
import {
  answerPrompt,
  cancel,
  pending,
  sendFollowUp,
  sessionWorkflowType,
  status,
  wake,
  type RunInput,
  type RunResult,
  type SessionInput,
} from './contract.ts';
import { control } from './proxies.ts';
import type { session } from './sessionWorkflow.ts';
import { searchAttributes, type SearchAttributeName } from './searchAttributes.ts';

/**
 * Events from which on the execution goes on with a new history after a session. A worker that has not got an execution in
 * memory works through all of its history; when many come to it at once, short ones are through before their deadline.
 */
const manyEvents = 300;

type SessionWork = Extract<Work, { kind: 'SESSION' }>;

/**
 * A run: it asks the journal for work, lets a session do it, and asks again, until there is nothing more. The journal
 * decides; this only executes, so an execution can be started, repeated, reset or lost at any moment.
 */
export async function run(input: RunInput): Promise<RunResult> {
  const journal = control(input.taskQueue);
  let wakes = 0;
  let at = 'asking the journal for work';
  let live: SessionWork | null = null;

  // An execution that was canceled may have another session after it: what comes then must still get through.
  const onWake = () =>
    CancellationScope.nonCancellable(async () => {
      wakes++;
      if (live) await signalSession(input, live);
    });
  setHandler(wake, onWake);
  setHandler(status, () => at);
  setHandler(pending, () =>
    live ? `session ${live.ordinal} is open; what is sent now joins it` : 'nothing is open; what is sent now opens a session',
  );
  const afterwards = (tell: () => Promise<string>): Promise<string> =>
    CancellationScope.nonCancellable(async () => {
      const words = await tell();
      await onWake();
      return words;
    });
  setHandler(sendFollowUp, ({ text }) => afterwards(() => journal.operatorFollowUp({ runId: input.runId, text })), {
    description: 'Sends a message to the run, as the API would: {"text": "…"}',
  });
  setHandler(answerPrompt, (answer) => afterwards(() => journal.operatorAnswer({ runId: input.runId, ...answer })), {
    description:
      'Answers the prompt that the run is blocked on: {"promptId": "prm_…", "optionId": "…"} or {"promptId": "…", "text": "…"}',
  });
  setHandler(cancel, () => afterwards(() => journal.operatorCancel({ runId: input.runId })), {
    description: 'Cancels the run, as the API would.',
  });

  // An operator's `temporal workflow cancel` cancels the run; the session then ends by itself and is not torn down.
  const canceled = CancellationScope.current().cancelRequested.catch(() =>
    CancellationScope.nonCancellable(async () => {
      await journal.requestCancel({ runId: input.runId });
      if (live)
        await getExternalWorkflowHandle(sessionWorkflowId(input.runId, live.ordinal))
          .cancel()
          .catch(() => {});
    }),
  );

  const last = await CancellationScope.nonCancellable(async () => {
    for (;;) {
      const seen = wakes;
      at = 'asking the journal for work';
      const work = await journal.nextWork({ runId: input.runId, executionRunId: workflowInfo().runId });
      if (work.kind === 'SESSION') {
        live = work;
        at = `session ${work.ordinal} is open (${work.cause.toLowerCase().replace('_', '-')}, ${work.harness.toLowerCase()})`;
        show(work, at);
        await executeSession(input, work);
        live = null;
        if (isLong()) {
          await condition(allHandlersFinished);
          return continueAsNew<typeof run>(input);
        }
      } else if (work.kind === 'PARKED') {
        at = 'parked: it waits for a person’s answer';
        await condition(() => wakes > seen);
      } else {
        await condition(allHandlersFinished);
        if (wakes === seen) return work;
      }
    }
  });

  at = `ended: ${last.state}`;
  upsertSearchAttributes([{ key: attribute('BatonRunState'), value: last.state }]);
  setCurrentDetails(at);
  return close(last, canceled);
}

/** Closes the execution with the status that fits the run's. */
async function close(last: Extract<Work, { kind: 'NOTHING' }>, canceled: Promise<unknown>): Promise<RunResult> {
  if (last.state === 'CANCELED' && CancellationScope.current().consideredCancelled) {
    await canceled;
    throw new CancelledFailure('the run was canceled');
  }
  if (last.state === 'FAILED') throw ApplicationFailure.nonRetryable(last.code ?? 'INTERNAL', last.code ?? 'INTERNAL');
  return { state: last.state };
}

function isLong(): boolean {
  const { continueAsNewSuggested, historyLength } = workflowInfo();
  return continueAsNewSuggested || (historyLength > manyEvents && patched('new-history-after-300-events'));
}

async function executeSession(input: RunInput, { facts: _, kind: _kind, ...work }: SessionWork): Promise<void> {
  const sessionInput: SessionInput = { ...work, runId: input.runId, taskQueue: input.taskQueue };
  try {
    await executeChild<typeof session>(sessionWorkflowType, {
      args: [sessionInput],
      workflowId: sessionWorkflowId(input.runId, work.ordinal),
      parentClosePolicy: 'REQUEST_CANCEL',
      // After a reset the session that is still open is waited for, not started twice.
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      staticSummary: `Session ${work.ordinal}: ${work.cause.toLowerCase().replace('_', '-')}`,
    });
  } catch (error) {
    // The session was terminated or failed for a defect: what it left open is ended as lost, and the run goes on from there.
    if (isCancellation(error) && CancellationScope.current().consideredCancelled) throw error;
    await control(input.taskQueue).loseSession({ runId: input.runId, sessionId: work.sessionId });
  }
}

async function signalSession({ runId }: RunInput, { ordinal }: SessionWork): Promise<void> {
  // A session that has just closed has asked the journal last; the wake is then ours.
  await getExternalWorkflowHandle(sessionWorkflowId(runId, ordinal))
    .signal(wake)
    .catch(() => {});
}

const attribute = (name: Exclude<SearchAttributeName, 'BatonRepository'>) => defineSearchAttributeKey(name, 'KEYWORD');

/** What `temporal workflow list` and `describe` show of the run. */
function show({ facts, ordinal }: SessionWork, details: string): void {
  const keywords = Object.keys(searchAttributes).filter((name) => name !== 'BatonRepository' && name !== 'BatonRunState');
  upsertSearchAttributes([
    { key: attribute('BatonRunState'), value: 'IN_PROGRESS' },
    ...keywords.map((name) => ({ key: attribute(name as 'BatonTeam'), value: facts[name as 'BatonTeam'] })),
    { key: defineSearchAttributeKey('BatonRepository', 'KEYWORD_LIST'), value: [...facts.BatonRepository] },
  ]);
  setCurrentDetails(`Session ${ordinal}: ${details}`);
}
