import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AgentEvent, ItemEnded } from '../domain/events.ts';
import { harnessCapabilities } from '../domain/harness.ts';
import { limits } from '../domain/limits.ts';
import type { Usage } from '../domain/usage.ts';
import type { Agent, Ask, ConversationState, Harness, TurnResult } from './harness.ts';
import type { Sandbox } from './sandbox.ts';
import { makePlace, processesWith, sandboxes, uniqueSeconds, until, type Place } from './sandboxTrial.ts';

/** What a test wants an agent to do in a turn. */
export type Deed =
  | { readonly do: 'SAY'; readonly text: string }
  /** A command that no policy asks about. */
  | { readonly do: 'RUN'; readonly command: string }
  /** A command for which a person is asked first. */
  | { readonly do: 'ASK'; readonly command: string }
  | { readonly do: 'WRITE'; readonly path: string; readonly content: string };

/** One kind of agent, and how a test moves it. */
export interface AgentUnderTest {
  readonly harness: Harness;
  /** What to send so that the agent does this; whatever model it asks is told what to answer. */
  readonly message: (deeds: readonly Deed[]) => string;
  /** The permission that an answer gives. */
  readonly answers: { readonly allow: string; readonly deny: string };
  /** All that the model was told at last, for an agent that has one. */
  readonly remembered?: () => string;
  /** What a turn of these deeds uses, for an agent that counts it. */
  readonly tokens?: (deeds: readonly Deed[]) => Pick<Usage, 'inputTokens' | 'outputTokens'>;
}

interface Session extends AsyncDisposable {
  readonly place: Place;
  readonly agent: Agent;
  readonly events: AgentEvent[];
  readonly asked: Parameters<Ask>[0][];
  readonly turn: (deeds: readonly Deed[], signal?: AbortSignal) => Promise<TurnResult>;
}

const never = new AbortController().signal;

async function open(
  under: AgentUnderTest,
  sandbox: Sandbox,
  { answer = null, conversation }: { answer?: string | null; conversation?: ConversationState } = {},
): Promise<Session> {
  const place = await makePlace();
  const { workspace, home } = place;
  const agent = await under.harness.start({
    sandbox,
    workspace,
    home,
    variables: {},
    network: false,
    turnTimeoutMs: 60_000,
    ...(conversation && { conversation }),
  });
  const events: AgentEvent[] = [];
  const asked: Parameters<Ask>[0][] = [];
  const outlet = {
    emit: async (event: AgentEvent) => void events.push(event),
    ask: async (question: Parameters<Ask>[0]) => {
      asked.push(question);
      return answer === null ? null : { optionId: answer, text: null };
    },
  };
  let turn = 0;
  return {
    place,
    agent,
    events,
    asked,
    turn: (deeds, signal = never) => agent.runTurn({ turn: ++turn, text: under.message(deeds) }, outlet, signal),
    async [Symbol.asyncDispose]() {
      await agent.close();
      await place[Symbol.asyncDispose]();
    },
  };
}

const textOf = (events: readonly AgentEvent[]): string =>
  events.map((event) => (event.type === 'item.chunk' ? event.text : '')).join('');

/** Every item begins, says what its end tells of it, and ends, once. */
function expectWhole(events: readonly AgentEvent[]): void {
  const begun = events.flatMap((event) => (event.type === 'item.started' ? [event.itemId] : []));
  const ends = events.filter((event): event is ItemEnded => event.type === 'item.ended');
  expect(ends.map(({ itemId }) => itemId).toSorted()).toEqual(begun.toSorted());
  for (const { itemId, bytes, sha256 } of ends) {
    const text = textOf(events.filter((event) => event.type === 'item.chunk' && event.itemId === itemId));
    expect(Buffer.byteLength(text)).toBe(bytes);
    expect(createHash('sha256').update(text).digest('hex')).toBe(sha256);
  }
  for (const event of events) expect(JSON.stringify(event).length).toBeLessThan(limits.payloadBytes);
}

/** What every agent does, of whatever kind; its own test calls it. */
export function itIsAHarness(under: AgentUnderTest): void {
  const { kind } = under.harness;
  const can = harnessCapabilities[kind];

  describe.each(sandboxes)(`the ${kind} harness in %s`, (_name, sandbox) => {
    it('starts, says what it is told to, and completes', async () => {
      await using session = await open(under, sandbox);
      expect(await session.turn([{ do: 'SAY', text: 'Grüße from the conformance suite' }])).toMatchObject({
        reason: 'COMPLETED',
        failure: null,
      });
      expect(textOf(session.events)).toContain('Grüße from the conformance suite');
      expectWhole(session.events);
    });

    it('runs a command, shows what it prints, and changes files in the workspace', async () => {
      await using session = await open(under, sandbox);
      const result = await session.turn([
        { do: 'RUN', command: 'echo to-out; echo to-err >&2; pwd > where' },
        { do: 'WRITE', path: 'sub/note.txt', content: 'written by the agent\n' },
      ]);
      expect(result.reason).toBe('COMPLETED');
      expect(textOf(session.events)).toMatch(/to-out[\s\S]*to-err|to-err[\s\S]*to-out/);
      expect(session.events).toContainEqual(expect.objectContaining({ type: 'item.started', kind: 'COMMAND' }));
      const { workspace, setting } = session.place;
      expect(readFileSync(join(workspace, 'where'), 'utf8').trim()).toBe(sandbox.workspacePath(setting));
      expect(readFileSync(join(workspace, 'sub/note.txt'), 'utf8')).toBe('written by the agent\n');
      expectWhole(session.events);
    });

    it('asks a person, does what is allowed and leaves what is denied', async () => {
      for (const [answer, done] of [
        [under.answers.allow, true],
        [under.answers.deny, false],
      ] as const) {
        await using session = await open(under, sandbox, { answer });
        const result = await session.turn([{ do: 'ASK', command: 'touch allowed' }]);
        expect(result.reason).toBe('COMPLETED');
        expect(session.asked).toHaveLength(1);
        expect(session.asked[0]?.question).toContain('touch allowed');
        expect(existsSync(join(session.place.workspace, 'allowed'))).toBe(done);
        expectWhole(session.events);
      }
    });

    it('is interrupted in the middle of a command, leaves nothing running, and takes another turn', async () => {
      await using session = await open(under, sandbox);
      const seconds = uniqueSeconds();
      const abort = new AbortController();
      const turn = session.turn([{ do: 'RUN', command: `sleep ${seconds}` }], abort.signal);
      await until(() => processesWith(seconds).length > 0);
      abort.abort();
      expect(await turn).toMatchObject({ reason: 'INTERRUPTED', failure: null });
      expect(processesWith(seconds)).toEqual([]);
      expect(session.events.findLast((event) => event.type === 'item.ended')).toMatchObject({ status: 'CANCELED' });
      expectWhole(session.events);
      expect((await session.turn([{ do: 'SAY', text: 'again' }])).reason).toBe('COMPLETED');
    });

    it('lives through the end of a command by a signal', async () => {
      await using session = await open(under, sandbox);
      const result = await session.turn([{ do: 'RUN', command: 'kill -9 $$' }]);
      expect(['COMPLETED', 'FAILED']).toContain(result.reason);
      if (result.reason === 'FAILED') expect(result.failure).not.toBeNull();
      expectWhole(session.events);
      expect((await session.turn([{ do: 'SAY', text: 'again' }])).reason).toBe('COMPLETED');
    });

    it('has nothing running once it is closed, whatever it was doing', async () => {
      await using session = await open(under, sandbox);
      const seconds = uniqueSeconds();
      const turn = session.turn([{ do: 'RUN', command: `sleep ${seconds}` }]);
      await until(() => processesWith(seconds).length > 0);
      await session.agent.close();
      expect((await turn).reason).toBe('INTERRUPTED');
      expect(processesWith(seconds)).toEqual([]);
    });

    it.runIf(can.resume)('goes on with its conversation in a fresh home and workspace', async () => {
      let conversation: ConversationState | null | undefined;
      {
        await using session = await open(under, sandbox);
        await session.turn([{ do: 'SAY', text: 'the password of the day is 4711' }]);
        conversation = await session.agent.exportConversation?.();
        expect(session.events).toContainEqual(expect.objectContaining({ type: 'conversation.opened', resumed: false }));
      }
      if (!conversation) throw new Error('it exported no conversation');
      const { conversationId } = conversation;
      await using session = await open(under, sandbox, { conversation });
      await session.turn([{ do: 'SAY', text: 'and now?' }]);
      expect(under.remembered?.()).toContain('the password of the day is 4711');
      expect(session.events).toContainEqual(
        expect.objectContaining({ type: 'conversation.opened', resumed: true, conversationId }),
      );
      expect((await session.agent.exportConversation?.())?.conversationId).toBe(conversationId);
    });

    it.runIf(can.usage)('counts what a turn used once, also after it has gone on in another session', async () => {
      const deeds: Deed[] = [
        { do: 'RUN', command: 'true' },
        { do: 'SAY', text: 'done' },
      ];
      await using session = await open(under, sandbox);
      const expected = under.tokens?.(deeds);
      for (let turn = 0; turn < 2; turn += 1) expect((await session.turn(deeds)).usage).toMatchObject({ ...expected });
      const conversation = await session.agent.exportConversation?.();
      await using next = await open(under, sandbox, conversation ? { conversation } : {});
      const { usage } = await next.turn(deeds);
      expect(usage).toMatchObject({ ...expected });
      expect(usage.models).toHaveLength(1);
    });
  });
}
