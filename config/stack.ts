import { z } from 'zod';
import { port, readConfig } from './read.ts';
import { shared } from './shared.ts';

const schema = z.object({
  PORT: port.default(4600).describe('The port of the page and the API; 0 takes a free one.'),
  HOST: z.string().default('127.0.0.1').describe('The address the gateway listens on.'),
  BATON_HOME: z
    .string()
    .optional()
    .describe('The directory that holds all state of the local system; .baton in the project when not set.'),
  DATABASE_URL: shared.DATABASE_URL.optional().describe('A PostgreSQL database that runs already; started when not set.'),
  TEMPORAL_ADDRESS: z
    .string()
    .regex(/^[^:/\s]+:\d+$/, 'must be host:port')
    .optional()
    .describe('A Temporal frontend that runs already, host:port; started when not set.'),
  TEMPORAL_NAMESPACE: shared.TEMPORAL_NAMESPACE,
  BATON_MASTER_KEY: shared.BATON_MASTER_KEY,
  BATON_MASTER_KEY_FILE: shared.BATON_MASTER_KEY_FILE.describe(
    'A file that holds the key; master.key in the state directory when not set.',
  ),
});

/** Settings of the local system, and the whole environment, which the parts that it starts inherit. */
export type StackConfig = z.output<typeof schema> & { readonly environment: NodeJS.ProcessEnv };

/** The local system's settings, validated. Throws ConfigError. */
export function stackConfig(environment: NodeJS.ProcessEnv = process.env): StackConfig {
  return { ...readConfig(schema, environment), environment };
}
