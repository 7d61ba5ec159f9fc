import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { NewSecret } from '../domain/secret.ts';
import { createTestDatabase, type TestDatabase } from '../test/support/database.ts';
import { createWorld, freshKey, openTestJournal, type World } from '../test/support/journal.ts';
import type { ClientKey } from './admitting.ts';
import { secretBox } from './secretBox.ts';
import { readSecrets, removeSecret, resealSecrets, setSecret } from './secrets.ts';

let database: TestDatabase;
let world: World;
const masterKey = randomBytes(32);
const box = secretBox(masterKey);
const value = 's3cr3t-value-ü';

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  world = await createWorld(openTestJournal(database.url));
  await world.journal.pool.query('DELETE FROM "EnvironmentSecret"');
  return () => world.journal.close();
});

const variable = (name: string, more: Partial<NewSecret> = {}): NewSecret => ({
  name,
  value,
  use: 'AGENT_VARIABLE',
  host: null,
  username: null,
  knownHosts: null,
  ...more,
});
const set = (secret: NewSecret, key: ClientKey = freshKey(world), by = box) =>
  setSecret(world.journal, by, world.person, key, world, secret);
const read = (by = box) => readSecrets(world.journal, by, world.environmentId);
const rows = async () =>
  (
    await world.journal.pool.query('SELECT * FROM "EnvironmentSecret" WHERE "environmentId" = $1 ORDER BY name', [
      world.environmentId,
    ])
  ).rows;

describe('the secrets of an environment', () => {
  it('come back as they were set, by name, and lie nowhere in the database as they are', async () => {
    await set(variable('B'));
    await set(variable('A', { use: 'GIT_HTTPS_TOKEN', host: 'example.com', username: 'me' }));
    expect(await read()).toEqual({
      secrets: [variable('A', { use: 'GIT_HTTPS_TOKEN', host: 'example.com', username: 'me' }), variable('B')],
      unreadable: [],
    });
    const tables = ['EnvironmentSecret', 'AuditEntry', 'Idempotency'];
    const dump = await Promise.all(tables.map((table) => world.journal.pool.query(`SELECT t::text FROM "${table}" t`)));
    const text = dump.flatMap((result) => result.rows.map(({ t }: { t: string }) => t)).join('\n');
    for (const form of ['utf8', 'hex', 'base64'] as const)
      expect(text).not.toContain(form === 'utf8' ? value : Buffer.from(value).toString(form));
    expect(text).toContain('SECRET_SET');
    expect((await rows())[0].lastUsedAt).toBeInstanceOf(Date);
  });

  it('are replaced under their name, sealed with another nonce each time', async () => {
    await set(variable('A'));
    const [first] = await rows();
    await set(variable('A', { value: 'another' }));
    const [second] = await rows();
    expect(second.nonce.equals(first.nonce)).toBe(false);
    expect(second.createdAt).toEqual(first.createdAt);
    expect(second.updatedAt.getTime()).toBeGreaterThanOrEqual(first.updatedAt.getTime());
    expect((await read()).secrets).toEqual([variable('A', { value: 'another' })]);
  });

  it('are set once by one client key, and by another body not at all', async () => {
    const key = freshKey(world);
    await set(variable('A'), key);
    await removeSecret(world.journal, world.person, world, 'A');
    expect(await set(variable('A'), key)).toMatchObject({ ok: true });
    expect(await rows()).toEqual([]);
    await expect(set(variable('A', { value: 'other' }), key)).rejects.toThrow(/key/);
  });

  it('cannot be moved to another name or environment', async () => {
    await set(variable('A'));
    await world.journal.pool.query(`UPDATE "EnvironmentSecret" SET name = 'B' WHERE "environmentId" = $1`, [world.environmentId]);
    expect(await read()).toEqual({ secrets: [], unreadable: ['B'] });
  });

  it('are read under a previous master key, and sealed anew under the present one', async () => {
    await set(variable('A'));
    const next = randomBytes(32);
    expect(await read(secretBox(next))).toEqual({ secrets: [], unreadable: ['A'] });
    expect(await resealSecrets(world.journal, secretBox(next))).toEqual({ sealed: 0, unreadable: 1 });
    const both = secretBox(next, [randomBytes(32), masterKey]);
    expect((await read(both)).secrets).toEqual([variable('A')]);
    expect(await resealSecrets(world.journal, both)).toEqual({ sealed: 1, unreadable: 0 });
    expect(await resealSecrets(world.journal, both)).toEqual({ sealed: 0, unreadable: 0 });
    expect((await read(secretBox(next))).secrets).toEqual([variable('A')]);
    expect((await read()).unreadable).toEqual(['A']);
    // Set again, it can be read again.
    await set(variable('A'));
    expect((await read()).secrets).toEqual([variable('A')]);
  });

  it('have one credential of a kind for a host, and limits', async () => {
    const token = (name: string) => variable(name, { use: 'GIT_HTTPS_TOKEN', host: 'example.com' });
    await set(token('A'));
    expect(await set(token('B'))).toMatchObject({ ok: false, refusal: { kind: 'INVALID_INPUT', field: 'host' } });
    expect(await set(token('A'))).toMatchObject({ ok: true });
    expect(await set({ ...token('B'), use: 'GIT_SSH_KEY' })).toMatchObject({ ok: true });
    for (let n = 0; n < 15; n++) await set(variable(`V${n}`, { value: 'x'.repeat(65_536) }));
    expect(await set(variable('V15', { value: 'x'.repeat(65_536) }))).toMatchObject({ ok: false, refusal: { field: 'value' } });
    for (let n = 0; n < 83; n++) await set(variable(`W${n}`, { value: 'x' }));
    expect(await set(variable('Z', { value: 'x' }))).toMatchObject({ ok: false, refusal: { field: 'name' } });
  });

  it('go with their environment and their team', async () => {
    await set(variable('A'));
    await world.journal.pool.query('DELETE FROM "Team" WHERE id = $1', [world.teamId]);
    expect(await rows()).toEqual([]);
  });
});
