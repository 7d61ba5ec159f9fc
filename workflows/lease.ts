import type { Writer } from '../journal/append.ts';
import type { Journal } from '../journal/journal.ts';
import { leaseSeconds, renewEveryMs, renewLease } from '../journal/lease.ts';

/** How long before the lease runs out, by our own clock, the agent is killed: the time that this takes, and to spare. */
const marginMs = 5_000;

/**
 * Holds a session's lease while the worker has it. `lost` aborts when the session was taken over or ended, or when the
 * lease could not be renewed in time: from then on the worker must not let anything of it write.
 */
export class Lease {
  readonly #lost = new AbortController();
  readonly #journal: Journal;
  readonly #writer: Writer;
  #timer: NodeJS.Timeout | null = null;
  #deadline: NodeJS.Timeout | null = null;
  #renewing: Promise<void> | null = null;

  private constructor(journal: Journal, writer: Writer) {
    this.#journal = journal;
    this.#writer = writer;
  }

  /** Takes the lease; rejects when the session is not to be had. */
  static async take(journal: Journal, writer: Writer): Promise<Lease> {
    const lease = new Lease(journal, writer);
    const before = performance.now();
    if (!(await renewLease(journal, writer))) throw new Error(`session ${writer.sessionId} is over`);
    lease.#extend(before);
    lease.#timer = setInterval(() => {
      lease.#renewing ??= lease.#renew().finally(() => {
        lease.#renewing = null;
      });
    }, renewEveryMs);
    return lease;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Stops renewing. */
  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    if (this.#deadline) clearTimeout(this.#deadline);
  }

  async #renew(): Promise<void> {
    const before = performance.now();
    try {
      if (await renewLease(this.#journal, this.#writer)) this.#extend(before);
      else this.#lose(new Error('the session was ended or taken over'));
    } catch {
      // The database is away. The deadline stands until a renewal gets through.
    }
  }

  /** The lease counts from before the question was sent, so that ours never ends after the database's. */
  #extend(since: number): void {
    if (this.#deadline) clearTimeout(this.#deadline);
    const left = since + leaseSeconds * 1_000 - marginMs - performance.now();
    this.#deadline = setTimeout(() => this.#lose(new Error('the lease could not be renewed in time')), left);
  }

  #lose(reason: Error): void {
    this.stop();
    this.#lost.abort(reason);
  }
}
