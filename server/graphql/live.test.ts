import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { appendChunks, type TranscriptWriter } from '../../journal/append.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import {
  client,
  createToken,
  removeSettings,
  startTestGateway,
  testSettings,
  type TestSettings,
} from '../../test/support/gateway.ts';
import { createTestRun, createWorld, openTestJournal, takeSession, type World } from '../../test/support/journal.ts';
import { liveClient, seqsIn, transcriptSubscription, type LiveClient } from '../../test/support/live.ts';
import { waitFor } from '../../test/support/waitFor.ts';
import type { Gateway } from '../gateway.ts';

let database: TestDatabase;
let settings: TestSettings;
let gateways: Gateway[];
let world: World;
let token: string;
const clients: LiveClient[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  settings = await testSettings(database.url);
  gateways = await Promise.all([startTestGateway(settings), startTestGateway(settings)]);
  world = await createWorld(openTestJournal(database.url));
  token = await createToken(world.journal, world.userId);
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((live) => live.dispose()));
});
afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.stop()));
  await world.journal.close();
  await removeSettings(settings);
  await database.drop();
});

const url = (index = 0) => gateways[index]?.url ?? '';
const connect = (...args: Parameters<typeof liveClient>) => {
  const live = liveClient(...args);
  clients.push(live);
  return live;
};
const write = async (writer: TranscriptWriter, from: number, count: number) => {
  for (let i = from; i < from + count; i++) {
    await appendChunks(world.journal, writer, [{ type: 'item.chunk', itemId: 'i', stream: 'STDOUT', text: `${i}` }], `w${i}`);
  }
};
const consecutive = (seqs: readonly number[], from = 1) => expect(seqs).toEqual(seqs.map((_, index) => from + index));

describe('a transcript over WebSocket', () => {
  test('brings the log from the cursor on and what is appended later, through any gateway', async () => {
    const runId = await createTestRun(world);
    const subscriptions = [0, 1].map((index) =>
      connect(url(index), token).subscribe(transcriptSubscription, { runId, after: 0 }),
    );
    await Promise.all(subscriptions.map((subscription) => subscription.atLeast(1)));
    const writer = await takeSession(world.journal, runId);
    await write(writer, 0, 25);
    for (const subscription of subscriptions) {
      await waitFor('the newest event', () => subscription.data.at(-1)?.transcript.events.at(-1)?.text === '24');
      consecutive(seqsIn(subscription));
      expect(subscription.errors).toEqual([]);
    }
  });

  test('goes on exactly where a dropped connection ended, on another gateway', async () => {
    const runId = await createTestRun(world);
    const writer = await takeSession(world.journal, runId);
    const seqs: number[] = [];
    let last = 0;
    for (let drop = 0; drop < 4; drop++) {
      const live = connect(url(drop % 2), token);
      const subscription = live.subscribe(transcriptSubscription, { runId, after: last });
      await subscription.atLeast(1);
      await write(writer, drop * 10, 10);
      await waitFor(
        'the events of this round',
        () => subscription.data.at(-1)?.transcript.events.at(-1)?.text === String(drop * 10 + 9),
      );
      seqs.push(...seqsIn(subscription));
      last = seqs.at(-1) ?? 0;
      live.client.terminate();
      await live.closed();
      // What is written while nobody listens is not lost.
      await write(writer, 1_000 + drop * 10, 5);
    }
    consecutive(seqs);
  });

  test('says at once that the subscription stands, also when there is nothing new', async () => {
    const runId = await createTestRun(world);
    const subscription = connect(url(), token).subscribe(transcriptSubscription, { runId, after: 2 });
    await subscription.atLeast(1);
    expect(subscription.data[0].transcript).toEqual({ __typename: 'TranscriptBatch', lastSeq: 2, live: true, events: [] });
  });

  test.each([
    [-1, 'negative'],
    [99, 'beyond the end'],
  ])('refuses a cursor of %i, which is %s, and completes', async (after) => {
    const runId = await createTestRun(world);
    const subscription = connect(url(), token).subscribe(transcriptSubscription, { runId, after });
    await waitFor('the end', () => subscription.state.completed);
    expect(subscription.data).toEqual([
      {
        transcript: {
          __typename: 'CursorNotServableError',
          code: 'CURSOR_NOT_SERVABLE',
          message: expect.stringContaining('again'),
          after,
          lastSeq: 2,
        },
      },
    ]);
  });

  test('does not exist for an unknown run, or one of another team', async () => {
    const other = await createWorld(world.journal);
    const live = connect(url(), token);
    for (const runId of ['run_01m7ywct2zfvqr6yqjd1gknfe2', 'nonsense', await createTestRun(other)]) {
      const subscription = live.subscribe(transcriptSubscription, { runId, after: 0 });
      await waitFor('the end', () => subscription.state.completed);
      expect(subscription.data).toMatchObject([{ transcript: { __typename: 'NotFoundError', code: 'NOT_FOUND' } }]);
    }
  });

  test('ends when the run is deleted', async () => {
    const runId = await createTestRun(world);
    const subscription = connect(url(), token).subscribe(transcriptSubscription, { runId, after: 0 });
    await subscription.atLeast(1);
    await world.journal.pool.query('DELETE FROM "Run" WHERE id = $1', [runId]);
    await waitFor('the end', () => subscription.state.completed);
    expect(subscription.data.at(-1)).toMatchObject({ transcript: { __typename: 'NotFoundError' } });
  });
});

describe('changes of runs', () => {
  const changed = 'subscription ($filter: RunFilter) { runChanged(filter: $filter) { version run { id state version } } }';

  test('are told to those who may see the run, through any gateway', async () => {
    const other = await createWorld(world.journal);
    const others = connect(url(), await createToken(world.journal, other.userId)).subscribe(changed);
    const mine = [0, 1].map((index) =>
      connect(url(index), token).subscribe(changed, { filter: { environmentId: world.environmentId } }),
    );
    const elsewhere = connect(url(), token).subscribe(changed, { filter: { environmentId: other.environmentId } });
    // Told again within a second in any case, so nobody needs to wait until all have subscribed.
    const runId = await createTestRun(world);
    const writer = await takeSession(world.journal, runId);
    for (const { data } of mine) {
      await waitFor('the run in progress', () =>
        data.some(({ runChanged }) => runChanged.run.id === runId && runChanged.run.state === 'IN_PROGRESS'),
      );
    }
    await write(writer, 0, 3);
    expect(others.data).toEqual([]);
    expect(elsewhere.data).toEqual([]);
  });
});

describe('a connection', () => {
  test('without a credential is closed with 4401, with a wrong one with 4403', async () => {
    for (const [credential, code] of [
      [null, 4401],
      ['baton_token_wrong', 4403],
    ] as const) {
      const live = connect(url(), credential);
      live.subscribe('subscription { runChanged { version } }');
      expect(await live.closed()).toBe(code);
    }
  });

  test('takes the token of the upgrade request too', async () => {
    const runId = await createTestRun(world);
    const live = connect(url(), null, { headers: { authorization: `Bearer ${token}` } });
    await live.subscribe(transcriptSubscription, { runId, after: 0 }).atLeast(1);
  });

  test('from another origin or to another host is refused', async () => {
    const attempt = async (headers: Record<string, string>) => {
      const socket = new WebSocket(`${url().replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers });
      const [error] = (await once(socket, 'error')) as [Error];
      return error.message;
    };
    expect(await attempt({ origin: 'https://evil.example' })).toContain('403');
    expect(await attempt({ host: 'rebound.example' })).toContain('403');
  });

  test('of an older sub-protocol is refused', async () => {
    const socket = new WebSocket(`${url().replace('http', 'ws')}/graphql`, 'graphql-ws');
    const code = await new Promise((resolve) => {
      socket.on('close', resolve);
      socket.on('error', () => resolve('refused'));
    });
    expect([4406, 'refused']).toContain(code);
  });

  test('is closed with 1001 when its gateway goes away', async () => {
    const gateway = await startTestGateway(settings);
    const live = connect(gateway.url, token);
    await live.subscribe(transcriptSubscription, { runId: await createTestRun(world), after: 0 }).atLeast(1);
    await gateway.stop();
    expect(await live.closed()).toBe(1001);
  });

  test('that fails its query is told why', async () => {
    const subscription = connect(url(), token).subscribe('subscription { nothing }');
    await waitFor('the errors', () => subscription.errors.length > 0);
    expect(JSON.stringify(subscription.errors)).toContain('nothing');
  });
});

describe('a transcript over SSE', () => {
  test('brings the same events as results of their own', async () => {
    const runId = await createTestRun(world);
    const controller = new AbortController();
    const response = await fetch(`${url()}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: transcriptSubscription, variables: { runId, after: 0 } }),
      signal: controller.signal,
    });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    let text = '';
    const reading = (async () => {
      for await (const part of response.body ?? []) text += Buffer.from(part).toString();
    })().catch(() => {});
    await waitFor('the first events', () => text.includes('RunCreatedEvent'));
    await takeSession(world.journal, runId);
    await waitFor('later events', () => text.includes('TurnStartedEvent'));
    expect(text).toContain('event: next');
    controller.abort();
    await reading;
  });
});

describe('over HTTP', () => {
  test('another host or origin gets nothing', async () => {
    const post = (headers: Record<string, string>) =>
      fetch(`${url()}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
        body: '{"query":"{ viewer { name } }"}',
      });
    expect((await post({ origin: 'https://evil.example' })).status).toBe(403);
    expect((await post({ origin: url() })).status).toBe(200);
    expect((await post({ origin: url().replace('127.0.0.1', 'localhost') })).status).toBe(200);
  });

  test('a link signs one browser in, once', async () => {
    const made = await client(url(), token)('mutation { createSignInLink { url expiresAt } }');
    const link = made.data.createSignInLink.url as string;
    const first = await fetch(link, { redirect: 'manual' });
    expect(first.status).toBe(303);
    const cookie = first.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/HttpOnly.*SameSite=Lax/);
    const signedIn = await fetch(`${url()}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie: cookie.split(';')[0] ?? '' },
      body: '{"query":"{ viewer { name } }"}',
    });
    expect(await signedIn.json()).toEqual({ data: { viewer: { name: 'Mira' } } });
    const second = await fetch(link, { redirect: 'manual' });
    expect(second.status).toBe(403);
    expect(await second.text()).toContain('used already');
  });

  test('the page is served with a strict policy, on every path of its own', async () => {
    for (const path of ['/', '/runs/run_x']) {
      const response = await fetch(`${url()}${path}`, { headers: { accept: 'text/html' } });
      expect(response.status).toBe(200);
      expect(response.headers.get('content-security-policy')).toContain("default-src 'self'");
      expect(await response.text()).toContain('<title>Baton</title>');
    }
  });
});
