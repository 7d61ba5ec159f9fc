import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formsOf, type NamedSecret } from './secretForms.ts';
import { MaskedStream, SecretMask } from './secretMask.ts';

/** Masks a text that comes in parts cut at these places. */
function inParts(mask: SecretMask, text: string, cuts: readonly number[]): string {
  const stream = new MaskedStream(mask);
  const places = [0, ...[...cuts].map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
  const parts = places.slice(1).map((end, n) => text.slice(places[n], end));
  return parts.map((part) => stream.take(part)).join('') + stream.end();
}

/** The first place of the longest form that begins first, again and again: slow, and plainly right. */
function naive(secrets: readonly NamedSecret[], text: string): string {
  const forms = [...new Map(secrets.flatMap((secret) => [...formsOf(secret)].map((form) => [form, secret.name])))];
  for (let at = 0; at < text.length; at++) {
    const [found] = forms.filter(([form]) => text.startsWith(form, at)).sort(([a], [b]) => b.length - a.length);
    if (found) return `${text.slice(0, at)}[secret ${found[1]}]${naive(secrets, text.slice(at + found[0].length))}`;
  }
  return text;
}

// Few characters, so that beginnings of secrets, overlaps and near misses abound.
const few = (minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom('a', 'b', '/', ' ', 'é', '"', '\n'), minLength, maxLength });
const secretsOf = fc
  .array(few(6, 24), { minLength: 1, maxLength: 4 })
  .map((values) => values.map((value, n) => ({ name: `S${n}`, value })));
const cuts = fc.array(fc.nat(10_000), { maxLength: 12 });

describe('the mask of secrets', () => {
  it('does what a naive search does, however the text is cut', () => {
    fc.assert(
      fc.property(secretsOf, fc.array(fc.oneof(few(0, 12), fc.nat(3))), cuts, (secrets, pieces, at) => {
        const text = pieces.map((piece) => (typeof piece === 'string' ? piece : (secrets[piece]?.value ?? ''))).join('');
        const mask = new SecretMask(secrets);
        const expected = naive(secrets, text);
        expect(mask.text(text)).toBe(expected);
        expect(inParts(mask, text, at)).toBe(expected);
      }),
      { numRuns: 1_000, seed: 7 },
    );
  });

  const value = fc.string({ unit: 'grapheme', minLength: 12, maxLength: 80 }).filter((text) => text.trim() === text);
  const encoded: Record<string, (value: string, before: string) => string> = {
    'as it is': (text) => text,
    'in JSON': (text) => JSON.stringify({ text }),
    'in an address': (text) => `https://example.com/?q=${encodeURIComponent(text)}`,
    'in a form': (text) => new URLSearchParams({ text }).toString(),
    'in Base64': (text) => Buffer.from(text).toString('base64'),
    'in the midst of Base64': (text, before) => Buffer.from(`${before}${text}${before}`).toString('base64'),
    'in Base64 for addresses': (text, before) => Buffer.from(`${before}${text}`).toString('base64url'),
  };
  it.each(Object.entries(encoded))('hides a secret %s, however it is cut', (_how, encode) => {
    fc.assert(
      fc.property(value, fc.string({ maxLength: 8 }), cuts, (secret, before, at) => {
        const mask = new SecretMask([{ name: 'TOKEN', value: secret }]);
        const shown = inParts(mask, `x ${encode(secret, before)} y`, at);
        expect(shown).toContain('[secret TOKEN]');
        expect(shown.replaceAll('[secret TOKEN]', '')).not.toContain(secret);
        for (const form of formsOf({ name: 'TOKEN', value: secret }))
          expect(shown.replaceAll('[secret TOKEN]', '\0')).not.toContain(form);
      }),
      { numRuns: 300, seed: 11 },
    );
  });

  it('leaves text without secrets as it is, byte for byte', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), cuts, (text, at) => {
        const mask = new SecretMask([{ name: 'TOKEN', value: 'ghp_0123456789abcdef' }]);
        expect(inParts(mask, text, at)).toBe(text);
      }),
      { numRuns: 500, seed: 13 },
    );
  });

  it('hides each line of a secret of several, and its Base64 as programs break it', () => {
    const lines = Array.from({ length: 8 }, (_, n) => `${n}-${'abcdefghij'.repeat(6)}-${n}`);
    const key = ['-----BEGIN PRIVATE KEY-----', ...lines, '-----END PRIVATE KEY-----', ''].join('\n');
    const mask = new SecretMask([{ name: 'KEY', value: key }]);
    expect(mask.text(`  ${lines[3]}\r\n`)).toBe('  [secret KEY]\r\n');
    for (const width of [64, 76]) {
      const broken = (
        Buffer.from(key)
          .toString('base64')
          .match(new RegExp(`.{1,${width}}`, 'g')) ?? []
      ).join('\n');
      expect(mask.text(broken).replaceAll('[secret KEY]', '').length).toBeLessThan(20);
    }
  });

  it('lets texts of fewer than six characters through, and takes the longer of two that begin alike', () => {
    const mask = new SecretMask([
      { name: 'SHORT', value: 'abcde' },
      { name: 'ONE', value: 'secret' },
      { name: 'LONGER', value: 'secretary' },
    ]);
    expect(mask.text('abcde secretary secret secretar')).toBe('abcde [secret LONGER] [secret ONE] [secret ONE]ar');
  });

  it('holds back no more than the beginning of a secret', () => {
    const stream = new MaskedStream(new SecretMask([{ name: 'TOKEN', value: 'hunter2hunter3' }]));
    expect(stream.take('password: hunter2hun')).toBe('password: ');
    expect(stream.take('ting')).toBe('hunter2hunting');
    expect(stream.take('hunter2hunter')).toBe('');
    expect(stream.take('3!')).toBe('[secret TOKEN]!');
    expect(stream.take('h')).toBe('');
    expect(stream.end()).toBe('h');
  });

  it('masks text as fast as it comes, with many and long secrets', () => {
    const secrets = Array.from({ length: 100 }, (_, n) => ({ name: `S${n}`, value: `${n}-${'x'.repeat(500)}-${n}` }));
    const mask = new SecretMask([...secrets, { name: 'LONG', value: 'line of a key\n'.repeat(4_000) }]);
    const text = 'the quick brown fox jumps over the lazy dog\n'.repeat(25_000);
    const began = performance.now();
    mask.text(text);
    expect(performance.now() - began).toBeLessThan(3_000);
  });
});
