import { z } from 'zod';
import { readConfig } from './read.ts';
import { shared } from './shared.ts';

const schema = z.object({
  DATABASE_URL: shared.DATABASE_URL,
  TEMPORAL_ADDRESS: shared.TEMPORAL_ADDRESS,
  TEMPORAL_NAMESPACE: shared.TEMPORAL_NAMESPACE,
  BATON_BLOBS: shared.BATON_BLOBS,
  BATON_LOG_LEVEL: shared.BATON_LOG_LEVEL,
});

export type PrepareConfig = z.output<typeof schema>;

/** The settings of what is done once before gateways and workers start, validated. */
export function prepareConfig(environment?: NodeJS.ProcessEnv): PrepareConfig {
  return readConfig(schema, environment);
}
