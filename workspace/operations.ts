import type { Beneath } from './beneath.ts';
import type { BytePath } from './bytePath.ts';
import { anything, objects, oneObject, plainText, todoList, type FileShape, type SmallFile } from './fileShapes.ts';
import type { Gap } from './manifest.ts';

/**
 * An operation that git has begun and not ended: a merge, a pick, a revert, a rebase, a series of patches; or a bisect,
 * which can be under way beside one of those. What git keeps of it are small files of the git directory.
 */
export type Operation = 'SEQUENCE' | 'BISECT';
export const operations: readonly Operation[] = ['SEQUENCE', 'BISECT'];

/** One file may have this much. Bytes. */
const fileLimit = 1024 * 1024;
/** All files of one operation may have this much together. Bytes. */
const operationLimit = 4 * 1024 * 1024;
/** A series of patches has a file for each. */
const mostFiles = 5000;

/** Files of their own in the git directory. */
const single: Readonly<Record<BytePath, FileShape>> = {
  MERGE_HEAD: objects,
  MERGE_MODE: plainText,
  MERGE_MSG: plainText,
  MERGE_AUTOSTASH: oneObject,
  AUTO_MERGE: oneObject,
  CHERRY_PICK_HEAD: oneObject,
  REVERT_HEAD: oneObject,
  REBASE_HEAD: oneObject,
  SQUASH_MSG: plainText,
  BISECT_ANCESTORS_OK: plainText,
  BISECT_EXPECTED_REV: oneObject,
  BISECT_FIRST_PARENT: plainText,
  BISECT_HEAD: oneObject,
  BISECT_LOG: plainText,
  BISECT_NAMES: plainText,
  BISECT_RUN: plainText,
  BISECT_START: plainText,
  BISECT_TERMS: plainText,
};

/** Folders, with those of their files that name objects. The others are messages, options, marks and patches. */
const folders: Readonly<Record<BytePath, Readonly<Record<BytePath, FileShape>>>> = {
  sequencer: { head: oneObject, 'abort-safety': oneObject, todo: todoList },
  'rebase-merge': {
    onto: oneObject,
    'orig-head': oneObject,
    'stopped-sha': oneObject,
    amend: oneObject,
    'squash-onto': oneObject,
    autostash: oneObject,
    'git-rebase-todo': todoList,
  },
  'rebase-apply': {
    onto: oneObject,
    'orig-head': oneObject,
    'original-commit': oneObject,
    'abort-safety': oneObject,
    autostash: oneObject,
  },
};
const plainName = /^[A-Za-z0-9][\w.-]{0,99}$/;

/** What git makes anew, or leaves while it writes. */
const passing = /(?:^patch-merge-index|\.lock|\.baton-new)$/;

/** They only point somewhere: git goes on without them. */
const pointers: ReadonlySet<BytePath> = new Set(['AUTO_MERGE', 'REBASE_HEAD']);
/** The diff that a rebase stopped at, to look at. */
const spare: BytePath = 'rebase-merge/patch';

const markers: Readonly<Record<BytePath, string>> = {
  MERGE_HEAD: 'a merge',
  CHERRY_PICK_HEAD: 'a cherry-pick',
  REVERT_HEAD: 'a revert',
  BISECT_LOG: 'a bisect',
  'rebase-merge': 'a rebase',
  'rebase-apply': 'a rebase',
  sequencer: 'a series of picks',
};

/** Whether it has a place of an operation at the top of a git directory: a file's name, or a folder's. */
export const isOperationName = (name: BytePath): boolean => Object.hasOwn(single, name) || Object.hasOwn(folders, name);

/** Whether a file of the git directory is part of an operation under way. */
export const isOfOperation = (path: BytePath): boolean => isOperationName(path.split('/')[0] ?? '');

/** What a file of an operation may hold; null where an operation has no such file. */
export function operationShape(path: BytePath): FileShape | null {
  if (Object.hasOwn(single, path)) return single[path] ?? null;
  const [folder = '', name = '', ...more] = path.split('/');
  if (!Object.hasOwn(folders, folder) || more.length > 0 || !plainName.test(name) || passing.test(name)) return null;
  const named = folders[folder] ?? {};
  return Object.hasOwn(named, name) ? (named[name] ?? null) : anything;
}

/** The operation that a file belongs to. */
export const operationOf = (path: BytePath): Operation => (path.startsWith('BISECT_') ? 'BISECT' : 'SEQUENCE');

/** Whether the operation can go on without the file. */
export const isPointer = (path: BytePath): boolean => pointers.has(path);

/** Whether these files of one operation are no more than a snapshot takes. */
export const areFew = (files: readonly SmallFile[]): boolean =>
  files.length <= mostFiles &&
  files.every(([, content]) => content.length <= fileLimit) &&
  files.reduce((sum, [, content]) => sum + content.length, 0) <= operationLimit;

/** What is under way by these files or folders of one operation: the place that says so, and a word for it. */
export function underWay(paths: readonly BytePath[]): readonly (readonly [marker: BytePath, word: string])[] {
  const there = new Set(paths.map((path) => path.split('/')[0] ?? ''));
  const isSeries = paths.includes('rebase-apply/applying');
  return Object.entries(markers).flatMap(([marker, word]) =>
    there.has(marker) ? [[marker, isSeries && marker === 'rebase-apply' ? 'a series of patches' : word] as const] : [],
  );
}

/** Names what is under way and cannot be continued elsewhere. */
export function operationGaps(paths: readonly BytePath[], why: string): Gap[] {
  return underWay(paths).map(([marker, word]) => ({
    path: `.git/${marker}`,
    status: 'SKIPPED',
    reason: 'OPERATION_IN_PROGRESS',
    detail: `${word} is under way; what it did so far travels, not that it can be continued: ${why}`,
  }));
}

/**
 * Reads the operations under way. Each travels whole or not at all: half of one would go on to something else than the
 * whole. Where the diff to look at is too large, only that is left behind.
 */
export function readOperations(git: Beneath): { readonly files: readonly SmallFile[]; readonly gaps: readonly Gap[] } {
  const paths = pathsOf(git);
  const files: SmallFile[] = [];
  const gaps: Gap[] = [];
  for (const operation of operations) {
    const own = paths.filter((path) => operationOf(path) === operation);
    const read = own.map((path) => [path, readOne(git, path)] as const);
    const odd = read.flatMap(([path, content]) => (content === null ? [path] : []));
    gaps.push(...odd.map(oddGap));
    const sound = read.flatMap(([path, content]): SmallFile[] => (content === null ? [] : [[path, content]]));
    if (odd.some((path) => path !== spare && !isPointer(path)))
      gaps.push(...operationGaps(own, 'a file of it is too large, or not what git writes there'));
    else if (areFew(sound)) files.push(...sound);
    else gaps.push(...operationGaps(own, 'its files are too many, or too large'));
  }
  return { files, gaps };
}

const oddGap = (path: BytePath): Gap => ({
  path: `.git/${path}`,
  status: 'SKIPPED',
  reason: 'GIT_FILE',
  detail: 'it is too large, or not what git writes there',
});

/** Every file of an operation. A folder that is none, or has nothing in it, is named as if it were a file. */
function pathsOf(git: Beneath): BytePath[] {
  const names = (git.list('') ?? []).map(({ name }) => name).filter(isOperationName);
  const paths = names.flatMap((name) => {
    if (!Object.hasOwn(folders, name)) return [name];
    const inside = git.list(name);
    if (inside === null || inside.length === 0) return [name];
    return inside.flatMap((entry) => (passing.test(entry.name) ? [] : [`${name}/${entry.name}`]));
  });
  return paths.sort();
}

function readOne(git: Beneath, path: BytePath): Buffer | null {
  const shape = operationShape(path);
  const content = shape && git.readSmall(path, fileLimit);
  return content && shape?.accepts(content.toString('latin1')) ? content : null;
}

/** Removes every operation that is under way. */
export function clearOperations(git: Beneath): void {
  for (const { name } of git.list('') ?? []) if (isOperationName(name)) git.remove(name);
}
