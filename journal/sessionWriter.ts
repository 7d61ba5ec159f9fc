import type { AgentEvent, ItemChunk } from '../domain/events.ts';
import { limits } from '../domain/limits.ts';
import { appendAgentEvents, appendChunks, wasAppended, type TranscriptWriter } from './append.ts';
import type { Journal } from './journal.ts';
import { whileAway } from './retry.ts';

/** How much may wait to be written before the agent has to wait, in characters. */
const highWater = 8 * limits.chunkBytes;

/**
 * Writes what one session's agent does into the log, in order, each event once. Chunks of one item that follow each
 * other are joined and flushed after 50 ms, at 8 KiB, or when any other event comes. An agent that is faster than the
 * database waits. Secrets are masked here, whatever harness the events come from. While the database is away it tries again; when the session is stale it rejects for good.
 */
export class SessionWriter {
  readonly #journal: Journal;
  readonly #writer: TranscriptWriter;
  readonly #signal: AbortSignal;
  #waiting: AgentEvent[] = [];
  #size = 0;
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> | null = null;
  #written = 0;
  #failed: unknown = null;

  /** `signal` gives up on a database that does not come back: set by whoever holds the session's lease. */
  constructor(journal: Journal, writer: TranscriptWriter, signal: AbortSignal) {
    this.#journal = journal;
    this.#writer = writer;
    this.#signal = signal;
  }

  /** Takes an event. Resolves when there is room for more; rejects with StaleSessionError when the session may not write. */
  async emit(event: AgentEvent): Promise<void> {
    const { masking } = this.#writer;
    for (const masked of masking ? masking.take(event) : [event]) await this.#take(masked);
  }

  /** Resolves when all that was taken is in the log, with what was held back as it might have become a secret. */
  async settle(): Promise<void> {
    for (const chunk of this.#writer.masking?.release() ?? []) await this.#take(chunk);
    await this.flush();
  }

  async #take(event: AgentEvent): Promise<void> {
    if (this.#failed) throw this.#failed;
    if (event.type === 'item.chunk') {
      this.#addChunk(event);
      if (this.#size < limits.chunkBytes) this.#timer ??= setTimeout(() => this.#start(), limits.chunkMs);
      else this.#start();
      if (this.#size > highWater) await this.flush();
    } else {
      this.#waiting.push(event);
      this.#start();
      await this.flush();
    }
  }

  /** Resolves when all that was taken is in the log. */
  async flush(): Promise<void> {
    while (this.#waiting.length > 0 || this.#writing) {
      this.#start();
      await this.#writing;
    }
    if (this.#failed) throw this.#failed;
  }

  #addChunk(chunk: ItemChunk): void {
    const last = this.#waiting.at(-1);
    this.#size += chunk.text.length;
    if (last?.type === 'item.chunk' && last.itemId === chunk.itemId && last.stream === chunk.stream) {
      const joined = last.text + chunk.text;
      if (joined.length <= limits.chunkBytes) {
        this.#waiting[this.#waiting.length - 1] = { ...last, text: joined };
        return;
      }
    }
    this.#waiting.push(chunk);
  }

  #start(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#writing ??= this.#drain().finally(() => {
      this.#writing = null;
    });
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0 && !this.#failed) {
      const batch = this.#waiting;
      this.#waiting = [];
      this.#size = 0;
      try {
        for (const group of groupByPath(batch)) await this.#write(group);
      } catch (error) {
        this.#failed = error;
        this.#waiting = [];
      }
    }
  }

  async #write(events: readonly AgentEvent[]): Promise<void> {
    const { runId, sessionId, epoch } = this.#writer;
    const key = `${sessionId}/${epoch}/${this.#written}`;
    await whileAway(this.#signal, async (attempt) => {
      // The reply of an earlier attempt may be all that was lost.
      if (attempt > 0 && (await wasAppended(this.#journal, runId, key))) return;
      if (isChunks(events)) await appendChunks(this.#journal, this.#writer, events, key);
      else await appendAgentEvents(this.#journal, this.#writer, events, key);
    });
    this.#written += events.length;
  }
}

const isChunks = (events: readonly AgentEvent[]): events is readonly ItemChunk[] =>
  events.every(({ type }) => type === 'item.chunk');

/** Cuts a batch where the hot path for chunks begins and ends. */
function groupByPath(events: readonly AgentEvent[]): AgentEvent[][] {
  const groups: AgentEvent[][] = [];
  for (const event of events) {
    const last = groups.at(-1);
    if (last && (last[0]?.type === 'item.chunk') === (event.type === 'item.chunk')) last.push(event);
    else groups.push([event]);
  }
  return groups;
}
