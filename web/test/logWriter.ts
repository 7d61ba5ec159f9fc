import type { LogEvent } from '../live/runLog.ts';

/** What every event has, and what only items of an agent's tools have. */
type Given = 'seq' | 'at' | 'sessionOrdinal' | 'redaction' | 'fromSeq';
type Tool = 'tool' | 'input';

type Body<E extends LogEvent> = E extends { __typename: 'ItemStartedEvent' }
  ? Omit<E, Given | Tool> & Partial<Pick<E, Tool>>
  : E extends LogEvent
    ? Omit<E, Given>
    : never;

/** Writes logs for tests: numbers the events and gives each a time. */
export class LogWriter {
  readonly events: LogEvent[] = [];
  ordinal: number | null = null;
  /** Milliseconds between two events. */
  step = 1_000;
  #at = Date.UTC(2026, 0, 5, 9, 0, 0);

  add(body: Body<LogEvent>): this {
    const seq = this.events.length + 1;
    this.#at += this.step;
    const at = new Date(this.#at).toISOString();
    const more = body.__typename === 'ItemChunkEvent' ? { fromSeq: seq } : {};
    const none = body.__typename === 'ItemStartedEvent' ? { tool: null, input: null } : {};
    this.events.push({ ...none, ...body, ...more, seq, at, sessionOrdinal: this.ordinal, redaction: null } as LogEvent);
    return this;
  }
}

/** Joins chunks that follow each other, as a page of history does. `joins` says for each place whether it is done there. */
export function mergeChunks(events: readonly LogEvent[], joins: (seq: number) => boolean = () => true): LogEvent[] {
  const merged: LogEvent[] = [];
  for (const event of events) {
    const last = merged.at(-1);
    if (
      event.__typename === 'ItemChunkEvent' &&
      last?.__typename === 'ItemChunkEvent' &&
      last.itemId === event.itemId &&
      last.stream === event.stream &&
      joins(event.seq)
    ) {
      merged[merged.length - 1] = { ...event, fromSeq: last.fromSeq, text: last.text + event.text };
    } else {
      merged.push(event);
    }
  }
  return merged;
}
