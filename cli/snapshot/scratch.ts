import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { machine } from '../../config/machine.ts';
import { FailureError } from '../../domain/failure.ts';
import { Problem } from '../../stack/problem.ts';
import { NotAdoptableError } from '../../workspace/adopt.ts';
import { createGit, type Git } from '../../workspace/git.ts';
import { directGit, type SpawnGit } from '../../workspace/gitProcess.ts';
import { SnapshotFileError } from '../../workspace/snapshotFile.ts';

/** What a command works with. */
export interface Scratch {
  /** A directory for itself, which goes away. */
  readonly directory: string;
  readonly git: Git;
  readonly spawnGit: SpawnGit;
  /** Aborts when a person presses Ctrl-C. */
  readonly signal: AbortSignal;
}

/**
 * Runs a command with a scratch directory beside what it writes, so that both are on one disk, or among the machine's
 * temporary files. What a person can mend comes out as a Problem.
 */
export async function withScratch<T>(beside: string | null, run: (scratch: Scratch) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = () => controller.abort(new Problem('Stopped. Nothing was left behind.'));
  const directory = await makeDirectory(beside);
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, stop);
  try {
    const spawnGit = directGit({ path: machine().path.join(delimiter) });
    return await run({ directory, git: createGit(spawnGit), spawnGit, signal: controller.signal });
  } catch (error) {
    throw explain(error);
  } finally {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, stop);
    await rm(directory, { recursive: true, force: true });
  }
}

async function makeDirectory(beside: string | null): Promise<string> {
  const name = '.baton-snapshot-';
  if (beside !== null) {
    try {
      return await mkdtemp(join(beside, name));
    } catch (error) {
      if (!['EACCES', 'EPERM', 'EROFS', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw explain(error);
    }
  }
  return mkdtemp(join(tmpdir(), name));
}

/** Says errors that a person can mend as what they are. */
export function explain(error: unknown): unknown {
  if (error instanceof NotAdoptableError || error instanceof SnapshotFileError || error instanceof FailureError)
    return new Problem(error.message, { cause: error });
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (error instanceof Error && code !== undefined && syscall !== undefined && /^E[A-Z0-9]+$/.test(code))
    return new Problem(code === 'ENOSPC' ? `The disk is full: ${error.message}` : error.message, { cause: error });
  return error;
}
