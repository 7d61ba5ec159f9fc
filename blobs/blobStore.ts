import type { TeamId } from '../domain/ids.ts';
import type { BlobRef } from '../domain/snapshot.ts';

/** What `put` tells of a blob it stored. */
export interface StoredBlob extends BlobRef {
  /** Bytes that were new to the store, compressed and encrypted; 0 when the team had the content already. */
  readonly storedBytes: number;
}

/** A blob as it lies in the store. */
export interface ListedBlob {
  readonly hash: string;
  /** Bytes as stored, compressed and encrypted. */
  readonly storedBytes: number;
  /** When it was last put. */
  readonly putAt: Date;
}

/** The blob is not in the store. */
export class BlobMissingError extends Error {
  readonly hash: string;
  constructor(hash: string) {
    super(`blob ${hash} is not in the store`);
    this.name = 'BlobMissingError';
    this.hash = hash;
  }
}

/** The blob was altered or cut short: it cannot be decrypted, or its content does not match its address. */
export class BlobCorruptError extends Error {
  readonly hash: string;
  constructor(hash: string, why: string, options?: ErrorOptions) {
    super(`blob ${hash} is corrupt: ${why}`, options);
    this.name = 'BlobCorruptError';
    this.hash = hash;
  }
}

/**
 * A content-addressed store, one space per team: equal content of one team is stored once, and no team can tell
 * what another one has. Content is compressed and encrypted at rest, and verified whenever it is read.
 */
export interface BlobStore {
  /** Stores the content, unless the team has it. Durable when it returns. */
  put(teamId: TeamId, content: Uint8Array): Promise<StoredBlob>;
  has(teamId: TeamId, hash: string): Promise<boolean>;
  /** The content. Throws BlobMissingError or BlobCorruptError. */
  get(teamId: TeamId, hash: string): Promise<Buffer>;
  /** Removes the blob; quiet when it is gone already. */
  delete(teamId: TeamId, hash: string): Promise<void>;
  /**
   * Removes the blob unless it was put since `before`, again or for the first time: whoever puts it is about to refer to
   * it. False when it stays for that; true when it is gone.
   */
  deleteUnused(teamId: TeamId, hash: string, before: Date): Promise<boolean>;
  /** All blobs of the team, in no order. One that comes or goes meanwhile may be among them. */
  list(teamId: TeamId): AsyncIterable<ListedBlob>;
  /** Rejects when the store cannot be reached or written to. */
  check(): Promise<void>;
}
