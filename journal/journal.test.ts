import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StaleSessionError } from '../domain/execution.ts';
import { failure } from '../domain/failure.ts';
import type { RunEvent } from '../domain/events.ts';
import type { RunId } from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';
import { evolve, type Run } from '../domain/run.ts';
import { noUsage } from '../domain/usage.ts';
import { createTestDatabase, type TestDatabase } from '../test/support/database.ts';
import {
  createTestRun,
  createWorld,
  finishSession,
  freshKey,
  openTestJournal,
  takeSession,
  writerOf,
  type World,
} from '../test/support/journal.ts';
import { appendAgentEvents, appendChunks } from './append.ts';
import { IdempotencyConflict } from './idempotencyConflict.ts';
import * as intents from './intents.ts';
import { giveUpLease, leaseLeft, renewLease } from './lease.ts';
import { loadRun } from './load.ts';
import { readAfter, readBefore } from './read.ts';
import * as steps from './steps.ts';
import { RunNotFoundError } from './transact.ts';
import { claimDueWakes } from './wakes.ts';

let database: TestDatabase;
let world: World;

beforeAll(async () => {
  database = await createTestDatabase();
  world = await createWorld(openTestJournal(database.url));
});
afterAll(async () => {
  await world.journal.close();
  await database.drop();
});

const chunk = (text: string) => ({ type: 'item.chunk', itemId: 'i', stream: 'STDOUT', text }) as const;
const seqsOf = async (runId: RunId) => (await readAfter(world.journal, runId, 0, 100_000)).map(({ seq }) => seq);
const typesOf = async (runId: RunId) => (await readAfter(world.journal, runId, 0, 100_000)).map(({ event }) => event.type);
const gapless = (seqs: readonly number[]) => expect(seqs).toEqual(seqs.map((_, index) => index + 1));
const headOf = async (runId: RunId) =>
  (await world.journal.pool.query('SELECT "lastSeq", wanted, seen FROM "RunHead" WHERE "runId" = $1', [runId])).rows[0];

describe('creating a run', () => {
  const input = () => ({
    teamId: world.teamId,
    creatorId: world.userId,
    environmentId: world.environmentId,
    title: 'A run',
    origin: 'API' as const,
    harness: 'SCRIPT' as const,
    idleSeconds: 0,
    text: 'echo hi',
  });

  test('is done once for a client key, however often and at once it is asked for', async () => {
    const key = freshKey(world);
    const created = await Promise.all(
      Array.from({ length: 8 }, () => intents.createRun(world.journal, world.person, key, input())),
    );
    const ids = new Set(created.map((admitted) => admitted.ok && admitted.value.runId));
    expect(ids.size).toBe(1);
    expect(created.filter(({ ok }) => ok)).toHaveLength(8);
  });

  test('is refused for a client key that came with another body', async () => {
    const key = freshKey(world);
    await intents.createRun(world.journal, world.person, key, input());
    await expect(intents.createRun(world.journal, world.person, key, { ...input(), text: 'echo other' })).rejects.toThrow(
      IdempotencyConflict,
    );
  });

  test('that is refused writes nothing and does not use up its key', async () => {
    const key = freshKey(world);
    const before = await world.journal.pool.query('SELECT count(*)::int AS runs FROM "Run"');
    expect(await intents.createRun(world.journal, world.person, key, { ...input(), text: ' ' })).toMatchObject({ ok: false });
    const after = await world.journal.pool.query('SELECT count(*)::int AS runs FROM "Run"');
    expect(after.rows).toEqual(before.rows);
    expect(await intents.createRun(world.journal, world.person, key, input())).toMatchObject({ ok: true });
  });

  test('leaves a wake-up until a workflow has taken the work', async () => {
    const runId = await createTestRun(world);
    expect(await headOf(runId)).toMatchObject({ wanted: 1, seen: 0 });
    await world.journal.pool.query(`UPDATE "Wake" SET "nextAt" = now() - interval '1 s' WHERE "runId" = $1`, [runId]);
    const claimed = (await Promise.all([claimDueWakes(world.journal), claimDueWakes(world.journal)])).flat();
    expect(claimed.filter((wake) => wake.runId === runId)).toHaveLength(1);
    await steps.nextWork(world.journal, runId, 'execution');
    expect(await headOf(runId)).toMatchObject({ wanted: 1, seen: 1 });
    expect((await world.journal.pool.query('SELECT 1 FROM "Wake" WHERE "runId" = $1', [runId])).rowCount).toBe(0);
  });

  test('keeps a long text whole in the message and its head in the log', async () => {
    const text = `echo ${'ü'.repeat(limits.messageBytes / 2 - 10)}`;
    const runId = await createTestRun(world, { text });
    const { rows } = await world.journal.pool.query('SELECT text FROM "Message" WHERE "runId" = $1', [runId]);
    expect(rows[0].text).toBe(text);
    const [, added] = await readAfter(world.journal, runId, 0);
    expect(added?.event.type === 'message.added' && added.event.text.length).toBe(16 * 1024);
  });
});

describe('a log', () => {
  test('stays gapless and in order under writers that run at once', async () => {
    const runId = await createTestRun(world);
    const writer = await takeSession(world.journal, runId);
    await Promise.all([
      ...Array.from({ length: 40 }, (_, i) => appendChunks(world.journal, writer, [chunk(`${i}a`), chunk(`${i}b`)], `c${i}`)),
      ...Array.from({ length: 20 }, (_, i) =>
        intents.sendFollowUp(world.journal, world.person, freshKey(world), { runId, text: `echo ${i}` }),
      ),
      ...Array.from({ length: 10 }, (_, i) =>
        appendAgentEvents(
          world.journal,
          writer,
          [{ type: 'item.started', itemId: `i${i}`, kind: 'COMMAND', title: 't' }],
          `s${i}`,
        ),
      ),
    ]);
    const seqs = await seqsOf(runId);
    gapless(seqs);
    expect(seqs.at(-1)).toBe((await headOf(runId)).lastSeq);
    expect((await loadRun(world.journal.pool, runId))?.pending).toHaveLength(20);
  });

  test('takes each keyed append once', async () => {
    const runId = await createTestRun(world);
    const writer = await takeSession(world.journal, runId);
    await appendChunks(world.journal, writer, [chunk('x')], 'same');
    await expect(appendChunks(world.journal, writer, [chunk('x')], 'same')).rejects.toMatchObject({ code: '23505' });
    gapless(await seqsOf(runId));
  });

  test('refuses a session that has been taken over, on every path', async () => {
    const runId = await createTestRun(world);
    const writer = await takeSession(world.journal, runId);
    await steps.loseSession(world.journal, runId, writer.sessionId, failure('WORKER_LOST', 'gone'));
    const before = await seqsOf(runId);
    await expect(appendChunks(world.journal, writer, [chunk('x')], 'late')).rejects.toThrow(StaleSessionError);
    await expect(appendAgentEvents(world.journal, writer, [chunk('x')], 'late')).rejects.toThrow(StaleSessionError);
    await expect(steps.nextTurn(world.journal, writer)).rejects.toThrow(StaleSessionError);
    await expect(steps.record(world.journal, writer, [])).rejects.toThrow(StaleSessionError);
    expect(await renewLease(world.journal, writer)).toBe(false);
    expect(await seqsOf(runId)).toEqual(before);
  });

  test('is read in pages from both ends', async () => {
    const runId = await createTestRun(world);
    const writer = await takeSession(world.journal, runId);
    for (let i = 0; i < 7; i++) await appendChunks(world.journal, writer, [chunk(String(i))], `p${i}`);
    const all = await seqsOf(runId);
    expect((await readAfter(world.journal, runId, 3, 4)).map(({ seq }) => seq)).toEqual([4, 5, 6, 7]);
    expect((await readBefore(world.journal, runId, all.length + 1, 3)).map(({ seq }) => seq)).toEqual(all.slice(-3));
    expect(await readBefore(world.journal, runId, 1)).toEqual([]);
  });

  test('stores what a terminal printed, whatever it is', async () => {
    const runId = await createTestRun(world);
    const writer = await takeSession(world.journal, runId);
    const text = 'a\u001b[31mb\ud800 "\\u0000" \\ 漢🏃\r\n';
    await appendChunks(world.journal, writer, [chunk(text + '\0')], 'odd');
    const [logged] = await readBefore(world.journal, runId, 2 ** 31 - 1, 1);
    expect(logged?.event.type === 'item.chunk' && logged.event.text).toBe(`${text.replace('\ud800', '\ufffd')}\ufffd`);
  });

  test('of a run that does not exist is an error of its own', async () => {
    const runId = 'run_01m7ywct2zfvqr6yqjd1gknfe2' as RunId;
    await expect(steps.nextWork(world.journal, runId, 'e')).rejects.toThrow(RunNotFoundError);
  });
});

describe('a session', () => {
  test('gives a follow-up to the live session, and one that comes while it closes to the next', async () => {
    const runId = await createTestRun(world);
    const writer = await takeSession(world.journal, runId);
    await intents.sendFollowUp(world.journal, world.person, freshKey(world), { runId, text: 'echo second' });
    await steps.turnEnded(world.journal, writer, { turn: 1, reason: 'COMPLETED', failure: null, usage: noUsage });
    expect(await steps.beginClose(world.journal, writer, false)).toEqual({ closing: false });
    expect(await steps.nextTurn(world.journal, writer)).toMatchObject({ kind: 'TURN', turn: 2 });
    await steps.turnEnded(world.journal, writer, { turn: 2, reason: 'COMPLETED', failure: null, usage: noUsage });
    expect(await steps.beginClose(world.journal, writer, false)).toEqual({ closing: true });
    await intents.sendFollowUp(world.journal, world.person, freshKey(world), { runId, text: 'echo third' });
    await steps.endSession(world.journal, runId, writer.sessionId, { outcome: 'SUCCEEDED', started: true });
    expect((await loadRun(world.journal.pool, runId))?.state).toBe('QUEUED');
    const next = writerOf(runId, await steps.nextWork(world.journal, runId, 'e'));
    expect(next.ordinal).toBe(2);
  });

  test('rolls its usage up into the run over all sessions', async () => {
    const runId = await createTestRun(world);
    await finishSession(world.journal, await takeSession(world.journal, runId));
    await intents.sendFollowUp(world.journal, world.person, freshKey(world), { runId, text: 'echo again' });
    await finishSession(world.journal, await takeSession(world.journal, runId), 2);
    expect((await loadRun(world.journal.pool, runId))?.usage.wallMs).toBe(20);
  });

  test('that could not start gives its messages back', async () => {
    const runId = await createTestRun(world);
    const writer = writerOf(runId, await steps.nextWork(world.journal, runId, 'e'));
    await steps.hosted(world.journal, writer, 'w');
    await steps.sessionFailed(world.journal, writer, failure('REPOSITORY_UNREACHABLE', 'The repository does not answer.'));
    await steps.endSession(world.journal, runId, writer.sessionId, { outcome: 'FAILED', started: false });
    const run = await loadRun(world.journal.pool, runId);
    expect(run).toMatchObject({ state: 'FAILED', failure: { code: 'REPOSITORY_UNREACHABLE', origin: 'USER' }, pending: [] });
    const { rows } = await world.journal.pool.query('SELECT state, "returnedReason" FROM "Message" WHERE "runId" = $1', [runId]);
    expect(rows).toEqual([{ state: 'RETURNED', returnedReason: expect.stringContaining('does not answer') }]);
  });

  test('is held by a lease that counts by the database’s clock', async () => {
    const runId = await createTestRun(world);
    const writer = await takeSession(world.journal, runId);
    expect(await leaseLeft(world.journal, writer.sessionId)).toBe(0);
    expect(await renewLease(world.journal, writer)).toBe(true);
    expect(await leaseLeft(world.journal, writer.sessionId)).toBeGreaterThan(25_000);
    await giveUpLease(world.journal, writer);
    expect(await leaseLeft(world.journal, writer.sessionId)).toBe(0);
  });
});

describe('canceling', () => {
  test('a run that no worker has is done at once, in the same transaction', async () => {
    const runId = await createTestRun(world);
    await steps.nextWork(world.journal, runId, 'e');
    await intents.cancelRun(world.journal, world.person, runId);
    expect(await typesOf(runId)).toEqual(
      expect.arrayContaining(['run.cancelRequested', 'message.returned', 'session.state', 'run.state']),
    );
    expect((await loadRun(world.journal.pool, runId))?.state).toBe('CANCELED');
    const again = await intents.cancelRun(world.journal, world.person, runId);
    expect(again).toMatchObject({ ok: true, wake: false });
  });
});

type Command = (run: Run, runId: RunId) => Promise<unknown>;

/** What people and workers do to a run in the database; a step that is stale or out of place changes nothing. */
const commands: Record<string, Command> = {
  followUp: (_, runId) => intents.sendFollowUp(world.journal, world.person, freshKey(world), { runId, text: 'echo more' }),
  continueIdle: (_, runId) =>
    intents.continueRun(world.journal, world.person, freshKey(world), {
      runId,
      text: null,
      harness: null,
      restore: { kind: 'LATEST' },
      newest: 'MARKERS',
    }),
  cancel: (_, runId) => intents.cancelRun(world.journal, world.person, runId),
  endSession: (_, runId) => intents.endSession(world.journal, world.person, runId),
  interrupt: (_, runId) => intents.interruptTurn(world.journal, world.person, runId),
  withdraw: async (run, runId) => {
    const last = run.pending.at(-1);
    if (last) await intents.withdrawMessage(world.journal, world.person, runId, last.id);
  },
  nextWork: (_, runId) => steps.nextWork(world.journal, runId, 'e'),
  hosted: (run, runId) => steps.hosted(world.journal, own(run, runId), 'w'),
  nextTurn: async (run, runId) => {
    if (['PROVISIONING', 'RUNNING', 'IDLE'].includes(run.session?.state ?? ''))
      await steps.nextTurn(world.journal, own(run, runId));
  },
  chunk: async (run, runId) => {
    if (run.turn) await appendChunks(world.journal, own(run, runId), [chunk('x')], `${run.lastSeq}`);
  },
  turnEnded: (run, runId) =>
    steps.turnEnded(world.journal, own(run, runId), {
      turn: run.turns,
      reason: 'COMPLETED',
      failure: null,
      usage: { ...noUsage, wallMs: 1 },
    }),
  close: async (run, runId) => {
    if (!run.turn && ['RUNNING', 'IDLE'].includes(run.session?.state ?? ''))
      await steps.beginClose(world.journal, own(run, runId), false);
  },
  end: async (run, runId) => {
    const { session } = run;
    if (session?.state === 'SNAPSHOTTING')
      await steps.endSession(world.journal, runId, session.id, { outcome: 'SUCCEEDED', started: true });
  },
  lose: async (run, runId) => {
    if (run.session) await steps.loseSession(world.journal, runId, run.session.id, failure('WORKER_LOST', 'gone'));
  },
};

function own(run: Run, runId: RunId) {
  const { session } = run;
  return { runId, sessionId: session?.id ?? ('ses_none' as never), ordinal: session?.ordinal ?? 0, epoch: session?.epoch ?? 0 };
}

test('the rows of a run say the same as its log, after any sequence of commands', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...Object.keys(commands)), { maxLength: 25 }), async (names) => {
      const runId = await createTestRun(world);
      for (const name of names) {
        const run = (await loadRun(world.journal.pool, runId)) as Run;
        await commands[name]?.(run, runId).catch((error: unknown) => {
          if (!(error instanceof StaleSessionError)) throw error;
        });
      }
      const log = await readAfter(world.journal, runId, 0, 10_000);
      gapless(log.map(({ seq }) => seq));
      const replayed = log.reduce<Run | null>((state, { event }) => evolve(state, event as RunEvent, runId), null);
      expect(await loadRun(world.journal.pool, runId)).toEqual(replayed);
    }),
    { numRuns: 40, interruptAfterTimeLimit: 20_000 },
  );
});
