import { describe, expect, test } from 'vitest';
import { legsOf, legsSentence, legWidth, type LegSession } from './legs.ts';

const minute = 60_000;
const session = (ordinal: number, change: Partial<LegSession> = {}): LegSession => ({
  ordinal,
  state: 'ENDED',
  outcome: 'SUCCEEDED',
  createdAt: new Date(0).toISOString(),
  startedAt: new Date(0).toISOString(),
  endedAt: new Date(5 * minute).toISOString(),
  ...change,
});

describe('legs', () => {
  test('grow with the logarithm of the time, between 12 and 44 pixels', () => {
    expect(legWidth(0)).toBe(12);
    expect(legWidth(10 * minute)).toBeGreaterThan(legWidth(minute));
    expect(legWidth(24 * 60 * minute)).toBe(44);
  });

  test('are the latest six, with the number of those that are not drawn', () => {
    const { legs, more } = legsOf(
      Array.from({ length: 9 }, (_, index) => session(index + 1)),
      0,
    );
    expect(legs.map(({ ordinal }) => ordinal)).toEqual([4, 5, 6, 7, 8, 9]);
    expect(more).toBe(3);
  });

  test('rest when they were handed on, and keep their tone when they failed, were lost, or are the last', () => {
    const { legs } = legsOf([session(1), session(2, { outcome: 'LOST' }), session(3)], 0);
    expect(legs.map(({ past }) => past)).toEqual([true, false, false]);
    expect(legs.at(-1)?.tone).toEqual({ 'data-outcome': 'succeeded' });
  });

  test('speak in a sentence', () => {
    expect(legsSentence([session(1), session(2, { outcome: 'LOST' }), session(3)])).toBe(
      '3 sessions: handed on, worker lost, succeeded',
    );
    expect(legsSentence([session(1, { state: 'RESTORING', outcome: null })])).toBe('1 session: restoring');
  });
});
