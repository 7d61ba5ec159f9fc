export interface Backoff {
  /** The first wait, in milliseconds; each further one is twice as long. */
  readonly firstMs: number;
  readonly mostMs: number;
  /** How far a wait may be off, either way, as a part of it: many clients must not come back at one moment. */
  readonly jitter: number;
}

/** As docs/live-protocol.md says. */
export const defaultBackoff: Backoff = { firstMs: 200, mostMs: 10_000, jitter: 0.5 };

/** How long to wait before the try with this number, counted from 0. `random` is in [0, 1). */
export function backoffMs({ firstMs, mostMs, jitter }: Backoff, attempt: number, random: number): number {
  const wait = Math.min(mostMs, firstMs * 2 ** Math.min(attempt, 30));
  return Math.round(wait * (1 - jitter + 2 * jitter * random));
}
