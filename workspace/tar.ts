import type { BytePath } from './bytePath.ts';

/**
 * Writes a tar archive as GNU tar does: https://www.gnu.org/software/tar/manual/html_node/Standard.html
 * Names are bytes, as they are in a snapshot; the libraries for tar know names as text only.
 */
export interface TarEntry {
  readonly path: BytePath;
  /** Permission bits. */
  readonly mode: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  readonly content:
    | { readonly bytes: number; readonly pieces: AsyncIterable<Buffer> | Iterable<Buffer> }
    | { readonly target: BytePath }
    | 'DIRECTORY';
}

const block = 512;
const nameBytes = 100;
/** What a field of 11 octal digits holds at most. */
const mostOctal = 8 ** 11;

/** The archive's bytes for an entry. Throws when the content is not as long as was said: the archive is then cut short. */
export async function* tarEntry({ path, mode, mtime, content }: TarEntry): AsyncGenerator<Buffer> {
  const name = content === 'DIRECTORY' ? `${path}/` : path;
  if (name.length > nameBytes) yield* longName('L', name);
  if (content === 'DIRECTORY') return yield header({ name, mode, mtime, size: 0, type: '5', target: '' });
  if ('target' in content) {
    if (content.target.length > nameBytes) yield* longName('K', content.target);
    return yield header({ name, mode: 0o777, mtime, size: 0, type: '2', target: content.target });
  }
  yield header({ name, mode, mtime, size: content.bytes, type: '0', target: '' });
  let written = 0;
  for await (const piece of content.pieces) {
    written += piece.length;
    yield piece;
  }
  if (written !== content.bytes) throw new Error(`an entry of ${content.bytes} bytes has ${written}`);
  yield padding(written);
}

/** The two empty blocks at an archive's end. */
export const tarEnd = (): Buffer => Buffer.alloc(2 * block);

function* longName(type: 'L' | 'K', name: BytePath): Generator<Buffer> {
  const bytes = Buffer.from(`${name}\0`, 'latin1');
  yield header({ name: '././@LongLink', mode: 0o644, mtime: 0, size: bytes.length, type, target: '' });
  yield bytes;
  yield padding(bytes.length);
}

const padding = (bytes: number): Buffer => Buffer.alloc((block - (bytes % block)) % block);

interface Header {
  readonly name: BytePath;
  readonly mode: number;
  readonly mtime: number;
  readonly size: number;
  readonly type: string;
  readonly target: BytePath;
}

function header({ name, mode, mtime, size, type, target }: Header): Buffer {
  const bytes = Buffer.alloc(block);
  const put = (text: string, at: number, length: number) => bytes.write(text.slice(0, length), at, 'latin1');
  const octal = (value: number, at: number, length: number) => put(value.toString(8).padStart(length - 1, '0'), at, length - 1);
  put(name, 0, nameBytes);
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  if (size < mostOctal) octal(size, 124, 12);
  else {
    bytes.writeUInt8(0x80, 124);
    bytes.writeBigUInt64BE(BigInt(size), 128);
  }
  octal(Math.min(Math.max(0, Math.floor(mtime)), mostOctal - 1), 136, 12);
  bytes.fill(' ', 148, 156);
  put(type, 156, 1);
  put(target, 157, nameBytes);
  put('ustar  ', 257, 8);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 8);
  return bytes;
}
