import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { BoundedOutput } from './boundedOutput.ts';
import { cutText, OutputDecoder, splitText } from './outputText.ts';

// Many cases, on machines that may be busy.
vi.setConfig({ testTimeout: 30_000 });

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Bytes that are likely to be trouble: text, its pieces, NULs and noise. */
const trouble = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 20 }),
      fc.string({ unit: 'binary', maxLength: 20 }).map((text) => new Uint8Array(Buffer.from(text))),
      fc.constantFrom('é', '€', '🦉', '\0', '﻿', '\r\n').map((text) => new Uint8Array(Buffer.from(text))),
    ),
    { maxLength: 20 },
  )
  .map((parts) => Buffer.concat(parts));

function decode(parts: readonly Uint8Array[]): string[] {
  const decoder = new OutputDecoder();
  return [...parts.map((part) => decoder.take(part)), decoder.end()];
}

function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [...places.map((place) => Math.min(place, bytes.length)).sort((a, b) => a - b), bytes.length];
  return sorted.map((end, index) => bytes.subarray(index === 0 ? 0 : sorted[index - 1], end));
}

describe('output', () => {
  it('is the same text and has the same hash, wherever its bytes are cut', () => {
    fc.assert(
      fc.property(trouble, fc.array(fc.nat(400)), (bytes, places) => {
        const whole = decode([bytes]).join('');
        const output = new BoundedOutput(1024 * 1024);
        const chunks = decode(cutAt(bytes, places)).flatMap((text) => output.take('STDOUT', text));
        const { chunks: rest, sha256: hash, bytes: length, omittedBytes } = output.finish();
        expect(chunks.map(({ text }) => text).join('')).toBe(whole);
        expect(rest).toEqual([]);
        expect(hash).toBe(sha256(whole));
        expect(length).toBe(Buffer.byteLength(whole));
        expect(omittedBytes).toBe(0);
        expect(whole).not.toContain('\0');
      }),
    );
  });

  it('that is valid UTF-8 without NUL stays as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        fc.pre(!text.includes('\0'));
        expect(decode([Buffer.from(text)]).join('')).toBe(text);
      }),
    );
  });

  it('that is not UTF-8 shows where', () => {
    expect(decode([Buffer.from([0x61, 0xff, 0x62, 0x00, 0xe2, 0x82])]).join('')).toBe('a�b��');
  });

  it('is cut into pieces that are small enough and whole characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.integer({ min: 4, max: 50 }), (text, bytes) => {
        const pieces = splitText(text, bytes);
        expect(pieces.join('')).toBe(text);
        for (const piece of pieces) {
          expect(Buffer.byteLength(piece)).toBeLessThanOrEqual(bytes);
          expect(Buffer.from(piece).toString()).toBe(piece);
        }
      }),
    );
  });

  it('can be cut before its first character', () => {
    expect(cutText('🦉', 3)).toEqual(['', '🦉']);
    expect(cutText('x', 0)).toEqual(['', 'x']);
    expect(cutText('', 0)).toEqual(['', '']);
  });
});
