import { posix } from 'node:path';
import type { Beneath } from './beneath.ts';
import { bytePathOf, displayPath, isWithin, parentOf, unsafePath, type BytePath } from './bytePath.ts';
import type { NestedKind } from './manifest.ts';
import { gitFolder } from './sideRepository.ts';

/** A file that names a git directory, or a worktree, has one line. Bytes. */
export const gitFileLimit = 4096;

/**
 * Whether the folder is the worktree of a repository: it has a git directory, or a file that names one. One that may not
 * be looked into is none: whoever lists it next names it.
 */
export function isRepository(files: Beneath, folder: BytePath): boolean {
  try {
    return hasGitDirectory(files, folder);
  } catch (error) {
    if (['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

function hasGitDirectory(files: Beneath, folder: BytePath): boolean {
  const at = childOf(folder, gitFolder);
  const stat = files.stat(at);
  if (stat?.isFile()) return readGitFile(files, folder) !== null;
  return (
    stat?.isDirectory() === true &&
    files.stat(`${at}/HEAD`) !== null &&
    ['objects', 'refs'].every((name) => files.stat(`${at}/${name}`)?.isDirectory())
  );
}

export const childOf = (folder: BytePath, name: BytePath): BytePath => (folder === '' ? name : `${folder}/${name}`);

/** What the folder's `.git` file names; null when there is none. */
function readGitFile(files: Beneath, folder: BytePath): BytePath | null {
  const content = files.readSmall(childOf(folder, gitFolder), gitFileLimit);
  return /^gitdir: ([^\0\n]+)\n*$/.exec(content?.toString('latin1') ?? '')?.[1] ?? null;
}

/** Where the git directory of a repository lies. Paths are the workspace's. */
export interface NestedPlace {
  readonly kind: NestedKind;
  /** The folder of the repository whose git directory has this one's in it; null for one that is embedded. */
  readonly owner: BytePath | null;
  readonly name: BytePath | null;
  readonly gitDirectory: BytePath;
  readonly relative: boolean;
}

export interface PlaceRequest {
  readonly files: Beneath;
  readonly folder: BytePath;
  /** The workspace's path on this machine, and where the agent sees it. */
  readonly roots: readonly string[];
  /** The git directories that are known, with the folders of their repositories. */
  readonly known: ReadonlyMap<BytePath, BytePath>;
}

/** Finds a repository's git directory; a text says why it is none that can travel. */
export function placeOf({ files, folder, roots, known }: PlaceRequest): NestedPlace | string {
  const own = childOf(folder, gitFolder);
  if (folder !== '' && unsafePath(folder) !== null) return 'its folder is none of a worktree';
  if (!isText(folder)) return 'its folder has a name that is no UTF-8';
  if (files.stat(own)?.isDirectory()) return { kind: 'EMBEDDED', owner: null, name: null, gitDirectory: own, relative: false };
  if (/[\n\r]/.test(folder)) return 'its folder has a line break in its name';
  const named = readGitFile(files, folder);
  if (named === null) return 'its .git is no git directory';
  const gitDirectory = inWorkspace(named, folder, roots);
  if (gitDirectory === null) return 'its git directory lies outside the workspace';
  const [around, owner] =
    [...known].filter(([other]) => other !== gitDirectory && isWithin(other, gitDirectory)).sort(longest)[0] ?? [];
  const [part, ...names] = around === undefined ? [] : gitDirectory.slice(around.length + 1).split('/');
  const kind = part === 'modules' ? 'SUBMODULE' : part === 'worktrees' ? 'WORKTREE' : null;
  if (owner === undefined || kind === null) return 'its git directory lies in none of a repository that travels';
  const name = names.join('/');
  if (!isPlaceName(kind, name)) return 'its name at the repository that it belongs to is none that git gives';
  if (!files.stat(gitDirectory)?.isDirectory()) return 'its git directory is gone, or a link leads elsewhere';
  return { kind, owner, name, gitDirectory, relative: !named.startsWith('/') };
}

/** Whether the name may be that of a git directory below `modules` or `worktrees`. */
export const isPlaceName = (kind: NestedKind, name: BytePath): boolean =>
  unsafePath(name) === null && isText(name) && (kind === 'SUBMODULE' || !name.includes('/')) && !/[\n\r]/.test(name);

/** Whether the bytes are a text. */
export const isText = (path: BytePath): boolean => bytePathOf(displayPath(path)) === path;

const longest = ([a]: readonly [BytePath, BytePath], [b]: readonly [BytePath, BytePath]): number => b.length - a.length;

/** A path that a repository's file names, as one of the workspace; null when it leads out of it. */
export function inWorkspace(named: BytePath, folder: BytePath, roots: readonly string[]): BytePath | null {
  if (!named.startsWith('/')) {
    const joined = posix.normalize(childOf(folder, named)).replace(/\/$/, '');
    return joined === '.' || joined === '..' || joined.startsWith('../') ? null : joined;
  }
  const plain = posix.normalize(named).replace(/\/$/, '');
  const root = roots.map(bytePathOf).find((path) => plain.startsWith(`${path}/`));
  return root === undefined ? null : plain.slice(root.length + 1);
}

/** How one place of the workspace names another: by the way from its folder. */
export const relativePath = (fromFolder: BytePath, to: BytePath): BytePath => posix.relative(`/${fromFolder}`, `/${to}`) || '.';

/** The names of linked worktrees, and of submodules whose git directories are in this one. */
export function partsOf(git: Beneath): { readonly worktrees: readonly BytePath[]; readonly modules: readonly BytePath[] } {
  const worktrees = (git.list('worktrees') ?? []).map(({ name }) => name);
  return { worktrees, modules: modulesBelow(git, 'modules', 0).map((path) => path.slice('modules/'.length)) };
}

/** A submodule's name may have slashes in it. */
const deepestName = 16;

function modulesBelow(git: Beneath, folder: BytePath, depth: number): BytePath[] {
  return (git.list(folder) ?? [])
    .filter(({ isDirectory }) => isDirectory)
    .flatMap(({ name }) => {
      const path = `${folder}/${name}`;
      if (git.stat(`${path}/HEAD`) !== null || depth === deepestName) return [path];
      return modulesBelow(git, path, depth + 1);
    });
}

/** The folder around a path that is a repository, of those that are known. */
export function repositoryAround(folder: BytePath, folders: Iterable<BytePath>): BytePath | null {
  const around = [...folders].filter((other) => other !== folder && isWithin(other, parentOf(folder)));
  return around.sort((a, b) => b.length - a.length)[0] ?? null;
}
