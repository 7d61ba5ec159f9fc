import { setImmediate as breathe } from 'node:timers/promises';
import type { Beneath, DirectoryEntry } from './beneath.ts';
import type { BytePath } from './bytePath.ts';
import { captureFiles, type CapturedEntry, type FileKnowledge } from './captureFiles.ts';
import type { ContentWriter } from './contentWriter.ts';
import type { Gap, ManifestEntry } from './manifest.ts';
import type { Sizes } from './sizeLimits.ts';
import { isRepository } from './nestedPlace.ts';
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
  /** Folders of repositories that the environment does not name. */
  readonly nested: readonly BytePath[];
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
    nested: walk.nested.sort(),
    seen: captured.seen,
  };
}

export interface OutsideWalk {
  readonly paths: BytePath[];
  readonly empty: BytePath[];
  readonly gaps: Gap[];
  readonly nested: BytePath[];
}

/** Every file and empty directory beside the repositories; what cannot travel is named. */
export async function walkOutside(files: Beneath, repositories: readonly BytePath[], signal: AbortSignal): Promise<OutsideWalk> {
  const walk: OutsideWalk = { paths: [], empty: [], gaps: [], nested: [] };
  if (!repositories.includes('')) await look(files, '', repositories, walk, signal);
  return walk;
}

const skip = (path: BytePath, reason: string, detail: string): Gap => ({ path, status: 'SKIPPED', reason, detail });

/** What lies in the directory; one that cannot be read is named, and gives null. */
function listOrName(files: Beneath, path: BytePath, gaps: Gap[]): readonly DirectoryEntry[] | null {
  try {
    return files.list(path) ?? [];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EPERM') throw error;
    gaps.push({ path, status: 'FAILED', reason: 'UNREADABLE', detail: `the directory could not be read: ${code}` });
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
  const entries = listOrName(files, path, walk.gaps);
  if (entries === null) return;
  if (entries.some(({ name }) => name === gitFolder) && isRepository(files, path)) {
    walk.nested.push(path);
    // Of the workspace itself only git's folder is not looked at: what its rules ignore travels here.
    if (path !== '') return;
  }
  if (entries.length === 0 && path !== '') walk.empty.push(path);
  for (const { name, isDirectory, isFile, isSymbolicLink } of entries) {
    const child = path === '' ? name : `${path}/${name}`;
    if (repositories.includes(child) || child === gitFolder) continue;
    if (name === gitFolder)
      walk.gaps.push(
        skip(child, 'GIT_DIRECTORY', 'git takes what has this name for its own and never looks at it; it does not travel'),
      );
    else if (isDirectory) await look(files, child, repositories, walk, signal);
    else if (isFile || isSymbolicLink) walk.paths.push(child);
    else walk.gaps.push(skip(child, 'SPECIAL_FILE', 'a socket, FIFO or device has no content that could travel'));
  }
}
