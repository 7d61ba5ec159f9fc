import { StringDecoder } from 'node:string_decoder';
import type { Readable } from 'node:stream';

/** The longest line that is taken, in characters: a tool's whole output is one. */
export const longestLine = 32 * 1024 * 1024;

/** A line that goes on for ever. */
export class LineTooLongError extends Error {
  constructor() {
    super(`a line has more than ${longestLine / 1024 / 1024} Mi characters`);
    this.name = 'LineTooLongError';
  }
}

/** The lines of a stream, as they come, no faster than they are taken. Throws LineTooLongError. */
export async function* linesOf(stream: Readable, longest = longestLine): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let parts: string[] = [];
  let length = 0;
  for await (const bytes of stream) {
    const pieces = decoder.write(bytes as Buffer).split('\n');
    for (const [index, piece] of pieces.entries()) {
      parts.push(piece);
      length += piece.length;
      if (length > longest) throw new LineTooLongError();
      if (index === pieces.length - 1) continue;
      yield parts.join('');
      parts = [];
      length = 0;
    }
  }
  const last = parts.join('') + decoder.end();
  if (last !== '') yield last;
}
