import { machine } from '../../config/machine.ts';
import { stackConfig } from '../../config/stack.ts';
import { gatewayPart, postgresPart, temporalPart, workerPart, type PartsContext } from '../../stack/parts.ts';
import { Ports } from '../../stack/ports.ts';
import { statePaths } from '../../stack/state.ts';
import type { Part, RunningPart } from '../../stack/supervisor/part.ts';

/** Starts the parts of a system that was started before, and nothing around them. Gives what stops them. */
export async function startBareParts(home: string, signal: AbortSignal): Promise<() => Promise<void>> {
  const config = stackConfig({
    ...machine().environment,
    BATON_HOME: home,
    PORT: '0',
    DATABASE_URL: '',
    TEMPORAL_ADDRESS: '',
  });
  const state = statePaths(home);
  const context: PartsContext = {
    config,
    state,
    ports: new Ports(state.ports),
    databaseUrl: '',
    temporalAddress: '',
    port: 0,
    url: '',
  };
  const running: RunningPart[] = [];
  const stop = async () => {
    for (const part of running.toReversed()) await part.stop();
  };
  const start = async (part: Part) => void running.push(await part.start({ progress: () => {}, signal }));
  try {
    await Promise.all([start(postgresPart(context)), start(temporalPart(context))]);
    await Promise.all([start(workerPart(context)), start(gatewayPart(context))]);
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}
