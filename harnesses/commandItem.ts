import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { ChunkStream, ItemEnded, ItemKind } from '../domain/events.ts';
import { BoundedOutput, type OutputChunk } from './boundedOutput.ts';
import type { CalledTool } from './calledTool.ts';
import type { Emit } from './harness.ts';
import { OutputDecoder } from './outputText.ts';
import type { Sandbox, SandboxExit, SandboxSetting } from './sandbox.ts';

/** A command whose output goes into the transcript, as one item. */
export interface CommandItem {
  readonly kind: Extract<ItemKind, 'COMMAND' | 'SETUP'>;
  /** One line for people. */
  readonly title: string;
  readonly command: readonly [string, ...string[]];
  /** The call of a tool that it is, for an agent's. */
  readonly call?: CalledTool;
  /** Hears all that it prints, also what the transcript leaves out. */
  readonly heard?: (text: string) => void;
  /** Its stdin is empty whatever the setting says; `agentSandboxSetting` has the environment. */
  readonly setting: SandboxSetting;
  /** When it takes longer it is stopped. Milliseconds. */
  readonly timeoutMs: number;
  /** Output past this many bytes is dropped, but for the last 64 KiB. Default 10 MiB. */
  readonly outputBytes?: number;
}

export interface CommandResult {
  /** ENDED: by itself. ABORTED and TIMED_OUT: it was stopped. */
  readonly reason: 'ENDED' | 'ABORTED' | 'TIMED_OUT';
  readonly exit: SandboxExit;
  readonly tookMs: number;
}

const defaultOutputBytes = 10 * 1024 * 1024;

/** The longest that a timer takes: 24.8 days. */
const longestTimeoutMs = 2 ** 31 - 1;

/** Output may come this much later than the end of all known processes; then one that escaped holds the pipe. */
const lastOutputMs = 1000;

/**
 * Runs one command and tells the transcript: that it started, its output as it comes, and how it ended. Whatever
 * happens, nothing of it runs any more when this resolves or rejects. Rejects when the sandbox cannot start it (a
 * FailureError) and when `emit` does; the item is then ended as failed where the transcript still takes it.
 */
export async function runCommandItem(
  sandbox: Sandbox,
  item: CommandItem,
  emit: Emit,
  signal: AbortSignal,
): Promise<CommandResult> {
  const began = performance.now();
  const itemId = randomUUID();
  const output = new BoundedOutput(item.outputBytes ?? defaultOutputBytes);
  await emit({ type: 'item.started', itemId, kind: item.kind, title: item.title, ...item.call });
  const emitChunks = async (chunks: readonly OutputChunk[]): Promise<void> => {
    for (const chunk of chunks) await emit({ type: 'item.chunk', itemId, ...chunk });
  };
  const end = async (ended: Pick<ItemEnded, 'status' | 'exitCode' | 'signal'>): Promise<number> => {
    const { chunks, ...summary } = output.finish();
    await emitChunks(chunks);
    const tookMs = Math.round(performance.now() - began);
    await emit({ type: 'item.ended', itemId, ...ended, ...summary, tookMs });
    return tookMs;
  };
  let ran: Ran;
  try {
    ran = signal.aborted ? { reason: 'ABORTED', exit: notStarted } : await run(sandbox, item, { output, emitChunks, signal });
  } catch (error) {
    // When it is the transcript that failed, this fails in the same way; the first error counts.
    await end({ status: 'FAILED', exitCode: null, signal: null }).catch(() => undefined);
    throw error;
  }
  const { reason, exit } = ran;
  const status = reason === 'ABORTED' ? 'CANCELED' : reason === 'ENDED' && exit.exitCode === 0 ? 'OK' : 'FAILED';
  const tookMs = await end({ status, exitCode: exit.exitCode, signal: exit.signal });
  return { reason, exit, tookMs };
}

const notStarted: SandboxExit = { exitCode: null, signal: null, cpuMs: 0, peakMemoryBytes: 0, stopped: 0 };

type Ran = Omit<CommandResult, 'tookMs'>;

interface Following {
  readonly output: BoundedOutput;
  readonly emitChunks: (chunks: readonly OutputChunk[]) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Passes output on until the process is gone and its output has ended; stops it on abort, timeout or a failing transcript. */
async function run(sandbox: Sandbox, item: CommandItem, { output, emitChunks, signal }: Following): Promise<Ran> {
  const process = await sandbox.spawn(item.command, { ...item.setting, stdin: 'EMPTY' });
  let reason: CommandResult['reason'] = 'ENDED';
  let gone = false;
  const stop = (why: 'ABORTED' | 'TIMED_OUT'): void => {
    if (reason === 'ENDED' && !gone) reason = why;
    void process.stop();
  };
  const abort = (): void => stop('ABORTED');
  const timer = setTimeout(() => stop('TIMED_OUT'), Math.min(item.timeoutMs, longestTimeoutMs));
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  // Both streams write one transcript: each waits until what came before it is taken.
  let last: Promise<void> = Promise.resolve();
  const pass = (stream: ChunkStream, text: string): Promise<void> => {
    if (text === '') return last;
    item.heard?.(text);
    last = last.then(() => emitChunks(output.take(stream, text)));
    return last;
  };
  const pumps = [
    pump(process.stdout, process.exit, (text) => pass('STDOUT', text)),
    pump(process.stderr, process.exit, (text) => pass('STDERR', text)),
  ];
  try {
    const exit = process.exit.finally(() => (gone = true));
    const [ended] = await Promise.all([exit, ...pumps]);
    return { reason, exit: ended };
  } catch (error) {
    await process.stop(0);
    await Promise.allSettled(pumps);
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

/** Passes a stream on as text, no faster than it is taken, until it ends or nobody known is left to write to it. */
async function pump(stream: Readable, exit: Promise<unknown>, pass: (text: string) => Promise<void>): Promise<void> {
  const decoder = new OutputDecoder();
  const idle = new IdleWatch(stream, exit);
  try {
    for await (const part of stream) {
      idle.pause();
      await pass(decoder.take(part as Buffer));
      idle.resume();
    }
  } catch (error) {
    if (!idle.gaveUp) throw error;
  } finally {
    idle.end();
  }
  await pass(decoder.end());
}

/** Gives a stream up that brings nothing for a while after the process has gone, and does not end. */
class IdleWatch {
  gaveUp = false;
  #since = performance.now();
  #timer: NodeJS.Timeout | null = null;
  #over = false;

  constructor(stream: Readable, exit: Promise<unknown>) {
    const begin = (): void => {
      if (this.#over) return;
      if (Number.isFinite(this.#since)) this.resume();
      this.#timer = setInterval(() => {
        this.gaveUp = performance.now() - this.#since > lastOutputMs;
        if (this.gaveUp) stream.destroy();
      }, lastOutputMs / 4);
    };
    exit.then(begin, begin);
  }

  pause(): void {
    this.#since = Number.POSITIVE_INFINITY;
  }

  resume(): void {
    this.#since = performance.now();
  }

  end(): void {
    this.#over = true;
    if (this.#timer) clearInterval(this.#timer);
  }
}
