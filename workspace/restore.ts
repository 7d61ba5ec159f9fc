import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobStore } from '../blobs/blobStore.ts';
import type { OpenedRepository } from '../domain/events.ts';
import type { SnapshotId, TeamId } from '../domain/ids.ts';
import type { BlobRef, RestoreReport } from '../domain/snapshot.ts';
import { Beneath } from './beneath.ts';
import { walkOutside } from './captureOutside.ts';
import { folderOf, nestedIn } from './capture.ts';
import { ContentReader } from './contentReader.ts';
import type { Git } from './git.ts';
import { ManifestUnreadableError, readManifest, type Manifest } from './manifest.ts';
import { restoreFiles } from './restoreFiles.ts';
import { restoreHome } from './restoreHome.ts';
import { blobReason, blobTrouble, lostAtCapture, RestoreLog } from './restoreLog.ts';
import { restoreRepository, type RestoredRepository } from './restoreRepository.ts';
import { SideRepository } from './sideRepository.ts';
import { verifyFiles } from './verifyFiles.ts';
import { WorkspaceState } from './workspaceState.ts';

export interface RestoreRequest {
  readonly teamId: TeamId;
  readonly directory: string;
  /** The worker's own directory beside the workspace, as given to `open`. */
  readonly state: string;
  readonly manifest: BlobRef;
  readonly snapshotId: SnapshotId;
  /** The agent's home, where the environment has files of it captured. */
  readonly home?: string | undefined;
  /** What `open` gave, with this manifest as `restoring`. */
  readonly opened: readonly OpenedRepository[];
  /** Whether nothing has run in the workspace since it was opened. */
  readonly untouched?: boolean;
  readonly signal: AbortSignal;
}

/**
 * Puts a snapshot back onto a workspace that was opened for it, and reads everything back: the report says that the
 * workspace is exactly as it was captured only when that was seen. What cannot be put back is named, and the rest is.
 * Setup commands may have run in between; what they made and the repository's rules ignore stays. Restoring again gives
 * the same.
 */
export async function restoreWorkspace(
  { blobs, git }: { readonly blobs: BlobStore; readonly git: Git },
  request: RestoreRequest,
): Promise<RestoreReport> {
  const started = performance.now();
  const log = new RestoreLog();
  const manifest = await readOrReport(blobs, request, log);
  if (manifest) await restoreAll({ blobs, git, request, manifest, log });
  return log.report(request.snapshotId, Math.round(performance.now() - started));
}

interface Restore {
  readonly blobs: BlobStore;
  readonly git: Git;
  readonly request: RestoreRequest;
  readonly manifest: Manifest;
  readonly log: RestoreLog;
}

async function readOrReport(
  blobs: BlobStore,
  { teamId, manifest, opened }: RestoreRequest,
  log: RestoreLog,
): Promise<Manifest | null> {
  try {
    return await readManifest(blobs, teamId, manifest);
  } catch (error) {
    const reason = blobReason(error) ?? (error instanceof ManifestUnreadableError ? 'MANIFEST_UNREADABLE' : null);
    if (reason === null) throw error;
    const why = reason === 'MANIFEST_UNREADABLE' ? (error as Error).message : blobTrouble[reason];
    for (const { repository } of opened)
      log.problem(repository, {
        subject: 'REPOSITORY',
        path: null,
        status: 'FAILED',
        reason,
        detail: `Nothing was put back, as the list of what to put back cannot be read: ${why}. The repository is as the remote has it.`,
      });
    return null;
  }
}

async function restoreAll(restore: Restore): Promise<void> {
  const { blobs, request, manifest, log } = restore;
  const directory = await realpath(request.directory);
  const state = new WorkspaceState(await realpath(request.state));
  const reader = new ContentReader({ store: blobs, teamId: request.teamId, blobs: manifest.blobs });
  const restored = new Map<string, RestoredRepository>();
  for (const repository of request.opened) {
    const one = await restoreOne(restore, reader, directory, state, repository);
    if (one) restored.set(repository.repository, one);
  }
  for (const { repository } of manifest.repositories)
    if (!request.opened.some((opened) => opened.repository === repository))
      log.problem(repository, {
        subject: 'REPOSITORY',
        path: null,
        status: 'SKIPPED',
        reason: 'NOT_OPENED',
        detail: 'The environment no longer names it, so it was not put back.',
      });
  const outside = await restoreOutside(restore, reader, directory);
  for (const [repository, { watched }] of restored)
    state.writeWatched(repository, [...new Set([...state.readWatched(repository), ...watched])]);
  state.writeMemory({
    version: 1,
    manifest: request.manifest.hash,
    repositories: Object.fromEntries([...restored].map(([repository, { memory }]) => [repository, memory])),
    outside,
    home: await restoreHome({ home: request.home, manifest: manifest.home, reader, log, signal: request.signal }),
  });
}

async function restoreOne(
  { git, request, manifest, log }: Restore,
  reader: ContentReader,
  directory: string,
  state: WorkspaceState,
  repository: OpenedRepository,
): Promise<RestoredRepository | null> {
  const captured = manifest.repositories.find((other) => other.repository === repository.repository);
  // One that the environment has gained since is as it was opened.
  if (!captured) return null;
  const atOpen = state.readOpened(repository.repository);
  const side = new SideRepository({
    directory: state.sideDirectory(repository.repository),
    worktree: join(directory, repository.repository),
    format: atOpen.format,
    git,
  });
  return restoreRepository({
    repository,
    manifest: captured,
    nested: nestedIn(repository.repository, request.opened),
    side,
    atOpen,
    untouched: request.untouched ?? false,
    reader,
    log,
    signal: request.signal,
  });
}

/** Puts back what lay beside the repositories, and removes what did not. Returns the files' states for the next capture. */
async function restoreOutside(
  { request, manifest, log }: Restore,
  reader: ContentReader,
  directory: string,
): Promise<Record<string, string>> {
  const files = new Beneath(directory);
  const { signal } = request;
  const repositories = request.opened.map(({ repository }) => folderOf(repository));
  const { entries } = manifest.outside;
  const wanted = new Set(entries.map((entry) => entry.path));
  try {
    const { paths } = await walkOutside(files, repositories, signal);
    for (const path of paths) if (!wanted.has(path)) files.remove(path);
    const problem = log.problem.bind(log, '.');
    for (const lost of lostAtCapture(manifest.outside.gaps)) problem(lost);
    const applied = await restoreFiles({
      files,
      entries,
      nested: repositories,
      reader,
      side: null,
      tree: null,
      sameBase: true,
      problem,
      onContent: () => {},
      signal,
    });
    for (const path of (await walkOutside(files, repositories, signal)).empty.toReversed())
      if (!wanted.has(path)) files.removeEmptyDirectory(path);
    const { wrong, seen } = await verifyFiles(files, entries, signal);
    for (const { path, why } of wrong)
      problem({ subject: 'FILE', path, status: 'FAILED', reason: 'DIFFERS', detail: `It is not as it was captured: ${why}.` });
    if (entries.length > 0) log.applied('.', 'WORKTREE', applied, `${applied} files beside the repositories put back.`);
    return seen;
  } finally {
    files.close();
  }
}
