import { hostname } from 'node:os';
import { gatewayConfig } from '../config/gateway.ts';
import { runPart } from '../config/part.ts';
import { masterKeyTexts } from '../config/shared.ts';
import { createLog, passwordIn } from '../telemetry/log.ts';
import { startTraces } from '../telemetry/traces.ts';
import { startGateway } from './gateway.ts';

/** The gateway's process. */
await runPart(async () => {
  const config = gatewayConfig();
  const log = createLog({
    level: config.BATON_LOG_LEVEL,
    base: { part: 'gateway' },
    secrets: [...masterKeyTexts(config), passwordIn(config.DATABASE_URL)],
  });
  const traces = startTraces({
    endpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT,
    service: 'baton-gateway',
    instance: `${hostname()}/${process.pid}`,
  });
  const { url, stop } = await startGateway(config, log, traces);
  log.info({ url }, 'the gateway listens');
  return {
    url,
    stopWithinMs: 20_000,
    stop: async () => {
      await stop();
      await traces?.stop();
    },
  };
});
