import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tokenScopes } from '../../domain/person.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import {
  client,
  createToken,
  removeSettings,
  startTestGateway,
  testSettings,
  type Client,
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
let gateways: Gateway[];
let world: World;
let api: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  settings = await testSettings(database.url);
  gateways = await Promise.all([startTestGateway(settings), startTestGateway(settings)]);
  world = await createWorld(openTestJournal(database.url), 'Mira');
  await world.journal.pool.query(`UPDATE "Membership" SET role = 'ADMIN'`);
  api = client(url(), await createToken(world.journal, world.userId));
});
afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.stop()));
  await world.journal.close();
  await removeSettings(settings);
  await database.drop();
});

const url = (index = 0) => gateways[index]?.url ?? '';
let keys = 0;
const key = () => `people-${++keys}`;
const mutate = async (name: string, input: object, fields = '__typename', as = api) => {
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}`;
  const { data, errors } = await as(
    `mutation ($input: ${type}Input!) { ${name}(input: $input) { __typename ... on Error { message code } ... on ${type}Payload { ${fields || '__typename'} } } }`,
    { input },
  );
  expect(errors, JSON.stringify(errors)).toBeUndefined();
  return data[name];
};
const memberFields = 'membership { role email user { id name } } signInLink { url }';
/** A new member of the world's team, signed in by the link that they were sent. */
async function join(role = 'MEMBER') {
  const email = `${key()}@example.com`;
  const added = await mutate('addMember', { clientKey: key(), teamId: world.teamId, email, role }, memberFields);
  const response = await fetch(added.signInLink.url, { redirect: 'manual' });
  const cookie = response.headers.get('set-cookie')?.split(';')[0] ?? '';
  const token = await createToken(world.journal, added.membership.user.id);
  return { userId: added.membership.user.id as string, email, cookie, token, api: client(url(), token), added };
}
const auditOf = async (filter: object = {}) => {
  const { data } = await api(
    `query ($team: ID!, $filter: AuditFilter) { auditLog(teamId: $team, filter: $filter, first: 500) { totalCount edges { node {
      at action targetId targetName detail actor { kind name } via { kind tokenId tokenName } } } } }`,
    { team: world.teamId, filter },
  );
  return data.auditLog.edges.map((edge: { node: object }) => edge.node);
};

describe('an API token', () => {
  const fields = 'secret token { id name scopes createdAt lastUsedAt expiresAt revokedAt }';

  test('tells its secret once, and works from then on within its scopes', async () => {
    const input = { clientKey: key(), name: ' CI ', scopes: ['RUNS'] };
    const made = await mutate('createApiToken', input, fields);
    expect(made.token).toMatchObject({ name: 'CI', scopes: ['READ', 'RUNS'], lastUsedAt: null, expiresAt: null });
    expect(made.secret).toMatch(/^baton_token_/);
    const again = await mutate('createApiToken', input, fields);
    expect(again).toMatchObject({ secret: null, token: { id: made.token.id } });
    const { rows } = await world.journal.pool.query('SELECT * FROM "ApiToken" WHERE id = $1', [made.token.id]);
    expect(JSON.stringify(rows)).not.toContain(made.secret);

    const ci = client(url(), made.secret);
    const run = { clientKey: key(), environmentId: world.environmentId, text: 'make' };
    expect(await mutate('createRun', run, 'run { team { id } }', ci)).toMatchObject({ run: { team: { id: world.teamId } } });
    expect(await mutate('createTeam', { clientKey: key(), name: 'Mine' }, '', ci)).toMatchObject({ code: 'FORBIDDEN' });
    const listed = await api('{ apiTokens { edges { node { id lastUsedAt } } } }');
    expect(listed.data.apiTokens.edges[0].node).toEqual({ id: made.token.id, lastUsedAt: expect.any(String) });
    expect((await ci('{ apiTokens { totalCount } }')).errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
  });

  test('makes no token that may do more than itself, and no sign-in', async () => {
    const narrow = client(url(), await createToken(world.journal, world.userId, ['READ', 'ACCOUNT', 'RUNS']));
    const make = (scopes: string[]) =>
      mutate('createApiToken', { clientKey: key(), name: 'x', scopes }, 'token { scopes }', narrow);
    expect(await make(['RUNS', 'TEAM'])).toMatchObject({ code: 'FORBIDDEN', message: expect.stringContaining('TEAM') });
    expect((await make(['RUNS'])).token.scopes).toEqual(['READ', 'RUNS']);
    const link = await narrow('mutation { createSignInLink { url } }');
    expect(link.errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
  });

  test('is refused without a name, and with an end that is past', async () => {
    expect(await mutate('createApiToken', { clientKey: key(), name: ' ', scopes: [] })).toMatchObject({ code: 'INVALID_INPUT' });
    const expiresAt = new Date(Date.now() - 1_000).toISOString();
    expect(await mutate('createApiToken', { clientKey: key(), name: 'x', scopes: [], expiresAt })).toMatchObject({
      code: 'INVALID_INPUT',
    });
  });

  test('ends when it expires', async () => {
    const expiresAt = new Date(Date.now() + 700).toISOString();
    const { secret } = await mutate('createApiToken', { clientKey: key(), name: 'short', scopes: [], expiresAt }, 'secret');
    const short = client(url(), secret);
    expect((await short('{ viewer { name } }')).status).toBe(200);
    await waitFor('its end', async () => (await short('{ viewer { name } }')).status === 401);
  });

  test('that is revoked is refused at once, and its sockets and streams end on every gateway', async () => {
    const { secret, token } = await mutate(
      'createApiToken',
      { clientKey: key(), name: 'gone', scopes: [] },
      'secret token { id }',
    );
    const runId = await createTestRun(world);
    const live = liveClient(url(1), secret);
    await live.subscribe(transcriptSubscription, { runId, after: 0 }).atLeast(1);
    const stream = await fetch(`${url(1)}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: `Bearer ${secret}` },
      body: JSON.stringify({ query: transcriptSubscription, variables: { runId, after: 0 } }),
    });
    const streamed = stream.text();
    expect(await mutate('revokeApiToken', { tokenId: token.id }, 'tokenId')).toMatchObject({ tokenId: token.id });
    const since = Date.now();
    expect(await live.closed()).toBe(4403);
    expect(await streamed).toContain('event: complete');
    expect(Date.now() - since).toBeLessThan(3_000);
    expect((await client(url(), secret)('{ viewer { name } }')).status).toBe(401);
    expect(await mutate('revokeApiToken', { tokenId: token.id })).toMatchObject({ __typename: 'RevokeApiTokenPayload' });
  });
});

describe('a team', () => {
  test('is made by anyone, who is its admin, once for a client key and once for a short name', async () => {
    const input = { clientKey: key(), name: 'Größe & Co' };
    const made = await mutate('createTeam', input, 'team { id slug viewerRole members { totalCount } }');
    expect(made.team).toMatchObject({ slug: 'gro-e-co', members: { totalCount: 1 } });
    expect((await mutate('createTeam', input, 'team { id }')).team.id).toBe(made.team.id);
    expect(await mutate('createTeam', { clientKey: key(), name: 'Other', slug: 'gro-e-co' })).toMatchObject({
      code: 'INVALID_INPUT',
    });
    expect(await mutate('createTeam', { clientKey: key(), name: '…' })).toMatchObject({ code: 'INVALID_INPUT' });
  });

  test('takes a person in by address; one who is new gets a link that signs them in, once', async () => {
    const { added, cookie, email } = await join();
    expect(added.membership).toMatchObject({ role: 'MEMBER', email });
    const asThem = await fetch(`${url()}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie },
      body: '{"query":"{ viewer { email memberships { team { id } } } }"}',
    });
    expect(await asThem.json()).toEqual({ data: { viewer: { email, memberships: [{ team: { id: world.teamId } }] } } });
    expect(await mutate('addMember', { clientKey: key(), teamId: world.teamId, email: email.toUpperCase() })).toMatchObject({
      code: 'INVALID_INPUT',
    });
    const other = await mutate('createTeam', { clientKey: key(), name: key() }, 'team { id }');
    const known = await mutate('addMember', { clientKey: key(), teamId: other.team.id, email }, 'signInLink { url }');
    expect(known.signInLink).toBeNull();
    expect(await mutate('addMember', { clientKey: key(), teamId: world.teamId, email: 'nobody' })).toMatchObject({
      code: 'INVALID_INPUT',
    });
  });

  test('shows its members to all of them, and addresses to admins only', async () => {
    const member = await join('VIEWER');
    const query =
      'query ($id: ID!) { node(id: $id) { ... on Team { members(first: 100) { edges { node { email user { id } } } } } } }';
    const seen = async (as: Client) => (await as(query, { id: world.teamId })).data.node.members.edges;
    const mine = await seen(api);
    const theirs = await seen(member.api);
    expect(theirs).toHaveLength(mine.length);
    const withEmail = (edges: { node: { email: string | null; user: { id: string } } }[]) =>
      edges.filter(({ node }) => node.email !== null).map(({ node }) => node.user.id);
    expect(withEmail(theirs)).toEqual([member.userId]);
    expect(withEmail(mine)).toContain(member.userId);
  });

  test('is managed by admins only', async () => {
    const target = await join();
    for (const role of ['MEMBER', 'VIEWER']) {
      const asking = await join(role);
      const member = { teamId: world.teamId, userId: target.userId };
      for (const [name, input] of [
        ['addMember', { clientKey: key(), teamId: world.teamId, email: `${key()}@example.com` }],
        ['changeRole', { ...member, role: 'ADMIN' }],
        ['changeRole', { ...member, userId: asking.userId, role: 'ADMIN' }],
        ['removeMember', member],
      ] as const)
        expect(await mutate(name, input, '', asking.api), name).toMatchObject({ code: 'FORBIDDEN' });
      const log = await asking.api('query ($id: ID!) { auditLog(teamId: $id) { totalCount } }', { id: world.teamId });
      expect(log.errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
    }
  });

  test('keeps its last admin, also when two leave at once', async () => {
    const founder = await join();
    const made = await mutate('createTeam', { clientKey: key(), name: key() }, 'team { id }', founder.api);
    const teamId = made.team.id;
    const leave = (userId: string, as: Client) => mutate('removeMember', { teamId, userId }, 'userId', as);
    expect(await leave(founder.userId, founder.api)).toMatchObject({ code: 'LAST_ADMIN' });
    expect(await mutate('changeRole', { teamId, userId: founder.userId, role: 'MEMBER' }, '', founder.api)).toMatchObject({
      code: 'LAST_ADMIN',
    });
    const second = await join();
    await mutate('addMember', { clientKey: key(), teamId, email: second.email, role: 'ADMIN' }, '__typename', founder.api);
    const left = await Promise.all([leave(founder.userId, founder.api), leave(second.userId, second.api)]);
    expect(left.map(({ __typename }) => __typename).sort()).toEqual(['LastAdminError', 'RemoveMemberPayload']);
  });

  test('lets anyone leave, and someone who is taken out loses what they could see at once, live too', async () => {
    const leaver = await join('VIEWER');
    expect(await mutate('removeMember', { teamId: world.teamId, userId: leaver.userId }, 'userId', leaver.api)).toMatchObject({
      userId: leaver.userId,
    });
    const taken = await join();
    const runId = await createTestRun(world);
    const live = liveClient(url(1), taken.token);
    await live.subscribe(transcriptSubscription, { runId, after: 0 }).atLeast(1);
    const since = Date.now();
    await mutate('removeMember', { teamId: world.teamId, userId: taken.userId });
    expect(await live.closed()).toBe(4403);
    expect(Date.now() - since).toBeLessThan(3_000);
    expect((await taken.api(`{ run(id: "${runId}") { id } }`)).data.run).toBeNull();
  });

  test('changes a role at once, on a live socket that stays open', async () => {
    const member = await join('VIEWER');
    const runId = await createTestRun(world);
    const live = liveClient(url(1), member.token);
    const watched = live.subscribe('subscription { runChanged { run { id viewerCan { followUp { allowed } } } } }');
    await live.subscribe(transcriptSubscription, { runId, after: 0 }).atLeast(1);
    await mutate('changeRole', { teamId: world.teamId, userId: member.userId, role: 'MEMBER' });
    await waitFor('a change of a run that they may write to', async () => {
      await createTestRun(world);
      return watched.data.some(({ runChanged }) => runChanged.run.viewerCan.followUp.allowed);
    });
    expect(watched.state.completed).toBe(false);
    await live.dispose();
  });
});

describe('a run that was handed over from a laptop', () => {
  test('is continued by its creator alone, while the team sees it and may cancel it', async () => {
    const member = await join();
    const [live, ended] = [
      await createTestRun(world, { origin: 'LOCAL_HANDOFF' }),
      await createTestRun(world, { origin: 'LOCAL_HANDOFF' }),
    ];
    await finishSession(world.journal, await takeSession(world.journal, ended));
    const can = 'viewerCan { followUp { allowed } continue { allowed } answer { allowed } cancel { allowed } }';
    const seen = await member.api(`{ run(id: "${ended}") { ${can} } }`);
    const no = { allowed: false };
    expect(seen.data.run.viewerCan).toEqual({ followUp: no, continue: no, answer: no, cancel: { allowed: true } });
    const messageId = (await api(`{ run(id: "${live}") { queuedMessages { id } } }`)).data.run.queuedMessages[0].id;
    for (const [name, input] of [
      ['sendFollowUp', { clientKey: key(), runId: ended, text: 'more' }],
      ['continueRun', { clientKey: key(), runId: ended }],
      ['withdrawMessage', { messageId }],
    ] as const)
      expect(await mutate(name, input, '', member.api), name).toMatchObject({ code: 'FORBIDDEN' });
    expect(await mutate('cancelRun', { runId: live }, '', member.api)).toMatchObject({ __typename: 'CancelRunPayload' });
    expect(await mutate('sendFollowUp', { clientKey: key(), runId: ended, text: 'more' })).toMatchObject({
      __typename: 'SendFollowUpPayload',
    });
  });
});

describe('a sign-in', () => {
  test('ends with its sockets when the browser signs out', async () => {
    const member = await join();
    const runId = await createTestRun(world);
    const live = liveClient(url(1), null, { headers: { cookie: member.cookie, origin: url(1) } });
    await live.subscribe(transcriptSubscription, { runId, after: 0 }).atLeast(1);
    const out = await fetch(`${url()}/sign-out`, { method: 'POST', headers: { cookie: member.cookie, origin: url() } });
    expect(out.status).toBe(204);
    expect(out.headers.get('set-cookie')).toMatch(/baton_signin=;.*Max-Age=0/);
    expect(await live.closed()).toBe(4403);
    const after = await fetch(`${url()}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie: member.cookie },
      body: '{"query":"{ viewer { name } }"}',
    });
    expect(after.status).toBe(401);
    expect((await fetch(`${url()}/sign-out`)).status).toBe(405);
    expect((await fetch(`${url()}/sign-out`, { method: 'POST', headers: { origin: 'https://evil.example' } })).status).toBe(403);
  });
});

describe('the audit log', () => {
  test('says who did what to what, and by which token', async () => {
    const { secret, token } = await mutate(
      'createApiToken',
      { clientKey: key(), name: 'robot', scopes: tokenScopes },
      'secret token { id }',
    );
    const robot = client(url(), secret);
    const created = await mutate(
      'createRun',
      { clientKey: key(), environmentId: world.environmentId, text: 'make', title: 'Audited' },
      'run { id }',
      robot,
    );
    const runId = created.run.id;
    await mutate('sendFollowUp', { clientKey: key(), runId, text: 'more' }, '__typename', robot);
    await mutate('cancelRun', { runId });
    await mutate('cancelRun', { runId });
    const entries = await auditOf({ targetId: runId });
    expect(entries.map((entry: { action: string }) => entry.action)).toEqual(['RUN_CANCELED', 'RUN_FOLLOWED_UP', 'RUN_CREATED']);
    expect(entries[2]).toMatchObject({
      targetName: 'Audited',
      actor: { kind: 'USER', name: 'Mira' },
      via: { kind: 'TOKEN', tokenId: token.id, tokenName: 'robot' },
    });
    expect((await auditOf({ targetId: token.id }))[0]).toMatchObject({ action: 'TOKEN_CREATED', detail: tokenScopes.join(', ') });
  });

  test('has nothing of what was refused', async () => {
    const viewer = await join('VIEWER');
    const runId = await createTestRun(world);
    const before = (await auditOf()).length;
    expect(await mutate('cancelRun', { runId }, '', viewer.api)).toMatchObject({ code: 'FORBIDDEN' });
    expect(await mutate('removeMember', { teamId: world.teamId, userId: world.userId })).toMatchObject({ code: 'LAST_ADMIN' });
    expect((await auditOf()).length).toBe(before);
  });

  test('tells of members, roles and sign-ins, page by page, filtered by who and what', async () => {
    const member = await join('VIEWER');
    await mutate('changeRole', { teamId: world.teamId, userId: member.userId, role: 'MEMBER' });
    await mutate('removeMember', { teamId: world.teamId, userId: member.userId });
    const entries = await auditOf({ targetId: member.userId });
    expect(entries.map(({ action, detail }: { action: string; detail: string }) => `${action} ${detail}`)).toEqual([
      'MEMBER_REMOVED MEMBER',
      'ROLE_CHANGED VIEWER → MEMBER',
      'SIGNED_IN by a link',
      'SIGN_IN_LINK_CREATED null',
      `MEMBER_ADDED ${member.email}, VIEWER`,
    ]);
    const page = async (after: string | null) =>
      (
        await api(
          'query ($id: ID!, $actor: ID!, $after: String) { auditLog(teamId: $id, first: 2, after: $after, filter: { actorId: $actor, actions: [SIGNED_IN] }) { totalCount edges { node { action actor { user { id } } } } pageInfo { hasNextPage endCursor } } }',
          { id: world.teamId, actor: member.userId, after },
        )
      ).data.auditLog;
    expect(await page(null)).toMatchObject({ totalCount: 1, edges: [{ node: { actor: { user: { id: member.userId } } } }] });
    const all = await auditOf();
    const seen: string[] = [];
    for (let after: string | null = null, more = true; more;) {
      const {
        data,
      }: { data?: { auditLog: { edges: { node: { id: string } }[]; pageInfo: { hasNextPage: boolean; endCursor: string } } } } =
        await api(
          'query ($id: ID!, $after: String) { auditLog(teamId: $id, first: 10, after: $after) { edges { node { id } } pageInfo { hasNextPage endCursor } } }',
          {
            id: world.teamId,
            after,
          },
        );
      seen.push(...(data?.auditLog.edges ?? []).map(({ node }) => node.id));
      more = data?.auditLog.pageInfo.hasNextPage ?? false;
      after = data?.auditLog.pageInfo.endCursor ?? null;
    }
    expect(new Set(seen).size).toBe(all.length);
  });
});
