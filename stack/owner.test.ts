import { createHash } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { parseId } from '../domain/ids.ts';
import { createTestDatabase } from '../test/support/database.ts';
import { ensureOwner, makeSignInLink } from './owner.ts';
import { withClient } from './postgres/connect.ts';

const database = await createTestDatabase();
afterAll(database.drop);

const query = (sql: string, ...values: unknown[]) =>
  withClient(database.url, async (client) => (await client.query<Record<string, unknown>>(sql, values)).rows);
const digest = (secret: string) => createHash('sha256').update(secret).digest();

test('the local owner is made once, as the admin of their own team', async () => {
  const [first, second] = await Promise.all([ensureOwner(database.url, null), ensureOwner(database.url, null)]);
  expect(second.userId).toBe(first.userId);
  expect(parseId('usr', first.userId)).toBe(first.userId);
  const rows = await query(`SELECT m."userId", m.role, t.name, t.slug FROM "Membership" m JOIN "Team" t ON t.id = m."teamId"`);
  expect(rows).toEqual([{ userId: first.userId, role: 'ADMIN', name: 'Personal', slug: 'personal' }]);
  expect((await query('SELECT name FROM "User"'))[0]?.['name']).toMatch(/./);
});

test('a token that is known stays, and only its digest is stored', async () => {
  const { userId, token } = await ensureOwner(database.url, null);
  expect(token).toMatch(/^baton_token_/);
  expect(await ensureOwner(database.url, token)).toEqual({ userId, token });
  expect(await query('SELECT name, "userId" FROM "ApiToken" WHERE hash = $1', digest(token))).toEqual([
    { name: 'local', userId },
  ]);
});

test('a token that was revoked, or is of another database, is replaced', async () => {
  const { token } = await ensureOwner(database.url, null);
  await query('UPDATE "ApiToken" SET "revokedAt" = now() WHERE hash = $1', digest(token));
  const next = await ensureOwner(database.url, token);
  expect(next.token).not.toBe(token);
  expect((await ensureOwner(database.url, 'baton_token_of_elsewhere')).token).not.toBe('baton_token_of_elsewhere');
});

test('a sign-in link is the owner\u2019s and expires within the hour', async () => {
  const { userId } = await ensureOwner(database.url, null);
  const secret = await makeSignInLink(database.url, userId);
  expect(secret).toMatch(/^baton_link_/);
  const [row] = await query(
    `SELECT "userId", "expiresAt" - now() BETWEEN interval '59 min' AND interval '60 min' AS hour FROM "SignInLink" WHERE hash = $1`,
    digest(secret),
  );
  expect(row).toEqual({ userId, hour: true });
});
