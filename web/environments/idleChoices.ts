import { duration } from '../format/duration.ts';

/** How long an ended turn may wait for the next message, in seconds. */
export const idleChoices = [0, 60, 300, 900, 3_600] as const;

/** An idle time in words. */
export const idleWords = (seconds: number): string => (seconds === 0 ? 'ends at once' : `waits ${duration(seconds * 1_000)}`);
