import { createHash } from 'node:crypto';
import type { ChunkStream } from '../domain/events.ts';
import { limits } from '../domain/limits.ts';
import { cutText, splitText } from './outputText.ts';

export interface OutputChunk {
  readonly stream: ChunkStream;
  readonly text: string;
}

export interface OutputSummary {
  /** What is still to be emitted: the tail of an output that went past the limit. */
  readonly chunks: readonly OutputChunk[];
  /** Of all emitted text together, in bytes of UTF-8. */
  readonly bytes: number;
  readonly sha256: string;
  /** Bytes of text that were left out between the head and the tail. */
  readonly omittedBytes: number;
}

/** How much of the end of a long output is kept, in bytes. */
export const tailBytes = 64 * 1024;

/**
 * A command's output within bounds: the head is passed on as it comes, up to the limit; of what follows the last 64 KiB
 * are kept for the end. Where something is left out between them, a line says how much.
 */
export class BoundedOutput {
  readonly #limit: number;
  readonly #hash = createHash('sha256');
  #bytes = 0;
  #full = false;
  readonly #tail: { readonly stream: ChunkStream; text: string; bytes: number }[] = [];
  #tailBytes = 0;
  #omittedBytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes text in the order it came, and returns what to emit of it now. */
  take(stream: ChunkStream, text: string): OutputChunk[] {
    if (this.#full) {
      this.#keep(stream, text);
      return [];
    }
    const [head, rest] = cutText(text, this.#limit - this.#bytes);
    const chunks = this.#count(stream, head);
    if (rest !== '') {
      this.#full = true;
      this.#keep(stream, rest);
    }
    return chunks;
  }

  #count(stream: ChunkStream, text: string): OutputChunk[] {
    this.#hash.update(text);
    this.#bytes += Buffer.byteLength(text);
    return splitText(text, limits.chunkBytes).map((piece) => ({ stream, text: piece }));
  }

  #keep(stream: ChunkStream, text: string): void {
    for (const piece of splitText(text, limits.chunkBytes)) {
      const bytes = Buffer.byteLength(piece);
      const last = this.#tail.at(-1);
      // Few large pieces instead of many small ones: thousands of lines are kept as fast as one.
      if (last?.stream === stream && last.bytes + bytes <= limits.chunkBytes) {
        last.text += piece;
        last.bytes += bytes;
      } else {
        this.#tail.push({ stream, text: piece, bytes });
      }
      this.#tailBytes += bytes;
    }
    while (this.#tailBytes - (this.#tail[0]?.bytes ?? 0) >= tailBytes) {
      const bytes = this.#tail.shift()?.bytes ?? 0;
      this.#tailBytes -= bytes;
      this.#omittedBytes += bytes;
    }
  }

  /** Ends the output. Nothing may be taken after it. */
  finish(): OutputSummary {
    const gap: OutputChunk[] = this.#omittedBytes > 0 ? [{ stream: 'STDERR', text: omittedLine(this.#omittedBytes) }] : [];
    const chunks = [...gap, ...this.#tail].flatMap(({ stream, text }) => this.#count(stream, text));
    return { chunks, bytes: this.#bytes, sha256: this.#hash.digest('hex'), omittedBytes: this.#omittedBytes };
  }
}

function omittedLine(bytes: number): string {
  return `\n[${bytes.toLocaleString('en')} bytes of output are left out here]\n`;
}
