import type { HarnessKind } from '../domain/harness.ts';
import type { Harness } from './harness.ts';
import { script } from './script.ts';

/** The adapter of every kind of agent. */
export const harnesses: Record<HarnessKind, Harness> = { SCRIPT: script };
