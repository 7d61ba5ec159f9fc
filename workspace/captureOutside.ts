import { setImmediate as breathe } from 'node:timers/promises';
import type { Beneath, DirectoryEntry } from './beneath.ts';
import type { BytePath } from './bytePath.ts';
import { captureFiles, type CapturedEntry, type FileKnowledge } from './captureFiles.ts';
import type { ContentWriter } from './contentWriter.ts';
import type { Gap, ManifestEntry } from './manifest.ts';
import type { Sizes } from './sizeLimits.ts';
import { gitFolder } from './sideRepository.ts';

export interface CaptureOutsideRequest {
  readonly files: Beneath;
  /** The workspace's repositories: what lies in them is theirs. */
  readonly repositories: readonly BytePath[];
  readonly previous: readonly ManifestEntry[];
  readonly seen: Readonly<Record<BytePath, string>> | null;
  readonly writer: ContentWriter;
  readonly sizes: Sizes;
  readonly signal: AbortSignal;
}

export interface CapturedOutside {
  readonly entries: readonly CapturedEntry[];
  readonly gaps: readonly Gap[];
  readonly seen: Record<BytePath, string>;
}

const nothingKnown: FileKnowledge = { base: () => null, hasBlob: () => false, tracks: () => false, glance: () => 'COMPARE' };

/** Captures what lies in the workspace beside its repositories. No rule ignores anything there. */
export async function captureOutside(request: CaptureOutsideRequest): Promise<CapturedOutside> {
  const walk = await walkOutside(request.files, request.repositories, request.signal);
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
    seen: captured.seen,
  };
}

export interface OutsideWalk {
  readonly paths: BytePath[];
  readonly empty: BytePath[];
  readonly gaps: Gap[];
}

/** Every file and empty directory beside the repositories; what cannot travel is named. */
export async function walkOutside(files: Beneath, repositories: readonly BytePath[], signal: AbortSignal): Promise<OutsideWalk> {
  const walk: OutsideWalk = { paths: [], empty: [], gaps: [] };
  if (!repositories.includes('')) await look(files, '', repositories, walk, signal);
  return walk;
}

const skip = (path: BytePath, reason: string, detail: string): Gap => ({ path, status: 'SKIPPED', reason, detail });

/** What is in a directory; one that cannot be read is named, and keeps nothing else from travelling. */
function list(files: Beneath, path: BytePath, walk: OutsideWalk): readonly DirectoryEntry[] | null {
  try {
    return files.list(path) ?? [];
  } catch (error) {
    const detail = `the directory could not be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`;
    walk.gaps.push({ path, status: 'FAILED', reason: 'UNREADABLE', detail });
    return null;
  }
}

async function look(
  files: Beneath,
  path: BytePath,
  repositories: readonly BytePath[],
  walk: OutsideWalk,
  signal: AbortSignal,
): Promise<void> {
  await breathe();
  signal.throwIfAborted();
  const entries = list(files, path, walk);
  if (entries === null) return;
  if (path !== '' && entries.some(({ name }) => name === gitFolder)) {
    walk.gaps.push(skip(path, 'NESTED_REPOSITORY', 'it is a repository that the environment does not name, and does not travel'));
    return;
  }
  if (entries.length === 0 && path !== '') walk.empty.push(path);
  for (const { name, isDirectory, isFile, isSymbolicLink } of entries) {
    const child = path === '' ? name : `${path}/${name}`;
    if (repositories.includes(child)) continue;
    if (isDirectory) await look(files, child, repositories, walk, signal);
    else if (isFile || isSymbolicLink) walk.paths.push(child);
    else walk.gaps.push(skip(child, 'SPECIAL_FILE', 'a socket, FIFO or device has no content that could travel'));
  }
}
