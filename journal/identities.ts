import type pg from 'pg';
import type { TeamId, UserId } from '../domain/ids.ts';
import type { Role } from '../domain/person.ts';
import { audit } from './audit.ts';
import { insertRow } from './columns.ts';
import type { Journal } from './journal.ts';
import { newId } from './newId.ts';
import { addSignIn, type Kept } from './signIns.ts';
import { inTransaction } from './transact.ts';

/** What a browser on its way through a provider has to come back with. */
export interface SignInAttempt {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly returnTo: string;
}

/** Keeps an attempt to sign in, and forgets those that nobody came back from. */
export async function keepAttempt({ pool }: Journal, { hash, expiresAt }: Kept, attempt: SignInAttempt): Promise<void> {
  await pool.query('DELETE FROM "SignInAttempt" WHERE "expiresAt" < now()');
  await pool.query(
    'INSERT INTO "SignInAttempt" (hash, state, nonce, verifier, "returnTo", "expiresAt") VALUES ($1, $2, $3, $4, $5, $6)',
    [Buffer.from(hash), attempt.state, attempt.nonce, attempt.verifier, attempt.returnTo, expiresAt],
  );
}

/** Uses an attempt up; null when it is unknown, used or expired. */
export async function takeAttempt({ pool }: Journal, hash: Uint8Array): Promise<SignInAttempt | null> {
  const { rows } = await pool.query<SignInAttempt & { valid: boolean }>(
    'DELETE FROM "SignInAttempt" WHERE hash = $1 RETURNING state, nonce, verifier, "returnTo", "expiresAt" > now() AS valid',
    [Buffer.from(hash)],
  );
  return rows[0]?.valid ? rows[0] : null;
}

/** A person as their provider tells of them. */
export interface ProvidedPerson {
  readonly issuer: string;
  readonly subject: string;
  readonly name: string;
  /** In lower case; null unless the provider has verified it. */
  readonly email: string | null;
}

/** The team that someone joins at their first sign-in. */
export interface FirstTeam {
  readonly slug: string;
  readonly role: Role;
}

/**
 * Signs in the person whom the provider tells of. At the first time they are who has this address already, else someone
 * new, and join the team. Who they are is the provider's subject from then on, whatever becomes of the address.
 */
export async function signInAs(journal: Journal, person: ProvidedPerson, first: FirstTeam | null, signIn: Kept): Promise<UserId> {
  const { userId, joined } = await inTransaction(journal.pool, async (client) => {
    // Two first sign-ins of one person at once make one person.
    await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`identity/${person.issuer}/${person.subject}`]);
    const known = await findIdentity(client, person);
    const signer = known ?? (await makeIdentity(client, person));
    const joined = !known && first !== null && (await join(client, signer, first));
    await addSignIn(client, signer, signIn, `at ${new URL(person.issuer).host}`);
    return { userId: signer.id, joined };
  });
  if (joined) journal.bell.ringPerson(userId);
  return userId;
}

interface Signer {
  readonly id: UserId;
  readonly name: string;
}

async function findIdentity(client: pg.ClientBase, { issuer, subject }: ProvidedPerson): Promise<Signer | null> {
  const { rows } = await client.query<Signer>(
    'SELECT u.id, u.name FROM "Identity" i JOIN "User" u ON u.id = i."userId" WHERE i.issuer = $1 AND i.subject = $2',
    [issuer, subject],
  );
  return rows[0] ?? null;
}

async function makeIdentity(client: pg.ClientBase, { issuer, subject, name, email }: ProvidedPerson): Promise<Signer> {
  const signer = (email !== null && (await findUnclaimed(client, issuer, email))) || (await makeUser(client, name, email));
  await insertRow(client, 'Identity', { issuer, subject, userId: signer.id });
  return signer;
}

/** Who has the address, unless the provider knows them as someone else: an address may be given to another person. */
async function findUnclaimed(client: pg.ClientBase, issuer: string, email: string): Promise<Signer | null> {
  const { rows } = await client.query<Signer>(
    `SELECT id, name FROM "User" u WHERE email = $1
     AND NOT EXISTS (SELECT 1 FROM "Identity" i WHERE i."userId" = u.id AND i.issuer = $2) FOR UPDATE`,
    [email, issuer],
  );
  return rows[0] ?? null;
}

async function makeUser(client: pg.ClientBase, name: string, email: string | null): Promise<Signer> {
  const id = newId('usr');
  const { rows } = await client.query<{ taken: boolean }>('SELECT EXISTS (SELECT 1 FROM "User" WHERE email = $1) AS taken', [
    email,
  ]);
  await insertRow(client, 'User', { id, name, email: rows[0]?.taken ? null : email });
  return { id, name };
}

async function join(client: pg.ClientBase, signer: Signer, { slug, role }: FirstTeam): Promise<boolean> {
  await client.query('INSERT INTO "Team" (id, name, slug) VALUES ($1, $2, $2) ON CONFLICT (slug) DO NOTHING', [
    newId('team'),
    slug,
  ]);
  const { rows } = await client.query<{ id: TeamId }>('SELECT id FROM "Team" WHERE slug = $1', [slug]);
  const teamId = rows[0]?.id;
  if (!teamId) return false;
  const added = await client.query(
    'INSERT INTO "Membership" ("userId", "teamId", role) VALUES ($1, $2, $3::"Role") ON CONFLICT DO NOTHING',
    [signer.id, teamId, role],
  );
  if (added.rowCount === 0) return false;
  const by = { actor: { kind: 'USER', userId: signer.id, name: signer.name }, via: { kind: 'SIGN_IN' } } as const;
  await audit(client, teamId, { by, action: 'MEMBER_ADDED', target: signer, detail: `by their first sign-in, ${role}` });
  return true;
}
