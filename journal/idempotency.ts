import type pg from 'pg';
import type { UserId } from '../domain/ids.ts';
import { IdempotencyConflict } from './idempotencyConflict.ts';

/** A client key with the mutation it came to and the digest of the body it came with. */
export interface IdempotencyKey<Mutation extends string = string> {
  readonly userId: UserId;
  readonly mutation: Mutation;
  readonly key: string;
  readonly hash: Buffer;
}

/**
 * Claims the key inside a transaction. Null when it is new; the earlier result when this very request was carried out
 * before. One that is being carried out now is waited for. Throws IdempotencyConflict when the body differs.
 */
export async function claimKey<T>(client: pg.PoolClient, { userId, mutation, key, hash }: IdempotencyKey): Promise<T | null> {
  const claimed = await client.query(
    `INSERT INTO "Idempotency" ("userId", mutation, key, hash, result) VALUES ($1, $2, $3, $4, 'null')
     ON CONFLICT DO NOTHING`,
    [userId, mutation, key, hash],
  );
  if (claimed.rowCount === 1) return null;
  const { rows } = await client.query<{ hash: Buffer; result: T }>(
    'SELECT hash, result FROM "Idempotency" WHERE "userId" = $1 AND mutation = $2 AND key = $3',
    [userId, mutation, key],
  );
  const [earlier] = rows;
  if (!earlier?.hash.equals(hash)) throw new IdempotencyConflict(key);
  return earlier.result;
}

/** Keeps the result of a claimed key, in the same transaction. */
export async function storeResult(
  client: pg.PoolClient,
  { userId, mutation, key }: IdempotencyKey,
  result: object,
): Promise<void> {
  await client.query('UPDATE "Idempotency" SET result = $4 WHERE "userId" = $1 AND mutation = $2 AND key = $3', [
    userId,
    mutation,
    key,
    JSON.stringify(result),
  ]);
}
