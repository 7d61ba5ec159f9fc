import { machine } from '../../config/machine.ts';
import { createClaudeCode } from '../../harnesses/claudeCode/claudeCode.ts';
import { findProgram } from '../../harnesses/claudeCode/findProgram.ts';
import type { ClaudeCodeSettings } from '../../harnesses/claudeCode/settings.ts';
import type { Harness } from '../../harnesses/harness.ts';
import type { ModelServer } from './models/modelServer.ts';

/** The real Claude Code for tests, got as a worker gets it, and kept in the cache. */
export function findClaudeCode(): Promise<string> {
  return findProgram(claudeCodeSettings(null), { progress: (text) => process.stderr.write(`${text}\n`) });
}

/** The settings of a worker that may install it. */
export function claudeCodeSettings(baseUrl: string | null, more: Partial<ClaudeCodeSettings> = {}): ClaudeCodeSettings {
  const { path, cache, environment } = machine();
  const base = { program: null, path, installDirectory: cache, install: true, environment };
  return { ...base, apiKey: 'the-real-key', baseUrl: baseUrl ?? 'http://127.0.0.1:9', ...more };
}

/** Where the scripted model is, as the settings of a worker say it: without `/v1`. */
export const baseUrlOf = (model: ModelServer): string => model.url.replace(/\/v1$/, '');

/** It with a scripted model. */
export function claudeCodeWith(model: ModelServer, program: string): Harness {
  return createClaudeCode(claudeCodeSettings(baseUrlOf(model), { program }));
}
