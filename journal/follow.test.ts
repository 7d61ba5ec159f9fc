import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { LoggedEvent } from '../domain/events.ts';
import type { RunId } from '../domain/ids.ts';
import { createTestDatabase, type TestDatabase } from '../test/support/database.ts';
import { createTestRun, createWorld, openTestJournal, takeSession, type World } from '../test/support/journal.ts';
import { waitFor } from '../test/support/waitFor.ts';
import { appendChunks } from './append.ts';
import { CursorError, Follower } from './follow.ts';
import type { Journal } from './journal.ts';
import { pageSize } from './read.ts';
import { SessionWriter } from './sessionWriter.ts';

let database: TestDatabase;
let world: World;
let other: Journal;
const stops: (() => void)[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  world = await createWorld(openTestJournal(database.url));
  other = openTestJournal(database.url);
});
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});
afterAll(async () => {
  await Promise.all([world.journal.close(), other.close()]);
  await database.drop();
});

const chunk = (text: string) => ({ type: 'item.chunk', itemId: 'i', stream: 'STDOUT', text }) as const;

/** Follows a run and collects what comes; `stop` ends it. */
function collect(follower: Follower, runId: RunId, after = 0) {
  const controller = new AbortController();
  const events: LoggedEvent[] = [];
  const batches: { live: boolean; count: number }[] = [];
  const done = (async () => {
    for await (const batch of follower.follow(runId, after, controller.signal)) {
      events.push(...batch.events);
      batches.push({ live: batch.live, count: batch.events.length });
    }
  })();
  const stop = () => controller.abort();
  stops.push(stop);
  done.catch(() => {});
  return { events, batches, done, stop };
}

/** A journal that hears no wake-ups. */
const deaf = (): Journal => ({ ...other, bell: { ...other.bell, listen: () => () => {}, ring: () => {} } as never });

const consecutive = (events: readonly LoggedEvent[], from = 1) =>
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => from + index));

describe('following a run', () => {
  test('brings every event once and in order to all who follow, in every process', async () => {
    const runId = await createTestRun(world);
    const [here, there] = [new Follower(world.journal, () => {}), new Follower(other, () => {})];
    const followers = [collect(here, runId), collect(here, runId, 1), collect(there, runId)];
    const writer = await takeSession(world.journal, runId);
    for (let i = 0; i < 60; i++) await appendChunks(i % 2 ? world.journal : other, writer, [chunk(String(i))], `k${i}`);
    const last = 8 - 2 + 60 + (await seqOfFirstChunk(runId)) - 7;
    for (const { events } of followers) await waitFor('all events', () => events.at(-1)?.seq === last);
    for (const [index, { events }] of followers.entries()) consecutive(events, index === 1 ? 2 : 1);
  });

  test('begins with a batch at once, empty for one who is up to date', async () => {
    const runId = await createTestRun(world);
    const follower = new Follower(world.journal, () => {});
    const { batches } = collect(follower, runId, 2);
    await waitFor('the first batch', () => batches.length === 1);
    expect(batches[0]).toEqual({ live: true, count: 0 });
  });

  test('resumes from any cursor with exactly what came after it', async () => {
    const runId = await createTestRun(world);
    const writer = await takeSession(world.journal, runId);
    for (let i = 0; i < 1_300; i++) await appendChunks(world.journal, writer, [chunk(String(i))], `r${i}`);
    const follower = new Follower(world.journal, () => {});
    const whole = collect(follower, runId);
    const last = await waitFor('the whole log', () => (whole.batches.at(-1)?.live ? whole.events.at(-1)?.seq : null));
    consecutive(whole.events);
    for (const cursor of [0, 1, 7, 499, 500, 501, 999, last - 1, last]) {
      const { events, batches, stop } = collect(follower, runId, cursor);
      await waitFor(`resuming from ${cursor}`, () => batches.at(-1)?.live);
      consecutive(events, cursor + 1);
      expect(events).toHaveLength(last - cursor);
      stop();
    }
  });

  test('refuses a cursor that is no place in the log', async () => {
    const runId = await createTestRun(world);
    const follower = new Follower(world.journal, () => {});
    for (const cursor of [-1, 3, 1.5, Number.NaN]) {
      await expect(collect(follower, runId, cursor).done).rejects.toThrow(CursorError);
    }
    expect(follower.size).toBe(0);
  });

  test('misses nothing when no wake-up comes', async () => {
    const runId = await createTestRun(world);
    const { events } = collect(new Follower(deaf(), () => {}), runId);
    const writer = await takeSession(world.journal, runId);
    await appendChunks(world.journal, writer, [chunk('x')], 'unheard');
    await waitFor('the event, without a bell', () => events.some(({ event }) => event.type === 'item.chunk'));
    consecutive(events);
  });

  test('lets one who has read further than the wake-ups told wait for the next', async () => {
    const runId = await createTestRun(world);
    const writer = await takeSession(world.journal, runId);
    const follower = new Follower(deaf(), () => {});
    const some = (count: number) => Array.from({ length: count }, (_, n) => chunk(String(n)));
    await appendChunks(world.journal, writer, some(pageSize), 'page');
    const near = collect(follower, runId);
    await waitFor('the whole log', () => near.events.length > pageSize);
    await appendChunks(world.journal, writer, some(1), 'kept');
    const before = near.events.length + 1;
    await waitFor('what the reader keeps', () => near.events.length === before);
    const far = follower.follow(runId, 0, AbortSignal.timeout(20_000));
    const events: LoggedEvent[] = [];
    const take = async () => void events.push(...((await far.next()).value?.events ?? []));
    await take();
    await appendChunks(world.journal, writer, some(3), 'unheard');
    while (events.length < before + 3) await take();
    await appendChunks(world.journal, writer, some(1), 'later');
    await take();
    consecutive(events);
    expect(events).toHaveLength(before + 4);
    await far.return();
  });

  test('brings every event of many runs that have grown at once, once and in order, of some few and of some many', async () => {
    const runIds = await Promise.all(Array.from({ length: 70 }, () => createTestRun(world)));
    const follower = new Follower(deaf(), () => {});
    const followed = runIds.map((runId) => collect(follower, runId));
    const writers = await Promise.all(runIds.map((runId) => takeSession(world.journal, runId)));
    const counts = runIds.map((_, n) => (n % 3 === 0 ? 50 : 3));
    for (const { batches } of followed) await waitFor('the first batch', () => batches.length > 0);
    await Promise.all(
      writers.map((writer, n) =>
        appendChunks(
          world.journal,
          writer,
          Array.from({ length: counts[n] ?? 0 }, (_, i) => chunk(String(i))),
          'many',
        ),
      ),
    );
    const chunks = (events: readonly LoggedEvent[]) => events.filter(({ event }) => event.type === 'item.chunk');
    for (const [n, { events }] of followed.entries()) {
      await waitFor('all chunks', () => chunks(events).length >= (counts[n] ?? 0));
      expect(chunks(events)).toHaveLength(counts[n] ?? 0);
      consecutive(events);
    }
    expect(new Set(followed.flatMap(({ events }, n) => events.map(({ runId }) => runId === runIds[n])))).toEqual(new Set([true]));
  });

  test('goes on after the database has dropped every connection', async () => {
    const runId = await createTestRun(world);
    const writer = await takeSession(world.journal, runId);
    const { events } = collect(new Follower(other, () => {}), runId);
    const transcript = new SessionWriter(world.journal, writer, new AbortController().signal);
    await waitFor('the first events', () => events.length > 0);
    for (let i = 0; i < 30; i++) {
      if (i % 10 === 5) await dropConnections();
      await transcript.emit(chunk(`${i} `));
      await transcript.flush();
    }
    const text = () => events.map(({ event }) => (event.type === 'item.chunk' ? event.text : '')).join('');
    await waitFor('the whole text', () => text() === Array.from({ length: 30 }, (_, i) => `${i} `).join(''));
    consecutive(events);
  });

  test('ends when the run is deleted', async () => {
    const runId = await createTestRun(world);
    const { done, batches } = collect(new Follower(world.journal, () => {}), runId);
    await waitFor('the first batch', () => batches.length > 0);
    await world.journal.pool.query('DELETE FROM "Run" WHERE id = $1', [runId]);
    await done;
  });

  test('leaves nothing behind when all have stopped', async () => {
    const runId = await createTestRun(world);
    const follower = new Follower(world.journal, () => {});
    const followers = [collect(follower, runId), collect(follower, runId)];
    await waitFor('both', () => followers.every(({ batches }) => batches.length > 0));
    for (const { stop } of followers) stop();
    await Promise.all(followers.map(({ done }) => done));
    expect(follower.size).toBe(0);
  });
});

describe('the session’s writer', () => {
  test('joins chunks of one item, keeps the order, and loses no text', async () => {
    const runId = await createTestRun(world);
    const writer = await takeSession(world.journal, runId);
    const { events } = collect(new Follower(other, () => {}), runId);
    const transcript = new SessionWriter(world.journal, writer, new AbortController().signal);
    await transcript.emit({ type: 'item.started', itemId: 'i', kind: 'COMMAND', title: 'seq' });
    const lines = Array.from({ length: 5_000 }, (_, i) => `line ${i}\n`);
    for (const line of lines) await transcript.emit(chunk(line));
    await transcript.emit({
      type: 'item.ended',
      itemId: 'i',
      status: 'OK',
      exitCode: 0,
      signal: null,
      bytes: 1,
      sha256: 'x',
      omittedBytes: 0,
      tookMs: 1,
    });
    await waitFor('the end', () => events.some(({ event }) => event.type === 'item.ended'));
    consecutive(events);
    const chunks = events.flatMap(({ event }) => (event.type === 'item.chunk' ? [event.text] : []));
    expect(chunks.join('')).toBe(lines.join(''));
    expect(chunks.length).toBeLessThan(60);
    expect(Math.max(...chunks.map((text) => text.length))).toBeLessThanOrEqual(8 * 1024);
  });
});

async function seqOfFirstChunk(runId: RunId): Promise<number> {
  const { rows } = await world.journal.pool.query(
    `SELECT min(seq) AS seq FROM "Event" WHERE "runId" = $1 AND type = 'item.chunk'`,
    [runId],
  );
  return rows[0].seq;
}

async function dropConnections(): Promise<void> {
  const admin = new pg.Client(database.url);
  await admin.connect();
  await admin.query(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
  );
  await admin.end();
}
