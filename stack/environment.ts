import { join } from 'node:path';
import type { StackConfig } from '../config/stack.ts';
import { projectRoot } from './projectRoot.ts';
import type { State } from './state.ts';

/** Where the parts find each other. */
export interface Addresses {
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  readonly port: number;
}

/**
 * The environment of gateway and worker: the one that the system was started in, with the addresses of its parts, and the
 * local system's own defaults where nothing was set.
 */
export function partEnvironment(config: StackConfig, state: State, addresses: Addresses): NodeJS.ProcessEnv {
  const given = Object.fromEntries(Object.entries(config.environment).filter(([, value]) => value !== ''));
  return {
    NODE_ENV: 'production',
    BATON_BLOBS: state.blobs,
    BATON_WORKER_HOME: state.worker,
    BATON_WEB_ROOT: join(projectRoot, 'dist', 'web'),
    BATON_WORKFLOW_BUNDLE: join(projectRoot, 'dist', 'workflows.js'),
    // The people who use this system use this machine.
    BATON_ALLOW_LOCAL_REPOSITORIES: 'true',
    BATON_GRAPHIQL: 'true',
    // Whoever stops it waits for it, and there is no other worker to go on.
    BATON_WORKER_DRAIN_SECONDS: '0',
    ...given,
    ...(hasMasterKey(config) ? {} : { BATON_MASTER_KEY_FILE: state.masterKey }),
    HOST: config.HOST,
    PORT: String(addresses.port),
    DATABASE_URL: addresses.databaseUrl,
    TEMPORAL_ADDRESS: addresses.temporalAddress,
    TEMPORAL_NAMESPACE: config.TEMPORAL_NAMESPACE,
  };
}

/** Whether the blobs' key was given, and so is not ours to make. */
export function hasMasterKey(config: StackConfig): boolean {
  return config.BATON_MASTER_KEY !== undefined || config.BATON_MASTER_KEY_FILE !== undefined;
}
