import { stackConfig } from '../config/stack.ts';
import { readGatewayFile, type GatewayFile } from '../stack/gatewayFile.ts';
import { Problem } from '../stack/problem.ts';
import { statePaths } from '../stack/state.ts';

/** The gateway of this state directory, as its owner. Throws a Problem when there was none yet. */
export async function readOwnGateway(): Promise<GatewayFile> {
  const state = statePaths(stackConfig().BATON_HOME);
  const gateway = await readGatewayFile(state.gateway);
  if (gateway === null) {
    throw new Problem(
      `There is no ${state.gateway}: Baton has not run there yet.\nStart it with npm start, or set BATON_HOME to where its state is.`,
    );
  }
  return gateway;
}
