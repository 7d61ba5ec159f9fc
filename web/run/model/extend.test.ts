import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RunLog, type LogEvent } from '../../live/runLog.ts';
import { LogWriter, mergeChunks } from '../../test/logWriter.ts';
import { someLog } from '../../test/someLog.ts';
import { extend, transcriptOf } from './extend.ts';
import { leftOut } from './output.ts';
import { emptyTranscript, type ItemEntry, type Transcript } from './transcript.ts';

const mira = { kind: 'USER', name: 'Mira Okafor' } as const;
const entriesOf = (transcript: Transcript) => transcript.sections.flatMap(({ entries }) => entries);

function started(): LogWriter {
  const log = new LogWriter();
  log.add({ __typename: 'RunCreatedEvent', title: 'A run', origin: 'MANUAL', harness: 'SCRIPT' });
  log.add({ __typename: 'MessageAddedEvent', messageId: 'm1', author: mira, text: 'make', size: 4, clientKey: null });
  log.ordinal = 1;
  log.add({ __typename: 'SessionOpenedEvent', sessionId: 's', ordinal: 1, cause: 'START', harness: 'SCRIPT', restoreFrom: null });
  return log;
}

function inTurn(): LogWriter {
  const log = started();
  log.add({ __typename: 'MessageDeliveredEvent', messageId: 'm1' });
  return log.add({ __typename: 'TurnStartedEvent', turn: 1, messageId: 'm1' });
}

describe('the transcript', () => {
  test('shows a message as waiting until its turn begins', () => {
    const log = started();
    const waiting = transcriptOf(log.events);
    expect(waiting.pending.map(({ text }) => text)).toEqual(['make']);
    log.add({ __typename: 'MessageDeliveredEvent', messageId: 'm1' });
    log.add({ __typename: 'TurnStartedEvent', turn: 1, messageId: 'm1' });
    const begun = transcriptOf(log.events);
    expect(begun.pending).toEqual([]);
    expect(begun.turn).toMatchObject({ turn: 1, messageId: 'm1' });
    expect(entriesOf(begun).at(-1)).toMatchObject({ kind: 'TURN', text: 'make', author: mira });
  });

  test('keeps head and tail of a large output and counts what lies between', () => {
    const log = inTurn().add({ __typename: 'ItemStartedEvent', itemId: 'a', itemKind: 'COMMAND', title: 'yes' });
    const line = `${'y'.repeat(127)}\n`;
    for (let chunk = 0; chunk < 1_280; chunk += 1) {
      log.add({ __typename: 'ItemChunkEvent', itemId: 'a', stream: 'STDOUT', text: line.repeat(64) });
    }
    log.add({ __typename: 'ItemChunkEvent', itemId: 'a', stream: 'STDOUT', text: 'the end' });
    const item = entriesOf(transcriptOf(log.events)).at(-1) as ItemEntry;
    expect(item.output.length).toBe(10 * 1024 * 1024 + 7);
    expect(item.output.tail.endsWith('the end')).toBe(true);
    expect(item.output.head.length + item.output.tail.length).toBeLessThanOrEqual(64 * 1024);
    expect(leftOut(item.output)).toBe(item.output.length - 64 * 1024);
  });

  test('shows a turn that was lost with its worker as lost, and its message as waiting again when it is given again', () => {
    const log = inTurn();
    log.add({ __typename: 'ItemStartedEvent', itemId: 'a', itemKind: 'COMMAND', title: 'make' });
    log.add({ __typename: 'TurnRolledBackEvent', turn: 1, rolledFrom: 5, messageId: 'm1', redelivered: true });
    const transcript = transcriptOf(log.events);
    expect(
      entriesOf(transcript)
        .filter(({ lost }) => lost)
        .map(({ kind }) => kind),
    ).toEqual(['TURN', 'ITEM']);
    expect(entriesOf(transcript).at(-1)).toMatchObject({ state: 'LOST' });
    expect(transcript.pending).toMatchObject([{ messageId: 'm1', text: 'make' }]);
    expect(transcript.turn).toBeNull();
  });

  test('does not say a failure of the run again that its session has said', () => {
    const why = { origin: 'USER', code: 'SCRIPT_FAILED', message: 'It exited with 2.', retryable: true } as const;
    const log = inTurn();
    log.add({
      __typename: 'SessionStateChangedEvent',
      sessionFrom: 'RUNNING',
      sessionTo: 'ENDED',
      worker: null,
      outcome: 'FAILED',
      failure: why,
    });
    log.ordinal = null;
    log.add({ __typename: 'RunStateChangedEvent', runFrom: 'IN_PROGRESS', runTo: 'FAILED', failure: why });
    const transcript = transcriptOf(log.events);
    expect(transcript).toMatchObject({ state: 'FAILED', failure: why });
    expect(entriesOf(transcript).some(({ kind }) => kind === 'RUN_FAILED')).toBe(false);
  });

  test('keeps what a tool was called with and what it changed, with its output', () => {
    const tool = { id: 'c1', name: 'edit', kind: 'EDIT' } as const;
    const log = inTurn().add({
      __typename: 'ItemStartedEvent',
      itemId: 'a',
      itemKind: 'TOOL',
      title: 'a.ts',
      tool,
      input: '{"path":"a.ts"}',
    });
    log.add({ __typename: 'ItemDiffEvent', itemId: 'a', path: 'a.ts', oldText: 'one', newText: 'two', complete: true });
    log.add({ __typename: 'ItemChunkEvent', itemId: 'a', stream: 'STDOUT', text: 'done' });
    expect(entriesOf(transcriptOf(log.events)).at(-1)).toMatchObject({
      tool,
      input: '{"path":"a.ts"}',
      diffs: [{ path: 'a.ts', newText: 'two' }],
      output: { head: 'done' },
    });
  });

  test('shows one plan for a turn, where it was told first, as it was told last', () => {
    const log = inTurn();
    log.add({ __typename: 'PlanUpdatedEvent', planId: 'p', steps: [{ content: 'look', status: 'IN_PROGRESS' }] });
    log.add({ __typename: 'FilesChangedEvent', files: [], count: 0 });
    log.add({ __typename: 'PlanUpdatedEvent', planId: 'p', steps: [{ content: 'look', status: 'COMPLETED' }] });
    const plans = entriesOf(transcriptOf(log.events)).filter(({ kind }) => kind === 'PLAN');
    expect(plans).toMatchObject([{ seq: log.events.length - 2, steps: [{ content: 'look', status: 'COMPLETED' }] }]);
  });

  test('passes over an event of a kind that it does not know', () => {
    const later = { __typename: 'SomethingNewEvent', seq: 1, at: '2026-01-05T09:00:00.000Z', sessionOrdinal: null };
    expect(transcriptOf([later as unknown as LogEvent])).toMatchObject({ last: 1, sections: [] });
  });

  test('leaves the transcript before it as it was', () => {
    const log = inTurn();
    const before = transcriptOf(log.events);
    const copy = structuredClone(before);
    log.add({ __typename: 'ItemStartedEvent', itemId: 'a', itemKind: 'COMMAND', title: 'make' });
    extend(before, log.events.slice(-1));
    expect(before).toEqual(copy);
  });

  test('is the same however the log is cut into batches', () => {
    fc.assert(
      fc.property(someLog, fc.infiniteStream(fc.integer({ min: 1, max: 20 })), (events, sizes) => {
        let transcript = emptyTranscript;
        for (let from = 0; from < events.length;) {
          const size = sizes.next().value;
          transcript = extend(transcript, events.slice(from, from + size));
          from += size;
        }
        expect(transcript).toEqual(transcriptOf(events));
      }),
    );
  });

  test('is the same whatever part of it came as history, however its chunks were merged, and whatever was sent twice', () => {
    fc.assert(
      fc.property(someLog, fc.nat(), fc.nat(), fc.array(fc.nat(), { maxLength: 6 }), (events, a, b, resumes) => {
        const [opens, older] = [a % (events.length + 1), b % (events.length + 1)].sort((x, y) => y - x) as [number, number];
        // The end of the history first …
        const log = new RunLog(older);
        log.append(mergeChunks(events.slice(older, opens), (seq) => seq % 3 !== 0));
        let transcript = transcriptOf(log.events);
        // … then the stream, resumed from anywhere before the cursor …
        for (const resume of [...resumes.map((n) => n % (opens + 1)), opens]) {
          transcript = extend(transcript, log.append(events.slice(resume)).events);
        }
        expect(transcript).toEqual(transcriptOf(events.slice(older)));
        // … then the pages before.
        const half = Math.floor(older / 2);
        if (log.first > 0) {
          log.prepend(mergeChunks(events.slice(half, older)));
          log.prepend(mergeChunks(events.slice(0, half)));
          expect(transcriptOf(log.events)).toEqual(transcriptOf(events));
        }
      }),
    );
  });
});
