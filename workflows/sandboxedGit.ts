import { PassThrough } from 'node:stream';
import type { Sandbox, SandboxProcess } from '../harnesses/sandbox.ts';
import { directGit, type SpawnGit } from '../workspace/gitProcess.ts';

export interface SandboxedGitOptions {
  readonly sandbox: Sandbox;
  /** An empty directory of the worker's: what git sees as workspace and home, where nothing is. */
  readonly nothing: string;
}

const path = '/usr/local/bin:/usr/bin:/bin';

/**
 * Git for workspaces that an agent could write: in the sandbox, without network, with the directories it needs and no
 * others, each at its own path. Whatever a repository's configuration makes it run can reach nothing else. Where the
 * worker has no sandbox, git is a plain process; what would run code is then only neutralised by its options.
 */
export function sandboxedGit({ sandbox, nothing }: SandboxedGitOptions): SpawnGit {
  if (sandbox.kind === 'PROCESS_GROUP') return directGit();
  return (args, { cwd, variables, directories }) => {
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const starting = sandbox.spawn(['git', ...args], {
      workspace: nothing,
      home: nothing,
      directory: cwd,
      variables: { PATH: path, ...variables },
      network: false,
      mounts: directories.map((directory) => ({ host: directory.path, inside: directory.path, writable: directory.writable })),
    });
    const exit = starting.then(async (process) => {
      connect(process, { stdin, stdout, stderr });
      const { exitCode, signal } = await process.exit;
      return { exitCode, signal };
    });
    // Seen by whoever awaits it; the streams end in any case.
    exit.catch((error: unknown) => {
      for (const stream of [stdout, stderr]) stream.destroy(error instanceof Error ? error : new Error(String(error)));
    });
    return { stdin, stdout, stderr, exit, stop: async () => (await starting).stop() };
  };
}

function connect(process: SandboxProcess, { stdin, stdout, stderr }: Record<'stdin' | 'stdout' | 'stderr', PassThrough>): void {
  // Git may end without having read all its input.
  process.stdin.on('error', () => stdin.destroy());
  stdin.pipe(process.stdin);
  process.stdout.pipe(stdout);
  process.stderr.pipe(stderr);
}
