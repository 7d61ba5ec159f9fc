import { mkdirSync } from 'node:fs';
import { chmod, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { withLock } from '../lock.ts';
import { explainFileError } from '../problem.ts';
import { isExecutable, type Search } from './tool.ts';

/**
 * The path of a program in the cache, which `make` makes in a directory of its own when it is not there: once, for a
 * second process waits for the first, and whole, for it is renamed into its place.
 */
export async function cacheEntry(search: Search, target: string, make: (draft: string) => Promise<string>): Promise<string> {
  const { progress, signal } = search;
  const directory = dirname(target);
  try {
    mkdirSync(directory, { recursive: true });
    const onWait = ({ pid }: { pid: number }) => progress(`waiting for process ${pid}, which gets it already`);
    return await withLock(`${target}.lock`, () => fill(target, make), { onWait, ...(signal && { signal }) });
  } catch (error) {
    throw explainFileError(error, directory, 'XDG_CACHE_HOME');
  }
}

async function fill(target: string, make: (draft: string) => Promise<string>): Promise<string> {
  if (await isExecutable(target)) return target;
  await removeDrafts(target);
  const draft = await mkdtemp(`${target}.draft-`);
  try {
    const made = await make(draft);
    await chmod(made, 0o755);
    await rename(made, target);
    return target;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Those of processes that were killed: we hold the lock, so nobody needs them. */
async function removeDrafts(target: string): Promise<void> {
  for (const name of await readdir(dirname(target))) {
    if (name.startsWith(`${basename(target)}.draft-`)) await rm(join(dirname(target), name), { recursive: true, force: true });
  }
}
