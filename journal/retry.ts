import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Whether an error may go away by itself: a connection that was lost or refused, a server that starts, stops, or ran
 * into a conflict. SQLSTATE classes: https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export function isTransient(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (typeof code === 'string') return /^(08|40|53|57|58)/.test(code) || (/^E[A-Z]+$/.test(code) && code !== 'ENOSPC');
  return typeof message === 'string' && /connection|terminated|timeout/i.test(message);
}

/**
 * Does the work again for as long as the database is away, until `signal` aborts: after 50 ms, doubling to 2 s.
 * Every other error comes through at once. What is done must be safe to repeat when its reply was lost.
 */
export async function whileAway<T>(signal: AbortSignal, work: (attempt: number) => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work(attempt);
    } catch (error) {
      if (!isTransient(error)) throw error;
      signal.throwIfAborted();
      await sleep(Math.min(50 * 2 ** attempt, 2_000), undefined, { signal });
    }
  }
}
