import path from 'node:path';
import { GatewayClient } from '../../cli/gatewayClient.ts';
import { machine } from '../../config/machine.ts';
import { stackConfig } from '../../config/stack.ts';
import { partEnvironment } from '../../stack/environment.ts';
import type { GatewayFile } from '../../stack/gatewayFile.ts';
import { startBeside } from '../../stack/startBeside.ts';
import { statePaths, type State } from '../../stack/state.ts';
import { temporaryDirectory } from '../../test/support/temporaryDirectory.ts';
import { buildPrograms } from './build.ts';
import { startDatabase } from './database.ts';
import { startBenchTemporal } from './temporal.ts';

/** The whole local system, each part a process of its own as `npm start` has it. */
export interface BenchSystem {
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  /** Where the gateway is, and what the local owner signs in with. */
  readonly gateway: GatewayFile;
  /** The API, as the local owner. */
  readonly client: GatewayClient;
  /** Where the system keeps its state, and the environment of its gateway and worker. */
  readonly state: State;
  readonly environment: NodeJS.ProcessEnv;
  /** A directory that goes with the system. */
  readonly directory: string;
}

const nowhere = { write: () => true };

/** Runs `work` beside a system of its own, of which nothing is left. `settings` are of its gateway and worker. */
export async function withSystem<T>(
  progress: (text: string) => void,
  work: (system: BenchSystem) => Promise<T>,
  settings: Readonly<Record<string, string>> = {},
): Promise<T> {
  await buildPrograms(progress);
  progress('starting a system');
  await using directory = await temporaryDirectory();
  await using database = await startDatabase();
  await using temporal = await startBenchTemporal(directory.path, progress);
  const config = stackConfig({
    ...machine().environment,
    ...settings,
    BATON_HOME: path.join(directory.path, 'state'),
    PORT: '0',
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: temporal.address,
  });
  const state = statePaths(config.BATON_HOME);
  const { gateway, stop } = await startBeside(config, nowhere);
  const client = new GatewayClient(gateway);
  try {
    return await work({
      databaseUrl: database.url,
      temporalAddress: temporal.address,
      gateway,
      client,
      state,
      environment: partEnvironment(config, state, { databaseUrl: database.url, temporalAddress: temporal.address, port: 0 }),
      directory: directory.path,
    });
  } finally {
    await client.close();
    await stop();
  }
}
