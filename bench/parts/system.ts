import path from 'node:path';
import { GatewayClient } from '../../cli/gatewayClient.ts';
import { machine } from '../../config/machine.ts';
import { stackConfig } from '../../config/stack.ts';
import { startBeside } from '../../stack/startBeside.ts';
import { temporaryDirectory } from '../../test/support/temporaryDirectory.ts';
import { buildPrograms } from './build.ts';
import { startDatabase } from './database.ts';
import { startBenchTemporal } from './temporal.ts';

/** The whole local system, each part a process of its own as `npm start` has it. */
export interface BenchSystem {
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  /** The API, as the local owner. */
  readonly client: GatewayClient;
  /** A directory that goes with the system. */
  readonly directory: string;
}

const nowhere = { write: () => true };

/** Runs `work` beside a system of its own, of which nothing is left. */
export async function withSystem<T>(progress: (text: string) => void, work: (system: BenchSystem) => Promise<T>): Promise<T> {
  await buildPrograms(progress);
  progress('starting a system');
  await using directory = await temporaryDirectory();
  await using database = await startDatabase();
  await using temporal = await startBenchTemporal(directory.path, progress);
  const config = stackConfig({
    ...machine().environment,
    BATON_HOME: path.join(directory.path, 'state'),
    PORT: '0',
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: temporal.address,
  });
  const { gateway, stop } = await startBeside(config, nowhere);
  const client = new GatewayClient(gateway);
  try {
    return await work({
      databaseUrl: database.url,
      temporalAddress: temporal.address,
      client,
      directory: directory.path,
    });
  } finally {
    await client.close();
    await stop();
  }
}
