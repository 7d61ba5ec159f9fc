import type { HarnessKind } from '../domain/harness.ts';
import { createBuiltIn } from './builtIn/builtIn.ts';
import type { BuiltInSettings } from './builtIn/settings.ts';
import type { Harness } from './harness.ts';
import { script } from './script.ts';

/** The adapter of every kind of agent. */
export const createHarnesses = (model: BuiltInSettings): Readonly<Record<HarnessKind, Harness>> => ({
  SCRIPT: script,
  BUILT_IN: createBuiltIn(model),
});
