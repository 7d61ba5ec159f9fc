import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, statfs, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Git } from './git.ts';
import type { FileSystemSettings } from './sideRepository.ts';
import { checkOutCommit, type Checkout } from './workingCopy.ts';

export interface ReadyCheckoutsOptions {
  /** Where they are kept, on the file system of the workspaces. */
  readonly directory: string;
  /** How many are kept in all. */
  readonly most: number;
  /** How long the worker rests after a workspace was opened, before one is made. Milliseconds; 2 s by default. */
  readonly restMs?: number;
  /** Takes what kept one from being made: sessions then check out by themselves. */
  readonly onTrouble: (error: unknown) => void;
}

type Wanted = Pick<Checkout, 'mirror' | 'commit' | 'format'>;

/** One in the making, or being removed, that is this old was left by a process that is gone. Milliseconds. */
const abandonedMs = 60 * 60_000;
/** None is made while less than this part of the disk is free. */
const leastFree = 0.1;
const passing = /^(?:making|removed)-/;

/**
 * Checkouts made in advance. Once a workspace was opened, the next session that opens at its commit is likely to come
 * to this worker too; a rename then takes the place of writing every file. Each is used once, and until then nobody
 * but git has touched it. The remote is asked before as always: a checkout has nothing that the mirror, which the
 * caller may use, does not have.
 */
export class ReadyCheckouts {
  readonly #git: Git;
  readonly #options: ReadyCheckoutsOptions;
  readonly #stopped = new AbortController();
  readonly #wanted = new Map<string, Wanted>();
  #working: Promise<void> | null = null;

  constructor(git: Git, options: ReadyCheckoutsOptions) {
    this.#git = git;
    this.#options = options;
  }

  /** Moves a checkout of the commit to its directory, which is empty. Null when none is ready. */
  async take(wanted: Checkout): Promise<FileSystemSettings | null> {
    for (const name of await this.#ready(keyOf(wanted))) {
      const checkout = join(this.#options.directory, name);
      try {
        const settings = JSON.parse(await readFile(join(checkout, 'settings.json'), 'utf8')) as FileSystemSettings;
        await settleIndex(join(checkout, 'worktree/.git/index'));
        await rename(join(checkout, 'worktree'), wanted.directory);
        return settings;
      } catch (error) {
        // Gone when another session was faster; of no use when it is damaged: then the session checks out by itself.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#options.onTrouble(error);
      } finally {
        await this.#remove(checkout);
      }
    }
    return null;
  }

  /** Has a checkout made once the worker has rested a while. */
  want(wanted: Wanted): void {
    if (wanted.commit === null || this.#stopped.signal.aborted) return;
    this.#wanted.set(keyOf(wanted), wanted);
    this.#working ??= this.#work().finally(() => {
      this.#working = null;
    });
  }

  /** Gives back the space that the ready ones take. */
  async clear(): Promise<void> {
    await mkdir(this.#options.directory, { recursive: true, mode: 0o700 });
    await this.#keep(0);
  }

  /** Resolves when all that were wanted are ready, or cannot be made. */
  async settled(): Promise<void> {
    while (this.#working) await this.#working;
  }

  /** Makes no more. */
  async close(): Promise<void> {
    this.#stopped.abort(new Error('the worker stops'));
    await this.#working;
  }

  async #work(): Promise<void> {
    const { signal } = this.#stopped;
    while (this.#wanted.size > 0) {
      await sleep(this.#options.restMs ?? 2_000, undefined, { signal }).catch(() => {});
      for (const [key, wanted] of this.#wanted) {
        this.#wanted.delete(key);
        try {
          signal.throwIfAborted();
          if ((await this.#ready(key)).length === 0) await this.#make(key, wanted);
        } catch (error) {
          if (!signal.aborted) this.#options.onTrouble(error);
        }
      }
    }
  }

  async #make(key: string, wanted: Wanted): Promise<void> {
    const { directory, most } = this.#options;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const { bavail, blocks } = await statfs(directory);
    if (bavail < blocks * leastFree) return;
    await this.#keep(most - 1);
    const id = randomBytes(6).toString('hex');
    const made = join(directory, `making-${id}`);
    try {
      await mkdir(made);
      const worktree = join(made, 'worktree');
      const settings = await checkOutCommit(this.#git, { ...wanted, directory: worktree, signal: this.#stopped.signal });
      await writeFile(join(made, 'settings.json'), JSON.stringify(settings));
      await rename(made, join(directory, `${key}-${id}`));
    } catch (error) {
      await rm(made, { recursive: true, force: true });
      throw error;
    }
  }

  async #ready(key: string): Promise<string[]> {
    return (await readdir(this.#options.directory).catch(() => [])).filter((name) => name.startsWith(`${key}-`));
  }

  /** Removes the oldest beyond so many, and what a process that is gone left half done. */
  async #keep(most: number): Promise<void> {
    const { directory } = this.#options;
    const all = await Promise.all(
      (await readdir(directory)).map(async (name) => {
        const path = join(directory, name);
        return { path, isPassing: passing.test(name), madeAt: (await stat(path).catch(() => null))?.mtimeMs ?? 0 };
      }),
    );
    const newestFirst = all.filter(({ isPassing }) => !isPassing).toSorted((a, b) => b.madeAt - a.madeAt);
    const abandoned = all.filter(({ isPassing, madeAt }) => isPassing && madeAt < Date.now() - abandonedMs);
    for (const { path } of [...newestFirst.slice(most), ...abandoned]) await this.#remove(path);
  }

  /** Out of everyone's reach at once, so that nobody takes one that is half removed. */
  async #remove(path: string): Promise<void> {
    const aside = join(this.#options.directory, `removed-${randomBytes(6).toString('hex')}`);
    await rename(path, aside).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await rm(aside, { recursive: true, force: true });
  }
}

const keyOf = ({ mirror, commit }: Wanted): string =>
  createHash('sha256').update(`${mirror.path}\0${commit}`).digest('hex').slice(0, 32);

/**
 * Dates an index to now. What it remembers of the files still holds, as nobody has touched them since; but git reads
 * all files that have the index's own time, to compare them: https://git-scm.com/docs/racy-git
 */
async function settleIndex(index: string): Promise<void> {
  const now = new Date();
  const { mtimeMs } = await stat(index);
  if (Math.floor(mtimeMs / 1_000) < Math.floor(now.getTime() / 1_000)) await utimes(index, now, now);
}
