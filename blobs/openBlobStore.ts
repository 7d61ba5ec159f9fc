import type { BlobStore } from './blobStore.ts';
import { directoryStore } from './directoryStore.ts';
import { s3Location } from './s3Location.ts';
import { makeBucket, s3Store } from './s3Store.ts';

export interface BlobStoreOptions {
  readonly place: string;
  readonly masterKey: Buffer;
  /** Previous master keys: what was stored under them is still read. None by default. */
  readonly previousKeys?: readonly Buffer[];
}

/** The blob store at a place: a directory, or a bucket by its `s3://` address. */
export function openBlobStore({ place, ...keys }: BlobStoreOptions): BlobStore {
  const location = s3Location(place);
  return location ? s3Store({ ...location, ...keys }) : directoryStore({ directory: place, ...keys });
}

/** Makes the bucket of a place where it is missing. A directory is made when it is first written to. */
export async function prepareBlobStore(place: string): Promise<void> {
  const location = s3Location(place);
  if (location) await makeBucket(location);
}
