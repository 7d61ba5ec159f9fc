import type { Readable, Writable } from 'node:stream';

/** A host directory or file that a sandboxed process sees besides its workspace and home. */
export interface SandboxMount {
  readonly host: string;
  /** Where the process sees it, absolute. A process group sees the host's path: ask `pathInside`. */
  readonly inside: string;
  readonly writable: boolean;
}

/** What a sandboxed process may see and use. Paths are the host's. */
export interface SandboxSetting {
  readonly workspace: string;
  readonly home: string;
  /**
   * The whole environment of the process; nothing is inherited. A process group adds BATON_SANDBOX_ID, by which its
   * processes are found again, and GIT_CONFIG_SYSTEM where it is not given.
   */
  readonly variables: Readonly<Record<string, string>>;
  /** Whether it may reach the network. */
  readonly network: boolean;
  /** What it sees as `/tmp`. Without one, a sandbox that can hide the host's gives an empty one that lasts as long as the process. */
  readonly temp?: string | undefined;
  /** What else it sees. */
  readonly mounts?: readonly SandboxMount[] | undefined;
  /** Where it starts: the workspace by default. */
  readonly directory?: string | undefined;
  /**
   * PIPE (the default): what is written to `stdin` reaches it. EMPTY: it reads the end at once, from `/dev/null`,
   * which it may also open by name.
   */
  readonly stdin?: 'PIPE' | 'EMPTY' | undefined;
}

export interface SandboxExit {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Of the process and all it started, in steps of 10 ms; 0 where the system does not tell. */
  readonly cpuMs: number;
  /** Of all its processes together, sampled; 0 where the system does not tell. */
  readonly peakMemoryBytes: number;
  /** How many processes were still running when the command ended, or when it was stopped, and were stopped. */
  readonly stopped: number;
}

export interface SandboxProcess {
  readonly stdin: Writable;
  /** Binary-safe. It may hold data to be read after `exit` has resolved; it ends when nothing can write any more. */
  readonly stdout: Readable;
  readonly stderr: Readable;
  /**
   * Resolves once the process and all it started are gone. Rejects with a FailureError (HARNESS_UNAVAILABLE) when
   * the sandbox itself failed, so that the command never ran.
   */
  readonly exit: Promise<SandboxExit>;
  /** Stops the whole tree: SIGTERM, then SIGKILL after `graceMs` (default 2,000 ms). Resolves when all of it is gone. */
  stop(graceMs?: number): Promise<void>;
}

/** One way to keep a process away from the host. */
export interface Sandbox {
  readonly kind: 'BUBBLEWRAP' | 'PROCESS_GROUP';
  /** One or two sentences for the transcript: what this layer keeps away and what it does not. */
  readonly description: string;
  /** Where the process sees its workspace and its home. */
  readonly workspacePath: (setting: SandboxSetting) => string;
  readonly homePath: (setting: SandboxSetting) => string;
  /** Where the process sees a host path; throws for one that it does not see. */
  readonly pathInside: (setting: SandboxSetting, hostPath: string) => string;
  /**
   * Starts a command. Rejects when there is nothing to start it with. A command that does not exist exits with 127
   * and says so on its stderr, as in a shell.
   */
  spawn(command: readonly [string, ...string[]], setting: SandboxSetting): Promise<SandboxProcess>;
}
