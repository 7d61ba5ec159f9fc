import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AgentEvent, Notice } from '../../domain/events.ts';
import type { Reply } from '../../test/support/models/reply.ts';
import { ModelServer } from '../../test/support/models/modelServer.ts';
import { itIsAHarness, type Deed } from '../conformance.ts';
import type { Agent, AgentSetting, Ask, ConversationState, TurnResult } from '../harness.ts';
import { makePlace, sandboxes, type Place } from '../sandboxTrial.ts';
import { createBuiltIn } from './builtIn.ts';
import type { BuiltInSettings, ModelProvider } from './settings.ts';

vi.setConfig({ testTimeout: 60_000 });

let server: ModelServer;
beforeAll(async () => {
  server = await ModelServer.start();
});
afterAll(() => server.stop());
afterEach(() => server.reset());

const settings = (more: Partial<BuiltInSettings> = {}): BuiltInSettings => ({
  provider: 'anthropic',
  model: 'scripted',
  apiKey: 'the-key',
  baseUrl: server.url,
  contextTokens: 100_000,
  outputTokens: 8_000,
  turnSteps: 50,
  turnTokens: 1_000_000,
  retryMs: 5,
  ...more,
});

const replyTo = (deed: Deed): Reply => {
  switch (deed.do) {
    case 'SAY':
      return { text: deed.text };
    case 'RUN':
    case 'ASK':
      return { calls: [{ name: 'shell', input: { command: deed.command } }] };
    case 'WRITE':
      return { calls: [{ name: 'write', input: { path: deed.path, content: deed.content } }] };
  }
};
/** The model does the deeds one by one, and at the end says so. */
const repliesTo = (deeds: readonly Deed[]): Reply[] => {
  const replies = deeds.map(replyTo);
  return deeds.at(-1)?.do === 'SAY' ? replies : [...replies, { text: 'Done.' }];
};

const allow = { id: 'allow', label: 'Allow once' };

describe.each<ModelProvider>(['anthropic', 'openai', 'openai-compatible'])('with a model of %s', (provider) => {
  itIsAHarness({
    harness: {
      kind: 'BUILT_IN',
      start: (setting) => createBuiltIn(settings({ provider })).start({ permissions: permissionsFor(), ...setting }),
    },
    answers: { allow: 'allow', deny: 'deny' },
    message: (deeds) => {
      server.reset();
      server.will(...repliesTo(deeds));
      asks = deeds.some((deed) => deed.do === 'ASK');
      return deeds.map((deed) => (deed.do === 'SAY' ? deed.text : deed.do)).join('\n');
    },
    remembered: () => JSON.stringify(server.last.turns),
    tokens: (deeds) => {
      const { length } = repliesTo(deeds);
      return { inputTokens: 100 * length, outputTokens: 20 * length };
    },
  });
});

/** The suite's plain commands are those that the policy lets through. */
let asks = false;
const permissionsFor = () => ({
  allowedCommands: [],
  get mode() {
    return asks ? ('ASK' as const) : ('ALLOW_ALL' as const);
  },
});

interface Session extends AsyncDisposable {
  readonly place: Place;
  readonly agent: Agent;
  readonly events: AgentEvent[];
  readonly turn: (text: string, signal?: AbortSignal) => Promise<TurnResult>;
}

const [, sandbox] = sandboxes[0] ?? [];
if (!sandbox) throw new Error('there is no sandbox');

async function open(
  more: Partial<BuiltInSettings> = {},
  { ask = async () => null, prepare, ...setting }: Partial<AgentSetting> & { ask?: Ask; prepare?: (place: Place) => void } = {},
): Promise<Session> {
  const place = await makePlace();
  prepare?.(place);
  const { workspace, home } = place;
  const agent = await createBuiltIn(settings(more)).start({
    sandbox: sandbox as NonNullable<typeof sandbox>,
    workspace,
    home,
    variables: {},
    network: false,
    turnTimeoutMs: 60_000,
    permissions: { mode: 'ALLOW_ALL', allowedCommands: [] },
    ...setting,
  });
  const events: AgentEvent[] = [];
  let turn = 0;
  return {
    place,
    agent,
    events,
    turn: (text, signal = new AbortController().signal) =>
      agent.runTurn({ turn: ++turn, text }, { emit: async (event) => void events.push(event), ask }, signal),
    async [Symbol.asyncDispose]() {
      await agent.close();
      await place[Symbol.asyncDispose]();
    },
  };
}

const calls = (name: string, ...inputs: Record<string, unknown>[]): Reply => ({
  calls: inputs.map((input) => ({ name, input })),
});
const lastResult = (): string => server.last.turns.findLast(({ by }) => by === 'TOOL')?.text ?? '';
const notices = (events: readonly AgentEvent[]): Notice[] => events.filter((event): event is Notice => event.type === 'notice');
const outputOf = (events: readonly AgentEvent[]): string =>
  events.map((event) => (event.type === 'item.chunk' ? event.text : '')).join('');

describe('the built-in agent', () => {
  it('reads, edits and searches files, and shows what it changed', async () => {
    await using session = await open(
      {},
      { prepare: ({ workspace }) => writeFileSync(join(workspace, 'a.ts'), 'one\ntwo\nthree\n') },
    );
    server.will(
      calls('read', { path: 'a.ts', fromLine: 2, lines: 1 }),
      calls('edit', { path: 'a.ts', old: 'two', new: '2' }),
      calls('search', { pattern: '^t', glob: '*.ts' }),
      { text: 'Edited.' },
    );
    expect((await session.turn('edit')).reason).toBe('COMPLETED');
    expect(readFileSync(join(session.place.workspace, 'a.ts'), 'utf8')).toBe('one\n2\nthree\n');
    expect(session.events).toContainEqual({
      type: 'item.diff',
      itemId: expect.any(String),
      path: 'a.ts',
      oldText: 'one\ntwo\nthree\n',
      newText: 'one\n2\nthree\n',
      complete: true,
    });
    expect(lastResult()).toBe('a.ts:3:three\n');
    const started = session.events.filter((event) => event.type === 'item.started');
    expect(started.map((event) => [event.kind, event.tool?.kind, event.title])).toEqual([
      ['TOOL', 'READ', 'a.ts'],
      ['TOOL', 'EDIT', 'a.ts'],
      ['TOOL', 'SEARCH', '^t (*.ts)'],
      ['TEXT', undefined, ''],
    ]);
  });

  it('tells the model why a tool could not do what it was asked, and goes on', async () => {
    await using session = await open({}, { prepare: ({ workspace }) => writeFileSync(join(workspace, 'twice'), 'x x') });
    for (const [reply, why] of [
      [calls('read', { path: 'nowhere' }), 'There is no file nowhere'],
      [calls('edit', { path: 'twice', old: 'x', new: 'y' }), '2 times'],
      [calls('edit', { path: 'twice', old: 'z', new: 'y' }), 'is not in twice'],
      [calls('search', { pattern: '(' }), /unmatched|parenthes/i],
      [calls('read', {}), /Invalid input|does not fit/i],
      [calls('no_such_tool', {}), /no_such_tool/],
    ] as const) {
      server.will(reply, { text: 'I see.' });
      expect((await session.turn('try')).reason).toBe('COMPLETED');
      expect(lastResult()).toMatch(why);
    }
    expect(session.events.filter((event) => event.type === 'item.ended' && event.status === 'FAILED')).toHaveLength(6);
  });

  it('follows no link and no path out of the workspace', async () => {
    await using session = await open(
      {},
      {
        prepare: ({ directory, workspace }) => {
          writeFileSync(join(directory, 'secret'), 'the host’s own');
          symlinkSync(join(directory, 'secret'), join(workspace, 'link'));
          symlinkSync(directory, join(workspace, 'folder'));
          symlinkSync('/etc', join(workspace, 'etc'));
        },
      },
    );
    for (const path of ['link', 'folder/secret', '../secret', '/etc/passwd', 'etc/passwd']) {
      server.will(calls('read', { path }), calls('write', { path, content: 'overwritten' }), { text: 'No.' });
      await session.turn('out');
      expect(server.requests.slice(-2).map(({ turns }) => turns.at(-1)?.text)).toEqual([
        expect.stringContaining('leads out of the workspace'),
        expect.stringContaining('leads out of the workspace'),
      ]);
    }
    expect(readFileSync(join(session.place.directory, 'secret'), 'utf8')).toBe('the host’s own');
  });

  it('keeps the key out of the sandbox', async () => {
    await using session = await open();
    server.will(calls('shell', { command: 'env; cat /proc/*/environ 2>/dev/null | tr "\\0" "\\n"' }), { text: 'Nothing.' });
    await session.turn('look for the key');
    expect(server.last.key).toBe('the-key');
    expect(outputOf(session.events)).toContain('HOME=');
    expect(outputOf(session.events)).not.toContain('the-key');
  });

  it('reads AGENTS.md of the workspace and of the repositories in it', async () => {
    await using session = await open(
      {},
      {
        prepare: ({ workspace }) => {
          mkdirSync(join(workspace, 'api'));
          writeFileSync(join(workspace, 'AGENTS.md'), 'Write British English.');
          writeFileSync(join(workspace, 'api/AGENTS.md'), 'Use tabs here.');
        },
      },
    );
    await session.turn('hello');
    expect(server.last.system).toContain('Write British English.');
    expect(server.last.system).toContain('api/AGENTS.md says:\n\nUse tabs here.');
  });

  it('shows its plan, the same one for all of a turn', async () => {
    await using session = await open();
    const step = (status: string) => ({ steps: [{ content: 'look', status }] });
    server.will(calls('plan', step('IN_PROGRESS')), calls('plan', step('COMPLETED')), { text: 'Done.' });
    await session.turn('plan it');
    const plans = session.events.filter((event) => event.type === 'plan.updated');
    expect(plans.map(({ entries }) => entries)).toEqual([
      [{ content: 'look', status: 'IN_PROGRESS' }],
      [{ content: 'look', status: 'COMPLETED' }],
    ]);
    expect(new Set(plans.map(({ planId }) => planId)).size).toBe(1);
  });

  it('asks once for a session when a person says so, and gives the model the words of a denial', async () => {
    const asked: string[] = [];
    const answers = [
      { optionId: null, text: 'use make instead' },
      { optionId: 'session', text: null },
    ];
    const ask: Ask = async ({ question, options }) => {
      expect(options).toContainEqual(allow);
      asked.push(question);
      return answers.shift() ?? null;
    };
    await using session = await open({}, { ask, permissions: { mode: 'ALLOW_LIST', allowedCommands: ['echo'] } });
    server.will(
      calls('shell', { command: 'echo on the list' }),
      calls('shell', { command: 'npm test' }),
      calls('shell', { command: 'echo a; echo b' }),
      calls('shell', { command: 'echo c; echo d' }),
      { text: 'Done.' },
    );
    await session.turn('go');
    expect(asked).toEqual(['npm test', 'echo a; echo b']);
    expect(server.last.turns.filter(({ by }) => by === 'TOOL').map(({ text }) => text)).toEqual([
      'on the list\n\nExit code 0.',
      'The command was not run. The person denied the command and said: use make instead',
      'a\nb\n\nExit code 0.',
      'c\nd\n\nExit code 0.',
    ]);
  });

  it('gives the model beginning and end of a long output, and the transcript all of it', async () => {
    await using session = await open();
    server.will(calls('shell', { command: 'seq 1 20000' }), { text: 'Long.' });
    await session.turn('count');
    expect(lastResult()).toMatch(/^1\n2\n[\s\S]*bytes are left out here[\s\S]*\n20000\n\nExit code 0\.$/);
    expect(lastResult().length).toBeLessThan(30_000);
    expect(outputOf(session.events)).toContain('\n10000\n');
  });
});

describe('a provider in trouble', () => {
  it.each([429, 500, 529])('that answers %s is asked again, and the transcript says why', async (status) => {
    await using session = await open();
    server.will({ refuse: { status } }, { refuse: { status } }, { text: 'Here I am.' });
    expect((await session.turn('hello')).reason).toBe('COMPLETED');
    expect(outputOf(session.events)).toBe('Here I am.');
    expect(notices(session.events).map(({ code }) => code)).toEqual(['MODEL_RETRIED', 'MODEL_RETRIED']);
    expect(notices(session.events)[0]?.message).toContain(String(status));
  });

  it('that breaks off in mid-answer is asked again; what was begun is ended as failed', async () => {
    await using session = await open();
    server.will(
      { text: 'a text that is long enough to be cut in the middle of it, which it is', cut: true },
      { text: 'All of it.' },
    );
    const result = await session.turn('hello');
    expect(result.reason).toBe('COMPLETED');
    const ended = session.events.filter((event) => event.type === 'item.ended').map(({ status }) => status);
    expect(ended).toEqual(['FAILED', 'OK']);
    expect(notices(session.events)[0]?.message).toContain('broke off');
    expect(result.usage).toMatchObject({ inputTokens: 100, outputTokens: 20 });
  });

  it('that stays away fails the turn with its code, and the conversation goes on later', async () => {
    await using session = await open();
    server.always(() => ({ refuse: { status: 503 } }));
    expect(await session.turn('the first try')).toMatchObject({
      reason: 'FAILED',
      failure: { code: 'MODEL_UNAVAILABLE', retryable: true, message: expect.stringContaining('503') },
    });
    server.reset();
    server.will({ text: 'Back.' });
    expect((await session.turn('the second')).reason).toBe('COMPLETED');
    expect(JSON.stringify(server.last.turns)).toContain('the first try');
  });

  it('that refuses the key fails the turn at once, and says what to check', async () => {
    await using session = await open();
    const before = server.requests.length;
    server.will({ refuse: { status: 401 } });
    expect((await session.turn('hello')).failure).toMatchObject({
      code: 'MODEL_REFUSED',
      message: expect.stringContaining('BATON_MODEL_API_KEY'),
    });
    expect(server.requests.length).toBe(before + 1);
  });

  it('that was not named fails the start, and says what to set', async () => {
    await expect(open({ provider: null })).rejects.toMatchObject({
      failure: { code: 'MODEL_NOT_CONFIGURED', message: expect.stringContaining('BATON_MODEL_PROVIDER') },
    });
    await expect(open({ apiKey: null })).rejects.toMatchObject({
      failure: { code: 'MODEL_NOT_CONFIGURED', message: expect.stringContaining('BATON_MODEL_API_KEY') },
    });
    await expect(open({ provider: 'openai-compatible', baseUrl: null })).rejects.toMatchObject({
      failure: { message: expect.stringContaining('BATON_MODEL_BASE_URL') },
    });
  });
});

describe('a turn’s bounds', () => {
  it('end it as a failure when the model is asked too often, and what it did is kept', async () => {
    await using session = await open({ turnSteps: 3 });
    server.always(() => calls('shell', { command: 'echo again >> log' }));
    expect((await session.turn('for ever')).failure).toMatchObject({
      code: 'BUDGET_EXCEEDED',
      message: expect.stringContaining('3 times'),
    });
    expect(readFileSync(join(session.place.workspace, 'log'), 'utf8')).toBe('again\n'.repeat(3));
    server.reset();
    expect((await session.turn('go on')).reason).toBe('COMPLETED');
    expect(JSON.stringify(server.last.turns)).toContain('for ever');
  });

  it('end it when it has used all its tokens, or its time', async () => {
    await using session = await open({ turnTokens: 1_000 });
    server.always(() => ({ ...calls('shell', { command: 'true' }), usage: { input: 500, output: 100 } }));
    const result = await session.turn('use them up');
    expect(result.failure).toMatchObject({ code: 'BUDGET_EXCEEDED', message: expect.stringContaining('1,200 tokens of 1,000') });
    expect(result.usage).toMatchObject({ inputTokens: 1_000, outputTokens: 200 });
    await using slow = await open({}, { turnTimeoutMs: 500 });
    server.reset();
    server.will(calls('shell', { command: 'sleep 60' }));
    expect((await slow.turn('wait')).failure).toMatchObject({ code: 'TURN_TIMED_OUT' });
  });

  it('lose nothing that was seen when a person interrupts it while it speaks', async () => {
    await using session = await open();
    server.will(calls('shell', { command: 'echo a step' }), { text: 'spoken before the interrupt, '.repeat(40), pieceMs: 30 });
    const abort = new AbortController();
    const turn = session.turn('tell me', abort.signal);
    await vi.waitFor(() => expect(outputOf(session.events)).toContain('spoken before the interrupt'), { timeout: 20_000 });
    abort.abort();
    expect((await turn).reason).toBe('INTERRUPTED');
    server.reset();
    await session.turn('what did you say?');
    const { turns } = server.last;
    expect(turns.at(-1)).toEqual({ by: 'USER', text: 'what did you say?' });
    expect(JSON.stringify(turns)).toContain('a step');
    expect(turns.findLast(({ by }) => by === 'MODEL')?.text).toMatch(/^spoken before the interrupt/);
  });
});

describe('the model’s window', () => {
  it('is kept: a conversation that grows too long goes on from a summary, which the transcript shows', async () => {
    await using session = await open({ contextTokens: 1_000 });
    server.will({ ...calls('shell', { command: 'echo a long step' }), usage: { input: 850, output: 50 } });
    server.will({ text: 'SUMMARY: the person wants a bridge' }, { text: 'Built.' });
    expect((await session.turn('build a bridge')).reason).toBe('COMPLETED');
    expect(notices(session.events)).toMatchObject([
      { code: 'CONTEXT_COMPACTED', message: expect.stringMatching(/9\d\d tokens of the 1,000/) },
    ]);
    expect(session.events).toContainEqual(expect.objectContaining({ type: 'item.started', kind: 'THOUGHT' }));
    expect(outputOf(session.events)).toContain('SUMMARY: the person wants a bridge');
    const [, summing, after] = server.requests.slice(-3);
    expect(summing?.turns.at(-1)?.text).toContain('Write a summary');
    expect(after?.turns).toHaveLength(1);
    expect(after?.turns[0]?.text).toMatch(/SUMMARY: the person wants a bridge[\s\S]*build a bridge/);
  });

  it('is kept where it is small: results are cut to fit, and a turn of many of them is summed up', async () => {
    await using session = await open({ contextTokens: 4_000 });
    const many = Array.from({ length: 12 }, () => ({ command: 'seq 1 5000' }));
    server.will({ ...calls('shell', ...many), usage: { input: 400, output: 100 } }, { text: 'SUMMARY' }, { text: 'Counted.' });
    expect((await session.turn('count')).reason).toBe('COMPLETED');
    const [, summing, after] = server.requests.slice(-3);
    expect(JSON.stringify(summing?.turns).length).toBeLessThan(4 * 4_000);
    expect(after?.turns).toHaveLength(1);
    expect(outputOf(session.events)).toContain('\n2500\n');
  });

  it('is kept in the next session too', async () => {
    let conversation: ConversationState | null | undefined;
    {
      await using session = await open({ contextTokens: 1_000 });
      server.will({ text: 'A long answer.', usage: { input: 900, output: 50 } });
      await session.turn('a question');
      conversation = await session.agent.exportConversation?.();
    }
    await using session = await open({ contextTokens: 1_000 }, conversation ? { conversation } : {});
    server.will({ text: 'SUMMARY' }, { text: 'Short.' });
    await session.turn('another');
    expect(notices(session.events).map(({ code }) => code)).toEqual(['CONTEXT_COMPACTED']);
  });

  it('a conversation that cannot be read fails the start', async () => {
    const conversation = { format: 'built-in/1', conversationId: 'c', content: Buffer.from('not json') };
    await expect(open({}, { conversation })).rejects.toMatchObject({ failure: { code: 'AGENT_FAILED' } });
  });
});
