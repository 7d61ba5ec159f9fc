import { execFile } from 'node:child_process';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';
import type pg from 'pg';
import { parseId, type UserId } from '../domain/ids.ts';
import { tokenScopes } from '../domain/person.ts';
import { newId } from '../journal/newId.ts';
import { hashSecret, newSecret } from '../server/auth/secret.ts';
import { withClient } from './postgres/connect.ts';

const run = promisify(execFile);

/** The team that the local owner has to himself. */
const team = { name: 'Personal', slug: 'personal' };
const linkMinutes = 60;

/** The person whom the local system belongs to, and an API token of theirs. */
export interface Owner {
  readonly userId: UserId;
  readonly token: string;
}

/**
 * Makes the local owner and their team, once, and an API token for them when `token`, the one that is known so far, is not
 * (any more) one of theirs.
 */
export async function ensureOwner(url: string, token: string | null): Promise<Owner> {
  return withClient(url, async (client) => {
    const userId = (await findOwner(client)) ?? (await makeOwner(client));
    if (token !== null && (await isValid(client, userId, token))) return { userId, token };
    return { userId, token: await makeToken(client, userId) };
  });
}

/** The secret of a new link that signs one browser in, once, within the hour. */
export async function makeSignInLink(url: string, userId: UserId): Promise<string> {
  const secret = newSecret('baton_link');
  await withClient(url, (client) =>
    client.query(`INSERT INTO "SignInLink" ("hash", "userId", "expiresAt") VALUES ($1, $2, now() + make_interval(mins => $3))`, [
      Buffer.from(hashSecret(secret)),
      userId,
      linkMinutes,
    ]),
  );
  return secret;
}

async function findOwner(client: pg.Client): Promise<UserId | null> {
  const { rows } = await client.query<{ userId: string }>(
    `SELECT m."userId" FROM "Membership" m JOIN "Team" t ON t."id" = m."teamId"
     WHERE t."slug" = $1 AND m."role" = 'ADMIN' ORDER BY m."userId" LIMIT 1`,
    [team.slug],
  );
  return rows[0] ? parseId('usr', rows[0].userId) : null;
}

async function makeOwner(client: pg.Client): Promise<UserId> {
  const userId = newId('usr');
  await client.query('BEGIN');
  // Another system that starts on the same database waits here, and then finds this one's.
  await client.query('LOCK TABLE "Team" IN SHARE ROW EXCLUSIVE MODE');
  const existing = await findOwner(client);
  if (existing === null) {
    const teamId = newId('team');
    await client.query('INSERT INTO "User" ("id", "name") VALUES ($1, $2)', [userId, await ownName()]);
    await client.query('INSERT INTO "Team" ("id", "name", "slug") VALUES ($1, $2, $3)', [teamId, team.name, team.slug]);
    await client.query(`INSERT INTO "Membership" ("userId", "teamId", "role") VALUES ($1, $2, 'ADMIN')`, [userId, teamId]);
  }
  await client.query('COMMIT');
  return existing ?? userId;
}

/** The name that git signs commits with, else the system's name of the user. */
async function ownName(): Promise<string> {
  const { stdout } = await run('git', ['config', '--global', 'user.name'], { timeout: 5_000 }).catch(() => ({ stdout: '' }));
  return stdout.trim() || systemName();
}

function systemName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run as a user that has no name.
    return 'Owner';
  }
}

async function isValid(client: pg.Client, userId: UserId, token: string): Promise<boolean> {
  const { rowCount } = await client.query(
    `SELECT 1 FROM "ApiToken" WHERE "hash" = $1 AND "userId" = $2 AND "revokedAt" IS NULL AND ("expiresAt" IS NULL OR "expiresAt" > now())`,
    [Buffer.from(hashSecret(token)), userId],
  );
  return rowCount === 1;
}

async function makeToken(client: pg.Client, userId: UserId): Promise<string> {
  const token = newSecret('baton_token');
  await client.query('INSERT INTO "ApiToken" ("id", "userId", "name", "hash", "scopes") VALUES ($1, $2, $3, $4, $5)', [
    newId('tok'),
    userId,
    'local',
    Buffer.from(hashSecret(token)),
    tokenScopes,
  ]);
  return token;
}
