import type pg from 'pg';
import type { UserId } from '../domain/ids.ts';
import type { Acting } from '../domain/person.ts';
import { auditAccount } from './audit.ts';
import type { Journal } from './journal.ts';
import { inTransaction } from './transact.ts';

/** What is stored of a cookie or link: the digest of its secret, and until when it works. */
export interface Kept {
  readonly hash: Uint8Array;
  readonly expiresAt: Date;
}

interface Signer {
  readonly id: UserId;
  readonly name: string;
}

/** Keeps a link that signs one browser in as this person, once. */
export async function addSignInLink(journal: Journal, by: Acting, signer: Signer, link: Kept): Promise<void> {
  await inTransaction(journal.pool, async (client) => {
    await client.query('INSERT INTO "SignInLink" (hash, "userId", "expiresAt") VALUES ($1, $2, $3)', [
      Buffer.from(link.hash),
      signer.id,
      link.expiresAt,
    ]);
    await auditAccount(client, signer.id, { by, action: 'SIGN_IN_LINK_CREATED', target: signer });
  });
}

/** Uses a link up and opens a sign-in; false when the link is unknown, used or expired. */
export async function useSignInLink(journal: Journal, linkHash: Uint8Array, signIn: Kept): Promise<boolean> {
  return inTransaction(journal.pool, async (client) => {
    // Deleting it is what uses it: of two browsers with one link, one gets in.
    const { rows } = await client.query<Signer & { valid: boolean }>(
      `DELETE FROM "SignInLink" l USING "User" u WHERE l.hash = $1 AND u.id = l."userId"
       RETURNING u.id, u.name, l."expiresAt" > now() AS valid`,
      [Buffer.from(linkHash)],
    );
    const [signer] = rows;
    if (!signer?.valid) return false;
    await addSignIn(client, signer, signIn, 'by a link');
    return true;
  });
}

/** Opens a sign-in inside the caller's transaction, and forgets those that have ended. */
export async function addSignIn(client: pg.ClientBase, signer: Signer, signIn: Kept, how: string): Promise<void> {
  await client.query('DELETE FROM "SignInLink" WHERE "expiresAt" < now()');
  await client.query('DELETE FROM "SignIn" WHERE "expiresAt" < now()');
  await client.query('INSERT INTO "SignIn" (hash, "userId", "expiresAt") VALUES ($1, $2, $3)', [
    Buffer.from(signIn.hash),
    signer.id,
    signIn.expiresAt,
  ]);
  const by = { actor: { kind: 'USER', userId: signer.id, name: signer.name }, via: { kind: 'SIGN_IN' } } as const;
  await auditAccount(client, signer.id, { by, action: 'SIGNED_IN', target: signer, detail: how });
}

/** Ends a browser's sign-in; its sockets close at once. Quiet when there is none. */
export async function endSignIn(journal: Journal, hash: Uint8Array): Promise<void> {
  const signer = await inTransaction(journal.pool, async (client) => {
    const { rows } = await client.query<Signer>(
      'DELETE FROM "SignIn" s USING "User" u WHERE s.hash = $1 AND u.id = s."userId" RETURNING u.id, u.name',
      [Buffer.from(hash)],
    );
    const [found] = rows;
    if (!found) return null;
    const by = { actor: { kind: 'USER', userId: found.id, name: found.name }, via: { kind: 'SIGN_IN' } } as const;
    await auditAccount(client, found.id, { by, action: 'SIGNED_OUT', target: found });
    return found;
  });
  if (signer) journal.bell.ringPerson(signer.id);
}
