import { createHash, type Hash } from 'node:crypto';
import type { AgentEvent, ChunkStream, ItemChunk, ItemEnded, RunEvent } from '../domain/events.ts';
import { limits } from '../domain/limits.ts';
import { maskEvent } from '../domain/maskEvent.ts';
import type { NamedSecret } from '../domain/secretForms.ts';
import { MaskedStream, SecretMask } from '../domain/secretMask.ts';

/** An item whose text is coming. */
interface OpenItem {
  readonly streams: Map<ChunkStream, MaskedStream>;
  readonly hash: Hash;
  bytes: number;
}

/**
 * Keeps a session's secrets out of the log: `[secret NAME]` stands where one would, also where it comes in several
 * chunks of a stream. Text is held back only where a secret may have begun, until its stream goes on or its item ends.
 * Does nothing before it has secrets.
 */
export class Masking {
  #mask: SecretMask | null = null;
  readonly #items = new Map<string, OpenItem>();

  /** From here on these are masked. */
  use(secrets: readonly NamedSecret[]): void {
    this.#mask = secrets.length === 0 ? null : new SecretMask(secrets);
  }

  readonly text = (text: string): string => this.#mask?.text(text) ?? text;

  event<E extends RunEvent>(event: E): E {
    return this.#mask ? maskEvent(event, this.text) : event;
  }

  /** An error with its causes, masked in place: its text goes where the log does not reach. */
  error(error: unknown): unknown {
    for (let at = error; this.#mask && at instanceof Error; at = at.cause) {
      at.message = this.text(at.message);
      if (at.stack !== undefined) at.stack = this.text(at.stack);
    }
    return error;
  }

  /** What may be written now of what an agent did. */
  take(event: AgentEvent): AgentEvent[] {
    if (!this.#mask) return [event];
    if (event.type === 'item.chunk') return this.#chunks(event, this.#streamOf(event, this.#mask).take(event.text));
    return event.type === 'item.ended' ? this.#end(event) : [this.event(event)];
  }

  /** What was held back of items that have not ended: nothing more comes of them now. */
  release(): ItemChunk[] {
    return [...this.#items].flatMap(([itemId, item]) => this.#rest(itemId, item));
  }

  #itemOf(itemId: string): OpenItem {
    let item = this.#items.get(itemId);
    if (!item) this.#items.set(itemId, (item = { streams: new Map(), hash: createHash('sha256'), bytes: 0 }));
    return item;
  }

  #streamOf({ itemId, stream }: ItemChunk, mask: SecretMask): MaskedStream {
    const { streams } = this.#itemOf(itemId);
    let masked = streams.get(stream);
    if (!masked) streams.set(stream, (masked = new MaskedStream(mask)));
    return masked;
  }

  #rest(itemId: string, item: OpenItem): ItemChunk[] {
    return [...item.streams].flatMap(([stream, masked]) =>
      this.#chunks({ type: 'item.chunk', itemId, stream, text: '' }, masked.end()),
    );
  }

  #chunks(chunk: ItemChunk, shown: string): ItemChunk[] {
    const item = this.#itemOf(chunk.itemId);
    item.hash.update(shown);
    item.bytes += Buffer.byteLength(shown);
    return piecesOf(shown).map((text) => ({ ...chunk, text }));
  }

  /** An item's size and digest are those of what the log has of it. */
  #end(event: ItemEnded): AgentEvent[] {
    const item = this.#items.get(event.itemId);
    if (!item) return [event];
    const rest = this.#rest(event.itemId, item);
    this.#items.delete(event.itemId);
    return [...rest, { ...event, bytes: item.bytes, sha256: item.hash.digest('hex') }];
  }
}

/** Text in chunks that are not too large, no character cut. A UTF-16 unit has at most three bytes. */
function piecesOf(text: string): string[] {
  if (text === '') return [];
  if (Buffer.byteLength(text) <= limits.chunkBytes) return [text];
  const most = Math.floor(limits.chunkBytes / 3);
  const pieces: string[] = [];
  for (let at = 0; at < text.length;) {
    const isCut = /[\ud800-\udbff]/.test(text[at + most - 1] ?? '');
    const end = at + most - (isCut ? 1 : 0);
    pieces.push(text.slice(at, end));
    at = end;
  }
  return pieces;
}
