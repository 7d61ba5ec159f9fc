import { setImmediate as breathe } from 'node:timers/promises';
import { inflateSync } from 'node:zlib';
import type { ObjectFormat } from './gitIndex.ts';
import { blobOid } from './looseObject.ts';

/** A pack is read up to this much, as it is and unpacked. Bytes. */
export const packLimit = 16 * 1024 * 1024;
const unpackedLimit = 64 * 1024 * 1024;
/** Unpacked bytes after which the process does something else for a moment. */
const slice = 2 * 1024 * 1024;

const oidBytes: Record<ObjectFormat, number> = { sha1: 20, sha256: 32 };
const types = { COMMIT: 1, TREE: 2, BLOB: 3, TAG: 4, OFFSET_DELTA: 6, REF_DELTA: 7 } as const;

interface PackedObject {
  readonly type: number;
  readonly content: Buffer;
  /** Where the object lies that this is a delta of. */
  readonly base: number | string | null;
}

/**
 * The blobs in a pack that can be read by itself, by their ids: without git, for a process that runs none. Null when the
 * pack is too large for that, or is none. https://git-scm.com/docs/gitformat-pack
 */
export async function packBlobs(pack: Buffer, format: ObjectFormat): Promise<ReadonlyMap<string, Buffer> | null> {
  const objects = await readObjects(pack, format);
  if (objects === null) return null;
  const blobs = new Map<string, Buffer>();
  const resolved = new Map<number, Buffer>();
  let spent = 0;
  let all = 0;
  for (const [at, object] of objects) {
    const blob = resolve(at, object, objects, resolved);
    if (blob === null) continue;
    blobs.set(blobOid(format, blob), blob);
    all += blob.length;
    spent += blob.length;
    if (all > unpackedLimit) return null;
    if (spent < slice) continue;
    spent = 0;
    await breathe();
  }
  return blobs;
}

async function readObjects(pack: Buffer, format: ObjectFormat): Promise<ReadonlyMap<number, PackedObject> | null> {
  if (pack.length > packLimit || pack.length < 12 || pack.toString('latin1', 0, 4) !== 'PACK' || pack.readUInt32BE(4) !== 2)
    return null;
  const objects = new Map<number, PackedObject>();
  let at = 12;
  let spent = 0;
  let all = 0;
  for (let left = pack.readUInt32BE(8); left > 0; left--) {
    const begin = at;
    let byte = pack[at++] ?? 0;
    const type = (byte >> 4) & 7;
    let size = byte & 15;
    for (let shift = 4; byte & 0x80; shift += 7) {
      byte = pack[at++] ?? 0;
      size += (byte & 0x7f) * 2 ** shift;
    }
    let base: PackedObject['base'] = null;
    if (type === types.OFFSET_DELTA) {
      byte = pack[at++] ?? 0;
      let back = byte & 0x7f;
      while (byte & 0x80) {
        byte = pack[at++] ?? 0;
        back = (back + 1) * 128 + (byte & 0x7f);
      }
      base = begin - back;
    } else if (type === types.REF_DELTA) {
      base = pack.toString('hex', at, at + oidBytes[format]);
      at += oidBytes[format];
    }
    all += size;
    if (all > unpackedLimit) return null;
    const inflated = inflate(pack.subarray(at), size);
    if (inflated === null) return null;
    at += inflated.read;
    if (type !== types.COMMIT && type !== types.TAG) objects.set(begin, { type, content: inflated.content, base });
    spent += size;
    if (spent < slice) continue;
    spent = 0;
    await breathe();
  }
  return objects;
}

/** Unpacks what is at the beginning, and says how much of it that was. */
function inflate(packed: Buffer, size: number): { readonly content: Buffer; readonly read: number } | null {
  try {
    const { buffer, engine } = inflateSync(packed, { info: true, maxOutputLength: Math.max(1, size) }) as unknown as {
      readonly buffer: Buffer;
      readonly engine: { readonly bytesWritten: number };
    };
    return buffer.length === size ? { content: buffer, read: engine.bytesWritten } : null;
  } catch {
    return null;
  }
}

/** The content of a blob; null for any other object, or one that builds on what the pack does not have. */
function resolve(
  at: number,
  object: PackedObject,
  objects: ReadonlyMap<number, PackedObject>,
  resolved: Map<number, Buffer>,
): Buffer | null {
  const chain: (readonly [number, PackedObject])[] = [];
  let place = at;
  for (let next: PackedObject | undefined = object; next && next.type !== types.BLOB;) {
    if (typeof next.base !== 'number' || next.base >= place) return null;
    chain.push([place, next]);
    place = next.base;
    const known = resolved.get(place);
    next = objects.get(place);
    if (known && next?.type !== types.BLOB) break;
  }
  let content = resolved.get(place) ?? objects.get(place)?.content;
  if (content === undefined) return null;
  for (const [own, delta] of chain.toReversed()) {
    content = applyDelta(content, delta.content);
    if (content === undefined) return null;
    resolved.set(own, content);
  }
  return content;
}

/** Instructions that copy from the base or bring bytes of their own. Undefined when they lead out of the base. */
function applyDelta(base: Buffer, delta: Buffer): Buffer | undefined {
  let at = 0;
  const size = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = delta[at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (!(byte & 0x80)) return value;
    }
  };
  if (size() !== base.length) return undefined;
  const length = size();
  if (length > unpackedLimit) return undefined;
  const content = Buffer.alloc(length);
  let to = 0;
  while (at < delta.length) {
    const code = delta[at++] ?? 0;
    if (code & 0x80) {
      let from = 0;
      let count = 0;
      for (let n = 0; n < 4; n++) if (code & (1 << n)) from += (delta[at++] ?? 0) * 2 ** (8 * n);
      for (let n = 0; n < 3; n++) if (code & (0x10 << n)) count += (delta[at++] ?? 0) * 2 ** (8 * n);
      if (count === 0) count = 0x10000;
      if (from + count > base.length || to + count > length) return undefined;
      base.copy(content, to, from, from + count);
      to += count;
    } else {
      if (code === 0 || to + code > length || at + code > delta.length) return undefined;
      delta.copy(content, to, at, at + code);
      at += code;
      to += code;
    }
  }
  return to === length ? content : undefined;
}
