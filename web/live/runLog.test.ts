import { describe, expect, test } from 'vitest';
import { LogWriter, mergeChunks } from '../test/logWriter.ts';
import { RunLog, type LogEvent } from './runLog.ts';

function events(count: number): LogEvent[] {
  const log = new LogWriter();
  for (let n = 0; n < count; n += 1) log.add({ __typename: 'ItemChunkEvent', itemId: 'a', stream: 'STDOUT', text: `${n} ` });
  return log.events;
}

const seqs = (found: readonly LogEvent[]): number[] => found.map(({ seq }) => seq);

describe('the part of a log that was loaded', () => {
  test('takes each event once, whatever is sent again', () => {
    const log = new RunLog();
    const all = events(6);
    expect(seqs(log.append(all.slice(0, 4)).events)).toEqual([1, 2, 3, 4]);
    expect(seqs(log.append(all.slice(2)).events)).toEqual([5, 6]);
    expect(log.append(all)).toEqual({ events: [], whole: true });
    expect(log.cursor).toBe(6);
  });

  test('takes nothing from beyond a gap, and says that there is one', () => {
    const log = new RunLog();
    const all = events(6);
    expect(log.append([...all.slice(0, 2), ...all.slice(3)])).toMatchObject({ whole: false });
    expect(log.cursor).toBe(2);
    expect(seqs(log.append(all.slice(2)).events)).toEqual([3, 4, 5, 6]);
  });

  test('knows that a merged chunk stands for several', () => {
    const all = events(6);
    const log = new RunLog(2);
    log.append(mergeChunks(all.slice(2, 5)));
    expect([log.first, log.cursor]).toEqual([3, 5]);
    log.prepend(mergeChunks(all.slice(0, 2)));
    expect(log.first).toBe(1);
    expect(seqs(log.append(all.slice(5)).events)).toEqual([6]);
    // One that begins before the cursor and ends after it cannot be cut: it is asked for again.
    expect(new RunLog(3).append(mergeChunks(all.slice(2)))).toEqual({ events: [], whole: false });
  });

  test('refuses a page that does not join it', () => {
    const all = events(6);
    const log = new RunLog(3);
    log.append(all.slice(3));
    expect(() => log.prepend(all.slice(0, 2))).toThrow('does not join');
  });
});
