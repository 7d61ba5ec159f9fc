import { Runtime } from '@temporalio/worker';
import { pino } from 'pino';
import { openBlobStore } from '../../blobs/openBlobStore.ts';
import { workerConfig } from '../../config/worker.ts';
import { detectSandbox } from '../../harnesses/detectSandbox.ts';
import { createHarnesses } from '../../harnesses/registry.ts';
import { createLog } from '../../telemetry/log.ts';
import { createSessionWorkspaces } from '../../workflows/createSessionWorkspaces.ts';
import { harnessSettings } from '../../workflows/harnessSettings.ts';
import { temporalLogger } from '../../workflows/temporalLogger.ts';
import { startWorker, type BatonWorker } from '../../workflows/worker.ts';
import type { TestSettings } from './gateway.ts';

let installed = false;

/** A worker in this process, with everything real; it logs to `lines` where they are given. */
export async function startTestWorker(
  { environment }: TestSettings,
  more: Record<string, string> = {},
  lines?: string[],
): Promise<BatonWorker> {
  const config = workerConfig({ ...environment, ...more });
  const log = lines
    ? createLog({ level: 'debug', base: {}, secrets: [], destination: { write: (line) => void lines.push(line) } })
    : pino({ level: config.BATON_LOG_LEVEL });
  if (!installed) Runtime.install({ logger: temporalLogger(pino({ level: 'silent' })), shutdownSignals: [] });
  installed = true;
  const { sandbox } = await detectSandbox(config.BATON_SANDBOX);
  const blobs = openBlobStore({ place: config.BATON_BLOBS, masterKey: config.masterKey, previousKeys: config.previousKeys });
  const workspaces = createSessionWorkspaces({ config, blobs, sandbox, log });
  return startWorker(config, log, { sandbox, workspaces, blobs, harnesses: createHarnesses(harnessSettings(config)) });
}
