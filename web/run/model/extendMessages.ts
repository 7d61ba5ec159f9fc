import type { Draft } from './draft.ts';
import { itemKeys } from './extendItems.ts';
import { redactedIn, type Entry, type EventOf, type PendingMessage, type TurnEntry } from './transcript.ts';

const keyOf = (turn: number): string => `turn ${turn}`;

export function addMessage({ value }: Draft, event: EventOf<'MessageAddedEvent'>): void {
  const { messageId, clientKey, seq, at, author, text, size } = event;
  const message = { messageId, clientKey, messageSeq: seq, seq, at, author, text, size, ...redactedIn(event) };
  value.pending = [...value.pending, message];
}

/** The message stays where it waits until its turn begins, which the same transaction says next. */
export function deliverMessage(_draft: Draft, _event: EventOf<'MessageDeliveredEvent'>): void {}

/** Takes a message from those that wait. Without text when it was added before what was loaded. */
function take({ value }: Draft, messageId: string): Omit<PendingMessage, 'seq' | 'at'> {
  const found = value.pending.find((message) => message.messageId === messageId);
  value.pending = value.pending.filter((message) => message !== found);
  if (!found) return { messageId, clientKey: null, messageSeq: null, author: null, text: null, size: 0 };
  const { seq: _, at: __, ...message } = found;
  return message;
}

export function returnMessage(draft: Draft, event: EventOf<'MessageReturnedEvent'>): void {
  const { seq, at } = event;
  draft.push(event, {
    kind: 'MESSAGE',
    id: `e${seq}`,
    seq,
    at,
    lost: false,
    ...take(draft, event.messageId),
    state: 'RETURNED',
    reason: event.returnedReason,
  });
}

export function withdrawMessage(draft: Draft, event: EventOf<'MessageWithdrawnEvent'>): void {
  const { seq, at, actor } = event;
  draft.push(event, {
    kind: 'MESSAGE',
    id: `e${seq}`,
    seq,
    at,
    lost: false,
    ...take(draft, event.messageId),
    state: 'WITHDRAWN',
    reason: actor.name,
  });
}

export function startTurn(draft: Draft, event: EventOf<'TurnStartedEvent'>): void {
  const { seq, at, turn, messageId } = event;
  const entry: TurnEntry = { kind: 'TURN', id: `t${turn}`, seq, at, lost: false, turn, fate: null, ...take(draft, messageId) };
  draft.push(event, entry, keyOf(turn));
  draft.value.turn = { turn, messageId, at };
}

export function endTurn(draft: Draft, event: EventOf<'TurnEndedEvent'>): void {
  draft.value.turn = null;
  draft.close(keyOf(event.turn));
}

/** What the turn logged happened in a workspace that is gone: it stays to be read, and says so. */
export function rollBack(draft: Draft, event: EventOf<'TurnRolledBackEvent'>): void {
  const fate = event.redelivered ? 'REDELIVERED' : 'RETURNED';
  const turn = draft.find(keyOf(event.turn));
  const section = draft.sectionOf(event);
  draft.closeAll(section, itemKeys, lose);
  draft.changeFrom(section, event.rolledFrom, lose);
  if (turn?.kind === 'TURN') {
    draft.replace(keyOf(event.turn), { ...turn, lost: true, fate });
    draft.close(keyOf(event.turn));
  }
  draft.value.turn = null;
  if (!event.redelivered) return;
  const message: PendingMessage = {
    messageId: event.messageId,
    seq: event.seq,
    at: event.at,
    clientKey: turn?.kind === 'TURN' ? turn.clientKey : null,
    messageSeq: turn?.kind === 'TURN' ? turn.messageSeq : null,
    author: turn?.kind === 'TURN' ? turn.author : null,
    text: turn?.kind === 'TURN' ? turn.text : null,
    size: turn?.kind === 'TURN' ? turn.size : 0,
    ...(turn?.redacted && { redacted: turn.redacted }),
  };
  draft.value.pending = [message, ...draft.value.pending];
}

/** An item that never ended, ended with its worker. */
const lose = (entry: Entry): Entry =>
  entry.kind === 'ITEM' && entry.state === 'RUNNING' ? { ...entry, lost: true, state: 'LOST' } : { ...entry, lost: true };
