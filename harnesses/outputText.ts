/** A character that stands for what cannot be shown. */
const replacement = '�';

/**
 * Turns the bytes of one stream into text as they come, however they are cut. Invalid UTF-8 becomes U+FFFD, and so does
 * NUL, which PostgreSQL cannot store; every other character stays, a byte order mark and colour codes too.
 */
export class OutputDecoder {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  take(bytes: Uint8Array): string {
    return withoutNul(this.#decoder.decode(bytes, { stream: true }));
  }

  /** What an unfinished character at the end of the stream becomes. */
  end(): string {
    return withoutNul(this.#decoder.decode());
  }
}

const withoutNul = (text: string): string => (text.includes('\0') ? text.replaceAll('\0', replacement) : text);

/** Cuts text so that its first part has at most `bytes` bytes of UTF-8 and no character is cut. */
export function cutText(text: string, bytes: number): readonly [head: string, rest: string] {
  if (surelyFits(text, bytes)) return [text, ''];
  const encoded = Buffer.from(text);
  const end = lastEnd(encoded, bytes);
  return end === encoded.length ? [text, ''] : [encoded.toString('utf8', 0, end), encoded.toString('utf8', end)];
}

/** Text in pieces of at most `bytes` bytes of UTF-8 each, at least 4. */
export function splitText(text: string, bytes: number): string[] {
  if (text === '') return [];
  if (surelyFits(text, bytes)) return [text];
  const encoded = Buffer.from(text);
  const pieces: string[] = [];
  for (let start = 0; start < encoded.length;) {
    const end = lastEnd(encoded, start + bytes);
    pieces.push(encoded.toString('utf8', start, end));
    start = end;
  }
  return pieces;
}

/** A UTF-16 unit has three bytes at most, so most text need not be measured. */
const surelyFits = (text: string, bytes: number): boolean => text.length * 3 <= bytes;

/** The last place up to `limit` where a character ends. */
function lastEnd(encoded: Buffer, limit: number): number {
  if (limit >= encoded.length) return encoded.length;
  let end = limit;
  // A byte of the form 10xxxxxx continues a character.
  while (end > 0 && ((encoded[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return end;
}
