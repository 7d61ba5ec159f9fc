import { realpath } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { BlobStore } from '../blobs/blobStore.ts';
import type { OpenedRepository } from '../domain/events.ts';
import type { SnapshotId, TeamId } from '../domain/ids.ts';
import type { BlobRef, RestoreReport } from '../domain/snapshot.ts';
import { Beneath } from './beneath.ts';
import { walkOutside } from './captureOutside.ts';
import { folderOf, nestedIn } from './capture.ts';
import { baseCommit } from './captureRepository.ts';
import { ContentReader } from './contentReader.ts';
import { GitError, type Git } from './git.ts';
import { ManifestUnreadableError, readManifest, type Manifest, type RepositoryManifest } from './manifest.ts';
import { moveToNewest, whyStay, type Newest, type NewestBaseRequest } from './newestBase.ts';
import { restoreFiles } from './restoreFiles.ts';
import { restoreHome } from './restoreHome.ts';
import { blobReason, blobTrouble, lostAtCapture, RestoreLog } from './restoreLog.ts';
import { isLocalAddress } from './repositoryUrl.ts';
import { restoreNested } from './restoreNested.ts';
import { restoreRepository, type RestoredRepository } from './restoreRepository.ts';
import { ObjectsUnreadableError, SideRepository } from './sideRepository.ts';
import { verifyFiles } from './verifyFiles.ts';
import { WorkspaceState, type OpenedMemory } from './workspaceState.ts';

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
  /** How to go on from the newest commit of each base branch, where the workspace was opened there; null for the snapshot's own. */
  readonly newest?: Newest | null;
  /** Where the agent sees the workspace: where it is by default. */
  readonly seenAt?: string;
  /** Whether remotes and submodules may be paths on the machine outside the workspace. Not by default. */
  readonly allowLocal?: boolean;
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
  const nested = await restoreNested({
    directory,
    state,
    git: restore.git,
    nested: manifest.nested,
    opened: request.opened,
    captured: manifest.repositories.map(({ repository }) => repository),
    restored,
    seenAt: request.seenAt ?? directory,
    allowsAddress: addressesAllowed(request, directory),
    reader,
    log,
    signal: request.signal,
  });
  for (const [repository, { watched }] of restored)
    state.writeWatched(repository, [...new Set([...state.readWatched(repository), ...watched])]);
  state.writeMemory({
    version: 1,
    manifest: request.manifest.hash,
    repositories: Object.fromEntries([...restored].map(([repository, { memory }]) => [repository, memory])),
    nested,
    outside,
    home: await restoreHome({ home: request.home, manifest: manifest.home, reader, log, signal: request.signal }),
  });
}

/** Any that leads to another machine, or into the workspace. */
function addressesAllowed({ allowLocal = false, seenAt }: RestoreRequest, directory: string): (address: string) => boolean {
  const roots = [directory, ...(seenAt === undefined ? [] : [seenAt])];
  return (address) =>
    allowLocal || !isLocalAddress(address) || roots.some((root) => posix.normalize(address).startsWith(`${root}/`));
}

async function restoreOne(
  restore: Restore,
  reader: ContentReader,
  directory: string,
  state: WorkspaceState,
  repository: OpenedRepository,
): Promise<RestoredRepository | null> {
  const { git, request, manifest, log } = restore;
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
  const moved = await moveBase(restore, { repository, captured, side, atOpen, reader });
  return restoreRepository({
    repository,
    manifest: moved.manifest,
    unmerged: moved.unmerged,
    nested: nestedIn(repository.repository, request.opened),
    side,
    atOpen,
    untouched: request.untouched ?? false,
    allowsAddress: addressesAllowed(request, directory),
    reader,
    log,
    signal: request.signal,
  });
}

/** What is to be put back of a repository: as it was captured, or the same work on the newest base where that was asked for. */
async function moveBase(
  { request, log }: Restore,
  {
    repository,
    captured,
    ...parts
  }: Pick<NewestBaseRequest, 'repository' | 'side' | 'atOpen' | 'reader'> & { readonly captured: RepositoryManifest },
): Promise<{ readonly manifest: RepositoryManifest; readonly unmerged: boolean }> {
  const { newest, signal } = request;
  const asCaptured = { manifest: captured, unmerged: false };
  if (!newest || !captured.present) return asCaptured;
  const to = baseCommit(repository);
  const told = { repository: repository.repository, branch: repository.baseBranch, from: captured.base, to };
  const nothing = { merged: 0, conflicts: 0, merging: false, keptBranch: null };
  if (to === captured.base) {
    const stays = whyStay(captured) ?? branchGone(parts.atOpen);
    if (stays) log.problem(repository.repository, { subject: 'REPOSITORY', path: null, status: 'SKIPPED', ...stays });
    log.newerBase({ ...told, ...nothing, state: stays ? 'STAYED' : 'SAME' });
    return asCaptured;
  }
  try {
    const moved = await moveToNewest({ repository, manifest: captured, newest, log, signal, ...parts });
    log.newerBase(moved?.newerBase ?? { ...told, ...nothing, state: 'MOVED' });
    return moved ? { ...asCaptured, manifest: moved.manifest } : asCaptured;
  } catch (error) {
    const broken = error instanceof ObjectsUnreadableError || (error instanceof GitError && !error.timedOut);
    if (!broken) throw error;
    log.newerBase({ ...told, ...nothing, state: 'MOVED' });
    return { ...asCaptured, unmerged: true };
  }
}

const branchGone = ({ goneBranch }: OpenedMemory): ReturnType<typeof whyStay> =>
  goneBranch === undefined
    ? null
    : {
        reason: 'BRANCH_GONE',
        detail: `It is on the base of before, exactly as it was captured: the remote has no branch ${goneBranch} any more. Name another one in the environment.`,
      };

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
