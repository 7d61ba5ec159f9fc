import { randomUUID } from 'node:crypto';
import type { ChunkStream, ItemEnded, ItemStarted } from '../domain/events.ts';
import { BoundedOutput, type OutputChunk } from './boundedOutput.ts';
import type { Emit } from './harness.ts';

/** What one text, thought or tool may say, in bytes; of what is more, the last 64 KiB are kept. */
const mostBytes = 10 * 1024 * 1024;

/** One item of the transcript, as an agent writes it: a text, a thought, a tool with what came of it. */
export class StreamedItem {
  readonly itemId = randomUUID();
  readonly #emit: Emit;
  readonly #output = new BoundedOutput(mostBytes);
  readonly #began = performance.now();
  #ended = false;

  private constructor(emit: Emit) {
    this.#emit = emit;
  }

  /** Tells that it begins. */
  static async begin(emit: Emit, started: Omit<ItemStarted, 'type' | 'itemId'>): Promise<StreamedItem> {
    const item = new StreamedItem(emit);
    await emit({ type: 'item.started', itemId: item.itemId, ...started });
    return item;
  }

  /** Resolves when there is room for more. */
  async write(text: string, stream: ChunkStream = 'TEXT'): Promise<void> {
    // PostgreSQL stores no NUL.
    if (text !== '') await this.#chunks(this.#output.take(stream, text.replaceAll('\0', '\u{fffd}')));
  }

  /** Tells that it is over; a second time it does nothing. */
  async end(status: ItemEnded['status'], { exitCode = null }: { exitCode?: number | null } = {}): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    const { chunks, ...summary } = this.#output.finish();
    await this.#chunks(chunks);
    const tookMs = Math.round(performance.now() - this.#began);
    await this.#emit({ type: 'item.ended', itemId: this.itemId, status, exitCode, signal: null, ...summary, tookMs });
  }

  async #chunks(chunks: readonly OutputChunk[]): Promise<void> {
    for (const chunk of chunks) await this.#emit({ type: 'item.chunk', itemId: this.itemId, ...chunk });
  }
}
