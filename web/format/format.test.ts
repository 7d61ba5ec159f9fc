import { describe, expect, test } from 'vitest';
import { bytes, count, tokens, usageWords } from './amounts.ts';
import { duration, roughDuration, stopwatch } from './duration.ts';
import { ago, dayName } from './time.ts';

describe('durations', () => {
  test('have two units at most, the larger one first', () => {
    const spans = [80, 3_100, 42_400, 59_600, 68_000, 3_600_000, 8_040_000, 273_600_000];
    expect(spans.map(duration)).toEqual(['80 ms', '3.1 s', '42 s', '1 min', '1 min 8 s', '1 h', '2 h 14 min', '3 d 4 h']);
  });

  test('are rough where nobody counts the smaller parts', () => {
    expect([400, 7_900, 59_999, 119_000, 8_079_000].map(roughDuration)).toEqual(['0 s', '7 s', '59 s', '1 min', '2 h 14 min']);
  });

  test('run like a clock', () => {
    expect([0, 42_000, 725_000, 3_725_000].map(stopwatch)).toEqual(['0:00', '0:42', '12:05', '1:02:05']);
  });
});

describe('amounts', () => {
  test('of bytes have a unit that leaves up to three digits', () => {
    expect([0, 812, 3_100_000, 52_428_800, 999_999, 7e12].map(bytes)).toEqual([
      '0 B',
      '812 B',
      '3.1 MB',
      '52 MB',
      '1.0 MB',
      '7.0 TB',
    ]);
  });

  test('agree with their noun', () => {
    expect([count(1, 'file'), count(1_284, 'event'), count(0, 'entry', 'entries')]).toEqual([
      '1 file',
      '1,284 events',
      '0 entries',
    ]);
    expect([tokens(640), tokens(98_400), tokens(1_234_567)]).toEqual(['640 tokens', '98k tokens', '1.2M tokens']);
  });

  test('of usage name tokens and cost, or the time when there are none', () => {
    const nothing = { wallMs: 0, cpuMs: 0, peakMemoryBytes: 0, inputTokens: 0, outputTokens: 0, costMicros: 0, models: [] };
    expect(usageWords(nothing)).toEqual([]);
    expect(usageWords({ ...nothing, wallMs: 62_000 })).toEqual(['1 min 2 s of work']);
    expect(usageWords({ ...nothing, inputTokens: 90_000, outputTokens: 8_000, costMicros: 640_000 })).toEqual([
      '98k tokens',
      '$0.64',
    ]);
  });
});

describe('times', () => {
  const now = new Date(2026, 5, 18, 14, 0).getTime();
  const at = (...[month, day, hour, minute]: [number, number, number, number]) =>
    new Date(2026, month, day, hour, minute).toISOString();

  test('fall under the day of the calendar, not under spans of 24 hours', () => {
    const days = [at(5, 18, 0, 5), at(5, 17, 23, 55), at(5, 15, 9, 0), at(4, 1, 9, 0), new Date(2025, 4, 1).toISOString()];
    expect(days.map((day) => dayName(day, now))).toEqual(['Today', 'Yesterday', 'Monday', '1 May', '1 May 2025']);
  });

  test('ago are one number and one unit', () => {
    const spans = [2_000, 40_000, 130_000, 7_300_000, 90_000_000];
    expect(spans.map((ms) => ago(new Date(now - ms).toISOString(), now))).toEqual(['now', '40 s', '2 min', '2 h', '1 d']);
  });
});
