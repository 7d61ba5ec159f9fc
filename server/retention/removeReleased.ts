import type { TeamId } from '../../domain/ids.ts';
import { forgetManifests, referredBlobs } from '../../journal/blobReferences.ts';
import { finishRelease, type SnapshotRelease } from '../../journal/releases.ts';
import { blobsOfReleased, isUnreadable, readAllManifests, type BlobKeeping } from './references.ts';

/**
 * Removes the blobs of a snapshot that went, but for those that another snapshot refers to or that were put lately.
 * The manifest goes last: until then it says what there is to remove, so that a crash loses nothing. False when blobs
 * are left for a later time.
 */
export async function removeReleased(keeping: BlobKeeping, release: SnapshotRelease): Promise<boolean> {
  const { id, teamId, manifest, patch, conversation } = release;
  const { journal, blobs, graceMs } = keeping;
  await readAllManifests(keeping, teamId);
  const content = manifest === null ? [] : await contentOf(keeping, teamId, manifest);
  const candidates = [...new Set([...content, patch, conversation].filter((hash) => hash !== null))];
  // Taken after what was known is complete and before anything goes; what is put from here on is younger than the grace.
  const before = new Date(Date.now() - graceMs);
  const referred = await referredBlobs(journal, teamId, manifest === null ? candidates : [...candidates, manifest]);
  let left = 0;
  for (const hash of candidates) {
    if (!referred.has(hash) && !(await blobs.deleteUnused(teamId, hash, before))) left += 1;
  }
  if (left > 0) return false;
  if (manifest !== null && !referred.has(manifest) && !(await blobs.deleteUnused(teamId, manifest, before))) return false;
  await finishRelease(journal, id);
  await forgetManifests(journal, teamId);
  return true;
}

async function contentOf(keeping: BlobKeeping, teamId: TeamId, manifest: string): Promise<readonly string[]> {
  try {
    return await blobsOfReleased(keeping, teamId, manifest);
  } catch (error) {
    // A manifest of a snapshot that is gone need not be readable: the collection of garbage finds what it named.
    if (isUnreadable(error as Error)) return [];
    throw error;
  }
}
