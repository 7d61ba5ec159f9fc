import { setTimeout as delay } from 'node:timers/promises';

/** Waits until `probe` gives a value other than null, undefined or false, and gives that; throws after `withinMs`. */
export async function waitFor<T>(
  what: string,
  probe: () => T | null | undefined | false | Promise<T | null | undefined | false>,
  withinMs = 15_000,
): Promise<T> {
  const until = Date.now() + withinMs;
  for (;;) {
    const value = await probe();
    if (value !== null && value !== undefined && value !== false) return value;
    if (Date.now() > until) throw new Error(`waited ${withinMs} ms in vain: ${what}`);
    await delay(20);
  }
}
