import { setTimeout as sleep } from 'node:timers/promises';
import { failureOf } from '../domain/failure.ts';
import type { Sandbox, SandboxExit, SandboxProcess, SandboxSetting } from '../harnesses/sandbox.ts';
import { shell } from '../harnesses/shell.ts';
import type { BytePath } from '../workspace/bytePath.ts';
import type { Gap } from '../workspace/manifest.ts';

/** Longer than this it is stopped. Milliseconds. */
const defaultDeadlineMs = 30_000;
/** It may print this much. Bytes. */
const mostBytes = 1024 * 1024;
/** Output may come this much later than the end of the script; then something that escaped holds the pipe. Milliseconds. */
const lastOutputMs = 1_000;

export interface OutsideScriptRequest {
  readonly sandbox: Sandbox;
  readonly setting: SandboxSetting;
  readonly script: string;
  readonly deadlineMs?: number;
  readonly signal: AbortSignal;
}

export interface PrintedPaths {
  readonly paths: readonly BytePath[];
  /** Why there may be fewer than the script would have printed. */
  readonly gaps: readonly Gap[];
}

/**
 * Runs the environment's script that prints paths, as setup commands are run. Its failure never fails a capture: what it
 * printed until then counts, and the gap says why that may not be all. Rejects only when the signal aborts.
 */
export async function runOutsideScript(request: OutsideScriptRequest): Promise<PrintedPaths> {
  const { sandbox, setting, script, deadlineMs = defaultDeadlineMs, signal } = request;
  signal.throwIfAborted();
  let process: SandboxProcess;
  try {
    process = await sandbox.spawn([shell, '-c', script], { ...setting, stdin: 'EMPTY' });
  } catch (error) {
    return { paths: [], gaps: [failed(failureOf(error).message)] };
  }
  let trouble: string | null = null;
  const stop = (why: string | null) => {
    trouble ??= why;
    void process.stop();
  };
  const timer = setTimeout(() => stop(`it took longer than ${deadlineMs / 1_000} s`), deadlineMs);
  const abort = () => stop(null);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  const output: Buffer[] = [];
  const reading = read(process, output, () => stop(`it printed more than ${mostBytes / 1024 ** 2} MiB`));
  try {
    const exit = await process.exit;
    await Promise.race([reading, sleep(lastOutputMs, undefined, { ref: false })]);
    signal.throwIfAborted();
    trouble ??= exitText(exit);
  } catch (error) {
    signal.throwIfAborted();
    trouble ??= failureOf(error).message;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
    process.stdout.destroy();
    process.stderr.destroy();
  }
  return { paths: pathsIn(Buffer.concat(output), trouble === null), gaps: trouble === null ? [] : [failed(trouble)] };
}

async function read({ stdout, stderr }: SandboxProcess, output: Buffer[], onTooMuch: () => void): Promise<void> {
  stderr.on('error', () => {}).resume();
  let size = 0;
  try {
    for await (const piece of stdout as AsyncIterable<Buffer>) {
      if (size + piece.length > mostBytes) return onTooMuch();
      size += piece.length;
      output.push(piece);
    }
  } catch {
    // The stream was given up; what it brought is there.
  }
}

/** Paths that are ended by a NUL; where there is none, by a line’s end. The last needs no end when the script ended well. */
function pathsIn(output: Buffer, whole: boolean): BytePath[] {
  const text = output.toString('latin1');
  const lines = text.split(text.includes('\0') ? '\0' : '\n');
  return (whole ? lines : lines.slice(0, -1)).filter((line) => line !== '');
}

const exitText = ({ exitCode, signal }: SandboxExit): string | null =>
  exitCode === 0 ? null : exitCode === null ? `it was ended by ${signal}` : `it exited with ${exitCode}`;

const failed = (why: string): Gap => ({
  path: 'outsideScript',
  status: 'FAILED',
  reason: 'OUTSIDE_SCRIPT',
  detail: `the environment’s script did not tell all files outside repositories: ${why.replace(/\.$/, '')}`,
});
