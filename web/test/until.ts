import { vi } from 'vitest';

/** Waits until the check holds: up to ten seconds, for machines that are busy with other tests. */
export const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 10_000 });
