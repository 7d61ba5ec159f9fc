import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { GitDirectory, GitProcess, SpawnGit } from './gitProcess.ts';

/** One call of git. */
export interface GitCall {
  readonly cwd: string;
  /** The host's directories that the call needs besides `cwd`. */
  readonly directories?: readonly GitDirectory[];
  /** For the process, above those that every call gets. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Settings above the repository's and those that every call gets. They are among the arguments: nothing private. */
  readonly settings?: readonly (readonly [name: string, value: string])[];
  /** What it reads on standard input. */
  readonly input?: Uint8Array | string | AsyncIterable<Uint8Array>;
  /** Reads standard output as it comes, to its end, instead of `stdout`; git waits for it. */
  readonly readStdout?: (stdout: AsyncIterable<Buffer>) => Promise<void>;
  /** Takes standard error as it comes, for progress. */
  readonly onStderr?: (text: string) => void;
  /** The transports it may use; none by default. */
  readonly transports?: readonly string[];
  /** It is stopped after this long. Milliseconds; 5 minutes by default. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Exit codes that are answers, not errors. Only 0 by default. */
  readonly answers?: readonly number[];
}

export interface GitResult {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs git and gives back what it printed. Throws GitError when it fails, and the signal's reason when that aborts. */
export type Git = (args: readonly string[], call: GitCall) => Promise<GitResult>;

/** Git failed, was stopped at its deadline or could not be started. Its message is for logs: it may quote names of files. */
export class GitError extends Error {
  readonly exitCode: number | null;
  readonly stderr: string;
  readonly timedOut: boolean;
  constructor(command: string, end: { exitCode: number | null; stderr: string; timedOut: boolean }, options?: ErrorOptions) {
    const how = end.timedOut ? 'took too long and was stopped' : `failed with ${end.exitCode ?? 'a signal'}`;
    super(`git ${command} ${how}: ${end.stderr.slice(-1000).trim()}`, options);
    this.name = 'GitError';
    this.exitCode = end.exitCode;
    this.stderr = end.stderr;
    this.timedOut = end.timedOut;
  }
}

const minute = 60_000;
/** Standard error beyond this is not kept. Characters. */
const keptStderr = 64 * 1024;

/**
 * What every git process gets: no configuration but the repository's, no prompt, no pager, no lazy fetch, no
 * replaced objects, no transport but those that the call allows.
 * https://git-scm.com/docs/git#_environment_variables
 */
function environment({ transports = [], variables = {} }: GitCall): Record<string, string> {
  return {
    LC_ALL: 'C',
    HOME: '/nonexistent',
    XDG_CONFIG_HOME: '/nonexistent',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: 'false',
    SSH_ASKPASS: 'false',
    GIT_EDITOR: 'false',
    GIT_PAGER: 'cat',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_NO_LAZY_FETCH: '1',
    GIT_ALLOW_PROTOCOL: transports.join(':'),
    ...(transports.length === 0 ? { GIT_SSH_COMMAND: 'false' } : {}),
    ...variables,
  };
}

/** Given before every command: whatever a repository's configuration says, these run nothing. */
const neutral = [
  ['core.hooksPath', '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['core.untrackedCache', 'false'],
  ['core.excludesFile', '/dev/null'],
  ['core.attributesFile', '/dev/null'],
  ['credential.helper', ''],
  ['protocol.ext.allow', 'never'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  ['advice.detachedHead', 'false'],
] as const;

const asArguments = (settings: NonNullable<GitCall['settings']>): string[] =>
  settings.flatMap(([key, value]) => ['-c', `${key}=${value}`]);

async function feed(process: GitProcess, input: GitCall['input']): Promise<void> {
  if (input === undefined) {
    process.stdin.end();
    return;
  }
  if (typeof input === 'string' || input instanceof Uint8Array) {
    process.stdin.end(input);
    return;
  }
  await pipeline(Readable.from(input, { objectMode: false }), process.stdin);
}

async function readStdout(process: GitProcess, read: GitCall['readStdout']): Promise<Buffer> {
  const stdout = process.stdout as AsyncIterable<Buffer>;
  if (read) {
    await read(stdout);
    return Buffer.alloc(0);
  }
  const chunks: Buffer[] = [];
  for await (const chunk of stdout) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function readStderr(process: GitProcess, onStderr: GitCall['onStderr']): Promise<string> {
  let kept = '';
  process.stderr.setEncoding('utf8');
  for await (const part of process.stderr as AsyncIterable<string>) {
    onStderr?.(part);
    kept = (kept + part).slice(-keptStderr);
  }
  return kept;
}

/** Git over a way to start it. */
export function createGit(spawnGit: SpawnGit): Git {
  return async (args, call) => {
    call.signal?.throwIfAborted();
    const command = args.find((arg) => !arg.startsWith('-')) ?? '';
    const process = spawnGit([...asArguments(neutral), ...asArguments(call.settings ?? []), ...args], {
      cwd: call.cwd,
      variables: environment(call),
      directories: [{ path: call.cwd, writable: true }, ...(call.directories ?? [])],
      network: (call.transports ?? []).some((transport) => transport !== 'file'),
    });
    let timedOut = false;
    const stop = () => void process.stop();
    const timer = setTimeout(
      () => {
        timedOut = true;
        stop();
      },
      call.deadlineMs ?? 5 * minute,
    );
    call.signal?.addEventListener('abort', stop, { once: true });
    try {
      // A git that ends before it has read all of its input is judged by its exit code; an input that fails is our error.
      process.stdin.on('error', () => {});
      const feeding = feed(process, call.input).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'EPIPE' || error.code === 'ERR_STREAM_PREMATURE_CLOSE' || error.code === 'ECONNRESET') return;
        stop();
        throw error;
      });
      const reading = readStdout(process, call.readStdout).catch((error: unknown) => {
        stop();
        throw error;
      });
      const [exit, stdout, stderr] = await Promise.all([process.exit, reading, readStderr(process, call.onStderr), feeding]);
      call.signal?.throwIfAborted();
      const { exitCode } = exit;
      if (timedOut || exitCode === null || !(call.answers ?? [0]).includes(exitCode))
        throw new GitError(command, { exitCode, stderr, timedOut });
      return { exitCode, stdout, stderr };
    } catch (error) {
      await process.stop();
      if ((error as NodeJS.ErrnoException).syscall?.startsWith('spawn'))
        throw new GitError(command, { exitCode: null, stderr: String(error), timedOut }, { cause: error });
      throw error;
    } finally {
      clearTimeout(timer);
      call.signal?.removeEventListener('abort', stop);
    }
  };
}
