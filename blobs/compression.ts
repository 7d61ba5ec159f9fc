import { promisify } from 'node:util';
import { brotliCompress, brotliDecompress, constants } from 'node:zlib';

/** How a blob's content is coded, as the byte in its header. A number that was given once keeps its meaning. */
export const codecs = { STORED: 0, BROTLI: 1 } as const;
export type Codec = (typeof codecs)[keyof typeof codecs];

const compressBrotli = promisify(brotliCompress);
const decompressBrotli = promisify(brotliDecompress);

/**
 * Quality 2 makes source text about as small as zstd's default level does, at 120 to 200 MB/s on one of the thread
 * pool's threads, and is part of Node: zstd in npm packages is either WebAssembly (a fifth of that speed) or one
 * person's native binary.
 */
const quality = 2;
/** Content from this size on is first tried by a sample, so that video or archives cost next to nothing. */
const sampledFrom = 256 * 1024;
const sampleBytes = 32 * 1024;
/** What compression must save to be worth the decompression on each read. */
const worthwhile = 0.95;

const brotli = (content: Uint8Array): Promise<Buffer> =>
  compressBrotli(content, {
    params: { [constants.BROTLI_PARAM_QUALITY]: quality, [constants.BROTLI_PARAM_SIZE_HINT]: content.length },
  });

async function looksCompressible(content: Uint8Array): Promise<boolean> {
  if (content.length < sampledFrom) return true;
  const sampleAt = async (start: number) =>
    (await brotli(content.subarray(start, start + sampleBytes))).length < sampleBytes * worthwhile;
  const middle = Math.floor((content.length - sampleBytes) / 2);
  return (await sampleAt(0)) || (await sampleAt(middle)) || sampleAt(content.length - sampleBytes);
}

/** Compresses the content, or leaves it as it is when that would not save anything. */
export async function compress(content: Uint8Array): Promise<{ readonly codec: Codec; readonly bytes: Uint8Array }> {
  if (content.length > 0 && (await looksCompressible(content))) {
    const bytes = await brotli(content);
    if (bytes.length < content.length * worthwhile) return { codec: codecs.BROTLI, bytes };
  }
  return { codec: codecs.STORED, bytes: content };
}

/** Undoes `compress`. Throws when the bytes are not the codec's, or make more than `length` bytes. */
export async function decompress(codec: number, bytes: Buffer, length: number): Promise<Buffer> {
  switch (codec) {
    case codecs.STORED:
      return bytes;
    case codecs.BROTLI:
      return decompressBrotli(bytes, { maxOutputLength: Math.max(length, 1) });
    default:
      throw new Error(`it was written with codec ${codec}, which this version does not know`);
  }
}
