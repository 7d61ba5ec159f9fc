import type { Bench } from './bench.ts';
import { append } from './append/append.ts';
import { handoff } from './handoff/handoff.ts';
import { latency } from './latency/latency.ts';
import { start } from './start/start.ts';

/** All benches, by name. */
export const benches: readonly Bench[] = [start, append, latency, handoff];
