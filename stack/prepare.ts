import { prepareBlobStore } from '../blobs/openBlobStore.ts';
import { prepareConfig, type PrepareConfig } from '../config/prepare.ts';
import { ConfigError } from '../config/read.ts';
import { createLog, passwordIn } from '../telemetry/log.ts';
import { migrate } from './migrate.ts';
import { Problem } from './problem.ts';
import { connectTemporal } from './temporal/connect.ts';
import { ensureNamespace } from './temporal/namespace.ts';
import { registerSearchAttributes } from './temporal/register.ts';

/** How long Temporal may take to come up, in milliseconds. */
const temporalWithinMs = 120_000;

/**
 * What a deployment needs before its gateways and workers start: the tables, the namespace with its search attributes, the
 * bucket. It may be run again at any time, and by several at once.
 */
async function prepare(config: PrepareConfig): Promise<void> {
  const log = createLog({
    level: config.BATON_LOG_LEVEL,
    base: { part: 'prepare' },
    secrets: [passwordIn(config.DATABASE_URL)],
  });
  const { applied } = await migrate(config.DATABASE_URL);
  log.info({ applied }, 'the tables are as this version needs them');
  const namespace = config.TEMPORAL_NAMESPACE;
  const connection = await connectTemporal(config.TEMPORAL_ADDRESS, temporalWithinMs);
  try {
    const made = await ensureNamespace(connection, namespace);
    const registered = await registerSearchAttributes(connection, namespace);
    log.info({ namespace, made, registered }, 'Temporal knows the namespace and its search attributes');
  } finally {
    await connection.close();
  }
  await prepareBlobStore(config.BATON_BLOBS);
  log.info('the blob store is there');
}

try {
  await prepare(prepareConfig());
} catch (error) {
  const known = error instanceof Problem || error instanceof ConfigError;
  process.stderr.write(`${known ? error.message : String((error as Error).stack ?? error)}\n`);
  process.exit(1);
}
