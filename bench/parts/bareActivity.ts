import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { pino } from 'pino';
import { temporalLogger } from '../../workflows/temporalLogger.ts';

/** A worker of this process that knows one workflow with one activity, and a client that asks for it. */
export interface BareActivity extends AsyncDisposable {
  /** Runs the workflow once, from its start to its result. */
  run(): Promise<void>;
}

const taskQueue = 'bench-bare';

/** Starts the worker on a Temporal server. */
export async function startBareActivity(address: string): Promise<BareActivity> {
  Runtime.install({ logger: temporalLogger(pino({ level: 'silent' })), shutdownSignals: [] });
  const [native, connection] = await Promise.all([NativeConnection.connect({ address }), Connection.connect({ address })]);
  const worker = await Worker.create({
    connection: native,
    taskQueue,
    workflowsPath: fileURLToPath(new URL('./bareWorkflow.ts', import.meta.url)),
    activities: { nothing: async () => {} },
  });
  const running = worker.run();
  const client = new Client({ connection });
  return {
    run: async () => void (await client.workflow.execute('bare', { taskQueue, workflowId: `bare-${randomUUID()}`, args: [] })),
    [Symbol.asyncDispose]: async () => {
      worker.shutdown();
      await running;
      await Promise.all([connection.close(), native.close()]);
    },
  };
}
