import { hostname } from 'node:os';
import { z } from 'zod';
import { modelSettings, readModel, type ModelSettings } from './model.ts';
import { flag, port, readConfig } from './read.ts';
import { readMasterKeys, shared, type MasterKeys } from './shared.ts';

const schema = z.object({
  ...shared,
  BATON_WORKER_NAME: z
    .string()
    .regex(/^[\w.-]+$/)
    .default(hostname())
    .describe('The name people see for this worker.'),
  BATON_WORKER_INTERNAL_PORT: port.optional().describe('The port of /metrics, /healthz and /readyz; none when not set.'),
  BATON_TEMPORAL_METRICS_PORT: port.optional().describe('The port of the metrics of Temporal’s own worker; none when not set.'),
  BATON_WORKER_HOME: z.string().describe('The directory of mirrors and of the workspaces of live sessions.'),
  BATON_WORKER_CAPACITY: z.coerce.number().int().min(1).max(1000).default(10).describe('How many sessions it hosts at once.'),
  BATON_SANDBOX: z
    .enum(['auto', 'bubblewrap', 'process-group'])
    .default('auto')
    .describe('What keeps agents away from the host; auto takes bubblewrap where it works.'),
  BATON_ALLOW_LOCAL_REPOSITORIES: flag
    .default(false)
    .describe('Whether environments may name repositories by a path on the worker.'),
  BATON_SNAPSHOT_FILE_MIB: z.coerce
    .number()
    .positive()
    .default(4096)
    .describe('What one file of a snapshot may have; a larger one is left out, and named.'),
  BATON_SNAPSHOT_MIB: z.coerce
    .number()
    .positive()
    .default(32768)
    .describe('What the files of a snapshot may have together; what would be more is left out, and named.'),
  BATON_MIRRORS_GIB: z.coerce
    .number()
    .positive()
    .default(50)
    .describe('What the mirrors of repositories may take on disk; beyond that, those not used for longest are removed.'),
  BATON_READY_CHECKOUTS: z.coerce
    .number()
    .int()
    .min(0)
    .max(1000)
    .default(4)
    .describe(
      'How many checkouts it keeps ready, of commits that sessions were opened at; the next session of one need not wait for its files. 0 for none.',
    ),
  BATON_WORKER_DRAIN_SECONDS: z.coerce
    .number()
    .min(0)
    .default(60)
    .describe(
      'How long turns may go on after SIGTERM before they are interrupted and captured; 0 ends them at once, uncaptured.',
    ),
  BATON_CLAUDE_CODE: z
    .string()
    .optional()
    .describe('The program of Claude Code; looked for on the PATH and installed when not set.'),
  BATON_ANTHROPIC_API_KEY: z
    .string()
    .optional()
    .describe('The key with which Claude Code’s model is asked; it stays in the worker.'),
  BATON_ANTHROPIC_BASE_URL: z
    .url({ protocol: /^https?$/ })
    .default('https://api.anthropic.com')
    .describe('Where that model is, without /v1.'),
  BATON_INSTALL_AGENTS: z
    .enum(['yes', 'no'])
    .default('yes')
    .describe(
      'Whether agents that are not found are installed with npm, into the worker’s directory, when they are first needed.',
    ),
  BATON_TURN_TIMEOUT_MINUTES: z.coerce.number().positive().default(120).describe('How long a turn may take.'),
  BATON_PROMPT_DEADLINE_HOURS: z.coerce
    .number()
    .positive()
    .default(24)
    .describe('How long an agent’s question to a person may wait for an answer before its turn fails.'),
  BATON_SETUP_TIMEOUT_MINUTES: z.coerce
    .number()
    .positive()
    .default(30)
    .describe('How long the setup commands may take, all together.'),
  ...modelSettings,
  BATON_WORKFLOW_BUNDLE: z.string().optional().describe('The built workflow code; bundled at start when not set.'),
});

export type WorkerConfig = z.output<typeof schema> & MasterKeys & { readonly model: ModelSettings };

/** The worker's settings, validated. */
export function workerConfig(environment?: NodeJS.ProcessEnv): WorkerConfig {
  const config = readConfig(schema, environment);
  return { ...config, ...readMasterKeys(config), model: readModel(config) };
}
