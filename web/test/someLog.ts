import fc from 'fast-check';
import type { LogEvent } from '../live/runLog.ts';
import { LogWriter } from './logWriter.ts';

const mira = { kind: 'USER', name: 'Mira Okafor' } as const;
const failure = { origin: 'USER', code: 'SCRIPT_FAILED', message: 'The script exited with 1.', retryable: true } as const;
const usage = { wallMs: 1, cpuMs: 1, peakMemoryBytes: 1, inputTokens: 0, outputTokens: 0, costMicros: 0, models: [] };

type Act =
  | { readonly do: 'ITEM'; readonly chunks: readonly string[]; readonly ends: boolean }
  | { readonly do: 'PROMPT'; readonly how: 'ANSWERED' | 'CLOSED' | 'OPEN' }
  | { readonly do: 'TOOL' | 'PLAN' }
  | { readonly do: 'FILES' | 'NOTICE' | 'INTERRUPT' | 'MESSAGE' };

interface Plan {
  readonly sessions: readonly {
    readonly turns: readonly (readonly Act[])[];
    readonly end: 'SUCCEEDED' | 'FAILED' | 'LOST' | 'LIVE';
    readonly between: 'NOTHING' | 'WITHDRAWN' | 'RETURNED' | 'CONTINUED';
  }[];
}

const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({
    do: fc.constant('ITEM' as const),
    chunks: fc.array(
      fc.string({ maxLength: 40 }).map((text) => `${text}\n`.repeat(400)),
      { maxLength: 6 },
    ),
    ends: fc.boolean(),
  }),
  fc.record({ do: fc.constant('PROMPT' as const), how: fc.constantFrom('ANSWERED', 'CLOSED', 'OPEN') }),
  fc.record({ do: fc.constantFrom('FILES', 'NOTICE', 'INTERRUPT', 'MESSAGE', 'TOOL', 'PLAN') }),
);

const plan: fc.Arbitrary<Plan> = fc.record({
  sessions: fc.array(
    fc.record({
      turns: fc.array(fc.array(act, { maxLength: 5 }), { maxLength: 3 }),
      end: fc.constantFrom('SUCCEEDED', 'FAILED', 'LOST', 'LIVE'),
      between: fc.constantFrom('NOTHING', 'WITHDRAWN', 'RETURNED', 'CONTINUED'),
    }),
    { maxLength: 3 },
  ),
});

/** Writes a log that keeps the order in which the server logs things. */
class Writer extends LogWriter {
  #things = 0;
  #turns = 0;
  readonly #waiting: string[] = [];

  message(): string {
    const messageId = `msg_${++this.#things}`;
    this.add({ __typename: 'MessageAddedEvent', messageId, author: mira, text: `do ${messageId}`, size: 8, clientKey: null });
    this.#waiting.push(messageId);
    return messageId;
  }

  turn(acts: readonly Act[], last: boolean, end: Plan['sessions'][number]['end']): void {
    const messageId = this.#waiting.shift() ?? (this.message(), this.#waiting.shift() ?? '');
    const turn = ++this.#turns;
    this.add({ __typename: 'MessageDeliveredEvent', messageId });
    this.add({ __typename: 'TurnStartedEvent', turn, messageId });
    const from = this.events.length;
    for (const one of acts) this.act(one);
    if (last && end === 'LIVE') return;
    if (last && end === 'LOST') {
      this.end('LOST');
      const redelivered = turn % 2 === 0;
      this.add({ __typename: 'TurnRolledBackEvent', turn, rolledFrom: from, messageId, redelivered });
      if (redelivered) this.#waiting.unshift(messageId);
    } else {
      this.add({ __typename: 'TurnEndedEvent', turn, turnReason: 'COMPLETED', failure: null, usage });
    }
  }

  act(one: Act): void {
    const id = `${++this.#things}`;
    switch (one.do) {
      case 'ITEM':
        this.add({ __typename: 'ItemStartedEvent', itemId: id, itemKind: 'COMMAND', title: `run ${id}` });
        for (const text of one.chunks) this.add({ __typename: 'ItemChunkEvent', itemId: id, stream: 'STDOUT', text });
        if (one.ends) {
          this.add({
            __typename: 'ItemEndedEvent',
            itemId: id,
            status: 'OK',
            exitCode: 0,
            signal: null,
            bytes: 1,
            omittedBytes: 0,
            itemTookMs: 5,
          });
        }
        return;
      case 'TOOL':
        this.tool(id);
        return;
      case 'PLAN':
        this.add({
          __typename: 'PlanUpdatedEvent',
          planId: `plan ${this.#turns}`,
          steps: [{ content: `step ${id}`, status: 'PENDING' }],
        });
        return;
      case 'PROMPT':
        this.add({
          __typename: 'PromptOpenedEvent',
          promptId: id,
          promptKind: 'QUESTION',
          question: 'Which one?',
          options: [{ id: 'a', label: 'A' }],
          freeText: true,
        });
        if (one.how === 'ANSWERED') {
          this.add({ __typename: 'PromptAnsweredEvent', promptId: id, answer: { optionId: 'a', text: null }, actor: mira });
          this.add({ __typename: 'PromptDeliveredEvent', promptId: id });
        } else if (one.how === 'CLOSED') {
          this.add({ __typename: 'PromptClosedEvent', promptId: id, closeReason: 'EXPIRED' });
        }
        return;
      case 'FILES':
        this.add({ __typename: 'FilesChangedEvent', files: [], count: 0 });
        return;
      case 'NOTICE':
        this.add({ __typename: 'NoticeEvent', level: 'INFO', noticeCode: 'SANDBOXED', message: 'in a sandbox' });
        return;
      case 'INTERRUPT':
        this.add({ __typename: 'InterruptRequestedEvent', actor: mira });
        return;
      case 'MESSAGE':
        this.message();
    }
  }

  tool(id: string): void {
    const tool = { id: `call ${id}`, name: 'edit', kind: 'EDIT' } as const;
    this.add({ __typename: 'ItemStartedEvent', itemId: id, itemKind: 'TOOL', title: 'a.ts', tool, input: '{}' });
    this.add({ __typename: 'ItemDiffEvent', itemId: id, path: 'a.ts', oldText: 'a', newText: id, complete: true });
    this.add({
      __typename: 'ItemEndedEvent',
      itemId: id,
      status: 'OK',
      exitCode: null,
      signal: null,
      bytes: 0,
      omittedBytes: 0,
      itemTookMs: 5,
    });
  }

  state(sessionFrom: 'QUEUED' | 'PROVISIONING' | 'RUNNING', sessionTo: 'PROVISIONING' | 'RUNNING'): void {
    this.add({ __typename: 'SessionStateChangedEvent', sessionFrom, sessionTo, worker: 'eu-3', outcome: null, failure: null });
  }

  end(outcome: 'SUCCEEDED' | 'FAILED' | 'LOST'): void {
    const why = outcome === 'SUCCEEDED' ? null : failure;
    this.add({
      __typename: 'SessionStateChangedEvent',
      sessionFrom: 'RUNNING',
      sessionTo: 'ENDED',
      worker: null,
      outcome,
      failure: why,
    });
    this.ordinal = null;
    if (outcome !== 'LOST') {
      this.add({ __typename: 'RunStateChangedEvent', runFrom: 'IN_PROGRESS', runTo: outcome, failure: why });
    }
  }

  between(what: Plan['sessions'][number]['between']): void {
    if (what === 'WITHDRAWN' || what === 'RETURNED') {
      const messageId = this.message();
      this.#waiting.pop();
      if (what === 'RETURNED') this.add({ __typename: 'MessageReturnedEvent', messageId, returnedReason: 'No worker.' });
      else this.add({ __typename: 'MessageWithdrawnEvent', messageId, actor: mira });
    }
    if (what === 'CONTINUED') {
      this.add({
        __typename: 'RunContinuedEvent',
        actor: mira,
        nextHarness: null,
        restore: 'LATEST',
        base: 'KEEP',
        conflicts: null,
        chosenSnapshotId: null,
      });
    }
  }
}

function write({ sessions }: Plan): LogEvent[] {
  const log = new Writer();
  log.add({ __typename: 'RunCreatedEvent', title: 'A run', origin: 'MANUAL', harness: 'SCRIPT' });
  log.message();
  for (const [index, { turns, end, between }] of sessions.entries()) {
    const ordinal = index + 1;
    log.ordinal = ordinal;
    log.add({
      __typename: 'SessionOpenedEvent',
      sessionId: `ses_${ordinal}`,
      ordinal,
      cause: 'START',
      harness: 'SCRIPT',
      restoreFrom: null,
    });
    log.state('QUEUED', 'PROVISIONING');
    log.state('PROVISIONING', 'RUNNING');
    for (const [turn, acts] of turns.entries()) log.turn(acts, turn === turns.length - 1, end);
    if (end === 'LIVE') return log.events;
    if (log.ordinal !== null) log.end(end);
    log.between(between);
  }
  return log.events;
}

/** Any log of a run, of a few sessions. */
export const someLog: fc.Arbitrary<LogEvent[]> = plan.map(write);
