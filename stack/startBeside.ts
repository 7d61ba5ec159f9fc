import type { StackConfig } from '../config/stack.ts';
import { readGatewayFile, type GatewayFile } from './gatewayFile.ts';
import { holdState } from './holdState.ts';
import { explainFileError } from './problem.ts';
import { statePaths } from './state.ts';
import { StopRequests } from './supervisor/stopRequests.ts';
import { LocalSystem } from './system.ts';
import { NewsTeller } from './terminal/news.ts';
import { Report, type Output } from './terminal/report.ts';

/** A local system that runs beside what this process does. */
export interface BesideSystem {
  readonly gateway: GatewayFile;
  /** Resolves when a person asks to stop: Ctrl-C, SIGTERM, SIGHUP. */
  readonly stopRequested: Promise<unknown>;
  stop(): Promise<void>;
}

/** Starts the local system for a command that needs one. Throws the Problem that prevents it, with nothing left running. */
export async function startBeside(config: StackConfig, output: Output): Promise<BesideSystem> {
  const report = new Report(output);
  const state = statePaths(config.BATON_HOME);
  const requests = new StopRequests(config.environment);
  const lock = await holdState(state, report).catch((error: unknown) => {
    requests.close();
    throw explainFileError(error, state.directory);
  });
  const system = new LocalSystem({ config, state, report, tell: new NewsTeller(report).tell });
  const stop = async () => {
    await system.stop();
    lock.release();
    requests.close();
  };
  try {
    const { url } = await system.start();
    lock.note({ url });
    const gateway = await readGatewayFile(state.gateway);
    if (!gateway) throw new Error(`${state.gateway} was not written`);
    return { gateway, stopRequested: requests.first, stop };
  } catch (error) {
    report.clear();
    await stop();
    throw error;
  }
}
