import { createHash } from 'node:crypto';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BlobCorruptError, BlobMissingError, type BlobStore } from '../blobs/blobStore.ts';
import type { TeamId } from '../domain/ids.ts';
import { codecs, compress, decompress } from '../blobs/compression.ts';

/** A blob that makes more than this is none of a snapshot's. Bytes. */
const mostBytes = 256 * 1024 * 1024;

/**
 * Blobs as a snapshot file has them: by the SHA-256 of their content, compressed with brotli where that saves something,
 * and not encrypted. The name says which: `<sha256>` or `<sha256>.br`.
 */
const suffixes = [
  ['', codecs.STORED],
  ['.br', codecs.BROTLI],
] as const;

/** Blobs are kept by team; in one file there is but one. */
export const noTeam = `team_${'0'.repeat(26)}` as TeamId;

/** Where blobs lie, by name: null for one that is not there. */
export type ReadNamed = (name: string) => Promise<Buffer | null>;

/** Reads one and checks it. Throws BlobMissingError or BlobCorruptError. */
async function readBlob(read: ReadNamed, hash: string): Promise<Buffer> {
  for (const [suffix, codec] of suffixes) {
    const stored = await read(hash + suffix);
    if (stored === null) continue;
    const content = await decompress(codec, stored, mostBytes).catch((error: unknown) => {
      throw new BlobCorruptError(hash, 'it cannot be decompressed', { cause: error });
    });
    if (sha256(content) !== hash) throw new BlobCorruptError(hash, 'its content is another than its name says');
    return content;
  }
  throw new BlobMissingError(hash);
}

export const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');

const refused = async (): Promise<never> => {
  throw new Error('blobs of a snapshot file are neither added to one that is there, nor removed');
};

/** The blobs of a file that is there, for a restore. */
export function readPlainBlobs(read: ReadNamed): BlobStore {
  return {
    put: refused,
    has: async (_, hash) => (await Promise.all(suffixes.map(([suffix]) => read(hash + suffix)))).some((found) => found !== null),
    get: (_, hash) => readBlob(read, hash),
    delete: refused,
    deleteUnused: refused,
    list: async function* none() {},
    check: async () => {},
  };
}

/** Blobs in a directory of our own, to be gathered in one file: they need not outlive the machine. */
export async function gatherPlainBlobs(directory: string): Promise<{
  readonly store: BlobStore;
  /** The name of the blob's file in the directory, with its size; null when it was never put. */
  readonly find: (hash: string) => Promise<{ readonly name: string; readonly bytes: number } | null>;
}> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const find = async (hash: string) => {
    for (const [suffix] of suffixes) {
      const found = await stat(join(directory, hash + suffix)).catch(() => null);
      if (found) return { name: hash + suffix, bytes: found.size };
    }
    return null;
  };
  const store: BlobStore = {
    ...readPlainBlobs(async (name) => readFile(join(directory, name)).catch(() => null)),
    async put(_, content) {
      const hash = sha256(content);
      const bytes = content.length;
      if (await find(hash)) return { hash, bytes, storedBytes: 0 };
      const { codec, bytes: stored } = await compress(content);
      await writeFile(join(directory, hash + (codec === codecs.BROTLI ? '.br' : '')), stored);
      return { hash, bytes, storedBytes: stored.length };
    },
  };
  return { store, find };
}
