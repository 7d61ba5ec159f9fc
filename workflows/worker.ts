import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection, WorkflowNotFoundError } from '@temporalio/client';
import { NativeConnection, Worker, type WorkerOptions, type WorkflowBundleOption } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { BlobStore } from '../blobs/blobStore.ts';
import { faultAt } from '../config/fault.ts';
import type { WorkerConfig } from '../config/worker.ts';
import type { HarnessKind } from '../domain/harness.ts';
import type { Harness } from '../harnesses/harness.ts';
import type { Sandbox } from '../harnesses/sandbox.ts';
import { Follower } from '../journal/follow.ts';
import { openJournal } from '../journal/journal.ts';
import { secretBox } from '../journal/secretBox.ts';
import { createControlActivities } from './activities/createControl.ts';
import { createHostActivities, type HostDependencies } from './activities/createHost.ts';
import { createSessionActivities } from './activities/createSession.ts';
import { isOpenStatus, taskQueues, wake } from './contract.ts';
import { drainSessions } from './drainSessions.ts';
import { startInternalServer, type InternalServer, type InternalServerOptions } from '../telemetry/internalServer.ts';
import { answerMs, Readiness } from '../telemetry/readiness.ts';
import type { Traces } from '../telemetry/traces.ts';
import { HostedSessions } from './hostedSessions.ts';
import { removeLeftSessions } from './leftSessions.ts';
import type { SessionWorkspaces } from './sessionWorkspaces.ts';
import { workerTraces } from './workerTraces.ts';
import { workerMetrics } from './workerMetrics.ts';

export interface BatonWorker {
  /** The port of `/metrics` and the probes; null when there is none. */
  readonly internalPort: number | null;
  /** Rejects when the worker fails for good; resolves after `stop`. */
  readonly done: Promise<void>;
  /**
   * Takes nothing more, lets turns end for at most `turnsMs`, interrupts those that are left, captures what they did, and
   * stops. Another worker goes on with what waits.
   */
  drain(turnsMs: number): Promise<void>;
  /** Takes nothing more, stops the agents, gives up the leases, and lets go of everything. */
  stop(): Promise<void>;
}

export interface WorkerParts {
  readonly blobs: BlobStore;
  /** Null, or not given, when traces are off. */
  readonly traces?: Traces | null;
  readonly sandbox: Sandbox;
  readonly harnesses: Readonly<Record<HarnessKind, Harness>>;
  readonly workspaces: SessionWorkspaces;
}

/** Steps of the journal that may run at once; they are short. */
const controlSlots = 50;
/**
 * Workflow tasks that are taken at once. Few, for one that was taken must be done within ten seconds: a worker that takes
 * over from others has every execution's history to work through, and would miss the deadlines of all of them together.
 */
const workflowSlots = 6;
const workflowPollers = 4;

/**
 * Starts a worker: a poller of workflows, one of sessions to host, one of the journal's own queue, and one of a queue
 * that only this process has, on which the sessions it holds are worked on. Resolves when all poll.
 */
export async function startWorker(config: WorkerConfig, log: Logger, parts: WorkerParts): Promise<BatonWorker> {
  const { sandbox, harnesses, workspaces, blobs, traces = null } = parts;
  const name = config.BATON_WORKER_NAME;
  const queues = taskQueues(config.BATON_TASK_QUEUE);
  const ownTaskQueue = `${queues.shared}-worker-${name}-${randomBytes(6).toString('hex')}`;
  const journal = openJournal({
    databaseUrl: config.DATABASE_URL,
    applicationName: `baton-worker ${name}`,
    maxConnections: 10 + config.BATON_WORKER_CAPACITY,
    onWarning: (message, error) => log.warn({ err: error }, message),
    reached: faultAt(config),
  });
  const [native, connection] = await Promise.all([
    NativeConnection.connect({ address: config.TEMPORAL_ADDRESS }),
    Connection.connect({ address: config.TEMPORAL_ADDRESS }),
  ]);
  const client = new Client({ connection, namespace: config.TEMPORAL_NAMESPACE });
  const sessions = new HostedSessions(journal);

  const host: HostDependencies = {
    journal,
    follower: new Follower(journal, (message, error) => log.warn({ err: error }, message)),
    log,
    sessionsDirectory: path.join(config.BATON_WORKER_HOME, 'sessions'),
    sessions,
    workerName: name,
    ownTaskQueue,
    signalWorkflow: (workflowId, signal, arg) => client.workflow.getHandle(workflowId).signal(signal, arg),
  };
  const common = {
    connection: native,
    namespace: config.TEMPORAL_NAMESPACE,
    identity: `${name}@${process.pid}`,
    shutdownGraceTime: '5 seconds',
    maxHeartbeatThrottleInterval: '1 second',
    defaultHeartbeatThrottleInterval: '1 second',
    ...workerTraces(traces),
  } satisfies Partial<WorkerOptions>;
  const workers = await Promise.all([
    Worker.create({
      ...common,
      ...(await workflowCode(config, common.interceptors)),
      taskQueue: queues.shared,
      maxCachedWorkflows: 500,
      maxConcurrentWorkflowTaskExecutions: workflowSlots,
      maxConcurrentWorkflowTaskPolls: workflowPollers,
    }),
    // Apart from the workflows, so that a worker that takes no more sessions can bring those that it has to their end.
    Worker.create({
      ...common,
      taskQueue: queues.shared,
      activities: { ...createHostActivities(host) },
      maxConcurrentActivityTaskExecutions: config.BATON_WORKER_CAPACITY,
      // The sessions end by themselves, or by `stop`.
      shutdownGraceTime: '1 day',
    }),
    Worker.create({
      ...common,
      taskQueue: queues.control,
      activities: {
        ...createControlActivities({
          journal,
          startDeadlineMs: config.BATON_START_DEADLINE_HOURS * 3_600_000,
          isOpen: (workflowId) => isOpen(client, workflowId),
        }),
      },
      maxConcurrentActivityTaskExecutions: controlSlots,
    }),
    Worker.create({
      ...common,
      taskQueue: ownTaskQueue,
      activities: {
        ...createSessionActivities({
          journal,
          workspaces,
          blobs,
          harnesses,
          sandbox,
          secretBox: secretBox(config.masterKey, config.previousKeys),
          sessions,
          turnTimeoutMs: config.BATON_TURN_TIMEOUT_MINUTES * 60_000,
          promptDeadlineMs: config.BATON_PROMPT_DEADLINE_HOURS * 3_600_000,
          setupTimeoutMs: config.BATON_SETUP_TIMEOUT_MINUTES * 60_000,
        }),
      },
      maxConcurrentActivityTaskExecutions: 2 * config.BATON_WORKER_CAPACITY,
    }),
  ]);
  const readiness = new Readiness(
    [
      { part: 'database', check: () => journal.pool.query('SELECT 1') },
      { part: 'temporal', check: () => requireNamespace(connection, config.TEMPORAL_NAMESPACE) },
      { part: 'blobs', check: () => blobs.check() },
      { part: 'workers', check: async () => requireRunning(workers) },
    ],
    (part, error) => log.warn({ err: error, needs: part }, 'a part that the worker needs cannot be reached'),
  );
  const internal = await serveInternally(config, log, {
    readiness,
    metrics: workerMetrics({ pool: journal.pool, sessions, capacity: config.BATON_WORKER_CAPACITY }),
  });
  const stopRemoving = removeLeftSessions({
    journal,
    directory: host.sessionsDirectory,
    isHeld: (sessionId) => sessions.has(sessionId),
    log,
  });
  const done = Promise.all(workers.map((worker) => worker.run())).then(() => {});

  const stop = async () => {
    readiness.drain();
    await sessions.endAll();
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    await done.catch((error: unknown) => log.error({ err: error }, 'the worker ended with an error'));
    await Promise.all([sessions.removed(), stopRemoving(), workspaces.close()]);
    await internal?.stop();
    await readiness.settled();
    await Promise.all([connection.close(), native.close(), journal.close()]);
  };

  return {
    done,
    internalPort: internal?.port ?? null,
    drain: async (turnsMs) => {
      readiness.drain();
      const [, hosting] = workers;
      if (hosting?.getState() === 'RUNNING') hosting.shutdown();
      log.info({ sessions: sessions.size, turnsMs }, 'the worker takes nothing more and hands over what it has');
      const wakeUp = (workflowId: string) => client.workflow.getHandle(workflowId).signal(wake);
      await drainSessions({ journal, sessions, wake: wakeUp, turnsMs });
      await stop();
    },
    stop,
  };
}

function serveInternally(
  { BATON_WORKER_INTERNAL_PORT: port, BATON_INTERNAL_HOST: host }: WorkerConfig,
  log: Logger,
  what: Pick<InternalServerOptions, 'readiness' | 'metrics'>,
): Promise<InternalServer> | null {
  if (port === undefined) return null;
  return startInternalServer({
    ...what,
    host,
    port,
    onError: (error) => log.warn({ err: error }, 'the metrics could not be read'),
  });
}

async function isOpen(client: Client, workflowId: string): Promise<boolean> {
  try {
    const { status } = await client.workflow.getHandle(workflowId).describe();
    return isOpenStatus(status.name);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** Rejects when Temporal, or the namespace in it, cannot be reached. */
async function requireNamespace(connection: Connection, namespace: string): Promise<void> {
  await connection.withDeadline(Date.now() + answerMs, () => connection.workflowService.describeNamespace({ namespace }));
}

/** Throws when one of the pollers has ended. */
function requireRunning(workers: readonly Worker[]): void {
  const ended = workers.find((worker) => worker.getState() !== 'RUNNING');
  if (ended) throw Object.assign(new Error(`a poller is ${ended.getState()}`), { name: ended.getState() });
}

/** The built workflow code where there is one, else the source, which Temporal bundles now. */
async function workflowCode(
  { BATON_WORKFLOW_BUNDLE: built }: WorkerConfig,
  interceptors: WorkerOptions['interceptors'],
): Promise<{ workflowBundle: WorkflowBundleOption } | Pick<WorkerOptions, 'workflowsPath' | 'interceptors'>> {
  if (built) return { workflowBundle: { code: await readFile(built, 'utf8') } };
  const pathOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  return {
    workflowsPath: pathOf('./workflows.ts'),
    interceptors: { ...interceptors, workflowModules: [pathOf('./tracedWorkflows.ts')] },
  };
}
