import { setTimeout as delay } from 'node:timers/promises';
import type { Part, RunningPart } from './part.ts';

/** What happens to a part after it has started once. */
export type PartNews =
  | { readonly type: 'died'; readonly how: string; readonly againInMs: number }
  | { readonly type: 'restarted'; readonly ms: number; readonly detail: string }
  | { readonly type: 'stuck'; readonly reason: string; readonly againInMs: number };

/** How long to wait before the nth restart in a row, in milliseconds; the last one repeats. */
const backoffMs = [200, 1_000, 2_000, 5_000, 10_000, 30_000];
/** A part that ran this long counts as well again. */
const wellAfterMs = 60_000;

/** Keeps one part running from its first start until it is stopped. */
export class Supervised {
  readonly #part: Part;
  readonly #tell: (news: PartNews) => void;
  readonly #backoffMs: readonly number[];
  readonly #stopping = new AbortController();
  #running: RunningPart | null = null;
  #starting: Promise<RunningPart> | null = null;
  #keeping: Promise<void> = Promise.resolve();

  constructor(part: Part, tell: (news: PartNews) => void, backoff: readonly number[] = backoffMs) {
    this.#part = part;
    this.#tell = tell;
    this.#backoffMs = backoff;
  }

  get name(): string {
    return this.#part.name;
  }

  /** The first start: it throws when the part can't start. From then on the part is started again whenever it ends. */
  async start(progress: (text: string) => void): Promise<RunningPart> {
    const running = await this.#start(progress);
    this.#keeping = this.#keep(running);
    return running;
  }

  /** Ends the part, also one that is just starting. Resolves when nothing of it runs. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#starting?.catch(() => {});
    await this.#running?.stop();
    await this.#keeping;
  }

  /** Ends the part at once. */
  async kill(): Promise<void> {
    this.#stopping.abort();
    await this.#starting?.catch(() => {});
    await this.#running?.kill();
  }

  async #start(progress: (text: string) => void): Promise<RunningPart> {
    this.#stopping.signal.throwIfAborted();
    this.#starting = this.#part.start({ progress, signal: this.#stopping.signal });
    try {
      this.#running = await this.#starting;
      return this.#running;
    } finally {
      this.#starting = null;
    }
  }

  async #keep(first: RunningPart): Promise<void> {
    let running: RunningPart | null = first;
    let since = Date.now();
    let restarts = 0;
    let how = await running.exited;
    while (!this.#stopping.signal.aborted) {
      if (running !== null && Date.now() - since > wellAfterMs) restarts = 0;
      const againInMs = this.#backoffMs[Math.min(restarts++, this.#backoffMs.length - 1)] ?? 0;
      this.#tell(running === null ? { type: 'stuck', reason: how, againInMs } : { type: 'died', how, againInMs });
      this.#running = null;
      running = null;
      if (!(await this.#wait(againInMs))) return;
      since = Date.now();
      try {
        running = await this.#start(() => {});
        this.#tell({ type: 'restarted', ms: Date.now() - since, detail: running.detail });
        how = await running.exited;
      } catch (error) {
        how = (error as Error).message;
      }
    }
  }

  async #wait(ms: number): Promise<boolean> {
    try {
      await delay(ms, undefined, { signal: this.#stopping.signal });
      return true;
    } catch {
      return false;
    }
  }
}
