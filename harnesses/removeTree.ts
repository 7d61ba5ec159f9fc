import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Removes a directory that an agent wrote in, also where it took away its own right to do so. */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    if (!['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    // It follows no links on its way down.
    await run('chmod', ['-R', 'u+rwx', path]);
    await rm(path, { recursive: true, force: true });
  }
}
