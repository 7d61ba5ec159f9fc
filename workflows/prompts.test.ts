import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { client, createToken } from '../test/support/gateway.ts';
import { createWorld } from '../test/support/journal.ts';
import { ended, startTestSystem, type Shown, type TestSystem } from '../test/support/system.ts';

let system: TestSystem;
let environmentId: string;
beforeAll(async () => {
  system = await startTestSystem();
  environmentId = await system.createEnvironment();
  await system.startWorker();
});
afterAll(() => system.stop());

const fields = `waitingFor { for } activity openPrompt { id question options { id label } freeText } failure { code origin }
  sessions { state outcome snapshot { kind } } viewerCan { answer { allowed } followUp { code } }`;
const blocked = (run: Shown) => run.state === 'BLOCKED';
const output = async (runId: string) =>
  (await system.transcript(runId)).map((event: Shown) => (event.__typename === 'ItemChunkEvent' ? event.text : '')).join('');
const answer = (promptId: string, given: object) =>
  system.mutate('answerPrompt', { promptId, ...given }, 'run { state } prompt { state }');

describe('a script that asks', () => {
  test('blocks the run until a person answers, and goes on with the answer', async () => {
    const runId = await system.createRun(
      environmentId,
      'echo before; a=$(ask "Deploy?" --option yes="Yes, deploy" --option no=No); echo "answer: $a"',
    );
    const run = await system.runUntil(runId, fields, blocked);
    expect(run).toMatchObject({
      state: 'BLOCKED',
      waitingFor: { for: 'PERSON' },
      activity: 'Deploy?',
      openPrompt: {
        question: 'Deploy?',
        options: [
          { id: 'yes', label: 'Yes, deploy' },
          { id: 'no', label: 'No' },
        ],
        freeText: false,
      },
      sessions: [{ state: 'BLOCKED' }],
      viewerCan: { answer: { allowed: true }, followUp: { code: 'RUN_BLOCKED' } },
    });
    await answer(run.openPrompt.id, { optionId: 'yes' });
    expect(await system.runUntil(runId, fields, ended)).toMatchObject({ state: 'SUCCEEDED', openPrompt: null });
    expect(await output(runId)).toBe('before\nanswer: yes\n');
    const types = (await system.transcript(runId)).map((event: Shown) => event.__typename.replace('Event', ''));
    expect(types.filter((type: string) => type.startsWith('Prompt'))).toEqual([
      'PromptOpened',
      'PromptAnswered',
      'PromptDelivered',
    ]);
  });

  test('asks one question after another, also from two processes at once', async () => {
    const runId = await system.createRun(environmentId, 'ask "One?" --text > 1 & ask "Two?" --text > 2 & wait; sort 1 2');
    const said: string[] = [];
    for (let i = 0; i < 2; i++) {
      const { openPrompt } = await system.runUntil(
        runId,
        fields,
        (run) => run.openPrompt && !said.includes(run.openPrompt.question),
      );
      said.push(openPrompt.question);
      await answer(openPrompt.id, { text: `to ${openPrompt.question}` });
    }
    await system.runUntil(runId, fields, ended);
    expect(await output(runId)).toBe('to One?\nto Two?\n');
  });

  test('is canceled while it waits', async () => {
    const runId = await system.createRun(environmentId, 'ask "Forever?"; echo never');
    const { openPrompt } = await system.runUntil(runId, fields, blocked);
    await system.mutate('cancelRun', { runId });
    expect(await system.runUntil(runId, fields, ended)).toMatchObject({
      state: 'CANCELED',
      openPrompt: null,
      sessions: [{ outcome: 'CANCELED', snapshot: { kind: 'FINAL' } }],
    });
    await expect(answer(openPrompt.id, { text: 'late' })).rejects.toThrow(/PROMPT_NOT_OPEN/);
  });
});

describe('an answer', () => {
  test('that comes second, or from someone who may only view, is refused and told why', async () => {
    const viewer = await createWorld(system.world.journal, 'Vic');
    await system.world.journal.pool.query('INSERT INTO "Membership" ("userId", "teamId", role) VALUES ($1, $2, $3)', [
      viewer.userId,
      system.world.teamId,
      'VIEWER',
    ]);
    const viewersApi = client(system.gateway.url, await createToken(system.world.journal, viewer.userId));
    const runId = await system.createRun(environmentId, 'ask "Who?" --text');
    const { openPrompt } = await system.runUntil(runId, fields, blocked);
    const refused = await viewersApi(
      'mutation ($input: AnswerPromptInput!) { answerPrompt(input: $input) { __typename ... on Error { message } } }',
      {
        input: { promptId: openPrompt.id, text: 'me' },
      },
    );
    expect(refused.data.answerPrompt.__typename).toBe('ForbiddenError');
    const answers = await Promise.allSettled([1, 2, 3].map((n) => answer(openPrompt.id, { text: `${n}` })));
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(answers.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { message: expect.stringContaining('Mira has answered') },
    });
    await system.runUntil(runId, fields, ended);
  });
});

test('a question that nobody answers in time fails the turn with a code, and what was done is kept', async () => {
  const hasty = await startTestSystem();
  try {
    await hasty.startWorker({ BATON_PROMPT_DEADLINE_HOURS: '0.0003' });
    const runId = await hasty.createRun(await hasty.createEnvironment(), 'echo kept > kept; ask "Anyone?"; echo never');
    expect(await hasty.runUntil(runId, fields, ended)).toMatchObject({
      state: 'FAILED',
      failure: { code: 'PROMPT_EXPIRED', origin: 'USER' },
      sessions: [{ outcome: 'FAILED', snapshot: { kind: 'FINAL' } }],
    });
  } finally {
    await hasty.stop();
  }
});
