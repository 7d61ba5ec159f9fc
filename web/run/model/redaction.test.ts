import { expect, test } from 'vitest';
import type { LogEvent } from '../../live/runLog.ts';
import { LogWriter } from '../../test/logWriter.ts';
import { redactableSeq } from '../entries/redactable.ts';
import { transcriptOf } from './extend.ts';

const mira = { kind: 'USER', name: 'Mira Okafor' } as const;
const redaction = { actor: mira, at: '2026-01-05T10:00:00.000Z', reason: 'a password' };

function someLog(): readonly LogEvent[] {
  const log = new LogWriter();
  log.add({ __typename: 'RunCreatedEvent', title: 'A run', origin: 'MANUAL', harness: 'SCRIPT' });
  log.add({ __typename: 'MessageAddedEvent', messageId: 'm1', author: mira, text: 'make', size: 4, clientKey: null });
  log.ordinal = 1;
  log.add({ __typename: 'SessionOpenedEvent', sessionId: 's', ordinal: 1, cause: 'START', harness: 'SCRIPT', restoreFrom: null });
  log.add({ __typename: 'MessageDeliveredEvent', messageId: 'm1' });
  log.add({ __typename: 'TurnStartedEvent', turn: 1, messageId: 'm1' });
  log.add({ __typename: 'ItemStartedEvent', itemId: 'a', itemKind: 'COMMAND', title: 'make' });
  log.add({ __typename: 'ItemChunkEvent', itemId: 'a', stream: 'STDOUT', text: 'made' });
  return log.events;
}
const entriesOf = (events: readonly LogEvent[]) => transcriptOf(events).sections.flatMap(({ entries }) => entries);

test('an entry whose event was redacted says so, also when its message waited for its turn', () => {
  const redacted = someLog().map((event) =>
    ['MessageAddedEvent', 'ItemStartedEvent', 'ItemChunkEvent'].includes(event.__typename) ? { ...event, redaction } : event,
  );
  expect(entriesOf(redacted).map((entry) => [entry.kind, entry.redacted?.reason ?? null])).toEqual([
    ['CREATED', null],
    ['TURN', 'a password'],
    ['ITEM', 'a password'],
  ]);
  expect(entriesOf(redacted).map(redactableSeq)).toEqual([null, null, null]);
});

test('the message of a turn is redacted by its own event, and an item once it has ended', () => {
  expect(entriesOf(someLog()).map(redactableSeq)).toEqual([null, 2, null]);
  const ended = new LogWriter();
  ended.events.push(...someLog());
  ended.ordinal = 1;
  ended.add({
    __typename: 'ItemEndedEvent',
    itemId: 'a',
    status: 'OK',
    exitCode: 0,
    signal: null,
    bytes: 4,
    omittedBytes: 0,
    itemTookMs: 5,
  });
  expect(entriesOf(ended.events).map(redactableSeq)).toEqual([null, 2, 6]);
});
