import { describe, expect, test } from 'vitest';
import { highlight, languageOf, markRanges } from './highlight.ts';
import { changedWords, wordsOfLines } from './words.ts';

describe('highlighting', () => {
  test('keeps every line as it is, also where a comment goes over several', async () => {
    const text = 'const a = 1;\n/* two\n   lines */\nreturn "x";';
    const lines = await highlight('src/a.ts', text);
    expect(lines.map((line) => line.map((token) => token.text).join('')).join('\n')).toBe(text);
    expect(lines[0]?.[0]).toEqual({ text: 'const', kind: 'keyword' });
    expect(lines[2]?.[0]?.kind).toBe('comment');
  });

  test('knows a language by its file’s name, and leaves the others alone', async () => {
    expect([languageOf('a/Dockerfile'), languageOf('b.YAML'), languageOf('LICENSE')]).toEqual(['dockerfile', 'yaml', null]);
    expect(await highlight('LICENSE', 'a\nb')).toEqual([[{ text: 'a', kind: null }], [{ text: 'b', kind: null }]]);
  });
});

describe('changed words', () => {
  test('are marked in lines that are alike', () => {
    expect(changedWords('return next(attempt);', 'return next(attempt, after);')).toEqual({ before: [], after: [[19, 26]] });
    expect(changedWords('one two three', 'völlig anderes hier')).toEqual({ before: [], after: [] });
  });

  test('are looked for between deletions and the additions that follow them, in their order', () => {
    const line = (kind: 'same' | 'add' | 'del', text: string) => ({ kind, text, before: null, after: null, open: false });
    const words = wordsOfLines([
      line('same', 'x'),
      line('del', 'call(1, a)'),
      line('add', 'call(2, a)'),
      line('add', 'more()'),
      line('same', 'y'),
    ]);
    expect([...words]).toEqual([
      [1, [[5, 6]]],
      [2, [[5, 6]]],
    ]);
  });

  test('cut tokens where they begin and end', () => {
    expect(markRanges([{ text: 'abcd', kind: 'k' }], [[1, 3]])).toEqual([
      { text: 'a', kind: 'k', marked: false },
      { text: 'bc', kind: 'k', marked: true },
      { text: 'd', kind: 'k', marked: false },
    ]);
  });
});
