import type { Bench } from './bench.ts';
import { append } from './append/append.ts';
import { appendWatched } from './appendWatched/appendWatched.ts';
import { handoff } from './handoff/handoff.ts';
import { handoffAtOnce } from './handoffAtOnce/handoffAtOnce.ts';
import { latency } from './latency/latency.ts';
import { recovery } from './recovery/recovery.ts';
import { start } from './start/start.ts';
import { wakeUp } from './wakeUp/wakeUp.ts';
import { capture } from './workspace/capture.ts';
import { checkpoint } from './workspace/checkpoint.ts';
import { captureCurve } from './workspace/curve.ts';
import { largeFile } from './workspace/largeFile.ts';
import { restore } from './workspace/restore.ts';

/** All benches, by name. */
export const benches: readonly Bench[] = [
  start,
  append,
  appendWatched,
  latency,
  wakeUp,
  handoff,
  handoffAtOnce,
  recovery,
  capture,
  checkpoint,
  restore,
  captureCurve,
  largeFile,
];
