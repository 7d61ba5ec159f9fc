import { randomBytes } from 'node:crypto';
import { access, constants, link, mkdir, open, readdir, readFile, rename, rm, stat, unlink, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TeamId } from '../domain/ids.ts';
import { BlobCorruptError, BlobMissingError, type BlobStore } from './blobStore.ts';
import { blobAddress, teamKeys } from './blobKeys.ts';
import { blobPath } from './blobPath.ts';
import { openBlob, sealBlob } from './sealedBlob.ts';

/** A temporary file that was not written to for this long is nobody's. Milliseconds. */
const abandonedAfterMs = 60 * 60_000;

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | undefined)?.code;

async function statOf(path: string): Promise<{ readonly mtime: Date; readonly size: number } | null> {
  try {
    return await stat(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Gives a file its name again, unless another one has it. */
async function putBack(aside: string, path: string): Promise<void> {
  try {
    await link(aside, path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  await rm(aside, { force: true });
}

/** Removes what a writer that was killed had not finished: nobody writes one blob for so long. */
async function removeAbandoned(temporary: string): Promise<void> {
  const found = await statOf(temporary);
  if (found && found.mtime.getTime() < Date.now() - abandonedAfterMs) await rm(temporary, { force: true });
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Makes a rename or a new entry in the directory durable. */
async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes the directory and makes each new one of its path durable. */
async function makeDirectory(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncDirectory(dirname(made));
}

/**
 * Writes a file that is either there with all its content, on disk, or not there at all.
 * Two writers of one path do no harm: the last one's rename stays.
 */
async function writeDurably(path: string, content: Uint8Array): Promise<void> {
  const temporary = join(dirname(path), `.${randomBytes(12).toString('hex')}.tmp`);
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

/**
 * A blob store in a directory: `<team>/<first two hex digits>/<address>`. Errors of the disk, such as ENOSPC,
 * come through as they are.
 */
export function directoryStore({
  directory,
  masterKey,
  previousKeys,
}: {
  readonly directory: string;
  /** 32 bytes. Without it nothing in the directory can be read again. */
  readonly masterKey: Buffer;
  /** Previous master keys: what was stored under them is still read. */
  readonly previousKeys?: readonly Buffer[];
}): BlobStore {
  const keysOf = teamKeys(masterKey, previousKeys);
  const pathOf = (teamId: TeamId, hash: string): string => join(directory, blobPath(teamId, hash));

  /** Whether the store has the blob, whole. It counts as used again, for whoever removes what nobody uses. */
  async function refresh(teamId: TeamId, hash: string): Promise<boolean> {
    const path = pathOf(teamId, hash);
    try {
      const now = new Date();
      await utimes(path, now, now);
      await openBlob(keysOf(teamId), hash, await readFile(path));
      return true;
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || error instanceof BlobCorruptError) return false;
      throw error;
    }
  }

  return {
    async put(teamId, content) {
      const keys = keysOf(teamId);
      const hash = blobAddress(keys, content);
      const bytes = content.length;
      if (await refresh(teamId, hash)) return { hash, bytes, storedBytes: 0 };
      const sealed = await sealBlob(keys, hash, content);
      const path = pathOf(teamId, hash);
      await makeDirectory(dirname(path));
      await writeDurably(path, sealed);
      return { hash, bytes, storedBytes: sealed.length };
    },

    async has(teamId, hash) {
      try {
        await access(pathOf(teamId, hash));
        return true;
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return false;
        throw error;
      }
    },

    async get(teamId, hash) {
      let sealed: Buffer;
      try {
        sealed = await readFile(pathOf(teamId, hash));
      } catch (error) {
        if (codeOf(error) === 'ENOENT') throw new BlobMissingError(hash);
        throw error;
      }
      return openBlob(keysOf(teamId), hash, sealed);
    },

    async delete(teamId, hash) {
      try {
        await unlink(pathOf(teamId, hash));
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') throw error;
      }
    },

    async deleteUnused(teamId, hash, before) {
      const path = pathOf(teamId, hash);
      const seen = await statOf(path);
      if (!seen) return true;
      if (seen.mtime >= before) return false;
      // Taken aside before it is looked at again: a `put` that comes from here on does not find it and writes it anew,
      // one that came in between has touched it, and it goes back.
      const aside = join(dirname(path), `.${hash}.${randomBytes(12).toString('hex')}.gone`);
      try {
        await rename(path, aside);
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return true;
        throw error;
      }
      const unused = ((await statOf(aside))?.mtime ?? before) < before;
      if (!unused) {
        await putBack(aside, path);
        return false;
      }
      await unlink(aside).catch((error: unknown) => {
        // Put back by `list`: it stays for now.
        if (codeOf(error) !== 'ENOENT') throw error;
      });
      return unused && !(await statOf(path));
    },

    async *list(teamId) {
      const own = dirname(dirname(pathOf(teamId, '0'.repeat(64))));
      for (const folder of await namesIn(own)) {
        for (const name of await namesIn(join(own, folder))) {
          // What a removal that was broken off had taken aside may be needed.
          const aside = /^\.([0-9a-f]{64})\..*\.gone$/.exec(name)?.[1];
          if (name.endsWith('.tmp')) await removeAbandoned(join(own, folder, name));
          if (aside !== undefined) await putBack(join(own, folder, name), join(own, folder, aside));
          const found = /^[0-9a-f]{64}$/.test(name) ? await statOf(join(own, folder, name)) : null;
          if (found) yield { hash: name, storedBytes: found.size, putAt: found.mtime };
        }
      }
    },

    async check() {
      await mkdir(directory, { recursive: true });
      await access(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    },
  };
}
