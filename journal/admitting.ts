import { createHash } from 'node:crypto';
import type { UserId } from '../domain/ids.ts';
import { refuse, type Decision, type Refusal } from '../domain/refusal.ts';
import type { IdempotencyKey } from './idempotency.ts';

/** What became of something a person asked for; `wake` tells that Temporal is to be woken. */
export type Admitted<T> =
  | { readonly ok: true; readonly value: T; readonly wake: boolean }
  | { readonly ok: false; readonly refusal: Refusal };

/** Makes a mutation idempotent per person: the same key with the same body gives the first one's result. */
export interface ClientKey {
  readonly userId: UserId;
  readonly key: string;
}

/** Thrown inside a transaction to roll it back: a refusal writes nothing. */
export class Refused extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

/** A refusal rolls its transaction back: it is thrown inside, and a value outside. */
export async function admitting<T>(work: () => Promise<Admitted<T>>): Promise<Admitted<T>> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refused) return refuse(error.refusal);
    throw error;
  }
}

/** The decision when it was accepted; throws Refused otherwise. */
export function accepted<T>(decision: Decision<T>): Extract<Decision<T>, { ok: true }> {
  if (!decision.ok) throw new Refused(decision.refusal);
  return decision;
}

const bodyHash = (body: unknown): Buffer => createHash('sha256').update(JSON.stringify(body)).digest();

/** The key of a mutation with the digest of its body. */
export const keyOf = <Mutation extends string>(
  mutation: Mutation,
  { userId, key }: ClientKey,
  body: unknown,
): IdempotencyKey<Mutation> => ({
  userId,
  mutation,
  key,
  hash: bodyHash(body),
});
