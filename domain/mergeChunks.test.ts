import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LoggedEvent, RunEvent } from './events.ts';
import type { RunId } from './ids.ts';
import { mergeChunks } from './mergeChunks.ts';

const anEvent: fc.Arbitrary<RunEvent> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('item.chunk' as const),
      itemId: fc.constantFrom('a', 'b'),
      stream: fc.constantFrom('STDOUT' as const, 'STDERR' as const),
      text: fc.string({ maxLength: 5 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('item.started' as const),
      itemId: fc.constantFrom('a', 'b'),
      kind: fc.constant('COMMAND' as const),
      title: fc.constant('t'),
    }),
  },
);

const aLog = fc.tuple(fc.nat(50), fc.array(anEvent, { maxLength: 60 })).map(([start, events]) =>
  events.map((event, index): LoggedEvent => ({
    runId: 'run_1' as RunId,
    seq: start + index + 1,
    at: new Date(0),
    session: 1,
    redaction: null,
    event,
  })),
);

describe('merging chunks', () => {
  test('covers every sequence number once, in order, and keeps every text', () => {
    fc.assert(
      fc.property(aLog, (log) => {
        const merged = mergeChunks(log);
        expect(merged.flatMap(({ fromSeq, seq }) => Array.from({ length: seq - fromSeq + 1 }, (_, i) => fromSeq + i))).toEqual(
          log.map(({ seq }) => seq),
        );
        const texts = (events: readonly LoggedEvent[]) =>
          events.reduce<Record<string, string>>((all, { event }) => {
            if (event.type !== 'item.chunk') return all;
            const key = `${event.itemId}/${event.stream}`;
            return { ...all, [key]: (all[key] ?? '') + event.text };
          }, {});
        expect(texts(merged)).toEqual(texts(log));
      }),
    );
  });

  test('leaves no two neighbours that could be one', () => {
    fc.assert(
      fc.property(aLog, (log) => {
        const merged = mergeChunks(log);
        for (const [index, { event }] of merged.entries()) {
          const next = merged[index + 1]?.event;
          if (event.type === 'item.chunk' && next?.type === 'item.chunk') {
            expect(`${event.itemId}/${event.stream}`).not.toBe(`${next.itemId}/${next.stream}`);
          }
        }
      }),
    );
  });
});
