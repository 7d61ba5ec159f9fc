import { constants } from 'node:fs';
import { access, chmod, mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { diskFullProblem, explainFileError } from './problem.ts';
import { projectRoot } from './projectRoot.ts';

/** Where the local system keeps everything: one directory. */
export interface State {
  readonly directory: string;
  readonly postgres: string;
  readonly temporal: string;
  readonly blobs: string;
  readonly worker: string;
  readonly logs: string;
  /** What is known of the processes that were started, for a start after a kill -9. */
  readonly processes: string;
  readonly lock: string;
  readonly ports: string;
  readonly masterKey: string;
  readonly gateway: string;
}

/** A first start writes about 60 MB; with less than this left nothing would run for long. */
const minimumFreeBytes = 100 * 1024 * 1024;

/** The paths of a state directory: the one given, or `.baton` in the checkout. Touches nothing. */
export function statePaths(home: string | undefined): State {
  const directory = home === undefined ? join(projectRoot, '.baton') : resolve(home);
  const at = (name: string) => join(directory, name);
  return {
    directory,
    postgres: at('postgres'),
    temporal: at('temporal'),
    blobs: at('blobs'),
    worker: at('worker'),
    logs: at('logs'),
    processes: at('processes'),
    lock: at('supervisor.json'),
    ports: at('ports.json'),
    masterKey: at('master.key'),
    gateway: at('gateway.json'),
  };
}

/**
 * Makes the state directory and what belongs in it, and proves that it can be written.
 * Throws a Problem that says why not: unwritable, a file in the way, a full disk.
 */
export async function openState(state: State): Promise<void> {
  try {
    // As root, PostgreSQL runs as another user, who has to pass through. Each secret has a mode of its own.
    const mode = process.getuid?.() === 0 ? 0o711 : 0o700;
    await mkdir(state.directory, { recursive: true, mode });
    await access(state.directory, constants.W_OK | constants.X_OK);
    await chmod(state.directory, mode);
    for (const directory of [state.temporal, state.blobs, state.worker, state.logs, state.processes]) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
    }
    await proveWritable(state.directory);
  } catch (error) {
    throw explainFileError(error, state.directory);
  }
}

async function proveWritable(directory: string): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  if (bavail * bsize < minimumFreeBytes) throw diskFullProblem(directory);
  const probe = join(directory, `.probe-${process.pid}`);
  try {
    await writeFile(probe, 'x');
  } finally {
    await rm(probe, { force: true });
  }
}
