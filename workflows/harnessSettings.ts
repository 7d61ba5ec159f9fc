import path from 'node:path';
import { machine } from '../config/machine.ts';
import type { WorkerConfig } from '../config/worker.ts';
import type { HarnessSettings } from '../harnesses/registry.ts';

/** What the worker's settings say of its agents. */
export function harnessSettings(config: WorkerConfig): HarnessSettings {
  const { path: directories, environment } = machine();
  return {
    builtIn: config.model,
    claudeCode: {
      program: config.BATON_CLAUDE_CODE ?? null,
      path: directories,
      installDirectory: path.join(config.BATON_WORKER_HOME, 'agents'),
      install: config.BATON_INSTALL_AGENTS === 'yes',
      environment,
      apiKey: config.BATON_ANTHROPIC_API_KEY ?? null,
      baseUrl: config.BATON_ANTHROPIC_BASE_URL,
    },
  };
}
