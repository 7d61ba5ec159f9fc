import type { BlobStore, StoredBlob } from '../blobs/blobStore.ts';
import type { TeamId } from '../domain/ids.ts';
import type { BlobRef } from '../domain/snapshot.ts';
import { allRepositories, type Manifest, type ManifestEntry, type Part } from './manifest.ts';

/** Content up to this size shares a blob with other content: 200 small files are not 200 blobs. Bytes. */
export const smallBytes = 256 * 1024;
/** A shared blob is stored when it has this much. Bytes. */
const bundleBytes = 1024 * 1024;
/** Larger content is cut into blobs of this size, so that memory stays bounded. Bytes. */
export const chunkBytes = 2 * 1024 * 1024;
/** Blobs that are being stored at once. */
const atOnce = 3;
/** When small content is spread over more blobs than this, it is gathered anew. */
const scattered = 24;

/** A blob whose address is known once it is stored. */
const pending: BlobRef = { hash: '', bytes: 0 };

/** Where content will be found. The parts are complete once the writer has finished. */
export interface Placement {
  readonly parts: Part[];
}

/**
 * Stores what a snapshot refers to, and makes the manifest's table of blobs. Content of the previous snapshot keeps
 * its place there and is not stored again.
 */
export class ContentWriter {
  readonly #store: BlobStore;
  readonly #teamId: TeamId;
  readonly #numbers = new Map<string, number>();
  readonly #blobs: BlobRef[] = [];
  readonly #known = new Map<string, Placement>();
  /** Placements with this snapshot's numbers; those of the previous one are translated when they are used. */
  readonly #mine = new Set<Placement>();
  readonly #storing = new Set<Promise<void>>();
  readonly #failures: unknown[] = [];
  readonly #previousBlobs: readonly BlobRef[];
  #bundle: Buffer[] = [];
  #bundleSize = 0;
  #waiting: { readonly placement: Placement; readonly offset: number; readonly length: number }[] = [];
  /** False when the small content of the previous snapshot lies scattered and should be read and stored anew. */
  readonly keepsSmall: boolean;
  #storedBytes = 0;

  constructor({
    store,
    teamId,
    previous,
  }: {
    readonly store: BlobStore;
    readonly teamId: TeamId;
    readonly previous: Manifest | null;
  }) {
    this.#store = store;
    this.#teamId = teamId;
    this.#previousBlobs = previous?.blobs ?? [];
    const entries = previous
      ? [
          ...allRepositories(previous).flatMap((repository) => repository.entries),
          ...previous.outside.entries,
          ...(previous.home?.entries ?? []),
        ]
      : [];
    this.keepsSmall = new Set(entries.flatMap(smallParts).map(([number]) => number)).size <= scattered;
    for (const entry of entries)
      if (entry.kind === 'FILE' && entry.parts !== null && (this.keepsSmall || entry.bytes > smallBytes))
        this.#known.set(entry.sha256, { parts: entry.parts });
  }

  /** The blobs that parts refer to by number; whole once the writer has finished. */
  get blobs(): readonly BlobRef[] {
    return this.#blobs;
  }

  /** Bytes that were new to the store, as stored. */
  get storedBytes(): number {
    return this.#storedBytes;
  }

  /** Whether the store refused something: then nothing of the snapshot counts. */
  get hasFailed(): boolean {
    return this.#failures.length > 0;
  }

  /** Counts a blob that was stored on its own, such as a patch. */
  count(blob: StoredBlob): void {
    this.#storedBytes += blob.storedBytes;
  }

  /** Parts of the previous snapshot, as this one refers to them. */
  keep(parts: readonly Part[]): Part[] {
    return parts.map(([number, offset, length]) => {
      const blob = this.#previousBlobs[number];
      if (!blob) throw new RangeError(`the previous snapshot has no blob ${number}`);
      return [this.#numberOf(blob), offset, length];
    });
  }

  /** Where content with this hash lies already, from the previous snapshot or from this one; null when it is new. */
  find(sha256: string): Placement | null {
    const known = this.#known.get(sha256);
    if (!known) return null;
    if (!this.#mine.has(known)) {
      const kept: Placement = { parts: this.keep(known.parts) };
      this.#mine.add(kept);
      this.#known.set(sha256, kept);
      return kept;
    }
    return known;
  }

  /** Takes small content. `sha256` lets equal content share its place. */
  async small(content: Buffer, sha256: string | null): Promise<Placement> {
    const found = sha256 === null ? null : this.find(sha256);
    if (found) return found;
    const placement: Placement = { parts: [] };
    if (sha256 !== null) this.#remember(sha256, placement);
    if (content.length === 0) return placement;
    this.#bundle.push(content);
    this.#waiting.push({ placement, offset: this.#bundleSize, length: content.length });
    this.#bundleSize += content.length;
    if (this.#bundleSize >= bundleBytes) await this.#flush();
    return placement;
  }

  #remember(sha256: string, placement: Placement): void {
    this.#mine.add(placement);
    this.#known.set(sha256, placement);
  }

  /** Takes content whose size nobody knows yet; null when there are no more than `nothing` bytes of it. */
  async streamed(pieces: AsyncIterable<Buffer>, nothing = 0): Promise<Placement | null> {
    const held: Buffer[] = [];
    let size = 0;
    const rest = pieces[Symbol.asyncIterator]();
    while (size <= smallBytes) {
      const next = await rest.next();
      if (next.done) return size <= nothing ? null : this.small(Buffer.concat(held), null);
      held.push(next.value);
      size += next.value.length;
    }
    return this.large(
      (async function* all() {
        yield* held;
        yield* { [Symbol.asyncIterator]: () => rest };
      })(),
    );
  }

  /** Takes large content, piece by piece; the pieces must not be changed afterwards. */
  async large(pieces: AsyncIterable<Buffer>): Promise<Placement> {
    const placement: Placement = { parts: [] };
    let held: Buffer[] = [];
    let size = 0;
    const store = async () => {
      const content = held.length === 1 && held[0] ? held[0] : Buffer.concat(held);
      held = [];
      size = 0;
      placement.parts.push([await this.#put(content), 0, content.length]);
    };
    for await (const piece of pieces) {
      for (let at = 0; at < piece.length;) {
        const taken = piece.subarray(at, at + chunkBytes - size);
        held.push(taken);
        size += taken.length;
        at += taken.length;
        if (size === chunkBytes) await store();
      }
    }
    if (size > 0) await store();
    return placement;
  }

  /** Remembers where content that was taken by `large` lies, once its hash is known. */
  place(sha256: string, placement: Placement): void {
    this.#remember(sha256, placement);
  }

  async #flush(): Promise<void> {
    if (this.#bundle.length === 0) return;
    const content = Buffer.concat(this.#bundle);
    const waiting = this.#waiting;
    this.#bundle = [];
    this.#bundleSize = 0;
    this.#waiting = [];
    const number = await this.#put(content);
    for (const { placement, offset, length } of waiting) placement.parts.push([number, offset, length]);
  }

  /** Starts to store a blob, once there is room for one more. Gives back its number. */
  async #put(content: Buffer): Promise<number> {
    while (this.#storing.size >= atOnce) await Promise.race(this.#storing);
    this.#throwFailure();
    const number = this.#blobs.push(pending) - 1;
    const storing: Promise<void> = this.#storeAs(number, content).finally(() => this.#storing.delete(storing));
    this.#storing.add(storing);
    return number;
  }

  async #storeAs(number: number, content: Buffer): Promise<void> {
    try {
      const blob = await this.#store.put(this.#teamId, content);
      this.#storedBytes += blob.storedBytes;
      this.#blobs[number] = { hash: blob.hash, bytes: blob.bytes };
    } catch (error) {
      this.#failures.push(error);
    }
  }

  #numberOf({ hash, bytes }: BlobRef): number {
    let number = this.#numbers.get(hash);
    if (number === undefined) {
      number = this.#blobs.push({ hash, bytes }) - 1;
      this.#numbers.set(hash, number);
    }
    return number;
  }

  #throwFailure(): void {
    if (this.#failures.length > 0) throw this.#failures[0];
  }

  /** Stores what is left and waits for all of it. Afterwards every placement has its parts. Throws the store's first error. */
  async finish(): Promise<void> {
    await this.#flush();
    await Promise.all(this.#storing);
    this.#throwFailure();
  }
}

function smallParts(entry: ManifestEntry): readonly Part[] {
  return entry.kind === 'FILE' && entry.parts !== null && entry.bytes <= smallBytes ? entry.parts : [];
}
