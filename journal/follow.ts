import type { LoggedEvent, RunEvent } from '../domain/events.ts';
import type { RunId } from '../domain/ids.ts';
import type { Journal } from './journal.ts';
import { pageSize, readAfter, readAfterEach, readLastSeqs } from './read.ts';

/** Events that follow each other. `live` when the log held nothing newer. */
export interface Batch {
  readonly events: readonly LoggedEvent[];
  readonly lastSeq: number;
  readonly live: boolean;
}

/** The log cannot be read from this cursor: it is beyond the log's end, or not a place in a log. */
export class CursorError extends Error {
  readonly after: number;
  readonly lastSeq: number;
  constructor(after: number, lastSeq: number) {
    super(`The log cannot be read from ${after}; its newest event is ${lastSeq}. Load the run again from the start.`);
    this.name = 'CursorError';
    this.after = after;
    this.lastSeq = lastSeq;
  }
}

/** A lost wake-up is caught by asking again this often. */
const askAgainMs = 1_000;
/** Runs that one question is about, and events that it brings of each at most; a run that has more is read by itself. */
const runsPerRead = 64;
const eventsPerRun = 20;
/** Events kept in memory per run, so that all who are near the end are served by one read. */
const tailLength = 2 * pageSize;

/** The one reader of a run in this process. Its subscribers each hold a cursor and take from its tail. */
class RunReader {
  readonly tail: LoggedEvent[] = [];
  lastSeq: number;
  gone = false;
  #wakers = new Set<() => void>();
  #reading = false;
  #again = false;

  constructor(lastSeq: number) {
    this.lastSeq = lastSeq;
  }

  /** Resolves when there is something new to look at. */
  async changed(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = () => {
        this.#wakers.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      if (signal.aborted) return resolve();
      this.#wakers.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  wakeAll(): void {
    for (const wake of this.#wakers) wake();
  }

  /** Reads what is new into the tail. One read at a time; a wake-up during a read makes it read once more. */
  async read(journal: Journal, runId: RunId): Promise<void> {
    if (this.#reading) {
      this.#again = true;
      return;
    }
    this.#reading = true;
    try {
      do {
        this.#again = false;
        const events = await readAfter(journal, runId, this.lastSeq);
        this.take(events);
        if (events.length === pageSize) this.#again = true;
      } while (this.#again);
    } finally {
      this.#reading = false;
    }
  }

  /** Adds to the tail what it does not have yet, of events that follow each other and none that it has not got before them. */
  take(events: readonly LoggedEvent[]): void {
    const fresh = events.filter(({ seq }) => seq > this.lastSeq);
    const last = fresh.at(-1);
    if (!last) return;
    this.lastSeq = last.seq;
    this.tail.push(...fresh);
    this.#forget(fresh);
    if (this.tail.length > tailLength) this.tail.splice(0, this.tail.length - tailLength);
    this.wakeAll();
  }

  /** What lost its content in the log goes from memory too: it is read from the database again by whoever wants it. */
  #forget(events: readonly LoggedEvent[]): void {
    const removed = events.findLast(({ event }) => isRemoval(event));
    if (removed)
      this.tail.splice(
        0,
        this.tail.findIndex(({ seq }) => seq === removed.seq),
      );
  }
}

const isRemoval = ({ type }: RunEvent): boolean =>
  type === 'event.redacted' || type === 'transcript.deleted' || type === 'snapshots.deleted';

/**
 * Follows runs for any number of subscribers: one reader per run and process, woken by the bell, and one question a
 * second over all followed runs in case a wake-up was lost. A subscriber takes at its own pace; nothing queues for it.
 */
export class Follower {
  readonly #journal: Journal;
  /** Counted before the reader is there, so that no reader is dropped while someone waits for it. */
  readonly #entries = new Map<RunId, { readonly opening: Promise<RunReader>; subscribers: number }>();
  readonly #open = new Map<RunId, RunReader>();
  /** Runs with something new, until they are read. */
  readonly #due = new Map<RunId, RunReader>();
  #readingDue = false;
  readonly #onWarning: (message: string, error: unknown) => void;
  #stopListening: (() => void) | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(journal: Journal, onWarning: (message: string, error: unknown) => void) {
    this.#journal = journal;
    this.#onWarning = onWarning;
  }

  /** How many runs are followed now. */
  get size(): number {
    return this.#entries.size;
  }

  /** How many follow them. */
  get subscribers(): number {
    return [...this.#entries.values()].reduce((sum, entry) => sum + entry.subscribers, 0);
  }

  /**
   * Every event of the run after `after`, once and in order, until `signal` aborts or the run is deleted.
   * The first batch comes at once, empty when there is nothing newer. Throws CursorError for a cursor that is no place
   * in the log. A database that is away makes it wait, not end.
   */
  async *follow(runId: RunId, after: number, signal: AbortSignal): AsyncGenerator<Batch, void, void> {
    const reader = await this.#acquire(runId);
    try {
      await this.#read(runId, reader);
      if (reader.gone) return;
      if (!Number.isInteger(after) || after < 0 || after > reader.lastSeq) throw new CursorError(after, reader.lastSeq);
      let cursor = after;
      for (let first = true; !signal.aborted && !reader.gone; first = false) {
        // Who reads by itself may be further than the reader, whose wake-up is still on its way.
        if (cursor >= reader.lastSeq && !first) {
          await reader.changed(signal);
          continue;
        }
        const events = await this.#take(runId, reader, cursor, signal);
        cursor = events.at(-1)?.seq ?? cursor;
        if (events.length > 0 || first) yield { events, lastSeq: cursor, live: cursor >= reader.lastSeq };
      }
    } finally {
      this.#release(runId);
    }
  }

  /** From the tail where it reaches back far enough, else from the database. */
  async #take(runId: RunId, reader: RunReader, cursor: number, signal: AbortSignal): Promise<readonly LoggedEvent[]> {
    if (cursor >= reader.lastSeq) return [];
    const first = reader.tail[0];
    if (first && first.seq <= cursor + 1) {
      const from = cursor + 1 - first.seq;
      return reader.tail.slice(from, from + pageSize);
    }
    try {
      return await readAfter(this.#journal, runId, cursor);
    } catch (error) {
      this.#onWarning(`the log of ${runId} could not be read; trying again`, error);
      await reader.changed(AbortSignal.any([signal, AbortSignal.timeout(askAgainMs)]));
      return [];
    }
  }

  async #acquire(runId: RunId): Promise<RunReader> {
    let entry = this.#entries.get(runId);
    if (!entry) {
      entry = { opening: this.#openReader(runId), subscribers: 0 };
      this.#entries.set(runId, entry);
    }
    entry.subscribers++;
    try {
      return await entry.opening;
    } catch (error) {
      this.#release(runId);
      throw error;
    }
  }

  async #openReader(runId: RunId): Promise<RunReader> {
    this.#start();
    const lastSeq = (await readLastSeqs(this.#journal, [runId])).get(runId);
    const reader = new RunReader(lastSeq ?? 0);
    reader.gone = lastSeq === undefined;
    this.#open.set(runId, reader);
    return reader;
  }

  #release(runId: RunId): void {
    const entry = this.#entries.get(runId);
    if (!entry || --entry.subscribers > 0) return;
    this.#entries.delete(runId);
    this.#open.delete(runId);
    if (this.#entries.size === 0) this.stop();
  }

  async #read(runId: RunId, reader: RunReader): Promise<void> {
    try {
      await reader.read(this.#journal, runId);
    } catch (error) {
      this.#onWarning(`the log of ${runId} could not be read; trying again`, error);
    }
  }

  /** Reads what is due, all that became due during one question with the next: under load questions grow, not their number. */
  async #readDue(): Promise<void> {
    if (this.#readingDue) return;
    this.#readingDue = true;
    while (this.#due.size > 0) {
      const some = [...this.#due].slice(0, runsPerRead);
      for (const [runId] of some) this.#due.delete(runId);
      const [one] = some;
      if (one && some.length === 1) void this.#read(...one);
      else await this.#readEach(some);
    }
    this.#readingDue = false;
  }

  async #readEach(some: readonly (readonly [RunId, RunReader])[]): Promise<void> {
    try {
      const cursors = some.map(([runId, { lastSeq }]) => [runId, lastSeq] as const);
      const read = await readAfterEach(this.#journal, cursors, eventsPerRun);
      for (const [runId, reader] of some) {
        const events = read.get(runId) ?? [];
        reader.take(events);
        if (events.length === eventsPerRun) void this.#read(runId, reader);
      }
    } catch (error) {
      // Nothing is lost: all followed runs are asked for within a second.
      this.#onWarning('the logs of several runs could not be read; trying again', error);
    }
  }

  #start(): void {
    if (this.#stopListening) return;
    this.#stopListening = this.#journal.bell.listen({
      onRing: ({ runIds }) => {
        for (const runId of runIds) {
          const reader = this.#open.get(runId);
          if (reader) this.#due.set(runId, reader);
        }
        void this.#readDue();
      },
      onGap: () => void this.#ask(),
    });
    this.#timer = setInterval(() => void this.#ask(), askAgainMs);
  }

  /** Ends the listening and asking; subscribers that are left get nothing more. */
  stop(): void {
    this.#stopListening?.();
    this.#stopListening = null;
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** One question for all followed runs. */
  async #ask(): Promise<void> {
    const open = [...this.#open];
    if (open.length === 0) return;
    try {
      const lastSeqs = await readLastSeqs(
        this.#journal,
        open.map(([runId]) => runId),
      );
      for (const [runId, reader] of open) {
        const lastSeq = lastSeqs.get(runId);
        if (lastSeq === undefined) {
          reader.gone = true;
          reader.wakeAll();
        } else if (lastSeq > reader.lastSeq) this.#due.set(runId, reader);
      }
      void this.#readDue();
    } catch (error) {
      this.#onWarning('the followed runs could not be asked for; trying again', error);
    }
  }
}
