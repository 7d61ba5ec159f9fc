import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gatewayConfig } from '../../config/gateway.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import {
  client,
  createToken,
  removeSettings,
  startTestGateway,
  testSettings,
  type TestSettings,
} from '../../test/support/gateway.ts';
import { createWorld, openTestJournal, type World } from '../../test/support/journal.ts';
import { startTestProvider, Surfer, testClient, type TestProvider } from '../../test/support/oidcProvider.ts';
import type { Gateway } from '../gateway.ts';

let database: TestDatabase;
let settings: TestSettings;
let provider: TestProvider;
let gateway: Gateway;
let world: World;

const verified = (email: string, name: string) => ({ email, email_verified: true, name });
const accounts = {
  ada: verified('Ada@Example.com', 'Ada Root'),
  ben: verified('ben@example.com', 'Ben'),
  invited: verified('invited@example.com', 'Ivy'),
  away: verified('eve@elsewhere.example', 'Eve'),
  claims: { email: 'fake@example.com', email_verified: false, name: 'Mallory' },
  grouped: { name: 'Gil', groups: ['staff', 'baton-users'] },
  again: verified('invited@example.com', 'Someone else'),
};
const oidc = (issuer: string) => ({
  BATON_OIDC_ISSUER: issuer,
  BATON_OIDC_CLIENT_ID: testClient.id,
  BATON_OIDC_CLIENT_SECRET: testClient.secret,
  BATON_OIDC_LABEL: 'Example',
  BATON_OIDC_SCOPES: 'openid profile email groups',
  BATON_OIDC_ALLOWED_DOMAINS: 'example.com',
  BATON_OIDC_ALLOWED_GROUPS: 'baton-users',
  BATON_OIDC_TEAM: 'everyone',
  BATON_OIDC_ADMINS: 'ada@example.com',
});

beforeAll(async () => {
  database = await createTestDatabase();
  provider = await startTestProvider();
  settings = await testSettings(database.url, oidc(provider.issuer));
  gateway = await startTestGateway(settings);
  world = await createWorld(openTestJournal(database.url));
  await world.journal.pool.query(`UPDATE "Membership" SET role = 'ADMIN'`);
});
afterAll(async () => {
  await gateway?.stop();
  await provider?.stop();
  await world?.journal.close();
  await removeSettings(settings);
  await database.drop();
});

const start = (to = '') => `${gateway.url}/sign-in/oidc${to}`;
/** Signs in as one of the accounts; gives the browser and the gateway's last answer. */
async function signIn(login: keyof typeof accounts, to = '') {
  const surfer = new Surfer();
  const callback = await surfer.logIn(start(to), login);
  return { surfer, callback, response: await surfer.request(callback) };
}
const viewer = async (surfer: Surfer) => {
  const response = await surfer.request(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"query":"{ viewer { id name email memberships { role team { slug } } } }"}',
  });
  return ((await response.json()) as { data?: { viewer: { id: string } } }).data?.viewer ?? response.status;
};

describe('signing in at an OpenID provider', () => {
  test('that is down says so, and works once it is up again', async () => {
    const down = await fetch(start(), { redirect: 'manual' });
    expect(down.status).toBe(500);
    await provider.serve(`${gateway.url}/sign-in/oidc/callback`, accounts);
    const up = await fetch(start(), { redirect: 'manual' });
    expect(up.status).toBe(303);
    const asked = new URL(up.headers.get('location') ?? '');
    expect(asked.origin).toBe(provider.issuer);
    expect(Object.fromEntries(asked.searchParams)).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      state: expect.any(String),
      nonce: expect.any(String),
    });
    expect(up.headers.get('set-cookie')).toMatch(/^baton_attempt=.*HttpOnly; SameSite=Lax; Path=\/sign-in/);
  });

  test('is offered to the page', async () => {
    expect(await (await fetch(`${gateway.url}/sign-in/methods`)).json()).toEqual({ oidc: { label: 'Example' } });
  });

  test('makes the person at the first time, in the team of those who come, and knows them from then on', async () => {
    const first = await signIn('ada', '?to=/runs/run_x?tab=1');
    expect(first.response.status).toBe(303);
    expect(first.response.headers.get('location')).toBe('/runs/run_x?tab=1');
    const seen = await viewer(first.surfer);
    expect(seen).toMatchObject({
      name: 'Ada Root',
      email: 'ada@example.com',
      memberships: [{ role: 'ADMIN', team: { slug: 'everyone' } }],
    });
    expect(await viewer((await signIn('ada')).surfer)).toEqual(seen);
    expect(await viewer((await signIn('ben')).surfer)).toMatchObject({ memberships: [{ role: 'MEMBER' }] });
  });

  test('makes one person of two first sign-ins at once', async () => {
    const surfers = [new Surfer(), new Surfer()];
    const callbacks = await Promise.all(surfers.map((surfer) => surfer.logIn(start(), 'grouped')));
    await Promise.all(surfers.map((surfer, index) => surfer.request(callbacks[index] ?? '')));
    const [one, two] = await Promise.all(surfers.map(viewer));
    expect(one).toMatchObject({ name: 'Gil', email: null });
    expect(two).toEqual(one);
  });

  test('is who an admin has added by the verified address, and nobody else who gets the address later', async () => {
    const api = client(gateway.url, await createToken(world.journal, world.userId));
    const added = await api(
      `mutation ($input: AddMemberInput!) { addMember(input: $input) { ... on AddMemberPayload { signInLink { url } membership { user { id } } } } }`,
      { input: { clientKey: 'invite', teamId: world.teamId, email: 'invited@example.com' } },
    );
    const { signInLink, membership } = added.data.addMember;
    // People sign in by themselves here: nobody else gets a way in as them.
    expect(signInLink).toBeNull();
    expect(await viewer((await signIn('invited')).surfer)).toMatchObject({
      id: membership.user.id,
      email: 'invited@example.com',
    });
    const other = await viewer((await signIn('again')).surfer);
    expect(other).toMatchObject({ name: 'Someone else', email: null });
    expect((other as { id: string }).id).not.toBe(membership.user.id);
  });

  test.each(['away', 'claims'] as const)('is refused to an account that is not allowed: %s', async (login) => {
    const { response, surfer } = await signIn(login);
    expect(response.status).toBe(403);
    expect(await response.text()).toContain('You may not sign in here');
    expect(surfer.cookiesOf(gateway.url)).not.toContain('baton_signin');
    expect((await world.journal.pool.query(`SELECT 1 FROM "User" WHERE name IN ('Eve', 'Mallory')`)).rowCount).toBe(0);
  });

  test('is refused without the browser’s own attempt, a second time, and with another state or code', async () => {
    const surfer = new Surfer();
    const callback = await surfer.logIn(start(), 'ben');
    expect((await fetch(callback, { redirect: 'manual' })).status).toBe(403);
    // Another browser, with an attempt of its own, is not signed in as this one.
    const other = new Surfer();
    await other.request(start());
    expect((await other.request(callback)).status).toBe(403);
    expect(await viewer(other)).toBe(401);
    expect((await surfer.request(callback)).status).toBe(303);
    expect((await surfer.request(callback)).status).toBe(403);
    for (const [name, value] of [
      ['state', 'other'],
      ['code', 'other'],
      ['iss', 'https://evil.example'],
    ] as const) {
      const fresh = new Surfer();
      const bent = new URL(await fresh.logIn(start(), 'ben'));
      bent.searchParams.set(name, value);
      expect((await fresh.request(bent.href)).status, name).toBe(403);
      expect(await viewer(fresh)).toBe(401);
    }
  });

  test.each(['https://evil.example/', '//evil.example', '/\\evil.example', 'javascript:alert(1)'])(
    'leads nowhere else afterwards: %s',
    async (to) => {
      const { response } = await signIn('ben', `?to=${encodeURIComponent(to)}`);
      expect(response.headers.get('location')).toBe('/');
    },
  );

  test('is in the audit log of the team', async () => {
    const { rows } = await world.journal.pool.query<{ detail: string }>(
      `SELECT detail FROM "AuditEntry" a JOIN "Team" t ON t.id = a."teamId" WHERE t.slug = 'everyone' AND action IN ('SIGNED_IN', 'MEMBER_ADDED') ORDER BY a.id LIMIT 2`,
    );
    expect(rows.map(({ detail }) => detail)).toEqual(['by their first sign-in, ADMIN', `at ${new URL(provider.issuer).host}`]);
  });
});

describe('the settings of a provider', () => {
  test('are refused when they do not go together', () => {
    const refused = (change: Record<string, string>) => () =>
      gatewayConfig({ ...settings.environment, ...oidc('https://id.example'), ...change });
    expect(refused({ BATON_OIDC_CLIENT_SECRET: '' })).toThrow('BATON_OIDC_CLIENT_SECRET');
    expect(refused({ BATON_OIDC_ISSUER: 'http://id.example' })).toThrow('https');
    expect(refused({ BATON_OIDC_ALLOWED_DOMAINS: '', BATON_OIDC_ALLOWED_GROUPS: '' })).toThrow('who may sign in');
    expect(refused({})).not.toThrow();
  });
});
