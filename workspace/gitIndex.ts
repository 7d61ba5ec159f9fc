import { createHash } from 'node:crypto';
import type { BytePath } from './bytePath.ts';

/** What git remembers of a file in the worktree, to tell without reading it that it has not changed. */
export interface IndexStat {
  readonly ctimeSeconds: number;
  readonly ctimeNanoseconds: number;
  readonly mtimeSeconds: number;
  readonly mtimeNanoseconds: number;
  readonly dev: number;
  readonly ino: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
}

export interface IndexEntry {
  readonly path: BytePath;
  /** As in a tree: 0o100644, 0o100755, 0o120000, 0o160000. */
  readonly mode: number;
  readonly oid: string;
  /** 0, or 1 to 3 for the sides of a conflict. */
  readonly stage: number;
  readonly assumeValid: boolean;
  readonly skipWorktree: boolean;
  readonly intentToAdd: boolean;
  readonly stat: IndexStat;
}

/** The file is no index that git would read either. */
export class IndexCorruptError extends Error {
  constructor(why: string) {
    super(`the index is damaged: ${why}`);
    this.name = 'IndexCorruptError';
  }
}

/** The index is of a kind that only git itself can unfold: split in two files, or sparse. */
export class IndexNotPlainError extends Error {
  constructor(extension: string) {
    super(`the index has the extension ${extension}`);
    this.name = 'IndexNotPlainError';
  }
}

export type ObjectFormat = 'sha1' | 'sha256';

export function formatOfOid(oid: string): ObjectFormat {
  return oid.length === 64 ? 'sha256' : 'sha1';
}

const hashBytes: Record<ObjectFormat, number> = { sha1: 20, sha256: 32 };
const signature = 'DIRC';
const headerBytes = 12;
const statBytes = 40;
const flag = { assumeValid: 0x8000, extended: 0x4000, skipWorktree: 0x4000, intentToAdd: 0x2000 } as const;

export const noStat: IndexStat = {
  ctimeSeconds: 0,
  ctimeNanoseconds: 0,
  mtimeSeconds: 0,
  mtimeNanoseconds: 0,
  dev: 0,
  ino: 0,
  uid: 0,
  gid: 0,
  size: 0,
};

/**
 * Reads an index file of version 2, 3 or 4: https://git-scm.com/docs/index-format
 * An agent may have written it, so nothing in it is taken on trust. Throws IndexCorruptError or IndexNotPlainError.
 */
export function parseIndex(file: Buffer, format: ObjectFormat): IndexEntry[] {
  const trailer = hashBytes[format];
  if (file.length < headerBytes + trailer) throw new IndexCorruptError('it is too short');
  if (file.toString('latin1', 0, 4) !== signature) throw new IndexCorruptError('it does not begin with DIRC');
  const version = file.readUInt32BE(4);
  if (version < 2 || version > 4) throw new IndexCorruptError(`version ${version}`);
  const end = file.length - trailer;
  const sum = file.subarray(end);
  // All zero where index.skipHash is set.
  if (!sum.equals(createHash(format).update(file.subarray(0, end)).digest()) && !sum.every((byte) => byte === 0))
    throw new IndexCorruptError('its checksum is wrong');
  const entries: IndexEntry[] = [];
  let at = headerBytes;
  let previous = '';
  try {
    for (let left = file.readUInt32BE(8); left > 0; left--) {
      const { entry, next } = parseEntry(file, at, version, trailer, previous);
      if (next > end) throw new IndexCorruptError('an entry is cut short');
      entries.push(entry);
      previous = entry.path;
      at = next;
    }
  } catch (error) {
    if (error instanceof RangeError) throw new IndexCorruptError('an entry is cut short');
    throw error;
  }
  checkExtensions(file, at, end);
  return entries;
}

function parseEntry(file: Buffer, start: number, version: number, oidBytes: number, previous: BytePath) {
  let at = start + statBytes;
  const oid = file.toString('hex', at, at + oidBytes);
  at += oidBytes;
  const flags = file.readUInt16BE(at);
  at += 2;
  const extended = version >= 3 && (flags & flag.extended) !== 0 ? file.readUInt16BE(at) : 0;
  if (version >= 3 && (flags & flag.extended) !== 0) at += 2;
  let shared = 0;
  if (version === 4) [shared, at] = readVarint(file, at);
  const nul = file.indexOf(0, at);
  if (nul === -1 || shared > previous.length) throw new IndexCorruptError('a name is cut short');
  const own = file.toString('latin1', at, nul);
  const path = version === 4 ? previous.slice(0, previous.length - shared) + own : own;
  const next = version === 4 ? nul + 1 : start + ((nul - start + 8) & ~7);
  const entry: IndexEntry = {
    path,
    mode: file.readUInt32BE(start + 24),
    oid,
    stage: (flags >> 12) & 3,
    assumeValid: (flags & flag.assumeValid) !== 0,
    skipWorktree: (extended & flag.skipWorktree) !== 0,
    intentToAdd: (extended & flag.intentToAdd) !== 0,
    stat: parseStat(file, start),
  };
  return { entry, next };
}

function parseStat(file: Buffer, at: number): IndexStat {
  return {
    ctimeSeconds: file.readUInt32BE(at),
    ctimeNanoseconds: file.readUInt32BE(at + 4),
    mtimeSeconds: file.readUInt32BE(at + 8),
    mtimeNanoseconds: file.readUInt32BE(at + 12),
    dev: file.readUInt32BE(at + 16),
    ino: file.readUInt32BE(at + 20),
    uid: file.readUInt32BE(at + 28),
    gid: file.readUInt32BE(at + 32),
    size: file.readUInt32BE(at + 36),
  };
}

/** The offset encoding of packs: https://git-scm.com/docs/pack-format */
function readVarint(file: Buffer, start: number): [number, number] {
  let at = start;
  let byte = file.readUInt8(at++);
  let value = byte & 127;
  while (byte & 128) {
    byte = file.readUInt8(at++);
    value = (value + 1) * 128 + (byte & 127);
    if (value > 1 << 24) throw new IndexCorruptError('a name is too long');
  }
  return [value, at];
}

function checkExtensions(file: Buffer, start: number, end: number): void {
  for (let at = start; at < end;) {
    if (at + 8 > end) throw new IndexCorruptError('an extension is cut short');
    const name = file.toString('latin1', at, at + 4);
    // A reader must know an extension that does not begin with A to Z, such as those of split and sparse indexes.
    if (!/^[A-Z]/.test(name)) throw new IndexNotPlainError(name);
    at += 8 + file.readUInt32BE(at + 4);
    if (at > end) throw new IndexCorruptError('an extension is cut short');
  }
}

/** Git's order: by path, then by stage. */
export function compareEntries(a: IndexEntry, b: IndexEntry): number {
  if (a.path === b.path) return a.stage - b.stage;
  return a.path < b.path ? -1 : 1;
}

/** Writes an index file, of version 2, or 3 where an entry's flags need it. The entries must be in git's order. */
export function serializeIndex(entries: readonly IndexEntry[], format: ObjectFormat): Buffer {
  const extendedFile = entries.some(isExtended);
  const header = Buffer.alloc(headerBytes);
  header.write(signature, 'latin1');
  header.writeUInt32BE(extendedFile ? 3 : 2, 4);
  header.writeUInt32BE(entries.length, 8);
  const body = Buffer.concat([header, ...entries.map((entry) => serializeEntry(entry, hashBytes[format]))]);
  return Buffer.concat([body, createHash(format).update(body).digest()]);
}

const isExtended = (entry: IndexEntry): boolean => entry.skipWorktree || entry.intentToAdd;

function serializeEntry(entry: IndexEntry, oidBytes: number): Buffer {
  const extended = isExtended(entry);
  const nameAt = statBytes + oidBytes + 2 + (extended ? 2 : 0);
  const buffer = Buffer.alloc((nameAt + entry.path.length + 8) & ~7);
  const { stat } = entry;
  const words = [
    stat.ctimeSeconds,
    stat.ctimeNanoseconds,
    stat.mtimeSeconds,
    stat.mtimeNanoseconds,
    stat.dev,
    stat.ino,
    entry.mode,
    stat.uid,
    stat.gid,
    stat.size,
  ];
  words.forEach((word, n) => buffer.writeUInt32BE(word >>> 0, n * 4));
  buffer.write(entry.oid, statBytes, 'hex');
  const flags =
    Math.min(entry.path.length, 0xfff) |
    (entry.stage << 12) |
    (extended ? flag.extended : 0) |
    (entry.assumeValid ? flag.assumeValid : 0);
  buffer.writeUInt16BE(flags, statBytes + oidBytes);
  if (extended)
    buffer.writeUInt16BE(
      (entry.skipWorktree ? flag.skipWorktree : 0) | (entry.intentToAdd ? flag.intentToAdd : 0),
      statBytes + oidBytes + 2,
    );
  buffer.write(entry.path, nameAt, 'latin1');
  return buffer;
}
