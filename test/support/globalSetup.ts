import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import type { SoakOptions } from '../soak/soak.ts';
import { machine } from '../../config/machine.ts';
import { migrate } from '../../stack/migrate.ts';
import { Ports } from '../../stack/ports.ts';
import { guard } from '../../stack/processes/guard.ts';
import { withClient } from '../../stack/postgres/connect.ts';
import { startTemporaryPostgres } from '../../stack/postgres/temporary.ts';
import { startTemporal } from '../../stack/temporal/server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** How long and how hard test/soak tries. */
    soak: SoakOptions;
    /** How many runs workspace/anyWorkspace.test.ts makes up, and from which seed. */
    anyWorkspace: { readonly cases: number; readonly seed: number };
    /** Of a PostgreSQL that all tests share; each test file makes databases of its own: test/support/database.ts. */
    postgresUrl: string;
    /** Of a Temporal development server that all tests share: use task queues and Workflow Ids of your own. */
    temporalAddress: string;
    /** The program of Temporal's command line. */
    temporalProgram: string;
  }
}

/** The database that the others are copied from. */
export const templateDatabase = 'template_baton';

/** Starts one PostgreSQL and one Temporal for all tests of a run; gives what ends them. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'baton-tests-'));
  const [postgres, temporal] = await Promise.all([
    startTemporaryPostgres(),
    startTemporal({
      directory: null,
      log: join(directory, 'temporal.log'),
      ports: new Ports(join(directory, 'ports.json')),
      namespace: 'default',
      machine: machine(),
      // A first run builds the server, which takes minutes: that has to be seen.
      progress: (text) => process.stderr.write(`Temporal: ${text}\n`),
    }),
  ]);
  await makeTemplate(postgres.url);
  project.provide('postgresUrl', postgres.url);
  project.provide('temporalAddress', temporal.address);
  project.provide('temporalProgram', temporal.tool.path);
  const dismiss = guard(temporal.pid, 'TERM');
  return async () => {
    dismiss();
    await Promise.all([postgres.stop(), temporal.stop()]);
    await rm(directory, { recursive: true, force: true });
  };
}

async function makeTemplate(url: string): Promise<void> {
  await withClient(url, (client) => client.query(`CREATE DATABASE ${templateDatabase}`));
  const template = new URL(url);
  template.pathname = `/${templateDatabase}`;
  await migrate(template.href);
}
