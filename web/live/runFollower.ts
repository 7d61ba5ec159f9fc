import type { TranscriptSubscription } from '../generated/operations.ts';
import type { Connection, FeedHandle } from './connection.ts';
import { firstSeq, RunLog, type LogEvent } from './runLog.ts';

/** A page of history, as `Run.transcript(last:, before:)` gives it. */
export interface HistoryPage {
  readonly events: readonly LogEvent[];
  readonly hasPreviousPage: boolean;
}

/** Loads the page before an event, or the last one; of `size` events at most where that is named. */
export type LoadPage = (before: number | null, size?: number) => Promise<HistoryPage | 'NOT_FOUND'>;

export type FollowerState =
  | { readonly kind: 'LOADING' }
  /** It has everything up to the cursor and asks for more. */
  | { readonly kind: 'CATCHING_UP' }
  /** Nothing newer is in the log at this moment. */
  | { readonly kind: 'LIVE' }
  | { readonly kind: 'NOT_FOUND' }
  /** The gateway cannot serve the place where this page stopped, twice in a row. */
  | { readonly kind: 'CURSOR_NOT_SERVABLE'; readonly after: number }
  | { readonly kind: 'FAILED'; readonly message: string };

export interface FollowerOptions {
  readonly runId: string;
  /** The text of the `transcript` subscription. */
  readonly query: string;
  readonly connection: Pick<Connection, 'follow' | 'state' | 'onState'>;
  readonly loadPage: LoadPage;
  /** Events at the log's end; `restart` when the log begins anew with them, from a new page or with an older one. */
  readonly onEvents: (events: readonly LogEvent[], how: 'APPEND' | 'RESTART') => void;
  readonly onState: (state: FollowerState) => void;
}

/** Gaps in a row without anything new after which the gateway is not asked again. */
const mostGaps = 3;

const isRemoval = ({ __typename }: LogEvent): boolean =>
  __typename === 'EventRedactedEvent' || __typename === 'TranscriptDeletedEvent' || __typename === 'SnapshotsDeletedEvent';

type Result = TranscriptSubscription['transcript'];

/**
 * Follows one run: the end of its history first, so that a long run opens at once, then the live stream from the last
 * event, resumed after every drop with the cursor. Older pages are loaded when the reader wants them.
 */
export class RunFollower {
  readonly #options: FollowerOptions;
  #log = new RunLog();
  #hasOlder = false;
  #older: Promise<boolean> | null = null;
  #feed: FeedHandle | null = null;
  #stopWatching: () => void;
  /** Raised by every new start: an answer that comes late belongs to none. */
  #opening = 0;
  #servedSinceOpening = false;
  #gaps = 0;
  #stopped = false;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#stopWatching = options.connection.onState(({ kind }) => {
      if (kind === 'RECONNECTING' && this.#feed) options.onState({ kind: 'CATCHING_UP' });
    });
    void this.open();
  }

  get log(): RunLog {
    return this.#log;
  }

  /** Whether there are events before the first one that was loaded. */
  get hasOlder(): boolean {
    return this.#hasOlder;
  }

  /** Forgets everything and begins with the end of the history. */
  async open(): Promise<void> {
    const opening = ++this.#opening;
    this.#feed?.stop();
    this.#feed = null;
    this.#older = null;
    this.#options.onState({ kind: 'LOADING' });
    const page = await this.#load(null);
    if (this.#stopped || opening !== this.#opening || !page) return;
    const [first] = page.events;
    this.#log = new RunLog(first ? firstSeq(first) - 1 : 0);
    this.#hasOlder = page.hasPreviousPage;
    this.#log.append(page.events);
    this.#options.onEvents(this.#log.events, 'RESTART');
    this.#options.onState({ kind: 'CATCHING_UP' });
    this.#follow();
  }

  /** Loads the page before the first event. False when there is none, or it could not be loaded. */
  loadOlder(size?: number): Promise<boolean> {
    if (!this.#hasOlder || this.#stopped) return Promise.resolve(false);
    this.#older ??= this.#loadOlder(size).finally(() => (this.#older = null));
    return this.#older;
  }

  /** Stops for good. */
  stop(): void {
    this.#stopped = true;
    this.#feed?.stop();
    this.#stopWatching();
  }

  async #loadOlder(size: number | undefined): Promise<boolean> {
    const opening = this.#opening;
    const page = await this.#load(this.#log.first, size);
    if (this.#stopped || opening !== this.#opening || !page) return false;
    this.#hasOlder = page.hasPreviousPage;
    this.#log.prepend(page.events);
    this.#options.onEvents(this.#log.events, 'RESTART');
    return true;
  }

  async #load(before: number | null, size?: number): Promise<HistoryPage | null> {
    try {
      const page = await this.#options.loadPage(before, size);
      if (page !== 'NOT_FOUND') return page;
      if (!this.#stopped) this.#options.onState({ kind: 'NOT_FOUND' });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (!this.#stopped && before === null) this.#options.onState({ kind: 'FAILED', message });
    }
    return null;
  }

  #follow(): void {
    const { connection, query, runId, onState } = this.#options;
    this.#feed = connection.follow<TranscriptSubscription>({
      query,
      variables: () => ({ runId, after: this.#log.cursor }),
      next: ({ transcript }) => this.#receive(transcript),
      refused: (message) => onState({ kind: 'FAILED', message }),
    });
  }

  #receive(result: Result): void {
    if (this.#stopped) return;
    if (result.__typename === 'NotFoundError') return this.#end({ kind: 'NOT_FOUND' });
    if (result.__typename === 'CursorNotServableError') return this.#notServable(result.after);
    const { events, whole } = this.#log.append(result.events);
    if (events.length > 0) this.#options.onEvents(events, 'APPEND');
    if (!whole) return this.#gap(events.length > 0);
    this.#gaps = 0;
    this.#servedSinceOpening = true;
    // What was read before may hold what has been taken away since: it is forgotten, and read as it is now.
    if (events.some(isRemoval)) return void this.open();
    this.#options.onState({ kind: result.live ? 'LIVE' : 'CATCHING_UP' });
  }

  /** Asks from the cursor again; a gateway that never fills the gap is not asked for ever. */
  #gap(progress: boolean): void {
    this.#gaps = progress ? 0 : this.#gaps + 1;
    if (this.#gaps < mostGaps) this.#feed?.restart();
    else this.#end({ kind: 'FAILED', message: `The gateway leaves out what follows event ${this.#log.cursor}.` });
  }

  /** The protocol says to open the run again; a gateway that cannot serve that either is not asked for ever. */
  #notServable(after: number): void {
    if (!this.#servedSinceOpening) return this.#end({ kind: 'CURSOR_NOT_SERVABLE', after });
    this.#servedSinceOpening = false;
    void this.open();
  }

  #end(state: FollowerState): void {
    this.#feed?.stop();
    this.#feed = null;
    this.#options.onState(state);
  }
}
