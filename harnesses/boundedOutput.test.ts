import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { limits } from '../domain/limits.ts';
import { BoundedOutput, tailBytes, type OutputChunk } from './boundedOutput.ts';

// Many cases, on machines that may be busy.
vi.setConfig({ testTimeout: 30_000 });

function emitted(limit: number, parts: readonly OutputChunk[]) {
  const output = new BoundedOutput(limit);
  const live = parts.flatMap(({ stream, text }) => output.take(stream, text));
  const end = output.finish();
  return { live, end, text: [...live, ...end.chunks].map(({ text }) => text).join('') };
}

const line = (index: number): OutputChunk => ({ stream: index % 3 === 0 ? 'STDERR' : 'STDOUT', text: `line ${index}\n` });

describe('bounded output', () => {
  it('passes everything on at once, up to the limit', () => {
    const parts = Array.from({ length: 100 }, (_, index) => line(index));
    const { live, end } = emitted(10_000, parts);
    expect(live).toEqual(parts);
    expect(end).toMatchObject({ chunks: [], omittedBytes: 0 });
  });

  it('keeps what is past the limit for the end, and leaves nothing out while that fits', () => {
    const parts = Array.from({ length: 1000 }, (_, index) => line(index));
    const { live, end, text } = emitted(500, parts);
    expect(live.map((chunk) => chunk.text).join('')).toHaveLength(500);
    expect(text).toBe(parts.map((part) => part.text).join(''));
    expect(end.omittedBytes).toBe(0);
  });

  it('leaves out the middle of a long output, and says how much in its place', () => {
    const parts = Array.from({ length: 50_000 }, (_, index) => line(index));
    const whole = parts.map((part) => part.text).join('');
    const { live, end, text } = emitted(1000, parts);
    const head = live.map((chunk) => chunk.text).join('');
    const [notice, ...tail] = end.chunks;
    expect(whole.startsWith(head)).toBe(true);
    expect(notice?.text).toBe(`\n[${end.omittedBytes.toLocaleString('en')} bytes of output are left out here]\n`);
    const kept = tail.map((chunk) => chunk.text).join('');
    expect(whole.endsWith(kept)).toBe(true);
    expect(kept.length).toBeGreaterThanOrEqual(tailBytes);
    expect(kept.length).toBeLessThanOrEqual(tailBytes + limits.chunkBytes);
    expect(head.length + end.omittedBytes + kept.length).toBe(whole.length);
    expect(end.bytes).toBe(Buffer.byteLength(text));
    expect(end.sha256).toBe(createHash('sha256').update(text).digest('hex'));
  });

  it('never emits more than a chunk’s size at once, counts every byte, and hashes what it emits', () => {
    const part = fc.record({
      stream: fc.constantFrom('STDOUT' as const, 'STDERR' as const),
      text: fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.nat(3000).map((times) => 'ö€🦉'.repeat(times)),
      ),
    });
    fc.assert(
      fc.property(fc.nat(60_000), fc.array(part, { maxLength: 8 }), (limit, parts) => {
        const { live, end, text } = emitted(limit, parts);
        for (const chunk of [...live, ...end.chunks])
          expect(Buffer.byteLength(chunk.text)).toBeLessThanOrEqual(limits.chunkBytes);
        expect(end.bytes).toBe(Buffer.byteLength(text));
        expect(end.sha256).toBe(createHash('sha256').update(text).digest('hex'));
        const notice = end.omittedBytes > 0 ? Buffer.byteLength(end.chunks[0]?.text ?? '') : 0;
        const taken = Buffer.byteLength(parts.map((each) => each.text).join(''));
        expect(end.bytes - notice + end.omittedBytes).toBe(taken);
      }),
      { numRuns: 30 },
    );
  });
});
