import type { EventPartsFragment } from '../generated/operations.ts';

/** One event of a run's log as the API gives it. In a page of history a chunk may stand for `fromSeq` to `seq`. */
export type LogEvent = EventPartsFragment;

/** The first sequence number that an event stands for. */
export const firstSeq = (event: LogEvent): number => (event.__typename === 'ItemChunkEvent' ? event.fromSeq : event.seq);

export interface Appended {
  /** What was new. */
  readonly events: readonly LogEvent[];
  /** False when something is missing before the rest of what came: it must be asked for from the cursor again. */
  readonly whole: boolean;
}

/**
 * The part of a run's log that this page has: gapless, growing at its end by the stream and at its beginning by pages
 * of history. It takes each sequence number once, in order, whatever is sent twice or out of place.
 */
export class RunLog {
  #events: LogEvent[] = [];
  #first = 0;
  #cursor: number;

  /** `cursor` is the sequence number after which the log goes on: 0 for the start. */
  constructor(cursor = 0) {
    this.#cursor = cursor;
  }

  get events(): readonly LogEvent[] {
    return this.#events;
  }

  /** The sequence number of the last event that the log has. */
  get cursor(): number {
    return this.#cursor;
  }

  /** The first sequence number that the log has; 0 when it has none. */
  get first(): number {
    return this.#first;
  }

  /** Takes what follows the cursor. What the log has already is left out; nothing is taken from beyond a gap. */
  append(events: readonly LogEvent[]): Appended {
    const taken: LogEvent[] = [];
    let cursor = this.#cursor;
    for (const event of events) {
      if (event.seq <= cursor) continue;
      if (firstSeq(event) !== cursor + 1) return this.#take(taken, cursor, false);
      taken.push(event);
      cursor = event.seq;
    }
    return this.#take(taken, cursor, true);
  }

  /** Takes a page that ends right before the first event. Throws when it does not. */
  prepend(events: readonly LogEvent[]): void {
    const last = events.at(-1);
    const first = events[0];
    if (!last || !first) return;
    if (last.seq + 1 !== this.#first)
      throw new Error(`a page that ends with ${last.seq} does not join one that begins with ${this.#first}`);
    this.#events = [...events, ...this.#events];
    this.#first = firstSeq(first);
  }

  #take(events: readonly LogEvent[], cursor: number, whole: boolean): Appended {
    const [first] = events;
    if (first) {
      if (this.#events.length === 0) this.#first = firstSeq(first);
      for (const event of events) this.#events.push(event);
      this.#cursor = cursor;
    }
    return { events, whole };
  }
}
