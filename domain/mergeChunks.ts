import type { LoggedEvent } from './events.ts';

/** An event as a page of history shows it: one may stand for several chunks, `fromSeq` to `seq`. */
export type PagedEvent = LoggedEvent & { readonly fromSeq: number };

/** Joined chunks end at this many characters, so that no event of a page grows without bound. */
const mostCharacters = 256 * 1024;

/** Joins chunks of one item and stream that follow each other in the log. The order and the whole text stay the same. */
export function mergeChunks(events: readonly LoggedEvent[]): PagedEvent[] {
  const merged: PagedEvent[] = [];
  let parts: string[] = [];
  let length = 0;
  const seal = () => {
    const last = merged.at(-1);
    if (last?.event.type === 'item.chunk' && parts.length > 1) {
      merged[merged.length - 1] = { ...last, event: { ...last.event, text: parts.join('') } };
    }
  };
  for (const logged of events) {
    const last = merged.at(-1);
    const { event } = logged;
    if (event.type === 'item.chunk' && last && joins(last, logged) && length + event.text.length <= mostCharacters) {
      parts.push(event.text);
      length += event.text.length;
      merged[merged.length - 1] = { ...logged, fromSeq: last.fromSeq };
      continue;
    }
    seal();
    merged.push({ ...logged, fromSeq: logged.seq });
    parts = event.type === 'item.chunk' ? [event.text] : [];
    length = event.type === 'item.chunk' ? event.text.length : 0;
  }
  seal();
  return merged;
}

const joins = (last: PagedEvent, { event, seq }: LoggedEvent): boolean =>
  last.event.type === 'item.chunk' &&
  // A redacted item is redacted as a whole, so both are or neither is.
  event.type === 'item.chunk' &&
  last.seq + 1 === seq &&
  last.event.itemId === event.itemId &&
  last.event.stream === event.stream;
