import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as admission from './admission.ts';
import type { RunEvent } from './events.ts';
import * as execution from './execution.ts';
import { failure } from './failure.ts';
import type { EnvironmentId, MessageId, PromptId, RunId, SessionId, SnapshotId, TeamId, UserId } from './ids.ts';
import type { Person } from './person.ts';
import { evolve, IllegalEventError, liveSession, type Run } from './run.ts';
import { isEnded, runStates, runTransitions, sessionStates, sessionTransitions, type RunState } from './states.ts';
import { noUsage } from './usage.ts';

const creator = 'usr_1' as UserId;
const member: Person = { actor: { kind: 'USER', userId: creator, name: 'Mira' }, role: 'MEMBER' };
const viewer: Person = { actor: { kind: 'USER', userId: 'usr_2' as UserId, name: 'Vic' }, role: 'VIEWER' };
const why = failure('WORKER_LOST', 'gone');

/** A run with its log, driven by the same decisions as the real one, and an account of what became of each message. */
class Model {
  run: Run;
  readonly log: RunEvent[] = [];
  readonly fates = new Map<MessageId, string[]>();
  #ids = 0;

  constructor() {
    this.run = evolve(null, created, 'run_1' as RunId);
    this.log.push(created);
    this.apply(accept(admission.admitFirstMessage(member, this.message())));
  }

  id = (prefix: string): string => `${prefix}_${++this.#ids}`;
  message = (text = 'echo hi') => ({ messageId: this.id('msg') as MessageId, text });

  apply(events: readonly RunEvent[]): void {
    for (const event of events) {
      this.run = evolve(this.run, event, this.run.id);
      this.log.push(event);
      if ('messageId' in event) {
        const fate = this.fates.get(event.messageId) ?? [];
        this.fates.set(event.messageId, [...fate, event.type]);
      }
    }
  }
}

const created: RunEvent = {
  type: 'run.created',
  title: 'x',
  origin: 'API',
  harness: 'SCRIPT',
  environmentId: 'env_1' as EnvironmentId,
  teamId: 'team_1' as TeamId,
  creatorId: creator,
  idleSeconds: 0,
};

function accept(decision: { ok: boolean; events?: readonly RunEvent[] }): readonly RunEvent[] {
  return decision.ok ? (decision.events ?? []) : [];
}

const session = (model: Model): SessionId => model.run.session?.id ?? ('ses_none' as SessionId);

/** A worker's step: one that has been succeeded is told that it is stale, and writes nothing. */
function step(model: Model, decide: () => { events: readonly RunEvent[] }): void {
  try {
    model.apply(decide().events);
  } catch (error) {
    if (!(error instanceof execution.StaleSessionError)) throw error;
  }
}

/** Every command that people, workflows and workers can give, whatever the state: the decisions must hold in all of them. */
const commands: Record<string, (model: Model) => void> = {
  followUp: (m) => m.apply(accept(admission.admitFollowUp(m.run, member, m.message()))),
  followUpEmpty: (m) => expect(admission.admitFollowUp(m.run, member, m.message('  ')).ok).toBe(false),
  followUpByViewer: (m) => expect(admission.admitFollowUp(m.run, viewer, m.message()).ok).toBe(false),
  continueIdle: (m) =>
    m.apply(accept(admission.admitContinue(m.run, member, { message: null, harness: null, restore: { kind: 'NONE' } }))),
  continueWithText: (m) =>
    m.apply(
      accept(
        admission.admitContinue(m.run, member, {
          message: m.message(),
          harness: 'SCRIPT',
          restore: { kind: 'LATEST' },
          newest: 'BESIDE',
        }),
      ),
    ),
  withdraw: (m) => {
    const last = m.run.pending.at(-1);
    if (last) m.apply(accept(admission.admitWithdraw(m.run, member, last)));
  },
  cancel: (m) => m.apply(accept(admission.admitCancel(m.run, member))),
  endSession: (m) => m.apply(accept(admission.admitEndSession(m.run, member))),
  interrupt: (m) => m.apply(accept(admission.admitInterrupt(m.run, member))),
  answer: (m) =>
    m.apply(
      accept(
        admission.admitAnswer(m.run, member, m.run.prompt?.promptId ?? ('prm_none' as PromptId), { optionId: 'yes', text: null }),
      ),
    ),
  nextWork: (m) => m.apply(execution.nextWork(m.run, m.id('ses') as SessionId).events),
  hosted: (m) => step(m, () => execution.hosted(m.run, session(m), 'worker')),
  restoring: (m) => step(m, () => execution.restoring(m.run, session(m))),
  waiting: (m) => step(m, () => execution.waiting(m.run, session(m), 'CLONE', 'half')),
  sessionFailed: (m) => step(m, () => execution.sessionFailed(m.run, session(m), why)),
  nextTurn: (m) => {
    if (!['PROVISIONING', 'RESTORING', 'RUNNING', 'IDLE'].includes(m.run.session?.state ?? '')) return;
    step(m, () => execution.nextTurn(m.run, session(m)));
  },
  turnCompleted: (m) =>
    step(m, () =>
      execution.turnEnded(m.run, session(m), { turn: m.run.turns, reason: 'COMPLETED', failure: null, usage: noUsage }),
    ),
  turnFailed: (m) =>
    step(m, () => execution.turnEnded(m.run, session(m), { turn: m.run.turns, reason: 'FAILED', failure: why, usage: noUsage })),
  captured: (m) => {
    if (liveSession(m.run))
      m.apply([{ type: 'snapshot.captured', snapshotId: m.id('snp') as SnapshotId, kind: 'CHECKPOINT', summary: null as never }]);
  },
  close: (m) => {
    if (!m.run.turn && ['RUNNING', 'IDLE'].includes(m.run.session?.state ?? ''))
      step(m, () => execution.beginClose(m.run, session(m), false));
  },
  mustClose: (m) => {
    if (!m.run.turn && ['RUNNING', 'IDLE'].includes(m.run.session?.state ?? ''))
      step(m, () => execution.beginClose(m.run, session(m), true));
  },
  end: (m) => {
    if (m.run.session?.state === 'SNAPSHOTTING')
      step(m, () => execution.endSession(m.run, session(m), { outcome: 'SUCCEEDED', started: true }));
  },
  endFailed: (m) => {
    if (m.run.session?.state === 'SNAPSHOTTING')
      step(m, () => execution.endSession(m.run, session(m), { outcome: 'FAILED', started: true }));
  },
  neverStarted: (m) => {
    if (['QUEUED', 'PROVISIONING', 'RESTORING'].includes(m.run.session?.state ?? '')) {
      step(m, () => execution.endSession(m.run, session(m), { outcome: 'FAILED', started: false }));
    }
  },
  lose: (m) => m.apply(execution.loseSession(m.run, session(m), why).events),
  expire: (m) => {
    if (m.run.state === 'QUEUED') m.apply(execution.failRun(m.run, why).events);
  },
  openPrompt: (m) => {
    if (!m.run.turn || m.run.prompt || m.run.session?.state !== 'RUNNING') return;
    const options = [{ id: 'yes', label: 'Yes' }];
    step(m, () =>
      execution.openPrompt(m.run, session(m), {
        promptId: m.id('prm') as PromptId,
        kind: 'QUESTION',
        question: '?',
        options,
        freeText: false,
      }),
    );
  },
  delivered: (m) => {
    const { prompt } = m.run;
    if (prompt) step(m, () => execution.promptDelivered(m.run, session(m), prompt.promptId));
  },
  expired: (m) => {
    const { prompt } = m.run;
    if (prompt) step(m, () => execution.closePrompt(m.run, session(m), prompt.promptId, 'EXPIRED'));
  },
};

function expectSound({ run, log, fates }: Model): void {
  const live = liveSession(run);
  expect(run.lastSeq).toBe(log.length);
  expect(isEnded(run.state) && live !== null).toBe(false);
  expect(run.state === 'BLOCKED').toBe(live?.state === 'BLOCKED');
  expect(run.state === 'BLOCKED').toBe(run.prompt !== null);
  if (isEnded(run.state)) {
    expect(run.pending).toEqual([]);
    expect(run.turn).toBeNull();
    expect(run.uncaptured).toEqual([]);
    expect(run.prompt).toBeNull();
    expect(run.cancelRequested).toBe(false);
  }
  if (run.turn) expect(live).not.toBeNull();
  if (live) expect(live.epoch).toBe(run.epoch);
  if (run.state === 'IN_PROGRESS') expect(live).not.toBeNull();
  for (const [id, fate] of fates) {
    const pending = run.pending.some((message) => message.id === id);
    const inTurn = run.turn?.messageId === id;
    const last = fate.at(-1);
    // Waiting, with an agent, done, back with its author, or withdrawn: exactly one of these, and none is forgotten.
    if (pending) expect(last).toMatch(/^(message\.added|turn\.rolledBack)$/);
    else expect(last).not.toBe('message.added');
    if (inTurn) expect(last).toBe('turn.started');
    // A script's message is given out once.
    expect(fate.filter((type) => type === 'message.delivered').length).toBeLessThanOrEqual(1);
  }
}

describe('a run', () => {
  test('goes on from the newest base as chosen, also when the session was lost before it had left anything', () => {
    const model = new Model();
    for (const name of ['nextWork', 'hosted', 'neverStarted', 'continueWithText']) commands[name]?.(model);
    const chosen: Run = { ...model.run, snapshotId: 'snp_1' as SnapshotId };
    const opened = execution.nextWork(chosen, 'ses_2' as SessionId).events;
    expect(opened).toMatchObject([{ type: 'session.opened', restoreFrom: 'snp_1', newest: 'BESIDE' }]);
    let run = opened.reduce((before, event) => evolve(before, event, before.id), chosen);
    const { events } = execution.loseSession(run, 'ses_2' as SessionId, why);
    run = events.reduce((before, event) => evolve(before, event, before.id), run);
    expect(execution.nextWork(run, 'ses_3' as SessionId).events).toMatchObject([{ cause: 'RECOVERY', newest: 'BESIDE' }]);
    // What it left builds on the newest base already.
    const [after] = execution.nextWork({ ...run, snapshotId: 'snp_2' as SnapshotId }, 'ses_3' as SessionId).events;
    expect(after).not.toHaveProperty('newest');
  });

  test('is led outside its tables by no sequence of commands, and forgets no message', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...Object.keys(commands)), { maxLength: 80 }), (names) => {
        const model = new Model();
        for (const name of names) {
          commands[name]?.(model);
          expectSound(model);
        }
      }),
      { numRuns: 3_000 },
    );
  });

  test('can always be brought to an end and continued from there', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...Object.keys(commands)), { maxLength: 40 }), (names) => {
        const model = new Model();
        for (const name of names) commands[name]?.(model);
        commands['lose']?.(model);
        commands['cancel']?.(model);
        commands['lose']?.(model);
        expect(isEnded(model.run.state)).toBe(true);
        const again = admission.admitFollowUp(model.run, member, model.message());
        expect(again.ok).toBe(true);
        model.apply(accept(again));
        expect(model.run.state).toBe('QUEUED');
        expect(execution.nextWork(model.run, 'ses_new' as SessionId).result.kind).toBe('SESSION');
      }),
      { numRuns: 1_000 },
    );
  });

  test('says of a turn that ended, but was in no snapshot when its worker was lost, that it is lost', () => {
    for (const captured of [true, false]) {
      const model = new Model();
      const names = ['nextWork', 'hosted', 'nextTurn', 'turnCompleted', ...(captured ? ['captured'] : []), 'close', 'lose'];
      for (const name of names) commands[name]?.(model);
      expect(model.run.state).toBe(captured ? 'SUCCEEDED' : 'FAILED');
      expect(model.log.filter(({ type }) => type === 'turn.rolledBack')).toHaveLength(captured ? 0 : 1);
    }
  });

  test('is the same when its log is read again', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...Object.keys(commands)), { maxLength: 60 }), (names) => {
        const model = new Model();
        for (const name of names) commands[name]?.(model);
        const again = model.log.reduce<Run | null>((run, event) => evolve(run, event, model.run.id), null);
        expect(again).toEqual(model.run);
      }),
      { numRuns: 500 },
    );
  });

  test('answers a worker that asks again as it did before', () => {
    const asked: [string, (m: Model) => { events: readonly RunEvent[]; result: unknown }][] = [
      ['nextWork', (m) => execution.nextWork(m.run, m.id('ses') as SessionId)],
      ['hosted', (m) => execution.hosted(m.run, session(m), 'worker')],
      ['nextTurn', (m) => execution.nextTurn(m.run, session(m))],
      [
        'turnEnded',
        (m) => execution.turnEnded(m.run, session(m), { turn: 1, reason: 'COMPLETED', failure: null, usage: noUsage }),
      ],
      ['beginClose', (m) => execution.beginClose(m.run, session(m), false)],
      ['endSession', (m) => execution.endSession(m.run, session(m), { outcome: 'SUCCEEDED', started: true })],
      ['nextWork after the end', (m) => execution.nextWork(m.run, m.id('ses') as SessionId)],
    ];
    const model = new Model();
    for (const [name, ask] of asked) {
      const first = ask(model);
      model.apply(first.events);
      const second = ask(model);
      expect(second.events, name).toEqual([]);
      expect(second.result, name).toEqual(first.result);
    }
    expect(model.run.state).toBe('SUCCEEDED');
  });

  test('refuses an event that does not fit, by name', () => {
    const { run } = new Model();
    expect(() => evolve(run, created, run.id)).toThrow(IllegalEventError);
    expect(() => evolve(run, { type: 'run.state', from: 'QUEUED', to: 'BLOCKED', failure: null }, run.id)).toThrow(
      /QUEUED does not become BLOCKED/,
    );
    expect(() =>
      evolve(run, { type: 'turn.ended', turn: 1, reason: 'COMPLETED', failure: null, usage: noUsage }, run.id),
    ).toThrow(/not in flight/);
  });
});

describe('the tables', () => {
  test('lead from every state of a run to an end', () => {
    const reaches = (from: RunState, seen = new Set<RunState>()): boolean =>
      isEnded(from) || runTransitions[from].some((to) => !seen.has(to) && reaches(to, new Set([...seen, from])));
    expect(runStates.filter((state) => !reaches(state))).toEqual([]);
  });

  test('let a session end from every state, for its worker can be lost at any moment', () => {
    expect(sessionStates.filter((state) => state !== 'ENDED' && !sessionTransitions[state].includes('ENDED'))).toEqual([]);
    expect(sessionTransitions.ENDED).toEqual([]);
  });
});
