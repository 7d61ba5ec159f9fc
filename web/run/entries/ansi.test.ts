import { describe, expect, test } from 'vitest';
import { styledLines } from './ansi.ts';

const plain = (output: string): string[] => styledLines(output).map((line) => line.map(({ text }) => text).join(''));

describe('output with escape sequences', () => {
  test('becomes lines of spans in the theme’s colours', () => {
    expect(styledLines('\u001b[32m ✓\u001b[0m ok\n\u001b[1;91mfailed\u001b[m')).toMatchObject([
      [
        { text: ' ✓', color: 2, bold: false },
        { text: ' ok', color: null },
      ],
      [{ text: 'failed', color: 9, bold: true }],
    ]);
  });

  test('shows the nearest of the sixteen colours for one of millions', () => {
    expect(
      styledLines('\u001b[38;2;250;60;60mred\u001b[38;5;28mgreen\u001b[38;2;90;90;90mgrey')[0]?.map(({ color }) => color),
    ).toEqual([9, 2, 8]);
  });

  test('shows what was written last over a line', () => {
    expect(plain('10 %\r50 %\r100 %\ndone\r\nspin|\b/\b-')).toEqual(['100 %', 'done', 'spin-']);
  });

  test('leaves out what draws nothing, and never makes markup of text', () => {
    const output =
      '\u001b]0;title\u0007\u001b[2J\u001b[1;1H<img src=x onerror=alert(1)>\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\\u0000';
    expect(plain(output)).toEqual(['<img src=x onerror=alert(1)>link']);
  });

  test('leaves out halves of characters that a cut has made', () => {
    expect(plain('\udc00a👍\ud83d')).toEqual(['a👍']);
  });
});
