import { closeSync, read, type BigIntStats } from 'node:fs';
import { createHash } from 'node:crypto';
import { setImmediate as breathe } from 'node:timers/promises';
import { promisify } from 'node:util';
import { readWhole, type Beneath } from './beneath.ts';
import { bytePath, unsafePath, type BytePath } from './bytePath.ts';
import { chunkBytes, smallBytes } from './contentWriter.ts';
import { fileSignature, mtimeOf } from './fileState.ts';
import type { FileEntry, ManifestEntry } from './manifest.ts';

const slice = 24;
const readAsync = promisify(read);

export interface VerifiedFiles {
  /** What is not as it was captured, with what is wrong. */
  readonly wrong: readonly { readonly path: BytePath; readonly why: string }[];
  /** By path: the state of each file that is right, for the next capture. */
  readonly seen: Record<BytePath, string>;
  /** By path: what the file system says of each file that is right. */
  readonly stats: ReadonlyMap<BytePath, BigIntStats>;
}

/** Reads every entry back and compares it with what was captured: kind, bytes, mode and time. */
export async function verifyFiles(
  files: Beneath,
  entries: readonly ManifestEntry[],
  signal: AbortSignal,
): Promise<VerifiedFiles> {
  const wrong: { path: BytePath; why: string }[] = [];
  const seen: Record<BytePath, string> = {};
  const stats = new Map<BytePath, BigIntStats>();
  let looked = 0;
  for (const entry of entries) {
    if (++looked % slice === 0) {
      signal.throwIfAborted();
      await breathe();
    }
    // One that was refused for its path was reported then; it is nowhere.
    if (unsafePath(entry.path) !== null) continue;
    const readAt = Date.now();
    const stat = files.stat(entry.path);
    const why = await difference(files, entry, stat, signal);
    if (why !== null) wrong.push({ path: entry.path, why });
    else if (stat !== null && (entry.kind === 'FILE' || entry.kind === 'LINK')) {
      stats.set(entry.path, stat);
      const signature = fileSignature(stat, readAt);
      if (signature !== null) seen[entry.path] = signature;
    }
  }
  return { wrong, seen, stats };
}

async function difference(
  files: Beneath,
  entry: ManifestEntry,
  stat: BigIntStats | null,
  signal: AbortSignal,
): Promise<string | null> {
  switch (entry.kind) {
    case 'ABSENT':
      return stat === null || stat.isDirectory() ? null : 'it should be gone';
    case 'DIRECTORY':
      if (!stat?.isDirectory()) return 'it should be a directory';
      if (Number(stat.mode & 0o777n) !== entry.mode) return `its mode is ${modeText(stat)}, not ${entry.mode.toString(8)}`;
      return files.list(entry.path)?.length === 0 ? null : 'it should be empty';
    case 'LINK':
      if (!stat?.isSymbolicLink()) return 'it should be a symbolic link';
      if (bytePath(files.readlink(entry.path)) !== entry.target) return 'the link leads elsewhere';
      return mtimeOf(stat) === entry.mtime ? null : 'its time is another';
    case 'FILE':
      if (!stat?.isFile()) return 'it should be a file';
      if (Number(stat.size) !== entry.bytes) return `it has ${stat.size} bytes, not ${entry.bytes}`;
      if (Number(stat.mode & 0o777n) !== entry.mode) return `its mode is ${modeText(stat)}, not ${entry.mode.toString(8)}`;
      if (mtimeOf(stat) !== entry.mtime) return 'its time is another';
      return (await contentIs(files, entry, signal)) ? null : 'its content is another';
  }
}

const modeText = ({ mode }: BigIntStats): string => (mode & 0o777n).toString(8);

async function contentIs(files: Beneath, { path, bytes, sha256 }: FileEntry, signal: AbortSignal): Promise<boolean> {
  const file = files.openFile(path);
  if (file === null) return false;
  try {
    if (bytes <= smallBytes) return createHash('sha256').update(readWhole(file.fd, bytes)).digest('hex') === sha256;
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(chunkBytes);
    for (let at = 0; at < bytes;) {
      signal.throwIfAborted();
      const { bytesRead } = await readAsync(file.fd, buffer, 0, buffer.length, at);
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
      at += bytesRead;
    }
    return hash.digest('hex') === sha256;
  } finally {
    closeSync(file.fd);
  }
}
