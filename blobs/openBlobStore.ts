import type { BlobStore } from './blobStore.ts';
import { directoryStore } from './directoryStore.ts';
import { s3Location } from './s3Location.ts';
import { makeBucket, s3Store } from './s3Store.ts';

/** The blob store at a place: a directory, or a bucket by its `s3://` address. */
export function openBlobStore({ place, masterKey }: { readonly place: string; readonly masterKey: Buffer }): BlobStore {
  const location = s3Location(place);
  return location ? s3Store({ ...location, masterKey }) : directoryStore({ directory: place, masterKey });
}

/** Makes the bucket of a place where it is missing. A directory is made when it is first written to. */
export async function prepareBlobStore(place: string): Promise<void> {
  const location = s3Location(place);
  if (location) await makeBucket(location);
}
