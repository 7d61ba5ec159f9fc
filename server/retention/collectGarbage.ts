import type { TeamId } from '../../domain/ids.ts';
import { referredBlobs } from '../../journal/blobReferences.ts';
import { readAllManifests, type BlobKeeping } from './references.ts';

/** Addresses that are named at most. */
const mostNamed = 100;

export interface Garbage {
  /** Blobs that nothing refers to, past the grace: removed, or what would be. */
  readonly blobs: number;
  /** Their size as stored. */
  readonly storedBytes: number;
  /** Addresses of the first of them. */
  readonly hashes: readonly string[];
  /** Blobs that nothing refers to yet and that were put too lately to tell. */
  readonly young: number;
  /** Blobs that stay because something refers to them. */
  readonly kept: number;
}

/** Removes the team's blobs that nothing refers to, such as those of a capture that was given up; only counts them when `dryRun`. */
export async function collectGarbage(keeping: BlobKeeping, teamId: TeamId, dryRun: boolean): Promise<Garbage> {
  const { journal, blobs, graceMs } = keeping;
  const before = new Date(Date.now() - graceMs);
  // First what lies there, then what refers to it: a snapshot that is committed in between is seen.
  const unused = new Map<string, number>();
  let young = 0;
  let all = 0;
  for await (const { hash, storedBytes, putAt } of blobs.list(teamId)) {
    all += 1;
    if (putAt < before) unused.set(hash, storedBytes);
    else young += 1;
  }
  await readAllManifests(keeping, teamId);
  const referred = await referredBlobs(journal, teamId);
  for (const hash of referred) unused.delete(hash);
  const gone: [string, number][] = [];
  for (const [hash, storedBytes] of unused) {
    if (dryRun || (await blobs.deleteUnused(teamId, hash, before))) gone.push([hash, storedBytes]);
  }
  return {
    blobs: gone.length,
    storedBytes: gone.reduce((sum, [, bytes]) => sum + bytes, 0),
    hashes: gone.slice(0, mostNamed).map(([hash]) => hash),
    young,
    kept: all - young - gone.length,
  };
}
