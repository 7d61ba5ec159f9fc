import { setImmediate as breathe } from 'node:timers/promises';
import type { Beneath, DirectoryEntry } from './beneath.ts';
import { parentOf, unsafePath, type BytePath } from './bytePath.ts';
import type { Gap } from './manifest.ts';
import { isRepository } from './nestedPlace.ts';
import { gitFolder } from './sideRepository.ts';

export interface FolderWalk {
  /** Files and links. */
  readonly paths: BytePath[];
  /** Directories with nothing in them. */
  readonly empty: BytePath[];
  /** Directories that hold something. */
  readonly held: BytePath[];
  /** Folders of repositories that `leaveOut` does not name: what is in them is theirs. */
  readonly nested: BytePath[];
  /** What cannot travel. */
  readonly gaps: Gap[];
}

export interface WalkRequest {
  readonly files: Beneath;
  /** Folders that are captured in another way. */
  readonly leaveOut: readonly BytePath[];
  readonly signal: AbortSignal;
}

/** A walk that has seen nothing yet. */
export const emptyWalk = (): FolderWalk => ({ paths: [], empty: [], held: [], nested: [], gaps: [] });

const skip = (path: BytePath, reason: string, detail: string): Gap => ({ path, status: 'SKIPPED', reason, detail });

/** Adds every file, link and empty directory below a folder to the walk. It follows no link; what cannot travel is named. */
export async function walkFolder(request: WalkRequest, path: BytePath, walk: FolderWalk): Promise<void> {
  await breathe();
  request.signal.throwIfAborted();
  const entries = list(request.files, path, walk);
  if (entries === null) return;
  const isOne = entries.some(({ name }) => name === gitFolder) && isRepository(request.files, path);
  if (isOne) {
    walk.nested.push(path);
    // Of the walk's own root only git's folder is not looked at: what its rules ignore is walked all the same.
    if (path !== '') return;
  }
  if (path !== '') (entries.length === 0 ? walk.empty : walk.held).push(path);
  for (const { name, isDirectory, isFile, isSymbolicLink } of entries) {
    const child = path === '' ? name : `${path}/${name}`;
    if (request.leaveOut.includes(child) || (isOne && name === gitFolder)) continue;
    if (name === gitFolder)
      walk.gaps.push(
        skip(child, 'GIT_DIRECTORY', 'git takes what has this name for its own and never looks at it; it does not travel'),
      );
    else if (isDirectory) await walkFolder(request, child, walk);
    else if (isFile || isSymbolicLink) walk.paths.push(child);
    else walk.gaps.push(skip(child, 'SPECIAL_FILE', 'a socket, FIFO or device has no content that could travel'));
  }
}

/**
 * Adds what is at a path to the walk: a file, a link, or all of a directory. Where nothing is, nothing is added; a path
 * that leads through a link is named. Returns whether something is there.
 */
export async function walkPath(request: WalkRequest, path: BytePath, walk: FolderWalk): Promise<boolean> {
  const { files } = request;
  const unsafe = path === '' ? null : unsafePath(path);
  if (unsafe !== null) {
    walk.gaps.push(skip(path, 'UNSAFE_NAME', `it could not be put back: ${unsafe}`));
    return false;
  }
  const stat = files.stat(path);
  if (stat === null) {
    for (let parent = parentOf(path); parent !== ''; parent = parentOf(parent))
      if (files.stat(parent)?.isSymbolicLink()) {
        walk.gaps.push(skip(path, 'THROUGH_LINK', 'it leads through a symbolic link, which is never followed'));
        break;
      }
    return false;
  }
  if (stat.isDirectory()) await walkFolder(request, path, walk);
  else if (stat.isFile() || stat.isSymbolicLink()) walk.paths.push(path);
  else walk.gaps.push(skip(path, 'SPECIAL_FILE', 'a socket, FIFO or device has no content that could travel'));
  return true;
}

/** What lies in the directory; one that cannot be read is named, and keeps nothing else from travelling. */
function list(files: Beneath, path: BytePath, walk: FolderWalk): DirectoryEntry[] | null {
  try {
    return files.list(path);
  } catch (error) {
    const detail = `the directory could not be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`;
    walk.gaps.push({ path, status: 'FAILED', reason: 'UNREADABLE', detail });
    return null;
  }
}
