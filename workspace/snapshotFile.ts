import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import type { BlobStore } from '../blobs/blobStore.ts';
import type { BlobRef } from '../domain/snapshot.ts';
import { ManifestUnreadableError, parseManifest, type Manifest } from './manifest.ts';
import { noTeam, readPlainBlobs, sha256, type gatherPlainBlobs } from './plainBlobs.ts';
import { blobReason } from './restoreLog.ts';
import { tarEnd, tarEntry, type TarEntry } from './tar.ts';
import { tarMembers, type TarMember } from './tarMembers.ts';

/**
 * A snapshot as one file: a tar archive of `baton-snapshot.json`, which says what it is, `manifest.json`, and
 * `blobs/<sha256>` or `blobs/<sha256>.br` for all that the manifest refers to. Any tar and brotli can read it.
 *
 * Version 1. A reader refuses versions that it does not know.
 */
const fileVersion = 1;
const headName = 'baton-snapshot.json';
const manifestName = 'manifest.json';
const blobFolder = 'blobs/';
/** What says what a file is has no more than this. Bytes. */
const headLimit = 64 * 1024;

const head = z.strictObject({
  format: z.literal('baton-snapshot-file'),
  version: z.literal(fileVersion),
  createdAt: z.iso.datetime(),
  /** Whether commits that the remotes have were left out: then a restore needs a remote. */
  thin: z.boolean(),
  manifest: z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/), bytes: z.int().nonnegative() }),
});
export type SnapshotFileHead = z.output<typeof head>;

/** A file that cannot be read as a snapshot at all; what can be read in part is no error. */
export class SnapshotFileError extends Error {
  readonly code: 'NOT_THERE' | 'NOT_A_SNAPSHOT' | 'NEWER_VERSION' | 'DAMAGED';
  constructor(code: SnapshotFileError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SnapshotFileError';
    this.code = code;
  }
}

export interface WriteSnapshotFile {
  /** The file to write: it is there whole or as it was. */
  readonly file: string;
  readonly thin: boolean;
  /** Where the manifest and all that it refers to was captured to. */
  readonly blobs: Awaited<ReturnType<typeof gatherPlainBlobs>>;
  readonly directory: string;
  readonly manifest: BlobRef;
  readonly content: Buffer;
}

/** Writes a snapshot that was captured. */
export async function writeSnapshotFile({ file, thin, blobs, directory, manifest, content }: WriteSnapshotFile): Promise<void> {
  const about: SnapshotFileHead = {
    format: 'baton-snapshot-file',
    version: fileVersion,
    createdAt: new Date().toISOString(),
    thin,
    manifest: { sha256: manifest.hash, bytes: manifest.bytes },
  };
  const { blobs: listed, patch } = parseManifest(content);
  const part = `${file}.part`;
  try {
    await pipeline(
      async function* () {
        yield* tarEntry(plain(headName, Buffer.from(`${JSON.stringify(about)}\n`)));
        yield* tarEntry(plain(manifestName, content));
        for (const hash of new Set([...listed, ...(patch ? [patch] : [])].map((blob) => blob.hash))) {
          const found = await blobs.find(hash);
          if (found === null) throw new Error(`the blob ${hash} was not captured`);
          const pieces: AsyncIterable<Buffer> = createReadStream(join(directory, found.name));
          yield* tarEntry({ path: blobFolder + found.name, mode: 0o644, mtime: 0, content: { bytes: found.bytes, pieces } });
        }
        yield tarEnd();
      },
      createWriteStream(part, { flush: true }),
    );
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

const plain = (path: string, content: Buffer): TarEntry => ({
  path,
  mode: 0o644,
  mtime: 0,
  content: { bytes: content.length, pieces: [content] },
});

/** A snapshot file that is open for reading. */
export interface SnapshotFile {
  readonly head: SnapshotFileHead;
  readonly manifest: Manifest;
  readonly manifestRef: BlobRef;
  /** The manifest and all that it refers to. */
  readonly blobs: BlobStore;
  readonly bytes: number;
  /** False when it was cut short, or its order is damaged: some of what the manifest refers to may be missing. */
  readonly whole: boolean;
  close(): Promise<void>;
}

/** Opens a snapshot file and reads its manifest. Throws SnapshotFileError. */
export async function openSnapshotFile(file: string): Promise<SnapshotFile> {
  const handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'There is no such file' : `It could not be opened: ${error.code ?? error.message}`;
    throw new SnapshotFileError('NOT_THERE', `${file} cannot be read. ${why}.`, { cause: error });
  });
  try {
    return await readFrom(handle, file);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function readFrom(handle: FileHandle, file: string): Promise<SnapshotFile> {
  const stat = await handle.stat();
  if (!stat.isFile()) throw new SnapshotFileError('NOT_A_SNAPSHOT', `${file} is no file.`);
  const { members, whole } = await tarMembers(handle, stat.size);
  const byName = new Map(members.map((member) => [member.name, member]));
  const read = async ({ at, bytes }: TarMember): Promise<Buffer> => {
    const content = Buffer.alloc(bytes);
    await handle.read(content, 0, bytes, at);
    return content;
  };
  const first = byName.get(headName);
  const about = readHead(first && first.bytes <= headLimit ? await read(first) : null, file);
  const listed = byName.get(manifestName);
  const content = listed ? await read(listed) : null;
  if (content === null || sha256(content) !== about.manifest.sha256)
    throw new SnapshotFileError(
      'DAMAGED',
      `${file} is damaged: its list of what it holds, ${manifestName}, is ${content === null ? 'missing' : 'not as it was written'}. Nothing can be restored from it.`,
    );
  const manifestRef = { hash: about.manifest.sha256, bytes: about.manifest.bytes };
  return {
    head: about,
    manifest: manifestOf(content, file),
    manifestRef,
    blobs: readPlainBlobs(async (name) => {
      if (name === manifestRef.hash) return content;
      const member = byName.get(blobFolder + name);
      return member ? read(member) : null;
    }),
    bytes: stat.size,
    whole,
    close: () => handle.close(),
  };
}

function readHead(content: Buffer | null, file: string): SnapshotFileHead {
  const none = new SnapshotFileError(
    'NOT_A_SNAPSHOT',
    `${file} is no snapshot that baton snapshot create wrote, or its beginning is damaged.`,
  );
  if (content === null) throw none;
  let json: unknown;
  try {
    json = JSON.parse(content.toString());
  } catch {
    throw none;
  }
  const version = (json as { version?: unknown } | null)?.version;
  if (typeof version === 'number' && version > fileVersion)
    throw new SnapshotFileError(
      'NEWER_VERSION',
      `${file} has version ${version}, and this program reads up to version ${fileVersion}. Use a newer one.`,
    );
  const result = head.safeParse(json);
  if (!result.success) throw none;
  return result.data;
}

function manifestOf(content: Buffer, file: string): Manifest {
  try {
    return parseManifest(content);
  } catch (error) {
    if (!(error instanceof ManifestUnreadableError)) throw error;
    throw new SnapshotFileError('NEWER_VERSION', `${file}: ${error.message}.`, { cause: error });
  }
}

/** How many of the blobs that the manifest refers to are missing or damaged. It reads all of the file. */
export async function damagedBlobs({ manifest, blobs }: SnapshotFile): Promise<number> {
  let damaged = 0;
  for (const { hash } of [...manifest.blobs, ...(manifest.patch ? [manifest.patch] : [])])
    await blobs.get(noTeam, hash).catch((error: unknown) => {
      if (blobReason(error) === null) throw error;
      damaged++;
    });
  return damaged;
}
