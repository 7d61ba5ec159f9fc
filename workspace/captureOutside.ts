import type { Beneath } from './beneath.ts';
import { isWithin, type BytePath } from './bytePath.ts';
import { captureFiles, type CapturedEntry, type FileKnowledge } from './captureFiles.ts';
import type { ContentWriter } from './contentWriter.ts';
import type { Gap, ManifestEntry } from './manifest.ts';
import type { SecretChecks } from './secretChecks.ts';
import type { Sizes } from './sizeLimits.ts';
import { emptyWalk, walkFolder, walkPath, type FolderWalk } from './walkFolder.ts';

interface CaptureWalkRequest {
  readonly files: Beneath;
  readonly previous: readonly ManifestEntry[];
  readonly seen: Readonly<Record<BytePath, string>> | null;
  readonly writer: ContentWriter;
  readonly sizes: Sizes;
  readonly secrets: SecretChecks;
  readonly signal: AbortSignal;
}

export interface CaptureOutsideRequest extends CaptureWalkRequest {
  /** The workspace's repositories: what lies in them is theirs. */
  readonly repositories: readonly BytePath[];
}

export interface CaptureHomeRequest extends CaptureWalkRequest {
  /** Files and folders of the home that the environment names. */
  readonly paths: readonly BytePath[];
}

export interface CapturedOutside {
  readonly entries: readonly CapturedEntry[];
  readonly gaps: readonly Gap[];
  /** Folders of repositories that the environment does not name. */
  readonly nested: readonly BytePath[];
  readonly seen: Record<BytePath, string>;
}

export interface CapturedHome extends Omit<CapturedOutside, 'nested'> {
  /** Named files and folders that were there: what is in them and no entry was not. */
  readonly roots: readonly BytePath[];
  /** Folders that hold something, and their modes. */
  readonly folders: readonly [path: BytePath, mode: number][];
}

const nothingKnown: FileKnowledge = { base: () => null, hasBlob: () => false, tracks: () => false, glance: () => 'COMPARE' };

/** Captures what lies in the workspace beside its repositories. No rule ignores anything there. */
export async function captureOutside(request: CaptureOutsideRequest): Promise<CapturedOutside> {
  return captureWalk(request, await walkOutside(request.files, request.repositories, request.signal));
}

/** Captures what the environment names of the agent's home. */
export async function captureHome(request: CaptureHomeRequest): Promise<CapturedHome> {
  const { files } = request;
  const { walk, roots } = await walkHome(files, request.paths, request.signal);
  const folders = walk.held.flatMap((path): [BytePath, number][] => {
    const stat = files.stat(path);
    return stat?.isDirectory() ? [[path, Number(stat.mode & 0o777n)]] : [];
  });
  const { nested, ...captured } = await captureWalk(request, walk);
  return {
    ...captured,
    gaps: [...captured.gaps, ...nested.map(homeRepository)],
    roots,
    folders: folders.sort(([a], [b]) => (a < b ? -1 : 1)),
  };
}

const homeRepository = (path: BytePath): Gap => ({
  path,
  status: 'SKIPPED',
  reason: 'NESTED_REPOSITORY',
  detail: 'it is a repository of its own, and none of the agent’s home travels',
});

async function captureWalk(request: CaptureWalkRequest, walk: FolderWalk): Promise<CapturedOutside> {
  const captured = await captureFiles({
    files: request.files,
    format: 'sha1',
    paths: walk.paths.sort(),
    knowledge: async () => nothingKnown,
    seen: request.seen ?? {},
    previous: new Map(request.seen ? request.previous.map((entry) => [entry.path, entry]) : []),
    gitChanged: false,
    writer: request.writer,
    sizes: request.sizes,
    secrets: request.secrets,
    onContent: () => {},
    signal: request.signal,
  });
  const directories = walk.empty.flatMap((path): CapturedEntry[] => {
    const stat = request.files.stat(path);
    return stat?.isDirectory() ? [{ kind: 'DIRECTORY', path, mode: Number(stat.mode & 0o777n) }] : [];
  });
  return {
    entries: [...captured.entries, ...directories].sort((a, b) => (a.path < b.path ? -1 : 1)),
    gaps: [...walk.gaps, ...captured.gaps],
    nested: walk.nested.sort(),
    seen: captured.seen,
  };
}

/** Every file and empty directory beside the repositories; what cannot travel is named. */
export async function walkOutside(files: Beneath, repositories: readonly BytePath[], signal: AbortSignal): Promise<FolderWalk> {
  const walk = emptyWalk();
  if (!repositories.includes('')) await walkFolder({ files, leaveOut: repositories, signal }, '', walk);
  return walk;
}

/** Every file and empty directory at the named paths of a home, and those of the paths at which something is. */
export async function walkHome(
  files: Beneath,
  paths: readonly BytePath[],
  signal: AbortSignal,
): Promise<{ readonly walk: FolderWalk; readonly roots: readonly BytePath[] }> {
  const walk = emptyWalk();
  const roots: BytePath[] = [];
  // What lies in a folder that is named comes with it: sorted, a folder stands before what is in it.
  for (const path of [...new Set(paths)].sort()) {
    if (roots.some((root) => isWithin(root, path) && files.stat(root)?.isDirectory())) continue;
    if (await walkPath({ files, leaveOut: [], signal }, path, walk)) roots.push(path);
  }
  return { walk, roots };
}
