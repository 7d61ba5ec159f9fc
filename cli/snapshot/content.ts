import { join } from 'node:path';
import { pathBytes, type BytePath } from '../../workspace/bytePath.ts';
import { ContentReader } from '../../workspace/contentReader.ts';
import { GitError, type Git } from '../../workspace/git.ts';
import { allRepositories, besideRepositories, type ManifestEntry, type RepositoryManifest } from '../../workspace/manifest.ts';
import { unpackAside, type UnpackedCommits } from '../../workspace/openCarried.ts';
import { noTeam } from '../../workspace/plainBlobs.ts';
import { blobReason } from '../../workspace/restoreLog.ts';
import type { SnapshotFile } from '../../workspace/snapshotFile.ts';

/**
 * The content of a path, in a repository or, with null, beside them all. Null when nothing is there, or a directory;
 * MISSING when it cannot be read from the file.
 */
export type ReadState = (repository: string | null, path: BytePath) => Promise<Buffer | 'MISSING' | null>;

interface ContentIn {
  readonly file: SnapshotFile;
  /** For commits, which are unpacked when they are first needed. */
  readonly directory: string;
  readonly git: Git;
  readonly signal: AbortSignal;
}

/** Reads small files of a snapshot file. */
export function contentIn({ file, directory, git, signal }: ContentIn): ReadState {
  const { manifest, blobs } = file;
  const reader = new ContentReader({ store: blobs, teamId: noTeam, blobs: manifest.blobs });
  const unpacked = new Map<string, Promise<UnpackedCommits>>();
  const entriesOf = new Map<string | null, ReadonlyMap<BytePath, ManifestEntry>>([
    [null, byPath(besideRepositories(manifest))],
    ...allRepositories(manifest).map(({ repository, entries }) => [repository, byPath(entries)] as const),
  ]);
  const commitsOf = (repository: RepositoryManifest) => {
    const path = join(directory, `${unpacked.size}.git`);
    const known = unpacked.get(repository.repository) ?? unpackAside(git, path, repository, reader, signal);
    unpacked.set(repository.repository, known);
    return known;
  };
  return async (folder, path) => {
    const entry = entriesOf.get(folder)?.get(path);
    if (entry?.kind === 'LINK') return pathBytes(entry.target);
    if (entry?.kind !== 'FILE') return null;
    try {
      if (entry.parts) return await reader.all(entry.parts);
      const repository = allRepositories(manifest).find((other) => other.repository === folder);
      if (!repository) return 'MISSING';
      const { bare } = await commitsOf(repository);
      return (await bare.run(['cat-file', 'blob', entry.oid], { signal })).stdout;
    } catch (error) {
      if (blobReason(error) === null && !(error instanceof GitError && !error.timedOut)) throw error;
      return 'MISSING';
    }
  };
}

const byPath = (entries: readonly ManifestEntry[]): ReadonlyMap<BytePath, ManifestEntry> =>
  new Map(entries.map((entry) => [entry.path, entry]));
