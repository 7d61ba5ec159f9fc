import { pino } from 'pino';
import { gatewayConfig } from '../config/gateway.ts';
import { runPart } from '../config/part.ts';
import { startGateway } from './gateway.ts';

/** The gateway's process. */
await runPart(async () => {
  const config = gatewayConfig();
  const log = pino({ level: config.BATON_LOG_LEVEL, base: { part: 'gateway' } });
  const { url, stop } = await startGateway(config, log);
  log.info({ url }, 'the gateway listens');
  return { url, stop };
});
