import type { HarnessKind } from '../domain/harness.ts';
import { createBuiltIn } from './builtIn/builtIn.ts';
import type { BuiltInSettings } from './builtIn/settings.ts';
import { createClaudeCode } from './claudeCode/claudeCode.ts';
import type { ClaudeCodeSettings } from './claudeCode/settings.ts';
import type { Harness } from './harness.ts';
import { script } from './script.ts';

/** What the kinds of agent need of the worker's settings. */
export interface HarnessSettings {
  readonly builtIn: BuiltInSettings;
  readonly claudeCode: ClaudeCodeSettings;
}

/** The adapter of every kind of agent. */
export const createHarnesses = ({ builtIn, claudeCode }: HarnessSettings): Readonly<Record<HarnessKind, Harness>> => ({
  SCRIPT: script,
  BUILT_IN: createBuiltIn(builtIn),
  CLAUDE_CODE: createClaudeCode(claudeCode),
});
