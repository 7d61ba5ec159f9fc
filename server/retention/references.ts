import type { BlobStore } from '../../blobs/blobStore.ts';
import type { TeamId } from '../../domain/ids.ts';
import { blobsOfManifest, rememberManifest, unreadManifests } from '../../journal/blobReferences.ts';
import type { Journal } from '../../journal/journal.ts';
import { blobsInManifest } from '../../workspace/bundle.ts';

/** The parts that remove blobs work on. */
export interface BlobKeeping {
  readonly journal: Journal;
  readonly blobs: BlobStore;
  /** A blob that was put more lately than this is never removed, in milliseconds: a snapshot that is being taken may need it. */
  readonly graceMs: number;
}

/**
 * Sees to it that it is known what each snapshot of the team refers to. Throws when a manifest cannot be read: then
 * nobody can tell what it refers to, and nothing of the team may go.
 */
export async function readAllManifests({ journal, blobs }: BlobKeeping, teamId: TeamId): Promise<void> {
  for (const manifest of await unreadManifests(journal, teamId)) {
    await rememberManifest(journal, teamId, manifest, await blobsInManifest(blobs, teamId, manifest));
  }
}

/** What a snapshot that went referred to; nothing when its manifest is gone already. */
export async function blobsOfReleased({ journal, blobs }: BlobKeeping, teamId: TeamId, manifest: string): Promise<string[]> {
  const known = await blobsOfManifest(journal, teamId, manifest);
  if (known) return known;
  if (!(await blobs.has(teamId, manifest))) return [];
  const read = await blobsInManifest(blobs, teamId, manifest);
  await rememberManifest(journal, teamId, manifest, read);
  return read;
}
