import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ModelServer } from '../test/support/models/modelServer.ts';
import { ended, startTestSystem, type Shown, type TestSystem } from '../test/support/system.ts';

let system: TestSystem;
let server: ModelServer;
beforeAll(async () => {
  server = await ModelServer.start();
  system = await startTestSystem();
  await system.startWorker({
    BATON_MODEL_PROVIDER: 'anthropic',
    BATON_MODEL: 'scripted',
    BATON_MODEL_API_KEY: 'the-key',
    BATON_MODEL_BASE_URL: server.url,
  });
});
afterAll(async () => {
  await system?.stop();
  await server?.stop();
});
afterEach(() => server.reset());

const within = 60_000;
const shell = (command: string) => ({ calls: [{ name: 'shell', input: { command } }] });
const fields = `failure { code message } openPrompt { id kind question } usage { inputTokens outputTokens models { model inputTokens } }
  sessions { ordinal state outcome harness failure { code } usage { inputTokens } }`;
const logOf = async (runId: string): Promise<Shown[]> => {
  const { run } = await system.ask(
    `query ($id: ID!) { run(id: $id) { transcript(first: 1000) { edges { node { __typename seq sessionOrdinal
       ... on ItemStartedEvent { kind tool { name } } ... on ItemChunkEvent { text } ... on NoticeEvent { code message }
       ... on ConversationOpenedEvent { conversationId resumed model } ... on TurnEndedEvent { reason } } } } } }`,
    { id: runId },
  );
  return run.transcript.edges.map(({ node }: { node: Shown }) => node);
};
const opened = (log: readonly Shown[]) => log.filter(({ __typename }) => __typename === 'ConversationOpenedEvent');
const noticed = (log: readonly Shown[]): string[] =>
  log.flatMap(({ __typename, code }) => (__typename === 'NoticeEvent' ? [code] : []));

describe('a run of the built-in agent', { timeout: 120_000 }, () => {
  test('asks before a command, works, ends, and remembers all of it in the next session', async () => {
    const environmentId = await system.createEnvironment({ defaultHarness: 'BUILT_IN' });
    server.will(shell('echo made by the agent > made.txt; cat made.txt'), {
      text: 'I made **made.txt**.',
      thought: 'That was easy.',
    });
    const runId = await system.createRun(environmentId, 'Make a file, the secret word is xylophone', { idleSeconds: 0 });
    const { openPrompt } = await system.runUntil(runId, fields, ({ state }: Shown) => state === 'BLOCKED', within);
    expect(openPrompt).toMatchObject({ kind: 'PERMISSION', question: expect.stringContaining('echo made by the agent') });
    await system.mutate('answerPrompt', { promptId: openPrompt.id, optionId: 'allow' });
    const first = await system.runUntil(runId, fields, ended, within);
    expect(first).toMatchObject({
      state: 'SUCCEEDED',
      usage: { inputTokens: 200, outputTokens: 40, models: [{ model: 'scripted', inputTokens: 200 }] },
      sessions: [{ outcome: 'SUCCEEDED', harness: 'BUILT_IN' }],
    });

    server.will(shell('cat made.txt'), { text: 'It is still there.' });
    const asked = server.requests.length;
    await system.mutate('sendFollowUp', { runId, clientKey: 'again', text: 'Is it there?' });
    const again = await system.runUntil(runId, fields, ({ openPrompt: prompt }: Shown) => prompt !== null, within);
    // What the model is told in the new session begins with what was said in the first.
    expect(server.requests[asked]?.turns.map(({ text }) => text)).toEqual([
      'Make a file, the secret word is xylophone',
      'made by the agent\n\nExit code 0.',
      'I made **made.txt**.',
      'Is it there?',
    ]);
    await system.mutate('answerPrompt', { promptId: again.openPrompt.id, optionId: 'session' });
    const second = await system.runUntil(runId, fields, (run: Shown) => ended(run) && run.sessions.length === 2, within);
    expect(second).toMatchObject({ state: 'SUCCEEDED', usage: { inputTokens: 400 } });
    expect(second.sessions.map(({ usage }: Shown) => usage.inputTokens)).toEqual([200, 200]);

    const log = await logOf(runId);
    const conversations = opened(log);
    expect(conversations.map(({ resumed }) => resumed)).toEqual([false, true]);
    expect(new Set(conversations.map(({ conversationId }) => conversationId)).size).toBe(1);
    expect(noticed(log)).not.toContain('CONVERSATION_NOT_CARRIED');
    const output = log.map(({ text }) => text ?? '').join('');
    expect(output).toContain('That was easy.');
    expect(output.match(/made by the agent\n/g)).toHaveLength(2);
    expect(output).not.toContain('the-key');
  });

  test('is interrupted, keeps what it said, and goes on in the same session', async () => {
    const environmentId = await system.createEnvironment({ defaultHarness: 'BUILT_IN', permissions: 'ALLOW_ALL' });
    server.will({ text: 'speaking slowly and for long, '.repeat(60), pieceMs: 50 }, { text: 'Yes?' });
    const runId = await system.createRun(environmentId, 'Speak', { idleSeconds: 120 });
    await system.runUntil(runId, 'activity', ({ state }: Shown) => state === 'IN_PROGRESS', within);
    await expect
      .poll(async () => (await logOf(runId)).map(({ text }) => text ?? '').join(''), { timeout: within, interval: 200 })
      .toContain('speaking slowly');
    await system.mutate('interruptTurn', { runId });
    await system.mutate('sendFollowUp', { runId, clientKey: 'more', text: 'Stop there.' });
    await expect
      .poll(
        async () => (await logOf(runId)).flatMap(({ __typename, reason }) => (__typename === 'TurnEndedEvent' ? [reason] : [])),
        {
          timeout: within,
          interval: 200,
        },
      )
      .toEqual(['INTERRUPTED', 'COMPLETED']);
    expect(server.last.turns[1]?.text).toMatch(/^speaking slowly/);
    await system.mutate('endSession', { runId });
    await system.runUntil(runId, fields, ended, within);
  });

  test('that goes on by another harness says what is not remembered', async () => {
    const environmentId = await system.createEnvironment({ permissions: 'ALLOW_ALL' });
    const runId = await system.createRun(environmentId, 'echo from a script > note.txt', { idleSeconds: 0 });
    await system.runUntil(runId, fields, ended, within);
    server.will(shell('cat note.txt'), { text: 'A script wrote it.' });
    await system.mutate('continueRun', { runId, clientKey: 'c', text: 'Who wrote note.txt?', harness: 'BUILT_IN' });
    const run = await system.runUntil(runId, fields, (one: Shown) => ended(one) && one.sessions.length === 2, within);
    expect(run.sessions.map(({ harness, outcome }: Shown) => [harness, outcome])).toEqual([
      ['SCRIPT', 'SUCCEEDED'],
      ['BUILT_IN', 'SUCCEEDED'],
    ]);
    const log = await logOf(runId);
    expect(noticed(log)).toContain('CONVERSATION_NOT_CARRIED');
    expect(log.map(({ text }) => text ?? '').join('')).toContain('from a script');
    expect(server.last.turns.map(({ by }) => by)).toEqual(['USER', 'TOOL']);
  });

  test('fails with a code that says what to set on a worker without a model', async () => {
    const other = await startTestSystem();
    try {
      await other.startWorker();
      const environmentId = await other.createEnvironment({ defaultHarness: 'BUILT_IN' });
      const runId = await other.createRun(environmentId, 'Hello?', { idleSeconds: 0 });
      const run = await other.runUntil(runId, fields, ended, within);
      expect(run).toMatchObject({
        state: 'FAILED',
        failure: { code: 'MODEL_NOT_CONFIGURED', message: expect.stringContaining('BATON_MODEL_PROVIDER') },
      });
    } finally {
      await other.stop();
    }
  });
});
