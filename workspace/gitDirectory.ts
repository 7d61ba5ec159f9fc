import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Beneath } from './beneath.ts';
import type { BytePath } from './bytePath.ts';
import { anything, fetchedHeads, oneObject, reflog, shallowCommits, type FileShape, type SmallFile } from './fileShapes.ts';
import type { Gap } from './manifest.ts';
import {
  areFew,
  clearOperations,
  isOfOperation,
  isOperationName,
  operationOf,
  operations,
  operationShape,
  readOperations,
} from './operations.ts';
import { replaceFile } from './refs.ts';
import type { SideRepository } from './sideRepository.ts';

const fileLimit = 256 * 1024;
const stashLog: BytePath = 'logs/refs/stash';

/** The small files that shape what git sees, with what each may hold. */
const shaping: Readonly<Record<BytePath, FileShape>> = {
  'info/exclude': anything,
  'info/attributes': anything,
  'info/sparse-checkout': anything,
  shallow: shallowCommits,
  [stashLog]: reflog,
};

/** Files that say where git was: what HEAD was at, what was fetched. They travel with the objects that they name. */
const lately: Readonly<Record<BytePath, FileShape>> = { ORIG_HEAD: oneObject, FETCH_HEAD: fetchedHeads, 'logs/HEAD': reflog };

const carried: Readonly<Record<BytePath, FileShape>> = { ...shaping, ...lately };

/** What lies in every git directory, and is either captured in another way or nothing that anyone would miss. */
const ordinary =
  /^(?:HEAD|config|config\.worktree|description|index|objects|refs|packed-refs|logs|info|hooks|branches|shallow|reftable|COMMIT_EDITMSG|FETCH_HEAD|ORIG_HEAD|MERGE_RR|gc\.log|gc\.pid|sharedindex\..*|.*\.lock|.*\.baton-new)$/;

/** What only the git directory of a linked worktree has; it is written anew where the worktree is put back. */
const ofLinkedWorktree = /^(?:commondir|gitdir|locked)$/;

export interface GitDirectoryState {
  readonly files: readonly SmallFile[];
  /** Commits that only the stash's reflog leads to. */
  readonly stashed: readonly string[];
  readonly gaps: readonly Gap[];
}

/** What a file of the git directory may hold that travels; null for one that does not. */
function shapeOf(path: BytePath): FileShape | null {
  return Object.hasOwn(carried, path) ? (carried[path] ?? null) : operationShape(path);
}

/** Objects, by their ids, that a file needs to mean anything. What the stash's earlier values were is looked for, not needed. */
export function objectsNeededBy([path, content]: SmallFile): readonly string[] {
  return path === stashLog ? [] : (shapeOf(path)?.names(content.toString('latin1')) ?? []);
}

/** Whether the file is there to shape what git sees, whatever objects there are. */
export const isShaping = ([path]: SmallFile): boolean => Object.hasOwn(shaping, path);

/** Reads the small files that travel, and names what else lies in the git directory and does not. */
export function readGitDirectory(git: Beneath, isLinkedWorktree: boolean): GitDirectoryState {
  const gaps: Gap[] = [];
  const files: SmallFile[] = [];
  for (const [path, shape] of Object.entries(carried)) {
    if (git.stat(path) === null) continue;
    const content = git.readSmall(path, fileLimit);
    if (content !== null && shape.accepts(content.toString('latin1'))) files.push([path, content]);
    else
      gaps.push({
        path: `.git/${path}`,
        status: 'SKIPPED',
        reason: 'GIT_FILE',
        detail: 'it is too large, or not what git writes there',
      });
  }
  const stash = files.find(([path]) => path === stashLog)?.[1].toString('latin1') ?? '';
  const underWay = readOperations(git);
  return {
    files: [...files, ...underWay.files],
    stashed: reflog.names(stash),
    gaps: [...gaps, ...underWay.gaps, ...leftBehind(git, isLinkedWorktree)],
  };
}

function leftBehind(git: Beneath, isLinkedWorktree: boolean): Gap[] {
  const gaps: Gap[] = [];
  const skip = (path: BytePath, reason: string, detail: string) =>
    gaps.push({ path: `.git/${path}`, status: 'SKIPPED', reason, detail });
  for (const { name } of (git.list('') ?? []).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (ordinary.test(name) || isOperationName(name) || (isLinkedWorktree && ofLinkedWorktree.test(name))) continue;
    // The repositories whose git directories lie there are looked for in the workspace.
    if (name !== 'worktrees' && name !== 'modules') skip(name, 'GIT_STATE', 'it is no part of a snapshot');
  }
  for (const { name } of git.list('info') ?? [])
    if (!['exclude', 'attributes', 'sparse-checkout', 'refs'].includes(name))
      skip(`info/${name}`, 'GIT_STATE', 'it is no part of a snapshot');
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

export interface AcceptedFiles {
  readonly accepted: readonly SmallFile[];
  /** Paths that are no files of a git directory that travel, or do not hold what those may. */
  readonly refused: readonly BytePath[];
  /** Files of operations that are not whole without what was refused, or are more than a snapshot takes: none of one is accepted. */
  readonly halves: readonly BytePath[];
}

/** Tells files that a git directory may get from others. */
export function acceptFiles(files: readonly SmallFile[]): AcceptedFiles {
  const fits = ([path, content]: SmallFile): boolean =>
    (!Object.hasOwn(carried, path) || content.length <= fileLimit) &&
    (shapeOf(path)?.accepts(content.toString('latin1')) ?? false);
  const alone = files.filter((file) => fits(file) && !isOfOperation(file[0]));
  const groups = operations.map((operation) => {
    const own = files.filter(([path]) => isOfOperation(path) && operationOf(path) === operation);
    const fitting = own.filter(fits);
    return { fitting, isWhole: fitting.length === own.length && areFew(own) };
  });
  const inGroups = (whole: boolean) => groups.flatMap(({ fitting, isWhole }) => (isWhole === whole ? fitting : []));
  return {
    accepted: [...alone, ...inGroups(true)],
    refused: files.filter((file) => !fits(file)).map(([path]) => path),
    halves: inGroups(false).map(([path]) => path),
  };
}

/** Makes these the files that shape what git sees, and removes every other that travels: `writeState` puts those back. */
export function writeShape(git: Beneath, files: readonly SmallFile[]): void {
  for (const path of Object.keys(carried)) {
    const content = files.find((file) => file[0] === path && isShaping(file))?.[1];
    if (content === undefined) git.remove(path);
    else if (!git.readSmall(path, fileLimit)?.equals(content)) replaceFile(git, path, content);
  }
  clearOperations(git);
  git.remove('objects/info/alternates');
  git.remove('objects/info/http-alternates');
}

/** Puts back files that name objects. They have been accepted, and nothing is there. */
export function writeState(git: Beneath, files: readonly SmallFile[]): void {
  for (const [path, content] of files) replaceFile(git, path, content);
}
