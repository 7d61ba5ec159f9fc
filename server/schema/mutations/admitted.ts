import { limits } from '../../../domain/limits.ts';
import type { RunId } from '../../../domain/ids.ts';
import { IdempotencyConflict } from '../../../journal/idempotencyConflict.ts';
import type { Admitted, ClientKey } from '../../../journal/admitting.ts';
import { RunNotFoundError } from '../../../journal/transact.ts';
import type { Context } from '../context.ts';
import { errorOf, IdempotencyConflictError, InvalidInputError, NotFoundError } from '../errors.ts';

/** The client's key with whose it is; throws InvalidInputError for one that is empty or too long. */
export function clientKeyOf({ viewer }: Context, key: string): ClientKey {
  if (key.trim() === '' || key.length > limits.clientKeyCharacters) {
    throw new InvalidInputError(
      'clientKey',
      `A client key has 1 to ${limits.clientKeyCharacters} characters. Make a new one for each request, such as a UUID.`,
    );
  }
  return { userId: viewer.userId, key };
}

/** What admission came to, or its refusal thrown as the error that the client gets. */
export async function admittedOr<T>(work: Promise<Admitted<T>>): Promise<{ value: T; wake: boolean }> {
  try {
    const admitted = await work;
    if (!admitted.ok) throw errorOf(admitted.refusal);
    return admitted;
  } catch (error) {
    if (error instanceof IdempotencyConflict) throw new IdempotencyConflictError(error.clientKey, error.message);
    // Deleted since it was looked up.
    if (error instanceof RunNotFoundError) throw new NotFoundError('run', error.runId);
    throw error;
  }
}

/** Wakes Temporal after the commit, without letting the client wait for it. */
export function wakeLater({ waker }: Context, runId: RunId, wake: boolean): void {
  if (wake) void waker.wake(runId);
}

/** A name without spaces around it; throws InvalidInputError when it is empty or too long. `what` begins the sentence. */
export function nameOf(field: string, what: string, given: string): string {
  const name = given.trim();
  if (name === '' || name.length > limits.nameCharacters || name.includes('\0'))
    throw new InvalidInputError(field, `${what} has 1 to ${limits.nameCharacters} characters.`);
  return name;
}
