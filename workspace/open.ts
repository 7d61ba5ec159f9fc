import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobStore } from '../blobs/blobStore.ts';
import type { OpenedRepository } from '../domain/events.ts';
import { FailureError } from '../domain/failure.ts';
import type { TeamId } from '../domain/ids.ts';
import type { BlobRef } from '../domain/snapshot.ts';
import { isGitlink } from './baseTree.ts';
import { Beneath, ThroughSymlinkError } from './beneath.ts';
import { bytePathOf, displayPath, parentOf, unsafePath, type BytePath } from './bytePath.ts';
import type { GitCredential } from './gitCredential.ts';
import { GitError, type Git } from './git.ts';
import { formatOfOid, parseIndex, type ObjectFormat } from './gitIndex.ts';
import { readSettings } from './localSettings.ts';
import { readManifest, type Manifest, type RepositoryManifest } from './manifest.ts';
import type { Mirror, Mirrors } from './mirrors.ts';
import { whyStay } from './newestBase.ts';
import { branchOf, isRefName, refOfBranchName } from './refs.ts';
import { diskFull, isDiskFull } from './remote.ts';
import { parseRepositoryUrl, type RepositoryUrl } from './repositoryUrl.ts';
import { gitFolder, SideRepository, type FileSystemSettings } from './sideRepository.ts';
import type { ReadyCheckouts } from './readyCheckouts.ts';
import { checkOutCommit, makeWorkingCopy, type Author } from './workingCopy.ts';
import { WorkspaceState, type OpenedMemory } from './workspaceState.ts';

/** A repository as the environment names it. */
export interface RepositoryRequest {
  /** Its folder in the workspace, `.` for the workspace itself. */
  readonly repository: string;
  readonly url: string;
  /** Null for the remote's HEAD. */
  readonly branch: string | null;
}

export interface OpenRequest {
  readonly teamId: TeamId;
  /** The workspace: empty, or not there yet. */
  readonly directory: string;
  /** A directory of the worker's own, with the workspace's life and out of the agent's sight. */
  readonly state: string;
  readonly repositories: readonly RepositoryRequest[];
  /** The run's own branch. */
  readonly workingBranch: string;
  /** The manifest that will be restored: then each repository opens at the commit that its snapshot builds on. */
  readonly restoring: BlobRef | null;
  /** What the environment shows to the hosts of its repositories. None by default. */
  readonly credentials?: readonly GitCredential[];
  /** Opens at the newest commit of each branch instead, where what the manifest has can go on from there. */
  readonly newest?: boolean;
  /** Who the agent's commits are by, unless it says otherwise. */
  readonly author?: Author;
  /** Whether a repository may be a path on this worker. */
  readonly allowLocal: boolean;
  readonly signal: AbortSignal;
  /** Takes what is under way, in words. */
  readonly onProgress: (detail: string) => void;
}

/** Somebody must be the author: without one, every `git commit` of an agent fails. */
export const defaultAuthor: Author = { name: 'Baton', email: 'baton@localhost' };

/** The branch of a remote that has none. */
const firstBranch = 'main';

interface Deps {
  readonly git: Git;
  readonly blobs: BlobStore;
  readonly mirrors: Mirrors;
  /** Checkouts that were made in advance; null for none. */
  readonly ready: ReadyCheckouts | null;
}

/**
 * Makes the workspace: each repository from its mirror, on the run's own branch. The same request again gives what it
 * made before; one that did not finish is begun anew. Throws FailureError REPOSITORY_REFUSED, REPOSITORY_UNREACHABLE,
 * REPOSITORY_UNAUTHORIZED, BRANCH_NOT_FOUND or DISK_FULL.
 */
export async function openWorkspace(deps: Deps, request: OpenRequest): Promise<OpenedRepository[]> {
  const urls = checkRequest(request);
  const key = requestKey(request);
  const state = new WorkspaceState(request.state);
  const done = state.opened(key);
  if (done) return done;
  try {
    await prepareDirectories(request, state);
    const directory = await realpath(request.directory);
    const real = new WorkspaceState(await realpath(request.state));
    const manifest = await readRestoring(deps.blobs, request);
    const plans = await Promise.all(
      request.repositories.map((repository, n) => plan(deps, request, repository, urls[n] as RepositoryUrl, manifest)),
    );
    const opened: OpenedRepository[] = [];
    // A repository that lies in another one is made after it.
    for (const planned of plans.toSorted((a, b) => a.repository.length - b.repository.length))
      opened.push(await make(deps, request, planned, directory, real));
    const inOrder = request.repositories.flatMap(({ repository }) => opened.filter((other) => other.repository === repository));
    state.finish(key, inOrder);
    for (const planned of plans) deps.ready?.want(planned);
    return inOrder;
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    // What was made in advance gives way to the next attempt.
    await deps.ready?.clear();
    throw diskFull(error);
  }
}

function refuse(why: string): never {
  throw new FailureError('REPOSITORY_REFUSED', why);
}

function checkRequest({ repositories, allowLocal, workingBranch }: OpenRequest): RepositoryUrl[] {
  if (!isRefName(refOfBranchName(workingBranch))) refuse(`The working branch “${workingBranch}” is no name for a branch.`);
  const folders = repositories.map(({ repository }) => repository);
  if (new Set(folders).size !== folders.length)
    refuse('Two repositories of the environment have the same folder. Give each its own.');
  for (const folder of folders) {
    const unsafe = folder === '.' ? null : unsafePath(bytePathOf(folder));
    if (unsafe !== null)
      refuse(`The repository’s folder “${folder}” cannot be used: ${unsafe}. Give a relative path inside the workspace.`);
  }
  return repositories.map(({ url }) => parseRepositoryUrl(url, { allowLocal }));
}

/** Tells one request from another by what it asks for, without keeping any credentials. */
function requestKey({ teamId, repositories, workingBranch, restoring, newest }: OpenRequest): string {
  return createHash('sha256')
    .update(JSON.stringify([teamId, repositories, workingBranch, restoring?.hash ?? null, ...(newest ? ['newest'] : [])]))
    .digest('hex');
}

/** Starts from nothing. What an earlier attempt left is thrown away; anything else in the directory is not ours to remove. */
async function prepareDirectories({ directory }: OpenRequest, state: WorkspaceState): Promise<void> {
  const there = await readdir(directory).catch(() => []);
  if (there.length > 0 && !state.begun)
    throw new Error(`the workspace directory ${directory} is not empty, and no workspace was being made there`);
  for (const name of there) await rm(join(directory, name), { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  state.clear();
  state.begin();
}

/** A manifest that cannot be read keeps nobody from working: the restore will say so. */
async function readRestoring(blobs: BlobStore, { teamId, restoring }: OpenRequest): Promise<Manifest | null> {
  if (restoring === null) return null;
  try {
    return await readManifest(blobs, teamId, restoring);
  } catch (error) {
    if (['BlobMissingError', 'BlobCorruptError', 'ManifestUnreadableError'].includes((error as Error).name)) return null;
    throw error;
  }
}

interface Plan {
  readonly repository: string;
  readonly url: RepositoryUrl;
  readonly mirror: Mirror;
  readonly baseBranch: string;
  readonly commit: string | null;
  readonly format: ObjectFormat;
  /** The branch that was to be opened, when the remote has none of the name. */
  readonly goneBranch?: string;
}

/** Brings the mirror up to date and decides where the repository opens. */
async function plan(
  deps: Deps,
  request: OpenRequest,
  { repository, branch }: RepositoryRequest,
  url: RepositoryUrl,
  manifest: Manifest | null,
): Promise<Plan> {
  const snapshot = manifest?.repositories.find((other) => other.repository === repository && other.present) ?? null;
  const mirror = await openMirror(deps, request, url, snapshot);
  const format = snapshot?.format ?? formatOfOid([...mirror.remote.refs.values()][0] ?? '');
  const common = { repository, url, mirror, format };
  const known = snapshot && (snapshot.base === null || !mirror.missing.includes(snapshot.base));
  const before = known ? { ...common, baseBranch: snapshot.baseBranch, commit: snapshot.base } : null;
  if (before && !(request.newest && whyStay(snapshot as RepositoryManifest) === null)) return before;
  try {
    return { ...common, ...startingPoint(mirror, url, branch) };
  } catch (error) {
    if (!(error instanceof FailureError) || snapshot === null || branch === null) throw error;
    // The work of before goes on, though its branch is gone: on its own base, or on what the remote has.
    return { ...(before ?? { ...common, ...startingPoint(mirror, url, null) }), goneBranch: branch };
  }
}

function openMirror(
  { mirrors }: Deps,
  { teamId, credentials, signal, onProgress }: OpenRequest,
  url: RepositoryUrl,
  snapshot: RepositoryManifest | null,
): Promise<Mirror> {
  const wanted = snapshot
    ? [...(snapshot.base === null ? [] : [snapshot.base]), ...(snapshot.git?.commits.prerequisites ?? [])]
    : [];
  return mirrors.open({ teamId, url, credentials, wanted: [...new Set(wanted)], signal, onProgress });
}

/** The branch that the environment names, or the one that the remote's HEAD names. */
function startingPoint({ remote }: Mirror, url: RepositoryUrl, branch: string | null): Pick<Plan, 'baseBranch' | 'commit'> {
  const branches = [...remote.refs.keys()].flatMap((name) => branchOf(name) ?? []).map(displayPath);
  const name = branch ?? (remote.head === null ? null : displayPath(remote.head));
  if (name !== null) {
    const commit = remote.refs.get(refOfBranchName(name));
    if (commit !== undefined) return { baseBranch: name, commit };
  }
  if (branches.length === 0 && branch === null) return { baseBranch: firstBranch, commit: null };
  const has =
    branches.length === 0
      ? 'It has no branches.'
      : `It has: ${branches.slice(0, 10).join(', ')}${branches.length > 10 ? ' …' : ''}.`;
  throw new FailureError(
    'BRANCH_NOT_FOUND',
    name === null
      ? `The repository ${url.shown} names no default branch. ${has} Name a branch in the environment.`
      : `The repository ${url.shown} has no branch “${name}”. ${has} Correct the branch in the environment.`,
  );
}

/** Makes the working copy. A mirror that turns out to be damaged is fetched again, once. */
async function make(
  deps: Deps,
  request: OpenRequest,
  planned: Plan,
  directory: string,
  state: WorkspaceState,
): Promise<OpenedRepository> {
  const target = planned.repository === '.' ? directory : join(directory, planned.repository);
  makeFolder(directory, planned.repository);
  request.onProgress(`checking out ${planned.url.name}`);
  try {
    return await makeAt(deps, request, planned, target, state);
  } catch (error) {
    if (!(error instanceof GitError) || error.timedOut || isDiskFull(error)) throw error;
    request.onProgress(`the mirror of ${planned.url.name} is damaged, fetching it again`);
    await deps.mirrors.discard(planned.mirror, request.signal);
    const { teamId, credentials, signal, onProgress } = request;
    const mirror = await deps.mirrors.open({
      teamId,
      url: planned.url,
      credentials,
      wanted: planned.commit === null ? [] : [planned.commit],
      signal,
      onProgress,
    });
    for (const name of await readdir(target)) await rm(join(target, name), { recursive: true, force: true });
    return makeAt(deps, request, { ...planned, mirror }, target, state);
  }
}

/** Makes the repository's folder. One that an outer repository has something in, or a link, cannot be it. */
export function makeFolder(directory: string, repository: string): void {
  if (repository === '.') return;
  const files = new Beneath(directory);
  const folder = bytePathOf(repository);
  try {
    files.makeDirectories(folder);
    if (files.list(folder)?.length !== 0)
      refuse(`The folder “${repository}” has files of another repository of the environment in it. Give each its own folder.`);
  } catch (error) {
    if (!(error instanceof ThroughSymlinkError) && (error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    refuse(
      `Another repository of the environment has a file or a link where the folder “${repository}” would be. Give each its own folder.`,
    );
  } finally {
    files.close();
  }
}

async function makeAt(
  { git, ready }: Deps,
  request: OpenRequest,
  planned: Plan,
  target: string,
  state: WorkspaceState,
): Promise<OpenedRepository> {
  const { repository, url, mirror, baseBranch, commit, format } = planned;
  const { signal, workingBranch, author = defaultAuthor } = request;
  const checkout = { directory: target, mirror, commit, format, signal };
  const fileSystem = (await ready?.take(checkout)) ?? (await checkOutCommit(git, checkout));
  await makeWorkingCopy({ ...checkout, branch: workingBranch, origin: url.shown, author });
  const trusted = [...mirror.remote.refs.values(), ...(commit === null ? [] : [commit])];
  await rememberCheckout(git, { state, repository, target, format, fileSystem, trusted, goneBranch: planned.goneBranch, signal });
  return { repository, url: url.shown, baseBranch, base: commit ?? noCommit(format), branch: workingBranch };
}

/** What stands for the commit of a repository that was opened without one. */
export const noCommit = (format: ObjectFormat): string => '0'.repeat(format === 'sha256' ? 64 : 40);

export interface MadeCheckout {
  readonly state: WorkspaceState;
  readonly repository: string;
  /** The repository's folder. */
  readonly target: string;
  readonly format: ObjectFormat;
  readonly fileSystem: FileSystemSettings;
  /** Objects that it has with all that they lead to, and need not travel. */
  readonly trusted: readonly string[];
  /** The branch that it was to be opened at, when the remote has it no more. */
  readonly goneBranch?: string | undefined;
  readonly signal: AbortSignal;
}

/** Remembers a repository that was just checked out: what differs from this is what a snapshot captures. */
export async function rememberCheckout(
  git: Git,
  { state, repository, target, format, fileSystem, ...memory }: MadeCheckout,
): Promise<void> {
  const side = new SideRepository({ directory: state.sideDirectory(repository), worktree: await realpath(target), format, git });
  side.create(fileSystem);
  await copyFile(join(target, gitFolder, 'index'), side.index);
  state.writeOpened(repository, await rememberOpened(side, memory));
}

async function rememberOpened(
  side: SideRepository,
  { trusted, goneBranch, signal }: Pick<MadeCheckout, 'trusted' | 'goneBranch' | 'signal'>,
): Promise<OpenedMemory> {
  const entries = parseIndex(side.readIndex(), side.format);
  const files = new Beneath(side.worktree);
  const git = new Beneath(join(side.worktree, gitFolder));
  try {
    const settings = await readSettings(side, git, signal);
    return {
      format: side.format,
      trusted: [...new Set(trusted)],
      directories: Object.fromEntries(
        foldersOf(entries.map(({ path }) => path)).map((path) => [path, String(files.stat(path)?.mtimeNs ?? 0n)]),
      ),
      gitlinks: entries.filter(isGitlink).map(({ path }) => path),
      settings: (settings ?? []).map((setting) => setting.join('\n')),
      ...(goneBranch !== undefined && { goneBranch }),
    };
  } finally {
    files.close();
    git.close();
  }
}

/** Every folder above these paths, the top one too. */
function foldersOf(paths: readonly BytePath[]): BytePath[] {
  const folders = new Set<BytePath>(['']);
  for (const path of paths)
    for (let folder = parentOf(path); !folders.has(folder); folder = parentOf(folder)) folders.add(folder);
  return [...folders];
}
