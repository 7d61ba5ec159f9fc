import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Beneath } from './beneath.ts';
import type { BytePath } from './bytePath.ts';
import type { Gap } from './manifest.ts';
import { replaceFile } from './refs.ts';
import type { SideRepository } from './sideRepository.ts';

/** A small file of a git directory and its content. */
export type SmallFile = readonly [path: BytePath, content: Buffer];

const fileLimit = 256 * 1024;
const stashLog: BytePath = 'logs/refs/stash';

const reflogLine =
  /^(?:[0-9a-f]{40}|[0-9a-f]{64}) ([0-9a-f]{40}|[0-9a-f]{64}) [^\n\0<>]*<[^\n\0<>]*> -?\d+ [+-]\d{4}(?:\t[^\n\0]*)?$/;

const isLines = (pattern: RegExp) => (content: Buffer) =>
  content
    .toString('latin1')
    .split('\n')
    .every((line) => line === '' || pattern.test(line));

/** The small files that travel: plain data that shapes what git sees, with what each may hold. */
const carried: Readonly<Record<BytePath, (content: Buffer) => boolean>> = {
  'info/exclude': () => true,
  'info/attributes': () => true,
  shallow: isLines(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/),
  [stashLog]: isLines(reflogLine),
};

/** What lies in every git directory, and is either captured in another way or nothing that anyone would miss. */
const ordinary =
  /^(?:HEAD|config|description|index|objects|refs|packed-refs|logs|info|hooks|branches|shallow|reftable|COMMIT_EDITMSG|FETCH_HEAD|ORIG_HEAD|MERGE_MSG|MERGE_MODE|MERGE_RR|AUTO_MERGE|REBASE_HEAD|BISECT_(?!LOG$).*|gc\.log|gc\.pid|sharedindex\..*|.*\.lock|.*\.baton-new)$/;

const operations: Readonly<Record<string, string>> = {
  MERGE_HEAD: 'a merge',
  CHERRY_PICK_HEAD: 'a cherry-pick',
  REVERT_HEAD: 'a revert',
  BISECT_LOG: 'a bisect',
  'rebase-merge': 'a rebase',
  'rebase-apply': 'a rebase',
  sequencer: 'a series of picks',
};

export interface GitDirectoryState {
  readonly files: readonly SmallFile[];
  /** Commits that only the stash's reflog leads to. */
  readonly stashed: readonly string[];
  readonly gaps: readonly Gap[];
}

/** Reads the small files that travel, and names what else lies in the git directory and does not. */
export function readGitDirectory(git: Beneath): GitDirectoryState {
  const gaps: Gap[] = [];
  const files: SmallFile[] = [];
  for (const [path, accepts] of Object.entries(carried)) {
    if (git.stat(path) === null) continue;
    const content = git.readSmall(path, fileLimit);
    if (content !== null && accepts(content)) files.push([path, content]);
    else
      gaps.push({
        path: `.git/${path}`,
        status: 'SKIPPED',
        reason: 'GIT_FILE',
        detail: 'it is too large, or not what git writes there',
      });
  }
  const stash = files.find(([path]) => path === stashLog)?.[1].toString('latin1') ?? '';
  const stashed = stash.split('\n').flatMap((line) => reflogLine.exec(line)?.[1] ?? []);
  return { files, stashed, gaps: [...gaps, ...leftBehind(git)] };
}

function leftBehind(git: Beneath): Gap[] {
  const gaps: Gap[] = [];
  const skip = (path: BytePath, reason: string, detail: string) =>
    gaps.push({ path: `.git/${path}`, status: 'SKIPPED', reason, detail });
  for (const { name } of (git.list('') ?? []).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (ordinary.test(name)) continue;
    const operation = operations[name];
    if (operation !== undefined)
      skip(name, 'OPERATION_IN_PROGRESS', `${operation} is under way; what it did so far travels, not that it can be continued`);
    else if (name === 'worktrees')
      for (const worktree of git.list(name) ?? [])
        skip(`worktrees/${worktree.name}`, 'LINKED_WORKTREE', 'a linked worktree does not travel');
    else skip(name, 'GIT_STATE', 'it is no part of a snapshot');
  }
  for (const { name } of git.list('info') ?? [])
    if (!['exclude', 'attributes', 'refs'].includes(name)) skip(`info/${name}`, 'GIT_STATE', 'it is no part of a snapshot');
  for (const { name } of git.list('hooks') ?? [])
    if (!name.endsWith('.sample')) skip(`hooks/${name}`, 'HOOK', 'hooks do not travel: a restore would make them run elsewhere');
  if (['alternates', 'http-alternates'].some((name) => git.stat(`objects/info/${name}`) !== null))
    skip('objects/info/alternates', 'ALTERNATES', 'objects that are borrowed from another repository do not travel');
  return gaps;
}

/** Lets git in the side repository see what these files say: which files are ignored, and where history is cut. */
export function showToSide(side: SideRepository, files: readonly SmallFile[]): void {
  for (const path of ['info/exclude', 'shallow']) {
    const content = files.find(([name]) => name === path)?.[1];
    const own = join(side.directory, path);
    if (content === undefined) rmSync(own, { force: true });
    else writeFileSync(own, content);
  }
}

/** Makes these the small files of the git directory; those that travel and are not among them are removed. */
export function writeGitDirectory(git: Beneath, files: readonly SmallFile[]): void {
  for (const [path, accepts] of Object.entries(carried)) {
    const content = files.find(([name]) => name === path)?.[1];
    if (content === undefined || !accepts(content)) git.remove(path);
    else if (!git.readSmall(path, fileLimit)?.equals(content)) replaceFile(git, path, content);
  }
  git.remove('objects/info/alternates');
  git.remove('objects/info/http-alternates');
}
