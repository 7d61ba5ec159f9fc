import { createClient, type Client, type FormattedExecutionResult } from 'graphql-ws';
import { afterClose } from './closeCodes.ts';
import { backoffMs, defaultBackoff, type Backoff } from './backoff.ts';

export type ConnectionState =
  | { readonly kind: 'CONNECTING' }
  | { readonly kind: 'LIVE' }
  /** `nextTryAt` is null while a try is under way. */
  | { readonly kind: 'RECONNECTING'; readonly nextTryAt: number | null }
  | { readonly kind: 'SIGNED_OUT' }
  /** The gateway refused what this page sent; a newer page may do better. */
  | { readonly kind: 'STOPPED'; readonly code: number };

/** One operation that is wanted for as long as it is not stopped, over every connection. */
export interface Feed<T> {
  readonly query: string;
  /** Asked again for each connection, so that a cursor is the one of that moment. */
  readonly variables: () => Record<string, unknown>;
  readonly next: (data: T) => void;
  /** The gateway refused the operation, or ended it with GraphQL errors; it is not asked again. */
  readonly refused: (message: string) => void;
}

export interface FeedHandle {
  /** Subscribes again, with new variables. */
  restart(): void;
  stop(): void;
}

export interface ConnectionOptions {
  readonly url: string;
  /** Whether there still is a sign-in, asked over HTTP. */
  readonly verify: () => Promise<boolean>;
  readonly backoff?: Backoff;
  /** For tests outside a browser. */
  readonly webSocket?: unknown;
}

/** A connection that lived this long starts its backoff anew, in milliseconds. */
const steadyMs = 5_000;
/** The socket is given up when nothing answers a ping for this long, in milliseconds. */
const pongWaitMs = 10_000;
const pingEveryMs = 12_000;

interface RunningFeed {
  readonly feed: Feed<never>;
  unsubscribe: (() => void) | null;
}

/**
 * The one socket of the page. graphql-ws carries the operations; connecting again is done here, because an operation
 * that resumes must ask with the cursor of that moment, and because only some close codes are final.
 */
export class Connection {
  readonly #client: Client;
  readonly #options: ConnectionOptions;
  readonly #feeds = new Set<RunningFeed>();
  readonly #listeners = new Set<(state: ConnectionState) => void>();
  #state: ConnectionState = { kind: 'CONNECTING' };
  #attempt = 0;
  #liveSince = 0;
  #retry: ReturnType<typeof setTimeout> | null = null;
  #pong: ReturnType<typeof setTimeout> | null = null;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#client = createClient({
      url: options.url,
      webSocketImpl: options.webSocket,
      lazy: true,
      lazyCloseTimeout: 1_000,
      retryAttempts: 0,
      keepAlive: pingEveryMs,
      on: {
        connected: () => this.#connected(),
        ping: (received) => received || this.#expectPong(),
        pong: (received) => received && this.#clearPong(),
        closed: () => this.#clearPong(),
      },
      // A result that cannot be used is an error of its operation, told to it; it must not surface twice.
      onNonLazyError: () => {},
    });
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Calls back with every new state. Returns what stops it. */
  onState(listener: (state: ConnectionState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Runs an operation over this and every later connection. */
  follow<T>(feed: Feed<T>): FeedHandle {
    const running: RunningFeed = { feed: feed as Feed<never>, unsubscribe: null };
    this.#feeds.add(running);
    if (this.#retry === null) this.#start(running);
    return {
      restart: () => {
        if (!this.#feeds.has(running) || this.#retry !== null) return;
        this.#end(running);
        this.#start(running);
      },
      stop: () => {
        this.#feeds.delete(running);
        this.#end(running);
      },
    };
  }

  /** Tries to connect now instead of waiting for the next try. */
  tryNow(): void {
    if (this.#retry === null) return;
    clearTimeout(this.#retry);
    this.#reconnect();
  }

  /** Closes the socket for good. */
  dispose(): void {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    for (const running of this.#feeds) this.#end(running);
    this.#feeds.clear();
    this.#clearPong();
    void this.#client.dispose();
  }

  #start(running: RunningFeed): void {
    if (this.#state.kind === 'SIGNED_OUT' || this.#state.kind === 'STOPPED') return;
    const { feed } = running;
    let over = false;
    const unsubscribe = this.#client.subscribe<Record<string, unknown>>(
      {
        query: feed.query,
        // Read for each try: after a normal closure graphql-ws subscribes again by itself.
        get variables() {
          return feed.variables();
        },
      },
      {
        next: (result) => over || this.#deliver(running, result),
        error: (error) => over || this.#failed(running, error),
        // The gateway ends an operation after an error member, which its feed has acted on; else it is gone.
        complete: () => over || this.#failed(running, undefined),
      },
    );
    running.unsubscribe = () => {
      over = true;
      unsubscribe();
    };
  }

  #end(running: RunningFeed): void {
    running.unsubscribe?.();
    running.unsubscribe = null;
  }

  #deliver(running: RunningFeed, result: FormattedExecutionResult<Record<string, unknown>, unknown>): void {
    const message = result.errors?.[0]?.message;
    if (message !== undefined) this.#refuse(running, message);
    else if (result.data) (running.feed.next as (data: unknown) => void)(result.data);
  }

  #refuse(running: RunningFeed, message: string): void {
    this.#feeds.delete(running);
    this.#end(running);
    running.feed.refused(message);
  }

  #failed(running: RunningFeed, error: unknown): void {
    running.unsubscribe = null;
    if (!this.#feeds.has(running)) return;
    if (Array.isArray(error)) {
      this.#refuse(running, (error[0] as { message?: string } | undefined)?.message ?? 'The gateway refused it.');
      return;
    }
    this.#dropped((error as { code?: number } | undefined)?.code);
  }

  #dropped(code: number | undefined): void {
    if (this.#retry !== null || this.#state.kind === 'SIGNED_OUT' || this.#state.kind === 'STOPPED') return;
    const what = afterClose(code);
    if (what === 'STOP') this.#set({ kind: 'STOPPED', code: code ?? 0 });
    else if (what === 'SIGN_IN') this.#set({ kind: 'SIGNED_OUT' });
    else if (what === 'VERIFY') this.#verify();
    else this.#later(what === 'RETRY_AT_ONCE');
  }

  /** Feeds are started again by the timer; until then every further error of this drop is ignored. */
  #later(atOnce: boolean): void {
    const steady = this.#liveSince > 0 && Date.now() - this.#liveSince >= steadyMs;
    if (steady) this.#attempt = 0;
    const first = this.#liveSince > 0 && this.#attempt === 0;
    const wait = atOnce && first ? 0 : backoffMs(this.#options.backoff ?? defaultBackoff, this.#attempt, Math.random());
    this.#attempt += 1;
    this.#liveSince = 0;
    this.#retry = setTimeout(() => this.#reconnect(), wait);
    this.#set({ kind: 'RECONNECTING', nextTryAt: Date.now() + wait });
  }

  #verify(): void {
    this.#retry = setTimeout(() => {}, 0);
    this.#set({ kind: 'RECONNECTING', nextTryAt: null });
    this.#options.verify().then(
      (signedIn) => {
        this.#retry = null;
        if (signedIn) this.#later(false);
        else this.#set({ kind: 'SIGNED_OUT' });
      },
      () => {
        this.#retry = null;
        this.#later(false);
      },
    );
  }

  #reconnect(): void {
    this.#retry = null;
    this.#set({ kind: 'RECONNECTING', nextTryAt: null });
    for (const running of this.#feeds) {
      this.#end(running);
      this.#start(running);
    }
  }

  #connected(): void {
    this.#liveSince = Date.now();
    this.#set({ kind: 'LIVE' });
  }

  #expectPong(): void {
    this.#clearPong();
    this.#pong = setTimeout(() => this.#client.terminate(), pongWaitMs);
  }

  #clearPong(): void {
    if (this.#pong !== null) clearTimeout(this.#pong);
    this.#pong = null;
  }

  #set(state: ConnectionState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}
