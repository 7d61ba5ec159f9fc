import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../journal/newId.ts';
import { client, createToken } from '../../test/support/gateway.ts';
import { startTestSystem, type Shown, type TestSystem } from '../../test/support/system.ts';

let system: TestSystem;
let environmentId: string;
const value = 'tok_8d1f6a7c-very-secret';

beforeAll(async () => {
  system = await startTestSystem();
  environmentId = await system.createEnvironment();
});
afterAll(() => system.stop());

const mutation = `mutation ($input: SetEnvironmentSecretInput!) { setEnvironmentSecret(input: $input) { __typename
  ... on SetEnvironmentSecretPayload { secret { name use host username createdAt updatedAt lastUsedAt createdBy { name } } }
  ... on Error { code message } ... on InvalidInputError { field } } }`;
const removal = `mutation ($input: RemoveEnvironmentSecretInput!) { removeEnvironmentSecret(input: $input) { __typename
  ... on RemoveEnvironmentSecretPayload { name environment { secrets { name } } } ... on Error { code message } } }`;
let keys = 0;
const set = async (input: object, api = system.api): Promise<Shown> =>
  (await api(mutation, { input: { clientKey: `s-${++keys}`, environmentId, use: 'AGENT_VARIABLE', value, ...input } })).data
    ?.setEnvironmentSecret;
const remove = async (name: string, api = system.api): Promise<Shown> =>
  (await api(removal, { input: { environmentId, name } })).data?.removeEnvironmentSecret;

/** Someone else, in this team or another. */
async function someone(role: 'VIEWER' | 'MEMBER' | null) {
  const userId = newId('usr');
  const { pool } = system.world.journal;
  await pool.query('INSERT INTO "User" (id, name) VALUES ($1, $2)', [userId, 'Noor']);
  if (role)
    await pool.query('INSERT INTO "Membership" ("userId", "teamId", role) VALUES ($1, $2, $3::"Role")', [
      userId,
      system.world.teamId,
      role,
    ]);
  return client(system.gateway.url, await createToken(system.world.journal, userId));
}

describe('secrets in the API', () => {
  it('are set, listed without their values, replaced and removed', async () => {
    expect(await set({ name: 'API_TOKEN' })).toMatchObject({
      secret: { name: 'API_TOKEN', use: 'AGENT_VARIABLE', host: null, lastUsedAt: null, createdBy: { name: 'Mira' } },
    });
    expect(await set({ name: 'GIT', use: 'GIT_HTTPS_TOKEN', host: 'Example.com' })).toMatchObject({
      secret: { name: 'GIT', host: 'example.com' },
    });
    const { node } = await system.ask(`query ($id: ID!) { node(id: $id) { ... on Environment { secrets { name use } } } }`, {
      id: environmentId,
    });
    expect(node.secrets).toEqual([
      { name: 'API_TOKEN', use: 'AGENT_VARIABLE' },
      { name: 'GIT', use: 'GIT_HTTPS_TOKEN' },
    ]);
    expect(await set({ name: 'API_TOKEN', value: 'another one' })).toMatchObject({ secret: { name: 'API_TOKEN' } });
    expect(await remove('API_TOKEN')).toMatchObject({ name: 'API_TOKEN', environment: { secrets: [{ name: 'GIT' }] } });
    expect(await remove('API_TOKEN')).toMatchObject({ code: 'NOT_FOUND' });
    const { rows } = await system.world.journal.pool.query<{ entry: string }>('SELECT a::text AS entry FROM "AuditEntry" a');
    const entries = rows.map(({ entry }) => entry).join('\n');
    expect(entries).toContain('API_TOKEN, AGENT_VARIABLE, replaced');
    expect(entries).toContain('SECRET_REMOVED');
    expect(entries).not.toContain(value);
  });

  it('tell what is wrong with them, and never quote a value', async () => {
    for (const [field, input] of [
      ['name', { name: 'no-name' }],
      ['value', { name: 'A', value: '' }],
      ['host', { name: 'A', use: 'GIT_HTTPS_TOKEN' }],
      ['value', { name: 'A', use: 'GIT_SSH_KEY', host: 'example.com' }],
    ] as const) {
      const refused = await set(input);
      expect(refused).toMatchObject({ code: 'INVALID_INPUT', field });
      expect(JSON.stringify(refused)).not.toContain(value);
    }
    expect(await set({ name: 'SAME', clientKey: 'same' })).toMatchObject({ secret: { name: 'SAME' } });
    expect(await set({ name: 'SAME', clientKey: 'same' })).toMatchObject({ secret: { name: 'SAME' } });
    expect(await set({ name: 'SAME', clientKey: 'same', value: 'other' })).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  });

  it('are for members with the scope; viewers see their names, other teams nothing', async () => {
    await set({ name: 'SEEN' });
    const viewer = await someone('VIEWER');
    expect(await set({ name: 'B' }, viewer)).toMatchObject({ code: 'FORBIDDEN' });
    expect(await remove('SEEN', viewer)).toMatchObject({ code: 'FORBIDDEN' });
    const seen = await viewer(`{ environments(first: 10) { edges { node { secrets { name } } } } }`);
    expect(JSON.stringify(seen)).toContain('SEEN');
    const stranger = await someone(null);
    expect(await set({ name: 'B' }, stranger)).toMatchObject({ code: 'NOT_FOUND' });
    expect(await remove('SEEN', stranger)).toMatchObject({ code: 'NOT_FOUND' });
    expect(await set({ name: 'B' }, await someone('MEMBER'))).toMatchObject({ secret: { createdBy: { name: 'Noor' } } });
  });
});
