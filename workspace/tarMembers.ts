import type { FileHandle } from 'node:fs/promises';

/** A file in a tar archive: its name as bytes, and where its content lies in the archive. */
export interface TarMember {
  readonly name: string;
  readonly at: number;
  readonly bytes: number;
}

const block = 512;

/**
 * The files in an archive as `tarEntry` writes it, with names of at most 100 bytes, without reading their content. A
 * header that is damaged is passed over, with what it stands for; `whole` is false when the archive has no end, or a
 * file goes on beyond it.
 */
export async function tarMembers(
  handle: FileHandle,
  size: number,
): Promise<{ readonly members: readonly TarMember[]; readonly whole: boolean }> {
  const members: TarMember[] = [];
  const header = Buffer.alloc(block);
  let whole = true;
  for (let at = 0; at + block <= size;) {
    await handle.read(header, 0, block, at);
    at += block;
    if (header.every((byte) => byte === 0)) return { members, whole };
    const found = readHeader(header);
    if (found === null) {
      whole = false;
      continue;
    }
    if (at + found.bytes > size) break;
    members.push({ ...found, at });
    at += Math.ceil(found.bytes / block) * block;
  }
  return { members, whole: false };
}

/** Null for a block that is no header of a plain file. */
function readHeader(header: Buffer): Pick<TarMember, 'name' | 'bytes'> | null {
  const text = (from: number, length: number) => {
    const field = header.toString('latin1', from, from + length);
    const end = field.indexOf('\0');
    return end === -1 ? field : field.slice(0, end);
  };
  const sum = header.reduce((total, byte, n) => total + (n >= 148 && n < 156 ? 32 : byte), 0);
  const bytes = Number.parseInt(text(124, 12), 8);
  if (Number.parseInt(text(148, 8), 8) !== sum || !text(257, 6).startsWith('ustar') || header[156] !== 0x30) return null;
  return Number.isSafeInteger(bytes) ? { name: text(0, 100), bytes } : null;
}
