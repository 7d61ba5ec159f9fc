import { gatewayConfig } from '../config/gateway.ts';
import { runPart } from '../config/part.ts';
import { createLog, passwordIn } from '../telemetry/log.ts';
import { startGateway } from './gateway.ts';

/** The gateway's process. */
await runPart(async () => {
  const config = gatewayConfig();
  const log = createLog({
    level: config.BATON_LOG_LEVEL,
    base: { part: 'gateway' },
    secrets: [config.BATON_MASTER_KEY, passwordIn(config.DATABASE_URL)],
  });
  const { url, stop } = await startGateway(config, log);
  log.info({ url }, 'the gateway listens');
  return { url, stop };
});
