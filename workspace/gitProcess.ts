import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

/** What a git process may see and use. */
export interface GitSetting {
  readonly cwd: string;
  /** The whole environment of the process; nothing is inherited. */
  readonly variables: Readonly<Record<string, string>>;
  /** The host's directories that it needs, by their own absolute paths: a sandbox shows it these and no others. */
  readonly directories: readonly GitDirectory[];
  /** Whether it talks to a remote. */
  readonly network: boolean;
}

export interface GitDirectory {
  readonly path: string;
  readonly writable: boolean;
}

export interface GitProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves once the process is gone; rejects when it could not be started. */
  readonly exit: Promise<{ readonly exitCode: number | null; readonly signal: string | null }>;
  /** Stops it and all it started: SIGTERM, then SIGKILL. Resolves when it is gone. */
  stop(): Promise<void>;
}

/**
 * Starts git. This is the seam for a sandbox: a worker may give an implementation that runs the same git where
 * only the setting's directories exist and no network does.
 */
export type SpawnGit = (args: readonly string[], setting: GitSetting) => GitProcess;

/** How long a git that was asked to stop may take. Milliseconds. */
const stopGraceMs = 2000;

/** Starts git as a plain process, in a group of its own so that its helpers stop with it. */
export function directGit({
  program = 'git',
  path = '/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin',
}: { readonly program?: string; readonly path?: string } = {}): SpawnGit {
  return (args, { cwd, variables }) => {
    const child = spawn(program, args, {
      cwd,
      env: { PATH: path, ...variables },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    const exit = new Promise<{ exitCode: number | null; signal: string | null }>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (exitCode, signal) => resolve({ exitCode, signal }));
    });
    exit.catch(() => {}); // seen by whoever awaits it
    const signalGroup = (signal: NodeJS.Signals) => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, signal);
      } catch {
        // the whole group is gone already
      }
    };
    return {
      stdin: child.stdin,
      stdout: child.stdout,
      stderr: child.stderr,
      exit,
      async stop() {
        signalGroup('SIGTERM');
        const timer = setTimeout(() => signalGroup('SIGKILL'), stopGraceMs);
        await exit.catch(() => {});
        clearTimeout(timer);
      },
    };
  };
}
