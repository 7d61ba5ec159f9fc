import type { PartMessage } from '../../config/part.ts';
import { Problem } from '../problem.ts';
import { Child, describeExit, type Exit } from '../processes/child.ts';
import { lastWords } from '../processes/log.ts';
import type { Part, RunningPart, StartContext } from './part.ts';

/** A program of ours that runs as a process: the gateway or a worker. */
export interface ProgramOptions {
  readonly name: string;
  /** The file that Node runs. */
  readonly file: string;
  /** Asked for at each start. */
  readonly environment: () => NodeJS.ProcessEnv;
  readonly log: string;
  /** A file that names its process while it runs. */
  readonly record: string;
  /** How long it may take until it says that it is ready. */
  readonly readyWithinMs?: number;
  /** Hears the address that it says it listens on. */
  readonly onReady?: (url: string) => void;
}

const readyWithinMs = 60_000;
/** They end themselves before that: `stopWithinMs` of config/part.ts. */
const stopGraceMs = 10_000;
const killGraceMs = 1_000;

/**
 * The part that is one of our programs. It says over its channel when it does its work, and why it failed, before it exits
 * for a reason that it knows.
 */
export function program(options: ProgramOptions): Part {
  return { name: options.name, start: (context) => start(options, context) };
}

async function start(options: ProgramOptions, { signal }: StartContext): Promise<RunningPart> {
  const { file, log, record, name } = options;
  const environment = options.environment();
  const child = await Child.start({ command: process.execPath, args: [file], environment, log, record, ipc: true });
  let failure: string | null = null;
  const describeEnd = (exit: Exit) => failure ?? withWords(describeExit(exit), exit);
  const ready = new Promise<string | undefined>((resolve) => {
    child.onMessage((message) => {
      const parsed = parseMessage(message);
      if (parsed?.type === 'failed') failure = parsed.message;
      if (parsed?.type === 'ready') resolve(parsed.url);
    });
  });
  const within = options.readyWithinMs ?? readyWithinMs;
  const outcome = await Promise.race([
    ready.then((url) => ({ url })),
    child.exited.then((exit) => ({ problem: `The ${name.toLowerCase()} did not start: ${describeEnd(exit)}` })),
    after(within, signal).then(() => ({ problem: `The ${name.toLowerCase()} was not ready after ${within / 1_000} s.` })),
  ]);
  if ('problem' in outcome) {
    await child.stop('SIGTERM', killGraceMs);
    signal.throwIfAborted();
    throw new Problem(`${outcome.problem}\nIts log is ${log}.`);
  }
  if (outcome.url !== undefined) options.onReady?.(outcome.url);
  return {
    detail: outcome.url ?? `process ${child.pid}`,
    exited: child.exited.then(describeEnd),
    stop: () => child.stop('SIGTERM', stopGraceMs),
    kill: () => child.stop('SIGKILL', killGraceMs),
  };
}

function parseMessage(message: unknown): PartMessage | null {
  if (typeof message !== 'object' || message === null) return null;
  const { type, url, message: reason } = message as Record<string, unknown>;
  if (type === 'ready') return typeof url === 'string' ? { type, url } : { type };
  return type === 'failed' && typeof reason === 'string' ? { type, message: reason } : null;
}

/** Resolves after a while, or when the signal is aborted. It keeps no process alive. */
function after(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    timer.unref();
    signal.addEventListener('abort', () => resolve(), { once: true });
    if (signal.aborted) resolve();
  });
}

function withWords(how: string, exit: Exit): string {
  const words = lastWords(exit.tail);
  return exit.signal !== null || words === '' ? how : `${how}: ${words}`;
}
