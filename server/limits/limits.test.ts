import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import {
  client,
  createToken,
  removeSettings,
  startTestGateway,
  testSettings,
  type TestSettings,
} from '../../test/support/gateway.ts';
import {
  createTestRun,
  createWorld,
  finishSession,
  openTestJournal,
  takeSession,
  type World,
} from '../../test/support/journal.ts';
import { liveClient, transcriptSubscription } from '../../test/support/live.ts';
import { waitFor } from '../../test/support/waitFor.ts';
import type { Gateway } from '../gateway.ts';

let database: TestDatabase;
let settings: TestSettings;
let world: World;
let token: string;
const gateways: Gateway[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  settings = await testSettings(database.url);
  world = await createWorld(openTestJournal(database.url));
  token = await createToken(world.journal, world.userId);
});
afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.stop()));
  await world.journal.close();
  await removeSettings(settings);
  await database.drop();
});

async function gatewayWith(more: Record<string, string>): Promise<string> {
  const gateway = await startTestGateway(settings, more);
  gateways.push(gateway);
  return gateway.url;
}
const codeOf = ({ errors }: { errors?: { extensions?: { code?: string } }[] }) => errors?.[0]?.extensions?.code;
const viewerName = '{ viewer { name } }';

describe('a document', () => {
  test('of too many tokens is refused over HTTP and on a socket, which stays open', async () => {
    const url = await gatewayWith({ BATON_MAX_DOCUMENT_TOKENS: '50' });
    const long = `{ viewer { ${'name '.repeat(60)} } }`;
    const answer = await client(url, token)(long);
    expect(codeOf(answer)).toBe('DOCUMENT_TOO_LARGE');
    const live = liveClient(url, token);
    const refused = live.subscribe(long);
    await waitFor('the refusal', () => refused.errors.length > 0);
    expect(JSON.stringify(refused.errors)).toContain('DOCUMENT_TOO_LARGE');
    await live.subscribe(viewerName).atLeast(1);
    await live.dispose();
  });

  test('that goes too deep, or asks for pages that are too large, is refused with what to do', async () => {
    const api = client(await gatewayWith({}), token);
    const deep =
      '{ runs { edges { node { sessions { run { sessions { run { sessions { run { sessions { run { sessions { id } } } } } } } } } } } } }';
    expect(codeOf(await api(deep))).toBe('QUERY_TOO_COMPLEX');
    for (const large of [
      '{ runs(first: 501) { totalCount } }',
      '{ environments(last: 501) { totalCount } }',
      '{ apiTokens(first: 9999) { totalCount } }',
      `{ run(id: "${await createTestRun(world)}") { transcript(first: 1001) { edges { cursor } } } }`,
    ])
      expect(codeOf(await api(large)), large).toBe('PAGE_TOO_LARGE');
    expect((await api('{ runs(first: 500) { totalCount } }')).errors).toBeUndefined();
  });
});

describe('a request', () => {
  test('with a body that is too large is refused, whether it says its length or not', async () => {
    const url = await gatewayWith({ BATON_MAX_BODY_BYTES: '2000' });
    const body = JSON.stringify({ query: viewerName, variables: { long: 'x'.repeat(3_000) } });
    const chunked = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(body));
        controller.close();
      },
    });
    for (const sent of [body, chunked]) {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: sent,
        duplex: 'half',
      } as RequestInit);
      expect(response.status).toBe(413);
      expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BODY_TOO_LARGE' } }] });
    }
    expect((await client(url, token)(viewerName)).data.viewer.name).toBe('Mira');
  });

  test('over a socket that is too large closes it with 1009', async () => {
    const live = liveClient(await gatewayWith({ BATON_MAX_BODY_BYTES: '2000' }), token);
    await live.subscribe(viewerName).atLeast(1);
    live.subscribe(viewerName, { long: 'x'.repeat(3_000) });
    expect(await live.closed()).toBe(1009);
  });
});

describe('an address', () => {
  test('that signs in too often is told when to go on', async () => {
    const url = await gatewayWith({ BATON_SIGN_INS_PER_MINUTE: '2' });
    const attempt = () => fetch(`${url}/sign-in?code=guess`, { redirect: 'manual' });
    expect([(await attempt()).status, (await attempt()).status]).toEqual([403, 403]);
    const refused = await attempt();
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await client(url, token)(viewerName)).status).toBe(200);
  });
});

describe('a person', () => {
  test('who asks too often is told when to go on, and nobody else is', async () => {
    const url = await gatewayWith({ BATON_OPERATIONS_PER_MINUTE: '5' });
    const api = client(url, token);
    for (let n = 0; n < 5; n++) expect((await api(viewerName)).status).toBe(200);
    const refused = await api(viewerName);
    expect(refused.status).toBe(429);
    expect(codeOf(refused)).toBe('RATE_LIMITED');
    expect(refused.errors?.[0]?.extensions).toMatchObject({ retryAfterSeconds: expect.any(Number) });
    // Another token does not help; another person is not concerned.
    expect((await client(url, await createToken(world.journal, world.userId))(viewerName)).status).toBe(429);
    const other = await createWorld(world.journal, 'Sam');
    expect((await client(url, await createToken(world.journal, other.userId))(viewerName)).status).toBe(200);
  });

  test('with too many operations at once is refused those beyond, and none later', async () => {
    const api = client(await gatewayWith({ BATON_OPERATIONS_AT_ONCE: '1' }), token);
    const blocker = await world.journal.pool.connect();
    await blocker.query('BEGIN');
    await blocker.query('LOCK TABLE "Environment" IN ACCESS EXCLUSIVE MODE');
    const waiting = api('{ environments { totalCount } }');
    await waitFor('the one that waits', async () => {
      const { rows } = await world.journal.pool.query(
        `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
      );
      return rows.length > 0;
    });
    expect(codeOf(await api(viewerName))).toBe('TOO_MANY_OPERATIONS');
    await blocker.query('ROLLBACK');
    blocker.release();
    expect((await waiting).errors).toBeUndefined();
    expect((await api(viewerName)).errors).toBeUndefined();
  });

  test('with too many subscriptions is refused one more until one ends', async () => {
    const url = await gatewayWith({ BATON_SUBSCRIPTIONS_PER_VIEWER: '2' });
    const runId = await createTestRun(world);
    const live = liveClient(url, token);
    const watch = () => live.subscribe(transcriptSubscription, { runId, after: 0 });
    const [first, second] = [watch(), watch()];
    await Promise.all([first.atLeast(1), second.atLeast(1)]);
    const third = watch();
    await waitFor('the refusal', () => third.errors.length > 0);
    expect(JSON.stringify(third.errors)).toContain('TOO_MANY_SUBSCRIPTIONS');
    first.stop();
    await waitFor('a place', async () => {
      const again = watch();
      await waitFor('an answer', () => again.data.length > 0 || again.errors.length > 0);
      return again.errors.length === 0;
    });
    await live.dispose();
  });

  test('with too many sockets is told to try again later', async () => {
    const url = await gatewayWith({ BATON_SOCKETS_PER_VIEWER: '1' });
    const first = liveClient(url, token);
    await first.subscribe(viewerName).atLeast(1);
    const second = liveClient(url, token);
    second.subscribe(viewerName);
    expect(await second.closed()).toBe(1013);
    await first.dispose();
    await waitFor('a place', async () => {
      const again = liveClient(url, token);
      const { data } = again.subscribe(viewerName);
      const open = await Promise.race([again.closed().then(() => false), waitFor('an answer', () => data.length > 0)]);
      await again.dispose();
      return open;
    });
  });
});

describe('a team', () => {
  const mutation = `mutation ($input: CreateRunInput!) { createRun(input: $input) { __typename ... on Error { code message }
    ... on QuotaExceededError { quota used limit } ... on CreateRunPayload { run { id } } } }`;
  let keys = 0;
  const input = (of: World) => ({ clientKey: `quota-${++keys}`, environmentId: of.environmentId, text: 'make' });

  test('has as many sessions at once as its quota says, also when many are asked for at once', async () => {
    const team = await createWorld(world.journal, 'Quota');
    const url = await gatewayWith({ BATON_QUOTA_RUNNING_SESSIONS: '3' });
    const api = client(url, await createToken(world.journal, team.userId));
    const ended = await createTestRun(team);
    await finishSession(world.journal, await takeSession(world.journal, ended));
    const answers = await Promise.all(Array.from({ length: 8 }, () => api(mutation, { input: input(team) })));
    const results = answers.map(({ data }) => data.createRun);
    expect(results.filter(({ __typename }) => __typename === 'CreateRunPayload')).toHaveLength(3);
    expect(results.find(({ code }) => code)).toMatchObject({
      __typename: 'QuotaExceededError',
      code: 'QUOTA_EXCEEDED',
      quota: 'RUNNING_SESSIONS',
      used: 3,
      limit: 3,
    });
    const followUp = (runId: string) =>
      api(`mutation ($input: SendFollowUpInput!) { sendFollowUp(input: $input) { __typename ... on Error { code } } }`, {
        input: { clientKey: `quota-${++keys}`, runId, text: 'more' },
      });
    expect((await followUp(ended)).data.sendFollowUp.code).toBe('QUOTA_EXCEEDED');
    // A run that goes on takes no further session.
    const live = results.find(({ run }) => run).run.id;
    expect((await followUp(live)).data.sendFollowUp.__typename).toBe('SendFollowUpPayload');
    await api('mutation ($input: CancelRunInput!) { cancelRun(input: $input) { __typename } }', { input: { runId: live } });
    expect((await followUp(ended)).data.sendFollowUp.__typename).toBe('SendFollowUpPayload');
  });

  test('that has stored as much as it may starts nothing more, and its own people can see how much that is', async () => {
    const team = await createWorld(world.journal, 'Stored');
    const url = await gatewayWith({ BATON_QUOTA_STORAGE_BYTES: '1000' });
    const api = client(url, await createToken(world.journal, team.userId));
    expect((await api(mutation, { input: input(team) })).data.createRun.__typename).toBe('CreateRunPayload');
    const runId = await createTestRun(team);
    const writer = await takeSession(world.journal, runId);
    await world.journal.pool.query(
      `INSERT INTO "Snapshot" (id, "runId", "sessionId", kind, summary, "storedBytes", "createdAt") VALUES ('snp_x', $1, $2, 'FINAL', '{}', 1000, now())`,
      [runId, writer.sessionId],
    );
    expect((await api(mutation, { input: input(team) })).data.createRun).toMatchObject({
      code: 'QUOTA_EXCEEDED',
      quota: 'STORAGE_BYTES',
      used: 1000,
    });
    const quotas = `query ($id: ID!) { node(id: $id) { ... on Team { quotas { kind used limit } } } }`;
    expect((await api(quotas, { id: team.teamId })).data.node.quotas).toEqual([
      { kind: 'RUNNING_SESSIONS', used: 2, limit: null },
      { kind: 'STORAGE_BYTES', used: 1000, limit: 1000 },
    ]);
    const stranger = await createWorld(world.journal, 'Stranger');
    const asStranger = client(url, await createToken(world.journal, stranger.userId));
    expect((await asStranger(quotas, { id: team.teamId })).data.node).toBeNull();
  });
});
