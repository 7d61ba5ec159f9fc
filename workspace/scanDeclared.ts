import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Beneath } from './beneath.ts';
import { bytePathOf, pathBytes, splitNul, unsafePath, type BytePath } from './bytePath.ts';
import { isRepository } from './nestedPlace.ts';
import type { SideRepository } from './sideRepository.ts';
import { emptyWalk, walkFolder, walkPath, type FolderWalk } from './walkFolder.ts';

/** An agent can make git wait: then the capture fails. Milliseconds. */
const deadlineMs = 2 * 60_000;

export interface ScanDeclaredRequest {
  readonly side: SideRepository;
  readonly files: Beneath;
  /** Folders of other repositories of the workspace that lie in this one. */
  readonly nested: readonly BytePath[];
  /** Lines of a gitignore file: https://git-scm.com/docs/gitignore#_pattern_format */
  readonly patterns: readonly string[];
  /** Files and folders that are named one by one. */
  readonly paths?: readonly BytePath[];
  readonly signal: AbortSignal;
}

/**
 * Finds what the environment wants captured although the repository's rules ignore it, by git's own matcher: files that
 * the base commit does not have and that match the patterns, and what is in folders that match. No other rule counts.
 * With paths, also what is there, tracked or not; a file may come twice. What lies in a repository of its own is that one's.
 */
export async function scanDeclared({ side, files, nested, patterns, paths, signal }: ScanDeclaredRequest): Promise<FolderWalk> {
  const walk = emptyWalk();
  for (const path of paths ?? []) {
    const inner = repositoryOn(files, path);
    if (inner === null) await walkPath({ files, leaveOut: nested, signal }, path, walk);
    else walk.nested.push(inner);
  }
  if (patterns.length === 0) return walk;
  const rules = join(side.directory, 'declared');
  writeFileSync(rules, pathBytes(`${patterns.map(bytePathOf).join('\n')}\n`));
  const { stdout } = await side.run(['ls-files', '-z', '--others', '--ignored', '--directory', `--exclude-from=${rules}`], {
    signal,
    deadlineMs,
  });
  const found = splitNul(stdout);
  for (const [n, path] of found.entries()) {
    if (!path.endsWith('/')) walk.paths.push(path);
    // Git also names folders that hold others which it names; those speak for themselves.
    else if (!found[n + 1]?.startsWith(path)) await walkFolder({ files, leaveOut: nested, signal }, path.slice(0, -1), walk);
  }
  return walk;
}

/** The outermost repository on the way to a path, which then is that one's to capture; null when there is none. */
function repositoryOn(files: Beneath, path: BytePath): BytePath | null {
  const names = path.split('/');
  const folders = names.slice(0, -1).map((_, n) => names.slice(0, n + 1).join('/'));
  return folders.find((folder) => unsafePath(folder) === null && isRepository(files, folder)) ?? null;
}
