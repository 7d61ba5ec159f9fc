/** The time a turn may take. It stands still while a person is asked. */
export class TurnClock {
  readonly #expired = new AbortController();
  #left: number;
  #since = 0;
  #paused = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(timeoutMs: number) {
    this.#left = timeoutMs;
    this.#run();
  }

  /** Aborts when the time is over. */
  get expired(): AbortSignal {
    return this.#expired.signal;
  }

  /** Does the work with the clock standing still. */
  async pausedFor<T>(work: Promise<T>): Promise<T> {
    if (this.#paused++ === 0) this.#halt();
    try {
      return await work;
    } finally {
      if (--this.#paused === 0) this.#run();
    }
  }

  stop(): void {
    this.#halt();
  }

  #run(): void {
    this.#since = performance.now();
    // The longest that a timer takes is 24.8 days.
    this.#timer = setTimeout(() => this.#expired.abort(), Math.min(Math.max(this.#left, 0), 2 ** 31 - 1));
  }

  #halt(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#left -= performance.now() - this.#since;
  }
}
