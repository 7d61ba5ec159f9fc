import type { BlobStore } from '../../blobs/blobStore.ts';
import type { RunId, TeamId } from '../../domain/ids.ts';
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

/** The manifest of a snapshot cannot be read: nobody can tell what it refers to, and nothing of the team may go. */
export class UnreadableSnapshotError extends Error {
  readonly runId: RunId;
  constructor(runId: RunId, cause: Error) {
    super(
      `A snapshot of the run ${runId} cannot be read (${cause.message}), so that nobody can tell which blobs it needs; none was removed. Put the blob back from a backup, or redact the snapshot or delete the run.`,
      { cause },
    );
    this.name = 'UnreadableSnapshotError';
    this.runId = runId;
  }
}

const unreadable = new Set(['BlobCorruptError', 'BlobMissingError', 'ManifestUnreadableError']);

/** Whether an error says that a manifest is gone or damaged, not only out of reach for now. */
export const isUnreadable = (error: Error): boolean => unreadable.has(error.name);

/** Sees to it that it is known what each snapshot of the team refers to. Throws UnreadableSnapshotError. */
export async function readAllManifests({ journal, blobs }: BlobKeeping, teamId: TeamId): Promise<void> {
  for (const { manifest, runId } of await unreadManifests(journal, teamId)) {
    const read = await blobsInManifest(blobs, teamId, manifest).catch((error: Error) => {
      throw isUnreadable(error) ? new UnreadableSnapshotError(runId, error) : error;
    });
    await rememberManifest(journal, teamId, manifest, read);
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
