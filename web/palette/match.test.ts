import { expect, test } from 'vitest';
import { marked, match } from './match.ts';

test('a label matches when it has every word of the query, in any order and case', () => {
  expect(match('Go to session 2', 'SES go')).toEqual([
    [0, 2],
    [6, 9],
  ]);
  expect(match('Go to session 2', 'run')).toBeNull();
  expect(match('Go to session 2', '  ')).toEqual([]);
});

test('a label is marked where it matches', () => {
  expect(marked('Go to session 2', 'ses')).toEqual([
    { text: 'Go to ', hit: false },
    { text: 'ses', hit: true },
    { text: 'sion 2', hit: false },
  ]);
});
