import type { Draft } from './draft.ts';
import { addOutput, noOutput } from './output.ts';
import { redactedIn, type EventOf, type ItemEntry } from './transcript.ts';

const keyOf = (itemId: string): string => `item ${itemId}`;

/** What the key of every item begins with. */
export const itemKeys = 'item ';

export function startItem(draft: Draft, event: EventOf<'ItemStartedEvent'>): void {
  const entry: ItemEntry = {
    kind: 'ITEM',
    id: `i${event.itemId}`,
    seq: event.seq,
    at: event.at,
    lost: false,
    itemId: event.itemId,
    itemKind: event.itemKind,
    title: event.title,
    tool: event.tool,
    input: event.input,
    diffs: [],
    output: noOutput,
    state: 'RUNNING',
    end: null,
    ...redactedIn(event),
  };
  draft.push(event, entry, keyOf(event.itemId));
}

export function addChunk(draft: Draft, event: EventOf<'ItemChunkEvent'>): void {
  const entry = itemOf(draft, event, event.fromSeq);
  draft.replace(keyOf(event.itemId), { ...entry, output: addOutput(entry.output, event.text) });
}

export function addDiff(draft: Draft, event: EventOf<'ItemDiffEvent'>): void {
  const entry = itemOf(draft, event, event.seq);
  draft.replace(keyOf(event.itemId), { ...entry, diffs: [...entry.diffs, event] });
}

export function endItem(draft: Draft, event: EventOf<'ItemEndedEvent'>): void {
  const entry = itemOf(draft, event, event.seq);
  draft.replace(keyOf(event.itemId), { ...entry, state: event.status, end: event });
  draft.close(keyOf(event.itemId));
}

/** The item, begun without its beginning when that is on a page that was not loaded. */
function itemOf(draft: Draft, event: EventOf<'ItemChunkEvent' | 'ItemDiffEvent' | 'ItemEndedEvent'>, seq: number): ItemEntry {
  const found = draft.find(keyOf(event.itemId));
  if (found?.kind === 'ITEM') return found;
  const entry: ItemEntry = {
    kind: 'ITEM',
    id: `i${event.itemId}`,
    seq,
    at: null,
    lost: false,
    itemId: event.itemId,
    itemKind: null,
    title: null,
    tool: null,
    input: null,
    diffs: [],
    output: noOutput,
    state: 'RUNNING',
    end: null,
    ...redactedIn(event),
  };
  draft.push(event, entry, keyOf(event.itemId));
  return entry;
}
