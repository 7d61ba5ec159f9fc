import { describe, expect, test } from 'vitest';
import { admitAnswer, admitContinue, admitFollowUp, admitWithdraw, refuseText, utf8Bytes } from './admission.ts';
import type { RunEvent } from './events.ts';
import type { EnvironmentId, MessageId, PromptId, RunId, SessionId, TeamId, UserId } from './ids.ts';
import { limits } from './limits.ts';
import type { Person, Role } from './person.ts';
import { evolve, evolveAll, type Run } from './run.ts';
import type { RunOrigin } from './states.ts';

const runId = 'run_1' as RunId;
const creator = 'usr_creator' as UserId;
const other = 'usr_other' as UserId;
const person = (userId: UserId, role: Role = 'MEMBER'): Person => ({ actor: { kind: 'USER', userId, name: userId }, role });
const operator: Person = { actor: { kind: 'OPERATOR', name: 'An operator' }, role: 'ADMIN' };
const text = (id = 'msg_2') => ({ messageId: id as MessageId, text: 'go on' });

const created = (origin: RunOrigin = 'API'): RunEvent => ({
  type: 'run.created',
  title: 'x',
  origin,
  harness: 'SCRIPT',
  environmentId: 'env_1' as EnvironmentId,
  teamId: 'team_1' as TeamId,
  creatorId: creator,
  idleSeconds: 0,
});
const firstMessage: RunEvent = {
  type: 'message.added',
  messageId: 'msg_1' as MessageId,
  author: person(creator).actor,
  text: 'x',
  bytes: 1,
};
const opened: RunEvent = {
  type: 'session.opened',
  sessionId: 'ses_1' as SessionId,
  ordinal: 1,
  epoch: 1,
  cause: 'START',
  harness: 'SCRIPT',
  restoreFrom: null,
};
const toSession = (from: 'QUEUED' | 'PROVISIONING' | 'RUNNING', to: 'PROVISIONING' | 'RUNNING' | 'BLOCKED'): RunEvent => ({
  type: 'session.state',
  from,
  to,
  worker: null,
  outcome: null,
  failure: null,
});
const toRun = (from: Run['state'], to: Run['state']): RunEvent => ({ type: 'run.state', from, to, failure: null });
const running = [
  firstMessage,
  opened,
  toSession('QUEUED', 'PROVISIONING'),
  toRun('QUEUED', 'IN_PROGRESS'),
  toSession('PROVISIONING', 'RUNNING'),
];
const prompted: RunEvent = {
  type: 'prompt.opened',
  promptId: 'prm_1' as PromptId,
  kind: 'QUESTION',
  question: 'Which?',
  options: [{ id: 'a', label: 'A' }],
  freeText: false,
};
const blocked = [...running, prompted, toSession('RUNNING', 'BLOCKED'), toRun('IN_PROGRESS', 'BLOCKED')];
const canceled = [
  firstMessage,
  { type: 'message.returned', messageId: 'msg_1' as MessageId, reason: 'x' } as const,
  toRun('QUEUED', 'CANCELED'),
];

const runOf = (events: readonly RunEvent[], origin?: RunOrigin): Run =>
  evolveAll(evolve(null, created(origin), runId), events, runId) as Run;

describe('a follow-up', () => {
  test.each<[string, Run, Person, string]>([
    ['to a queued run joins it', runOf([firstMessage]), person(other), 'accepted, QUEUED'],
    ['to a run in progress joins it', runOf(running), person(other), 'accepted, IN_PROGRESS'],
    ['to an ended run opens a new session', runOf(canceled), person(other), 'accepted, QUEUED'],
    ['to a blocked run is refused with its prompt', runOf(blocked), person(creator), 'RUN_BLOCKED'],
    ['to a run without a conversation is refused', runOf([]), person(creator), 'RUN_NOT_CONTINUABLE'],
    [
      'to a local handoff by its creator is accepted',
      runOf([firstMessage], 'LOCAL_HANDOFF'),
      person(creator),
      'accepted, QUEUED',
    ],
    ['to a local handoff by anyone else is refused', runOf([firstMessage], 'LOCAL_HANDOFF'), person(other, 'ADMIN'), 'FORBIDDEN'],
    ['to a local handoff by an operator is accepted', runOf([firstMessage], 'LOCAL_HANDOFF'), operator, 'accepted, QUEUED'],
    ['by someone who only views is refused', runOf([firstMessage]), person(creator, 'VIEWER'), 'FORBIDDEN'],
  ])('%s', (_name, run, who, outcome) => {
    const decision = admitFollowUp(run, who, text());
    expect(decision.ok ? `accepted, ${evolveAll(run, decision.events, runId)?.state}` : decision.refusal.kind).toBe(outcome);
  });

  test('with an empty, oversized or unstorable text is refused by field', () => {
    expect(refuseText(' \n\t')).toMatchObject({ kind: 'INVALID_INPUT', field: 'text' });
    expect(refuseText('ü'.repeat(limits.messageBytes / 2))).toBeNull();
    expect(refuseText('ü'.repeat(limits.messageBytes / 2) + 'x')).toMatchObject({ kind: 'INVALID_INPUT', field: 'text' });
    expect(refuseText('a\0b')).toMatchObject({ kind: 'INVALID_INPUT', field: 'text' });
  });

  test('is refused when very many wait already', () => {
    const many = Array.from({ length: limits.pendingMessages }, (_, i): RunEvent => ({
      ...firstMessage,
      messageId: `msg_${i}` as MessageId,
    }));
    expect(admitFollowUp(runOf(many), person(creator), text())).toMatchObject({ ok: false, refusal: { kind: 'INVALID_INPUT' } });
  });
});

describe('continuing with choices', () => {
  const choices = { message: null, harness: null, restore: { kind: 'LATEST' } } as const;
  test('is for ended runs only', () => {
    expect(admitContinue(runOf(running), person(creator), choices)).toMatchObject({
      ok: false,
      refusal: { reason: 'NOT_ENDED' },
    });
    expect(admitContinue(runOf(canceled), person(creator), choices)).toMatchObject({ ok: true, wake: true });
  });
});

describe('withdrawing', () => {
  test('gives a run its former end back when nothing else waits', () => {
    const run = runOf([...canceled, { ...firstMessage, messageId: 'msg_2' as MessageId }, toRun('CANCELED', 'QUEUED')]);
    const decision = admitWithdraw(run, person(creator), { id: 'msg_2' as MessageId, state: 'PENDING' });
    expect(decision.ok && evolveAll(run, decision.events, runId)?.state).toBe('CANCELED');
  });

  test('of the first prompt is refused: there would be no run', () => {
    expect(admitWithdraw(runOf([firstMessage]), person(creator), { id: 'msg_1' as MessageId, state: 'PENDING' })).toMatchObject({
      ok: false,
    });
  });

  test('of a delivered message is refused and says so', () => {
    expect(admitWithdraw(runOf(running), person(creator), { id: 'msg_9' as MessageId, state: 'DELIVERED' })).toMatchObject({
      ok: false,
      refusal: { kind: 'MESSAGE_NOT_PENDING', state: 'DELIVERED' },
    });
  });
});

describe('an answer', () => {
  const run = runOf(blocked);
  const promptId = 'prm_1' as PromptId;
  test.each([
    ['with one of the options is accepted', { optionId: 'a', text: null }, 'accepted'],
    ['with an unknown option is refused', { optionId: 'b', text: null }, 'INVALID_INPUT'],
    ['in own words is refused where only options are taken', { optionId: null, text: 'well' }, 'INVALID_INPUT'],
    ['that is empty is refused', { optionId: null, text: ' ' }, 'INVALID_INPUT'],
  ])('%s', (_name, answer, outcome) => {
    const decision = admitAnswer(run, person(creator), promptId, answer);
    expect(decision.ok ? 'accepted' : decision.refusal.kind).toBe(outcome);
  });

  test('that comes second is told who was first', () => {
    const first = admitAnswer(run, person(other), promptId, { optionId: 'a', text: null });
    const after = evolveAll(run, first.ok ? first.events : [], runId) as Run;
    expect(admitAnswer(after, person(creator), promptId, { optionId: 'a', text: null })).toMatchObject({
      ok: false,
      refusal: { kind: 'PROMPT_NOT_OPEN', answeredBy: { userId: other } },
    });
  });
});

test('bytes are counted as UTF-8 has them', () => {
  for (const sample of ['', 'abc', 'äöü', '漢字', '🏃‍♀️', '\ud800']) expect(utf8Bytes(sample)).toBe(Buffer.byteLength(sample));
});
