import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { Runtime, type TelemetryOptions } from '@temporalio/worker';
import { openBlobStore } from '../blobs/openBlobStore.ts';
import { runPart } from '../config/part.ts';
import { masterKeyTexts } from '../config/shared.ts';
import { workerConfig, type WorkerConfig } from '../config/worker.ts';
import { createHarnesses } from '../harnesses/registry.ts';
import { detectSandbox } from '../harnesses/detectSandbox.ts';
import { endStrandedSandboxes } from '../harnesses/strandedSandboxes.ts';
import { createLog, passwordIn } from '../telemetry/log.ts';
import { startTraces } from '../telemetry/traces.ts';
import { createSessionWorkspaces } from './createSessionWorkspaces.ts';
import { captureMs } from './drainSessions.ts';
import { harnessSettings } from './harnessSettings.ts';
import { temporalLogger } from './temporalLogger.ts';
import { startWorker } from './worker.ts';

/** The worker's process. */
await runPart(async () => {
  const config = workerConfig();
  const log = createLog({
    level: config.BATON_LOG_LEVEL,
    base: { part: 'worker', worker: config.BATON_WORKER_NAME },
    secrets: [
      ...masterKeyTexts(config),
      config.model.apiKey ?? undefined,
      config.BATON_ANTHROPIC_API_KEY,
      passwordIn(config.DATABASE_URL),
    ],
  });
  Runtime.install({ logger: temporalLogger(log), shutdownSignals: [], telemetryOptions: temporalMetrics(config) });
  const traces = startTraces({
    endpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT,
    service: 'baton-worker',
    instance: config.BATON_WORKER_NAME,
  });
  await mkdir(path.join(config.BATON_WORKER_HOME, 'sessions'), { recursive: true, mode: 0o755 });
  const { sandbox, why } = await detectSandbox(config.BATON_SANDBOX);
  log.info(why);
  const stranded = endStrandedSandboxes();
  if (stranded > 0) log.info({ stranded }, 'sandboxes that a killed worker left half made were ended');
  const blobs = openBlobStore({ place: config.BATON_BLOBS, masterKey: config.masterKey, previousKeys: config.previousKeys });
  const workspaces = createSessionWorkspaces({ config, blobs, sandbox, log });
  const worker = await startWorker(config, log, {
    sandbox,
    workspaces,
    blobs,
    harnesses: createHarnesses(harnessSettings(config)),
    traces,
  });
  log.info('the worker polls');
  worker.done.catch((error: unknown) => {
    log.fatal({ err: error }, 'the worker failed');
    process.exit(1);
  });
  const turnsMs = config.BATON_WORKER_DRAIN_SECONDS * 1_000;
  return {
    ...(turnsMs > 0 && { stopWithinMs: turnsMs + captureMs + 10_000 }),
    stop: async () => {
      await (turnsMs > 0 ? worker.drain(turnsMs) : worker.stop());
      await traces?.stop();
    },
  };
});

/** What Temporal's worker tells of itself, in Prometheus' form: slots, pollers, latencies. */
function temporalMetrics({ BATON_TEMPORAL_METRICS_PORT: port, BATON_INTERNAL_HOST: host }: WorkerConfig): TelemetryOptions {
  if (port === undefined) return {};
  const address = host.includes(':') ? `[${host}]` : host;
  return { metrics: { prometheus: { bindAddress: `${address}:${port}`, unitSuffix: true, useSecondsForDurations: true } } };
}
