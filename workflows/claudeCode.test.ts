import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { baseUrlOf, findClaudeCode } from '../test/support/claudeCode.ts';
import { ModelServer } from '../test/support/models/modelServer.ts';
import { ended, startTestSystem, type Shown, type TestSystem } from '../test/support/system.ts';

let system: TestSystem;
let model: ModelServer;
let program: string;
let environmentId: string;
beforeAll(async () => {
  program = await findClaudeCode();
  model = await ModelServer.start();
  system = await startTestSystem();
  environmentId = await system.createEnvironment({ defaultHarness: 'CLAUDE_CODE' });
}, 900_000);
afterAll(async () => {
  await system?.stop();
  await model?.stop();
});
afterEach(() => model?.reset());

const within = 120_000;
const bash = (command: string) => ({ calls: [{ name: 'Bash', input: { command, description: 'for the test' } }] });
const fields = `failure { code message } openPrompt { id kind question } usage { inputTokens outputTokens costMicros }
  sessions { ordinal outcome harness failure { code message } usage { inputTokens } }`;

async function logOf(runId: string): Promise<Shown[]> {
  const { run } = await system.ask(
    `query ($id: ID!) { run(id: $id) { transcript(first: 1000) { edges { node { __typename
       ... on ItemStartedEvent { kind title } ... on ItemChunkEvent { text } ... on NoticeEvent { code }
       ... on ConversationOpenedEvent { conversationId resumed version } } } } } }`,
    { id: runId },
  );
  return run.transcript.edges.map(({ node }: { node: Shown }) => node);
}

describe('a run of Claude Code', { timeout: 600_000 }, () => {
  test('asks a person, works, and remembers all of it in the next session', async () => {
    await system.startWorker({
      BATON_CLAUDE_CODE: program,
      BATON_ANTHROPIC_API_KEY: 'the-real-key',
      BATON_ANTHROPIC_BASE_URL: baseUrlOf(model),
    });
    model.will(bash('sh -c "echo made by the agent > made.txt; cat made.txt; expr 6 \\* 7"'), { text: 'I made made.txt.' });
    const runId = await system.createRun(environmentId, 'Make a file; the secret word is xylophone', { idleSeconds: 0 });
    const { openPrompt } = await system.runUntil(runId, fields, ({ state }: Shown) => state === 'BLOCKED', within);
    expect(openPrompt).toMatchObject({ kind: 'PERMISSION', question: expect.stringContaining('echo made by the agent') });
    await system.mutate('answerPrompt', { promptId: openPrompt.id, optionId: 'allow' });
    const first = await system.runUntil(runId, fields, ended, within);
    expect(first).toMatchObject({
      state: 'SUCCEEDED',
      usage: { inputTokens: 200, outputTokens: 40 },
      sessions: [{ outcome: 'SUCCEEDED', harness: 'CLAUDE_CODE' }],
    });
    expect(first.usage.costMicros).toBeGreaterThan(0);

    model.will({ text: 'You told me a word.' });
    await system.mutate('sendFollowUp', { runId, clientKey: 'again', text: 'Which word?' });
    const second = await system.runUntil(runId, fields, (run: Shown) => ended(run) && run.sessions.length === 2, within);
    expect(second.state).toBe('SUCCEEDED');
    expect(second.sessions.map(({ usage }: Shown) => usage.inputTokens)).toEqual([200, 100]);
    const told = model.last.turns.map(({ text }) => text).join('\n');
    for (const text of ['xylophone', 'made by the agent', 'I made made.txt.', 'Which word?']) expect(told).toContain(text);
    expect(model.last.key).toBe('the-real-key');

    const log = await logOf(runId);
    const opened = log.filter(({ __typename }) => __typename === 'ConversationOpenedEvent');
    expect(opened.map(({ resumed }) => resumed)).toEqual([false, true]);
    expect(opened[1]).toMatchObject({ conversationId: opened[0].conversationId, version: expect.stringMatching(/^2\.1\.\d+$/) });
    expect(log.map(({ code }) => code)).not.toContain('CONVERSATION_NOT_CARRIED');
    const output = log.map(({ text }) => text ?? '').join('');
    expect(output).toContain('made by the agent\n42');
    expect(output).not.toContain('the-real-key');
  });
});
