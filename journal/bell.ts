import pg from 'pg';
import type { RunId, UserId } from '../domain/ids.ts';

/** What a wake-up says: runs whose log grew, and among them those whose row changed too. */
export interface Rung {
  readonly runIds: ReadonlySet<RunId>;
  readonly changed: ReadonlySet<RunId>;
  /** People whose rights may have changed. */
  readonly people: ReadonlySet<UserId>;
}

/** Hears wake-ups. After a lost connection `onGap` says that some may have been missed. */
export interface BellListener {
  onRing(rung: Rung): void;
  onGap(): void;
}

const channel = 'baton';
/** A NOTIFY's payload ends below 8,000 bytes; an id has 30 and a mark. */
const idsPerNotify = 240;
const coalesceMs = 2;

/**
 * Wakes the readers of runs in every process, by LISTEN and NOTIFY. A wake-up carries no content and may be lost:
 * readers always read rows after their cursor, and ask again by themselves once a second.
 *
 * It rings after the commit and on a connection of its own, for a NOTIFY inside the writing transaction takes a lock
 * that all writers share. Rings are sent at once, then at most every 2 ms, each run once: that wait is felt by who
 * watches one of many busy runs, and a NOTIFY by itself waits for no disk.
 */
export class Bell {
  readonly #config: pg.ClientConfig;
  readonly #warn: (message: string, error: unknown) => void;
  readonly #listeners = new Set<BellListener>();
  readonly #pending = new Map<RunId | UserId, boolean>();
  #ringer: Promise<pg.Client> | null = null;
  #sending = false;
  #ear: pg.Client | null = null;
  #earStarted = false;
  #closed = false;
  #retry: NodeJS.Timeout | null = null;

  constructor(config: pg.ClientConfig, warn: (message: string, error: unknown) => void) {
    this.#config = config;
    this.#warn = warn;
  }

  /** Tells every process that the run's log grew; `changed` when its row did too. Never throws, never waits. */
  ring(runId: RunId, changed: boolean): void {
    if (this.#closed) return;
    this.#pending.set(runId, changed || (this.#pending.get(runId) ?? false));
    if (!this.#sending) void this.#send();
  }

  /** Tells every process that the person's rights may have changed. Never throws, never waits. */
  ringPerson(userId: UserId): void {
    if (this.#closed) return;
    this.#pending.set(userId, false);
    if (!this.#sending) void this.#send();
  }

  /** Hears all rings, of this process too, until the returned function is called. */
  listen(listener: BellListener): () => void {
    this.#listeners.add(listener);
    if (!this.#earStarted) {
      this.#earStarted = true;
      void this.#openEar(0);
    }
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#retry) clearTimeout(this.#retry);
    await this.#ear?.end().catch(() => {});
    await this.#ringer?.then((client) => client.end()).catch(() => {});
  }

  async #send(): Promise<void> {
    this.#sending = true;
    while (this.#pending.size > 0 && !this.#closed) {
      const batch = [...this.#pending].slice(0, idsPerNotify);
      for (const [id] of batch) this.#pending.delete(id);
      try {
        const client = await this.#connectRinger();
        await client.query('SELECT pg_notify($1, $2)', [
          channel,
          batch.map(([id, changed]) => (changed ? '!' : '') + id).join(','),
        ]);
      } catch (error) {
        // Nothing is lost: readers ask again within a second.
        this.#ringer = null;
        if (!this.#closed) this.#warn('a wake-up could not be sent', error);
      }
      if (this.#pending.size < idsPerNotify) await new Promise((resolve) => setTimeout(resolve, coalesceMs));
    }
    this.#sending = false;
  }

  #connectRinger(): Promise<pg.Client> {
    this.#ringer ??= (async () => {
      const client = new pg.Client(this.#config);
      client.on('error', () => {
        this.#ringer = null;
      });
      await client.connect();
      return client;
    })();
    return this.#ringer;
  }

  async #openEar(attempt: number): Promise<void> {
    const client = new pg.Client(this.#config);
    let opened = false;
    const again = (error: unknown) => {
      if (this.#ear === client) this.#ear = null;
      if (this.#closed || this.#retry) return;
      if (opened) this.#warn('the connection that hears wake-ups was lost', error);
      this.#retry = setTimeout(
        () => {
          this.#retry = null;
          void this.#openEar(opened ? 1 : attempt + 1);
        },
        Math.min(50 * 2 ** attempt, 5_000),
      );
    };
    client.on('error', again);
    client.on('end', () => again(new Error('the server closed it')));
    client.on('notification', ({ payload = '' }) => this.#hear(payload));
    try {
      await client.connect();
      await client.query(`LISTEN ${channel}`);
      opened = true;
      this.#ear = client;
      if (this.#closed) await client.end();
      else for (const listener of this.#listeners) listener.onGap();
    } catch (error) {
      again(error);
      await client.end().catch(() => {});
    }
  }

  #hear(payload: string): void {
    const runIds = new Set<RunId>();
    const changed = new Set<RunId>();
    const people = new Set<UserId>();
    for (const part of payload.split(',')) {
      if (part.startsWith('usr_')) {
        people.add(part as UserId);
        continue;
      }
      const runId = part.replace('!', '') as RunId;
      runIds.add(runId);
      if (part.startsWith('!')) changed.add(runId);
    }
    for (const listener of this.#listeners) listener.onRing({ runIds, changed, people });
  }
}
