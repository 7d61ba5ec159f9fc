import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OpenedRepository } from '../domain/events.ts';
import type { TeamId } from '../domain/ids.ts';
import type { BlobStore } from '../blobs/blobStore.ts';
import { ContentReader } from './contentReader.ts';
import { GitError, type Git } from './git.ts';
import { acceptFiles } from './gitDirectory.ts';
import type { Manifest, RepositoryManifest } from './manifest.ts';
import type { Mirror } from './mirrors.ts';
import { sortOut } from './objectCheck.ts';
import { defaultAuthor, makeFolder, noCommit, rememberCheckout } from './open.ts';
import { blobReason } from './restoreLog.ts';
import type { SideGit } from './sideRepository.ts';
import { checkOutCommit, makeWorkingCopy } from './workingCopy.ts';
import { WorkspaceState } from './workspaceState.ts';

export interface OpenCarriedRequest {
  readonly blobs: BlobStore;
  readonly teamId: TeamId;
  /** Empty. */
  readonly directory: string;
  readonly state: string;
  readonly manifest: Manifest;
  /** Where the remote `origin` of a repository leads; null for no remote. */
  readonly originOf: (repository: RepositoryManifest) => string | null;
  readonly signal: AbortSignal;
}

/**
 * Makes a workspace for a snapshot that brings all its commits along, without asking any remote: what `restore` puts
 * the snapshot onto. A repository whose commits cannot be read opens without any; the restore says what is missing.
 */
export async function openCarried(git: Git, request: OpenCarriedRequest): Promise<OpenedRepository[]> {
  const { manifest } = request;
  const directory = await realpath(request.directory);
  const state = new WorkspaceState(request.state);
  state.clear();
  const opened: OpenedRepository[] = [];
  // A repository that lies in another one is made after it.
  for (const repository of manifest.repositories.toSorted((a, b) => a.repository.length - b.repository.length))
    opened.push(await openOne(git, request, repository, directory, state));
  return manifest.repositories.flatMap(({ repository }) => opened.filter((other) => other.repository === repository));
}

async function openOne(
  git: Git,
  { blobs, teamId, manifest, originOf, signal }: OpenCarriedRequest,
  repository: RepositoryManifest,
  directory: string,
  state: WorkspaceState,
): Promise<OpenedRepository> {
  const { repository: folder, format, url, baseBranch, branch } = repository;
  const reader = new ContentReader({ store: blobs, teamId, blobs: manifest.blobs });
  const { path, sound } = await unpackAside(git, `${state.sideDirectory(folder)}.git`, repository, reader, signal);
  const commit = repository.base !== null && sound.has(repository.base) ? repository.base : null;
  makeFolder(directory, folder);
  const target = folder === '.' ? directory : join(directory, folder);
  const mirror: Mirror = { path, remote: { head: null, refs: new Map() }, missing: [] };
  const checkout = { directory: target, mirror, commit, format, signal };
  const fileSystem = await checkOutCommit(git, checkout);
  await makeWorkingCopy({ ...checkout, branch, origin: originOf(repository), author: defaultAuthor });
  await rememberCheckout(git, { state, repository: folder, target, format, fileSystem, trusted: [...sound], signal });
  return { repository: folder, url, baseBranch, base: commit ?? noCommit(format), branch };
}

export interface UnpackedCommits {
  /** A bare repository. */
  readonly path: string;
  /** Git in it. */
  readonly bare: SideGit;
  readonly sound: ReadonlySet<string>;
}

/** Unpacks the commits into a bare repository. Gives back those tips that are there with all that they lead to, and the base if it is. */
export async function unpackAside(
  git: Git,
  path: string,
  { format, base, git: captured }: RepositoryManifest,
  reader: ContentReader,
  signal: AbortSignal,
): Promise<UnpackedCommits> {
  await mkdir(path, { recursive: true });
  await git(['init', '--quiet', '--bare', '--template=', `--object-format=${format}`, path], { cwd: path, signal });
  await mkdir(join(path, 'objects/pack'), { recursive: true });
  const bare: SideGit = {
    run: (args, call) => git(args, { ...call, cwd: path, variables: { GIT_DIR: path, ...call?.variables } }),
  };
  if (captured === null) return { path, bare, sound: new Set() };
  const { accepted } = acceptFiles(captured.files.map(([name, content]) => [name, Buffer.from(content, 'base64')]));
  const shallow = accepted.find(([name]) => name === 'shallow');
  if (shallow) await writeFile(join(path, 'shallow'), shallow[1]);
  for (const parts of captured.commits.packs) {
    try {
      await bare.run(['index-pack', '--stdin'], { input: reader.read(parts), deadlineMs: unpackDeadlineMs, signal });
    } catch (error) {
      // The restore tries it again, and reports it.
      if (blobReason(error) === null && !(error instanceof GitError && !error.timedOut)) throw error;
    }
  }
  const wanted = [...captured.commits.tips, ...(base === null ? [] : [base])];
  return { path, bare, sound: new Set((await sortOut(bare, wanted, [], signal)).sound) };
}

const unpackDeadlineMs = 30 * 60_000;
