import { limits } from '../domain/limits.ts';
import type { TokenId, UserId } from '../domain/ids.ts';
import type { Acting, TokenScope } from '../domain/person.ts';
import { admitting, keyOf, Refused, type Admitted, type ClientKey } from './admitting.ts';
import { auditAccount } from './audit.ts';
import { insertRow } from './columns.ts';
import { claimKey, storeResult } from './idempotency.ts';
import type { Journal } from './journal.ts';
import { newId } from './newId.ts';
import { inTransaction } from './transact.ts';

export interface NewToken {
  readonly name: string;
  readonly scopes: readonly TokenScope[];
  /** Null: it does not expire. */
  readonly expiresAt: Date | null;
}

/**
 * Creates an API token of the person, of whose secret only the digest comes here. `made` is false when this very request
 * was carried out before: then the digest is not that of the token.
 */
export function createToken(
  journal: Journal,
  by: Acting,
  clientKey: ClientKey,
  token: NewToken,
  hash: Uint8Array,
): Promise<Admitted<{ tokenId: TokenId; made: boolean }>> {
  const key = keyOf('createApiToken', clientKey, token);
  const { userId } = clientKey;
  return admitting(async () => {
    const value = await inTransaction(journal.pool, async (client) => {
      const earlier = await claimKey<{ tokenId: TokenId }>(client, key);
      if (earlier) return { ...earlier, made: false };
      // The person's row is the lock of their tokens' number.
      await client.query('SELECT 1 FROM "User" WHERE id = $1 FOR UPDATE', [userId]);
      const { rows } = await client.query<{ count: number }>(
        'SELECT count(*)::int AS count FROM "ApiToken" WHERE "userId" = $1 AND "revokedAt" IS NULL',
        [userId],
      );
      if ((rows[0]?.count ?? 0) >= limits.tokensPerPerson) {
        throw new Refused({
          kind: 'INVALID_INPUT',
          field: 'name',
          message: `You have ${limits.tokensPerPerson} tokens, which is the most. Revoke one that is not needed any more.`,
        });
      }
      const tokenId = newId('tok');
      const { name, scopes, expiresAt } = token;
      await insertRow(client, 'ApiToken', { id: tokenId, userId, name, hash: Buffer.from(hash), scopes, expiresAt });
      await auditAccount(client, userId, {
        by,
        action: 'TOKEN_CREATED',
        target: { id: tokenId, name },
        detail: scopes.join(', '),
      });
      await storeResult(client, key, { tokenId });
      return { tokenId, made: true };
    });
    return { ok: true, value, wake: false };
  });
}

/** Revokes a token of the person; false when they have none with this id. Revoking it again changes nothing. */
export async function revokeToken(journal: Journal, by: Acting, userId: UserId, tokenId: TokenId): Promise<boolean> {
  const found = await inTransaction(journal.pool, async (client) => {
    const { rows } = await client.query<{ name: string; revokedAt: Date | null }>(
      'SELECT name, "revokedAt" FROM "ApiToken" WHERE id = $1 AND "userId" = $2 FOR UPDATE',
      [tokenId, userId],
    );
    const [token] = rows;
    if (!token) return false;
    if (token.revokedAt) return true;
    await client.query('UPDATE "ApiToken" SET "revokedAt" = now() WHERE id = $1', [tokenId]);
    await auditAccount(client, userId, { by, action: 'TOKEN_REVOKED', target: { id: tokenId, name: token.name } });
    return true;
  });
  if (found) journal.bell.ringPerson(userId);
  return found;
}
