import { join } from 'node:path';
import { describe, expect, it, test, vi } from 'vitest';
import type { AgentEvent } from '../../domain/events.ts';
import { claudeCodeSettings, claudeCodeWith, findClaudeCode } from '../../test/support/claudeCode.ts';
import { fakeProgram } from '../../test/support/fakeProgram.ts';
import { ModelServer } from '../../test/support/models/modelServer.ts';
import type { Reply } from '../../test/support/models/reply.ts';
import type { Ask, Harness, TurnResult } from '../harness.ts';
import { makePlace, sandboxes } from '../sandboxTrial.ts';
import { createClaudeCode } from './claudeCode.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 900_000 });

interface Worked {
  readonly result: TurnResult;
  readonly results: readonly TurnResult[];
  readonly events: readonly AgentEvent[];
}

const nobody: Ask = async () => null;
const [, sandbox] = sandboxes[0] ?? [];

/** One turn of a session of its own, and more where more texts are given; the result is the last one's. */
async function work(
  harness: Harness,
  { ask = nobody, turnTimeoutMs = 60_000, prepare = (_workspace: string): void => {}, texts = ['Go.'], variables = {} } = {},
): Promise<Worked> {
  if (!sandbox) throw new Error('there is no sandbox');
  await using place = await makePlace();
  const { workspace, home } = place;
  prepare(sandbox.workspacePath(place.setting));
  const events: AgentEvent[] = [];
  const emit = async (event: AgentEvent) => void events.push(event);
  const agent = await harness.start({ sandbox, workspace, home, variables, network: false, turnTimeoutMs });
  try {
    const results: TurnResult[] = [];
    for (const [index, text] of texts.entries()) {
      results.push(await agent.runTurn({ turn: index + 1, text }, { emit, ask }, new AbortController().signal));
    }
    const result = results.at(-1);
    if (!result) throw new Error('there was no turn');
    return { result, results, events };
  } finally {
    await agent.close();
  }
}

describe('with a program that does not do as it should', () => {
  const init = `echo '{"type":"system","subtype":"init","model":"m","claude_code_version":"2.1.330"}'`;
  const begun = `${init}\necho '{"type":"assistant","message":{"id":"a","content":[{"type":"text","text":"I begin."}]}}'`;

  async function turnOf(script: string, more: { turnTimeoutMs?: number; startMs?: number } = {}): Promise<Worked> {
    await using place = await makePlace();
    const program = await fakeProgram(join(place.directory, 'claude'), script);
    const { startMs = 60_000, ...options } = more;
    return await work(createClaudeCode(claudeCodeSettings(null), { find: async () => program, startMs }), options);
  }

  it('fails the turn when it crashes, with what it said last', async () => {
    const { result, events } = await turnOf(`${begun}\necho 'out of luck' >&2\nexit 3`);
    expect(result).toMatchObject({ reason: 'FAILED', failure: { code: 'AGENT_FAILED' } });
    expect(result.failure?.message).toMatch(/exited with 3.*it said: out of luck/);
    expect(events).toContainEqual(expect.objectContaining({ type: 'item.chunk', text: 'I begin.' }));
    expect((await turnOf(`${begun}\nkill -9 $$`)).result.failure?.message).toContain('was ended by SIGKILL');
  });

  it('fails the turn when it writes what is not its protocol, and stops it', async () => {
    for (const line of ['{"type":"assis', '[1]', '{"type":"assistant","message":7}']) {
      const { result } = await turnOf(`${begun}\necho '${line}'\nsleep 60`);
      expect(result).toMatchObject({ reason: 'FAILED', failure: { code: 'AGENT_FAILED' } });
      expect(result.failure?.message).toContain('not understood');
    }
  });

  it('fails the turn when a line has no end', async () => {
    const { result } = await turnOf(`${begun}\nexec cat /dev/zero`);
    expect(result.failure).toMatchObject({
      code: 'AGENT_FAILED',
      message: expect.stringContaining('more than 32 Mi characters'),
    });
  });

  it('fails the turn when it hangs, at its start and later', async () => {
    const late = await turnOf('sleep 60', { startMs: 500 });
    expect(late.result.failure).toMatchObject({ code: 'AGENT_FAILED', message: expect.stringContaining('did not start') });
    const hung = await turnOf(`${begun}\nsleep 60`, { turnTimeoutMs: 1_500 });
    expect(hung.result).toMatchObject({ reason: 'FAILED', failure: { code: 'TURN_TIMED_OUT' } });
  });

  it('takes lines of types that it does not know, and results that come twice count once each', async () => {
    const used = `"model_usage_since_last_result":{"m":{"inputTokens":7,"cacheReadInputTokens":3,"outputTokens":2,"costUSD":0.5}}`;
    const result = `echo '{"type":"result","subtype":"success","is_error":false,${used}}'`;
    const worked = await turnOf(`${begun}\necho '{"type":"brand_new","x":1}'\n${result}\n${result}`);
    expect(worked.result).toMatchObject({
      reason: 'COMPLETED',
      usage: { inputTokens: 20, outputTokens: 4, costMicros: 1_000_000 },
    });
    expect(worked.result.usage.models).toMatchObject([{ model: 'm', cacheReadTokens: 6 }]);
  });
});

describe('with the real program', () => {
  const turn = async (script: (model: ModelServer, workspace: string) => void, ask?: Ask, texts = ['Go.']) => {
    const program = await findClaudeCode();
    const model = await ModelServer.start();
    try {
      const prepare = (workspace: string) => script(model, workspace);
      return { ...(await work(claudeCodeWith(model, program), { prepare, texts, ...(ask && { ask }) })), model };
    } finally {
      await model.stop();
    }
  };
  const calls = (name: string, input: Record<string, unknown>): Reply => ({ calls: [{ name, input }] });

  it('shows thoughts, the plan and changed files, and tells the model what a person answered', async () => {
    const asked: unknown[] = [];
    const ask: Ask = async (question) => {
      asked.push(question);
      return { optionId: '1', text: null };
    };
    const options = ['Red', 'Blue'].map((label) => ({ label, description: label }));
    const questions = [{ question: 'Which colour?', header: 'Colour', multiSelect: false, options }];
    const { result, events, model } = await turn(
      (server, workspace) =>
        server.will(
          {
            thought: 'Let me think',
            ...calls('TodoWrite', { todos: [{ content: 'Ask', status: 'in_progress', activeForm: 'Asking' }] }),
          },
          calls('AskUserQuestion', { questions }),
          calls('Write', { file_path: join(workspace, 'colour.txt'), content: 'Blue\n' }),
        ),
      ask,
    );
    expect(result.reason).toBe('COMPLETED');
    expect(asked).toMatchObject([
      { kind: 'QUESTION', question: 'Which colour?', options: [{ label: 'Red' }, { label: 'Blue' }] },
    ]);
    expect(model.last.turns.map(({ text }) => text).join('\n')).toMatch(/Which colour\?"?="?Blue/);
    const thought = events.find((event) => event.type === 'item.started' && event.kind === 'THOUGHT');
    expect(events).toContainEqual(expect.objectContaining({ type: 'item.chunk', text: 'Let me think' }));
    expect(thought).toBeDefined();
    const entries = [{ content: 'Ask', status: 'IN_PROGRESS' }];
    expect(events).toContainEqual(expect.objectContaining({ type: 'plan.updated', entries }));
    const tool = expect.objectContaining({ name: 'Write', kind: 'EDIT' });
    expect(events).toContainEqual(expect.objectContaining({ type: 'item.started', title: 'Write colour.txt', tool }));
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'item.diff', path: 'colour.txt', oldText: null, newText: 'Blue\n' }),
    );
  });

  it('fails the turn in which it is killed, and goes on from there in the next one', async () => {
    const ask: Ask = async () => ({ optionId: 'allow', text: null });
    const kill = calls('Bash', { command: 'kill -9 $PPID', description: 'end the agent itself' });
    const texts = ['The word is xylophone.', 'Which word?'];
    const { results, model, events } = await turn((server) => server.will(kill, { text: 'Xylophone.' }), ask, texts);
    expect(results).toMatchObject([{ reason: 'FAILED', failure: { code: 'AGENT_FAILED' } }, { reason: 'COMPLETED' }]);
    expect(results[0]?.failure?.message).toContain('was ended by SIGKILL');
    const told = model.last.turns.map(({ text }) => text).join('\n');
    for (const text of texts) expect(told).toContain(text);
    const ends = events.flatMap((event) => (event.type === 'item.ended' ? [event.status] : []));
    expect(ends).toEqual(['CANCELED', 'OK']);
  });

  it('has no key in its sandbox', async () => {
    const command = 'cat /proc/self/environ /proc/$PPID/environ | tr "\\0" "\\n" | grep ANTHROPIC';
    const ask: Ask = async () => ({ optionId: 'allow', text: null });
    const { model, events } = await turn((server) => server.will(calls('Bash', { command, description: 'look for it' })), ask);
    const output = events.map((event) => (event.type === 'item.chunk' ? event.text : '')).join('');
    expect(output).toContain('ANTHROPIC_API_KEY=kept-by-the-worker');
    expect(output).not.toContain('the-real-key');
    expect(model.last.key).toBe('the-real-key');
  });

  it('asks with the environment’s own key where there is one, and keeps that too from the agent', async () => {
    const program = await findClaudeCode();
    const model = await ModelServer.start();
    try {
      const variables = { ANTHROPIC_API_KEY: 'the-key-of-the-environment' };
      const command = 'cat /proc/self/environ /proc/$PPID/environ';
      model.will(calls('Bash', { command, description: 'look for it' }));
      const ask: Ask = async () => ({ optionId: 'allow', text: null });
      const { result, events } = await work(claudeCodeWith(model, program), { variables, ask });
      expect(result.reason).toBe('COMPLETED');
      expect(model.last.key).toBe('the-key-of-the-environment');
      expect(JSON.stringify(events)).not.toContain('the-key-of-the-environment');
    } finally {
      await model.stop();
    }
  });

  it('fails with what to set when the provider refuses the key', async () => {
    const { result, events } = await turn((server) => {
      server.will({ refuse: { status: 529 } });
      server.always(() => ({ refuse: { status: 401 } }));
    });
    expect(result.failure).toMatchObject({ code: 'MODEL_REFUSED', message: expect.stringContaining('BATON_ANTHROPIC_API_KEY') });
    expect(events).toContainEqual(expect.objectContaining({ type: 'notice', code: 'MODEL_RETRIED' }));
  });
});

test('a session without a key fails, and says what to set', async () => {
  const harness = createClaudeCode(claudeCodeSettings(null, { apiKey: null }));
  await expect(work(harness)).rejects.toMatchObject({
    failure: { code: 'MODEL_NOT_CONFIGURED', message: expect.stringContaining('BATON_ANTHROPIC_API_KEY') },
  });
});
