import { describe, expect, test } from 'vitest';
import { chordOf, keyCaps, sequenceMs, SequenceMatcher } from './chord.ts';

const key = (key: string, more: Partial<KeyboardEvent> = {}) =>
  chordOf({ key, shiftKey: false, metaKey: false, ctrlKey: false, altKey: false, ...more });

describe('a chord', () => {
  test('names shift with letters, and not where the sign has it already', () => {
    expect([key('o'), key('O', { shiftKey: true }), key('?', { shiftKey: true }), key('k', { metaKey: true })]).toEqual([
      'o',
      'shift+o',
      '?',
      'mod+k',
    ]);
  });

  test('is drawn as keys', () => {
    expect(keyCaps('g r')).toEqual(['G', 'R']);
    expect(keyCaps('shift+o')).toEqual(['⇧', 'O']);
  });
});

describe('a sequence', () => {
  const bindings = ['g r', 'g 1', 'r', 'Escape Escape'];

  test('matches when its keys follow each other, and beats the single key that ends it', () => {
    const matcher = new SequenceMatcher();
    expect(matcher.press('g', bindings, 0)).toBeNull();
    expect(matcher.press('r', bindings, 100)).toBe('g r');
    expect(matcher.press('r', bindings, 200)).toBe('r');
  });

  test('is forgotten after a second, and when another key comes between', () => {
    const matcher = new SequenceMatcher();
    matcher.press('g', bindings, 0);
    expect(matcher.press('r', bindings, sequenceMs + 1)).toBe('r');
    matcher.press('Escape', bindings, 5_000);
    matcher.press('x', bindings, 5_001);
    expect(matcher.press('Escape', bindings, 5_002)).toBeNull();
    expect(matcher.press('Escape', bindings, 5_003)).toBe('Escape Escape');
  });
});
