import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { constants, deflateSync } from 'node:zlib';
import type { ObjectFormat } from './gitIndex.ts';

type Kind = 'blob' | 'tree';

const header = (kind: Kind, size: number): Buffer => Buffer.from(`${kind} ${size}\0`);

export const blobHeader = (size: number): Buffer => header('blob', size);

/** Makes the id that git gives to content, as it is and without any filter, while it is read. `size` must be its size. */
export function startBlobOid(format: ObjectFormat, size: number): { update(part: Uint8Array): void; digest(): string } {
  const hash = createHash(format).update(blobHeader(size));
  return { update: (part) => void hash.update(part), digest: () => hash.digest('hex') };
}

/** The id that git gives to this content. */
export function blobOid(format: ObjectFormat, content: Uint8Array): string {
  return objectOid(format, 'blob', content);
}

/** The id that git gives to an object with this content. */
export function objectOid(format: ObjectFormat, kind: Kind, content: Uint8Array): string {
  return createHash(format).update(header(kind, content.length)).update(content).digest('hex');
}

/** Writes a blob as a loose object into an object directory that only we write to. */
export function writeLooseBlob(objects: string, oid: string, content: Uint8Array): void {
  writeLooseObject(objects, 'blob', oid, content);
}

/** Writes a loose object into an object directory that only we write to. */
export function writeLooseObject(objects: string, kind: Kind, oid: string, content: Uint8Array): void {
  const path = join(objects, oid.slice(0, 2), oid.slice(2));
  if (existsSync(path)) return;
  const object = deflateSync(Buffer.concat([header(kind, content.length), content]), { level: constants.Z_BEST_SPEED });
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    writeFileSync(temporary, object, { flag: 'wx', mode: 0o444 });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
