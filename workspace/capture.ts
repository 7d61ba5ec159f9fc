import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobStore } from '../blobs/blobStore.ts';
import type { OpenedRepository } from '../domain/events.ts';
import type { SecretFiles } from '../domain/declaration.ts';
import type { TeamId } from '../domain/ids.ts';
import type { BlobRef, CaptureGap, FileChange, RepositoryPosition, SnapshotSummary } from '../domain/snapshot.ts';
import { Beneath } from './beneath.ts';
import { bytePathOf, displayPath, homePath, isWithin, type BytePath } from './bytePath.ts';
import type { CapturedEntry } from './captureFiles.ts';
import { captureHome, captureOutside, type CapturedHome, type CapturedOutside } from './captureOutside.ts';
import { captureNested, type CapturedNestedRepositories } from './captureNested.ts';
import { baseCommit, captureRepository, patchBytes, type CapturedRepository } from './captureRepository.ts';
import { changesBetween } from './changesBetween.ts';
import { ContentWriter } from './contentWriter.ts';
import { placeDeclared, type DeclaredPlaces, type SeenAs } from './declaredPaths.ts';
import type { Git } from './git.ts';
import {
  allRepositories,
  manifestVersion,
  readManifest,
  serializeManifest,
  type Change,
  type Gap,
  type Manifest,
  type ManifestEntry,
  type Part,
  type RepositoryManifest,
} from './manifest.ts';
import { SecretChecks } from './secretChecks.ts';
import { secretLike } from './secretLike.ts';
import { Sizes, type SizeLimits } from './sizeLimits.ts';
import { SideRepository } from './sideRepository.ts';
import { cutPatch } from './view.ts';
import { WorkspaceState, type WorkspaceMemory } from './workspaceState.ts';

/** What a summary names at most; it counts them all. */
const namedChanges = 500;
const namedGaps = 200;

/** What the environment wants captured that git alone would leave out. */
export interface DeclaredFiles {
  /** By repository: patterns, as in a gitignore file, of what is captured although the repository's rules ignore it. */
  readonly ignored: Readonly<Record<string, readonly string[]>>;
  /** What becomes of files that look like secrets. Default: they are captured, and not looked for. */
  readonly secretFiles?: SecretFiles | undefined;
  /** Files outside repositories. What lies in the workspace beside them is captured in any case. */
  readonly outside?: DeclaredOutside | undefined;
}

export interface DeclaredOutside {
  /** As the agent's processes see them: `~/…`, absolute, or in the workspace. */
  readonly paths: readonly BytePath[];
  /** Where those see their workspace and home. */
  readonly seenAs: SeenAs;
  /** The home, on this worker. */
  readonly home: string;
  /** What became of looking for the paths. */
  readonly gaps: readonly Gap[];
}

export interface CaptureRequest {
  readonly teamId: TeamId;
  readonly directory: string;
  /** The worker's own directory beside the workspace, as given to `open`. */
  readonly state: string;
  readonly opened: readonly OpenedRepository[];
  /** What it takes beyond git. Nothing by default. */
  readonly declared?: DeclaredFiles | undefined;
  /** The manifest of the run's last snapshot: what has not changed since is neither read nor stored again. */
  readonly previous: BlobRef | null;
  /** Whether nothing can write to the workspace meanwhile. */
  readonly quiesced: boolean;
  /** Where the agent sees the workspace: where it is by default. */
  readonly seenAt?: string;
  readonly signal: AbortSignal;
}

export interface Captured {
  readonly summary: SnapshotSummary;
  /** What changed since `previous`; against the base commits when there is none. */
  readonly changes: readonly FileChange[];
}

/** Repositories that lie in this one. */
export function nestedIn(repository: string, all: readonly OpenedRepository[]): BytePath[] {
  const own = folderOf(repository);
  return all
    .map((other) => folderOf(other.repository))
    .filter((folder) => folder !== own && isWithin(own, folder))
    .map((folder) => (own === '' ? folder : folder.slice(own.length + 1)));
}

/** A repository's folder as a path in the workspace; empty for the workspace itself. */
export function folderOf(repository: string): BytePath {
  return repository === '.' ? '' : bytePathOf(repository);
}

/**
 * Captures a workspace: stores what the store does not have, and a manifest that names everything. It changes nothing
 * in the workspace. Errors of the blob store come through as they are; what cannot be read is a gap in the summary.
 */
export async function captureWorkspace(
  { blobs, git, limits }: { readonly blobs: BlobStore; readonly git: Git; readonly limits: SizeLimits },
  request: CaptureRequest,
): Promise<Captured> {
  const started = performance.now();
  const directory = await realpath(request.directory);
  const state = new WorkspaceState(await realpath(request.state));
  const previous = request.previous && (await readPrevious(blobs, request.teamId, request.previous));
  const secrets = new SecretChecks(request.declared?.secretFiles ?? 'INCLUDE');
  const samePolicy = (previous?.secretFiles ?? 'INCLUDE') === secrets.policy;
  const remembered = request.previous && previous ? state.readMemory(request.previous.hash) : null;
  // Under another policy, every file is looked at again.
  const memory = remembered && !samePolicy ? withoutFiles(remembered) : remembered;
  const writer = new ContentWriter({ store: blobs, teamId: request.teamId, previous });
  const sizes = new Sizes(limits);
  const places = declaredPlaces(request);
  const capture = { request, directory, state, git, previous, memory, writer, sizes, secrets, samePolicy, places };
  const repositories: CapturedRepository[] = [];
  for (const repository of request.opened) repositories.push(await captureOne(capture, repository));
  const outside = await captureRest(capture);
  const nested = await captureNested({
    ...capture,
    seenAt: request.seenAt ?? directory,
    opened: request.opened,
    repositories,
    outside: outside.nested,
    declaredPaths: places.workspace,
    signal: request.signal,
  });
  const home = await captureDeclaredHome(capture);
  await writer.finish();
  const all = [...repositories, ...nested.captured];
  const patch = await storePatch(blobs, request.teamId, all, previous, writer);
  const parts = { repositories, nested, outside, home, places, policy: secrets.policy };
  const manifest = assemble(parts, writer.blobs, patch);
  const stored = await blobs.put(request.teamId, serializeManifest(manifest));
  writer.count(stored);
  state.writeMemory(remember(stored.hash, parts));
  for (const {
    manifest: { repository },
    watched,
    settle,
  } of repositories) {
    state.writeWatched(repository, watched);
    settle();
  }
  const summary = summarize(
    manifest,
    { hash: stored.hash, bytes: stored.bytes },
    {
      storedBytes: writer.storedBytes,
      quiesced: request.quiesced,
      tookMs: Math.round(performance.now() - started),
    },
  );
  return { summary, changes: changesSince(all, previous, manifest) };
}

interface Capture {
  readonly request: CaptureRequest;
  readonly directory: string;
  readonly state: WorkspaceState;
  readonly git: Git;
  readonly previous: Manifest | null;
  readonly memory: WorkspaceMemory | null;
  readonly writer: ContentWriter;
  readonly sizes: Sizes;
  readonly secrets: SecretChecks;
  readonly samePolicy: boolean;
  readonly places: DeclaredPlaces;
}

function declaredPlaces({ declared, opened }: CaptureRequest): DeclaredPlaces {
  const { paths = [], seenAs = { workspace: [], home: [] }, gaps = [] } = declared?.outside ?? {};
  const folders = opened.map(({ repository }) => folderOf(repository));
  const places = placeDeclared(paths, seenAs, folders);
  return { ...places, gaps: [...gaps, ...places.gaps] };
}

/** A previous snapshot that cannot be read any more only makes this one read more. */
async function readPrevious(blobs: BlobStore, teamId: TeamId, ref: BlobRef): Promise<Manifest | null> {
  try {
    return await readManifest(blobs, teamId, ref);
  } catch (error) {
    if (['BlobMissingError', 'BlobCorruptError', 'ManifestUnreadableError'].includes((error as Error).name)) return null;
    throw error;
  }
}

function captureOne(
  { request, directory, state, git, previous, memory, writer, sizes, secrets, samePolicy, places }: Capture,
  repository: OpenedRepository,
): Promise<CapturedRepository> {
  const before = previous?.repositories.find((other) => other.repository === repository.repository) ?? null;
  const usable = before !== null && before.present && before.base === baseCommit(repository) ? before : null;
  const atOpen = state.readOpened(repository.repository);
  const side = new SideRepository({
    directory: state.sideDirectory(repository.repository),
    worktree: join(directory, repository.repository),
    format: atOpen.format,
    git,
  });
  return captureRepository({
    repository,
    nested: nestedIn(repository.repository, request.opened),
    side,
    atOpen,
    previous: usable,
    watched: state.readWatched(repository.repository),
    declared: request.declared?.ignored[repository.repository] ?? [],
    declaredPaths: places.repositories.get(folderOf(repository.repository)) ?? [],
    memory: usable && (memory?.repositories[repository.repository] ?? null),
    writer,
    sizes,
    secrets,
    samePolicy,
    signal: request.signal,
  });
}

async function captureRest({ request, directory, previous, memory, writer, sizes, secrets }: Capture): Promise<CapturedOutside> {
  const files = new Beneath(directory);
  try {
    return await captureOutside({
      files,
      repositories: request.opened.map(({ repository }) => folderOf(repository)),
      previous: previous?.outside.entries ?? [],
      seen: memory?.outside ?? null,
      writer,
      sizes,
      secrets,
      signal: request.signal,
    });
  } finally {
    files.close();
  }
}

/** The patch over all repositories; the previous one when it would be the same. */
async function storePatch(
  blobs: BlobStore,
  teamId: TeamId,
  repositories: readonly CapturedRepository[],
  previous: Manifest | null,
  writer: ContentWriter,
): Promise<BlobRef | null> {
  if (previous?.patch && repositories.every(({ sincePrevious }) => sincePrevious?.length === 0)) return previous.patch;
  const pieces: Buffer[] = [];
  let left = patchBytes;
  for (const { manifest, patch } of repositories) {
    if (manifest.changes.length === 0 || left <= 0) continue;
    const whole = await patch();
    if (whole === null) continue;
    const piece = cutPatch(whole, left);
    pieces.push(piece);
    left -= piece.length;
  }
  if (pieces.length === 0) return null;
  const blob = await blobs.put(teamId, Buffer.concat(pieces));
  writer.count(blob);
  return { hash: blob.hash, bytes: blob.bytes };
}

/** What the environment names of the agent's home; null when it names nothing there. */
async function captureDeclaredHome({
  request,
  previous,
  memory,
  writer,
  sizes,
  secrets,
  places,
}: Capture): Promise<CapturedHome | null> {
  const directory = request.declared?.outside?.home;
  if (directory === undefined || places.home.length === 0) return null;
  const files = new Beneath(await realpath(directory));
  try {
    return await captureHome({
      files,
      paths: places.home,
      previous: previous?.home?.entries ?? [],
      seen: memory?.home ?? null,
      writer,
      sizes,
      secrets,
      signal: request.signal,
    });
  } finally {
    files.close();
  }
}

interface CapturedParts {
  readonly repositories: readonly CapturedRepository[];
  readonly nested: CapturedNestedRepositories;
  readonly outside: CapturedOutside;
  readonly home: CapturedHome | null;
  readonly places: DeclaredPlaces;
  readonly policy: SecretFiles;
}

/** Puts the manifest together. Its blobs are numbered as they come in it, so that the same workspace makes the same manifest. */
function assemble(
  { repositories, nested, outside, home, places, policy }: CapturedParts,
  blobs: readonly BlobRef[],
  patch: BlobRef | null,
): Manifest {
  const table: BlobRef[] = [];
  const numbers = new Map<string, number>();
  const renumber = (parts: readonly Part[]): Part[] =>
    parts.map(([number, offset, length]) => {
      const blob = blobs[number];
      if (!blob) throw new RangeError(`no blob ${number}`);
      const known = numbers.get(blob.hash) ?? table.push(blob) - 1;
      numbers.set(blob.hash, known);
      return [known, offset, length];
    });
  const entriesOf = (entries: readonly CapturedEntry[]): ManifestEntry[] =>
    entries.map((entry) => {
      if (entry.kind !== 'FILE') return entry;
      const { content, ...rest } = entry;
      return { ...rest, parts: content && renumber(content.parts) };
    });
  const repositoryOf = (captured: CapturedRepository): RepositoryManifest => {
    const { repository, gaps } = captured.manifest;
    const more = nested.gaps.flatMap(({ of, gap }) => (of === repository ? [gap] : []));
    return {
      ...captured.manifest,
      gaps: [...gaps, ...more].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)),
      git: gitOf(captured, renumber),
      entries: entriesOf(captured.entries),
    };
  };
  const outsideGaps = nested.gaps.flatMap(({ of, gap }) => (of === null ? [gap] : []));
  return {
    format: 'baton-snapshot',
    version: manifestVersion,
    repositories: repositories.map(repositoryOf),
    nested: nested.captured.map((captured) => ({ ...captured.place, repository: repositoryOf(captured) })),
    outside: { entries: entriesOf(outside.entries), gaps: [...places.gaps, ...outside.gaps, ...outsideGaps] },
    ...(home && {
      home: {
        roots: [...home.roots],
        folders: [...home.folders],
        entries: entriesOf(home.entries),
        gaps: [...home.gaps],
      },
    }),
    ...(policy !== 'INCLUDE' && { secretFiles: policy }),
    patch,
    blobs: table,
  };
}

function gitOf({ git }: CapturedRepository, renumber: (parts: readonly Part[]) => Part[]): RepositoryManifest['git'] {
  if (git === null) return null;
  const { packs, tips, prerequisites, unpushed } = git.commits;
  return {
    ...git,
    commits: { packs: packs.map(({ parts }) => renumber(parts)), tips: [...tips], prerequisites: [...prerequisites], unpushed },
    objects: git.objects.map(({ oid, bytes, content }) => ({ oid, bytes, parts: renumber(content.parts) })),
  };
}

const withoutFiles = (memory: WorkspaceMemory): WorkspaceMemory => ({
  ...memory,
  repositories: withoutSeen(memory.repositories),
  nested: withoutSeen(memory.nested),
  outside: {},
  home: {},
});

const withoutSeen = (memories: WorkspaceMemory['repositories']): WorkspaceMemory['repositories'] =>
  Object.fromEntries(Object.entries(memories).map(([path, one]) => [path, { ...one, seen: {} }]));

function remember(manifest: string, { repositories, nested, outside, home }: CapturedParts): WorkspaceMemory {
  return {
    version: 1,
    manifest,
    repositories: Object.fromEntries(repositories.map(({ manifest: { repository }, memory }) => [repository, memory])),
    nested: Object.fromEntries(nested.captured.map(({ place, memory }) => [place.path, memory])),
    outside: outside.seen,
    home: home?.seen ?? {},
  };
}

function changesSince(repositories: readonly CapturedRepository[], previous: Manifest | null, manifest: Manifest): FileChange[] {
  const plain = changesBetween(previous, manifest);
  const exact = new Map(
    repositories.flatMap(({ manifest: { repository }, sincePrevious }) =>
      previous && sincePrevious ? [[repository, sincePrevious]] : [],
    ),
  );
  return [
    ...plain.filter(({ repository }) => !exact.has(repository)),
    ...[...exact].flatMap(([repository, changes]) => changes.map((change) => fileChange(repository, change))),
  ];
}

/** A change as events and the API tell it. */
export function fileChange(repository: string, { path, oldPath, status, additions, deletions }: Change): FileChange {
  return {
    repository,
    path: displayPath(path),
    status,
    oldPath: oldPath === null ? null : displayPath(oldPath),
    additions,
    deletions,
  };
}

const captureGap = (repository: string, { path, status, reason, detail }: Gap): CaptureGap => ({
  repository,
  path: displayPath(path),
  status,
  reason,
  detail,
});

const position = ({ repository, url, base, git }: RepositoryManifest): RepositoryPosition => ({
  repository,
  url,
  branch: git?.head && 'branch' in git.head ? displayPath(git.head.branch) : null,
  head: git?.headCommit ?? null,
  base,
  unpushedCommits: git?.commits.unpushed ?? 0,
});

function summarize(
  manifest: Manifest,
  ref: BlobRef,
  rest: Pick<SnapshotSummary, 'storedBytes' | 'quiesced' | 'tookMs'>,
): SnapshotSummary {
  const changes = [
    ...allRepositories(manifest).flatMap(({ repository, changes }) => changes.map((change) => fileChange(repository, change))),
    ...manifest.outside.entries.map((entry) => fileChange('.', outsideChange(entry.path))),
    ...(manifest.home?.entries ?? []).map((entry) => fileChange('.', outsideChange(homePath(entry.path)))),
  ];
  const gaps = [
    ...allRepositories(manifest).flatMap(({ repository, gaps }) => gaps.map((gap) => captureGap(repository, gap))),
    ...manifest.outside.gaps.map((gap) => captureGap('.', gap)),
    ...(manifest.home?.gaps ?? []).map((gap) => captureGap('.', { ...gap, path: homePath(gap.path) })),
  ];
  const warnings = secretLike(manifest);
  return {
    manifest: ref,
    repositories: manifest.repositories.map(position),
    changes: changes.slice(0, namedChanges),
    changedFiles: changes.length,
    patch: manifest.patch,
    gaps: gaps.slice(0, namedGaps),
    gapCount: gaps.length,
    ...(warnings.length > 0 && { warnings: warnings.slice(0, namedGaps), warningCount: warnings.length }),
    entries: [...allRepositories(manifest), manifest.outside, ...(manifest.home ? [manifest.home] : [])].reduce(
      (sum, { entries }) => sum + entries.length,
      0,
    ),
    bytes: manifest.blobs.reduce((sum, { bytes }) => sum + bytes, ref.bytes + (manifest.patch?.bytes ?? 0)),
    ...rest,
  };
}

const outsideChange = (path: BytePath): Change => ({
  path,
  status: 'ADDED',
  oldPath: null,
  additions: null,
  deletions: null,
});
