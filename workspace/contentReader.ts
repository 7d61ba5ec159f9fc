import type { BlobStore } from '../blobs/blobStore.ts';
import type { TeamId } from '../domain/ids.ts';
import type { BlobRef } from '../domain/snapshot.ts';
import { BlobCorruptError } from '../blobs/blobStore.ts';
import type { Part } from './manifest.ts';
import { blobReason } from './restoreLog.ts';

/** Blobs that are kept for the next piece. Bytes. */
const keptBytes = 16 * 1024 * 1024;

/** Reads what a snapshot refers to. Each blob is read once while its pieces are asked for in about their order. */
export class ContentReader {
  readonly #store: BlobStore;
  readonly #teamId: TeamId;
  readonly #blobs: readonly BlobRef[];
  readonly #kept = new Map<number, Promise<Buffer>>();
  #size = 0;
  #failure: unknown = null;

  constructor({
    store,
    teamId,
    blobs,
  }: {
    readonly store: BlobStore;
    readonly teamId: TeamId;
    readonly blobs: readonly BlobRef[];
  }) {
    this.#store = store;
    this.#teamId = teamId;
    this.#blobs = blobs;
  }

  /** Throws what the store refused to read, if it did: then nothing is known of the snapshot’s content, missing or not. */
  throwFailure(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  /** The content, piece by piece. Throws BlobMissingError or BlobCorruptError, and the store’s own errors as they are. */
  async *read(parts: readonly Part[]): AsyncGenerator<Buffer> {
    for (const [number, offset, length] of parts) {
      const blob = await this.#blob(number);
      if (offset + length > blob.length)
        throw new BlobCorruptError(this.#blobs[number]?.hash ?? '', 'it is shorter than the manifest says');
      yield blob.subarray(offset, offset + length);
    }
  }

  /** The whole content, of small things. */
  async all(parts: readonly Part[]): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for await (const piece of this.read(parts)) pieces.push(piece);
    return pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
  }

  #blob(number: number): Promise<Buffer> {
    const kept = this.#kept.get(number);
    if (kept) return kept;
    const ref = this.#blobs[number];
    if (!ref) throw new BlobCorruptError('', `the manifest has no blob ${number}`);
    this.#size += ref.bytes;
    for (const oldest of this.#kept.keys()) {
      if (this.#size <= keptBytes) break;
      this.#kept.delete(oldest);
      this.#size -= this.#blobs[oldest]?.bytes ?? 0;
    }
    const reading = this.#store.get(this.#teamId, ref.hash);
    // Seen by whoever reads it.
    reading.catch((error: unknown) => {
      if (blobReason(error) === null) this.#failure ??= error;
    });
    this.#kept.set(number, reading);
    return reading;
  }
}
