import { join } from 'node:path';
import type { Connection } from '@temporalio/client';
import type { Machine } from '../../config/machine.ts';
import { diskFullProblem, Problem, saysDiskFull } from '../problem.ts';
import type { Ports } from '../ports.ts';
import { Child, describeExit, type Exit } from '../processes/child.ts';
import { lastWords } from '../processes/log.ts';
import { temporalTool } from '../tools/temporal.ts';
import { findTool, type FoundTool } from '../tools/tool.ts';
import { connectTemporal } from './connect.ts';
import { registerSearchAttributes } from './register.ts';

export interface TemporalOptions {
  /** Where its database is kept; null keeps it in memory. */
  readonly directory: string | null;
  readonly log: string;
  /** A file that names its process while it runs. */
  readonly record?: string;
  readonly ports: Ports;
  readonly namespace: string;
  readonly machine: Machine;
  readonly progress: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface RunningTemporal {
  readonly address: string;
  /** Of the server. */
  readonly version: string;
  readonly tool: FoundTool;
  readonly pid: number;
  readonly exited: Promise<string>;
  stop(): Promise<void>;
  kill(): Promise<void>;
}

const startDeadlineMs = 60_000;
const stopGraceMs = 5_000;
const killGraceMs = 2_000;
const portAttempts = 3;
/** How long the server keeps closed executions; its own default is a day. */
const retention = '30 days';
const retentionSeconds = 30 * 24 * 60 * 60;

/**
 * Finds Temporal's development server, starts it, and makes it ready for runs: search attributes, retention, fairness.
 * Throws a Problem when it can't.
 */
export async function startTemporal(options: TemporalOptions): Promise<RunningTemporal> {
  const { machine, progress, signal, ports } = options;
  const tool = await findTool(temporalTool, { machine, progress, signal });
  let port = await ports.take('temporal');
  for (let attempt = 1; ; attempt++) {
    const outcome = await start(options, tool, port);
    if (!('tail' in outcome)) return outcome;
    const isTaken = /address already in use|can't set frontend port/i.test(outcome.tail);
    if (!isTaken || attempt === portAttempts) throw explain(outcome, options);
    port = await ports.renew('temporal');
  }
}

async function start(options: TemporalOptions, tool: FoundTool, port: number): Promise<RunningTemporal | Exit> {
  const { directory, namespace, log, record, machine, signal } = options;
  const environment = {
    PATH: machine.environment['PATH'],
    HOME: machine.environment['HOME'],
    TMPDIR: machine.environment['TMPDIR'],
  };
  const args = serverArguments(port, directory, namespace);
  const child = await Child.start({ command: tool.path, args, environment, log, ...(record !== undefined && { record }) });
  const address = `127.0.0.1:${port}`;
  try {
    const gaveUp = () => child.exit && describeExit(child.exit);
    const connection = await connectTemporal(address, startDeadlineMs, { signal, gaveUp });
    try {
      const version = await prepare(connection, namespace);
      return describeRunning(address, version, tool, child);
    } finally {
      await connection.close();
    }
  } catch (error) {
    if (child.exit !== null) return child.exit;
    await child.stop('SIGTERM', killGraceMs);
    signal?.throwIfAborted();
    throw error instanceof Problem
      ? error
      : new Problem(`Temporal did not become ready: ${(error as Error).message}\nIts log is ${log}.`);
  }
}

function serverArguments(port: number, directory: string | null, namespace: string): string[] {
  const config: Readonly<Record<string, string>> = {
    // Sessions of one team do not keep those of another waiting.
    'matching.enableFairness': 'true',
    // Over several partitions of a queue the order would be fair in each only.
    'matching.numTaskqueueReadPartitions': '1',
    'matching.numTaskqueueWritePartitions': '1',
  };
  return [
    'server',
    'start-dev',
    '--headless',
    '--ip=127.0.0.1',
    `--port=${port}`,
    `--namespace=${namespace}`,
    '--log-format=json',
    '--log-level=warn',
    ...(directory === null ? [] : ['--db-filename', join(directory, 'temporal.db')]),
    ...Object.entries(config).flatMap(([key, value]) => ['--dynamic-config-value', `${key}=${value}`]),
  ];
}

async function prepare(connection: Connection, namespace: string): Promise<string> {
  await registerSearchAttributes(connection, namespace);
  const { config } = await connection.workflowService.describeNamespace({ namespace });
  if (Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) < retentionSeconds) {
    const { msToTs } = await import('@temporalio/common/lib/time');
    await connection.workflowService.updateNamespace({
      namespace,
      config: { workflowExecutionRetentionTtl: msToTs(retention) },
    });
  }
  return (await connection.workflowService.getSystemInfo({})).serverVersion;
}

function describeRunning(address: string, version: string, tool: FoundTool, child: Child): RunningTemporal {
  return {
    address,
    version,
    tool,
    pid: child.pid,
    exited: child.exited.then((exit) => `${describeExit(exit)}${exit.signal ? '' : `: ${lastWords(exit.tail)}`}`),
    stop: () => child.stop('SIGTERM', stopGraceMs),
    kill: () => child.stop('SIGKILL', killGraceMs),
  };
}

function explain(exit: Exit, { directory, log }: TemporalOptions): Problem {
  if (saysDiskFull(exit.tail) && directory !== null) return diskFullProblem(directory);
  return new Problem(`Temporal did not start, it ${describeExit(exit)}: ${lastWords(exit.tail)}\nIts log is ${log}.`);
}
