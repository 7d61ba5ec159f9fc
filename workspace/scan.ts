import type { BigIntStats } from 'node:fs';
import { setImmediate as breathe } from 'node:timers/promises';
import { isGitlink, type BaseTree } from './baseTree.ts';
import type { Beneath } from './beneath.ts';
import { isWithin, splitNul, type BytePath } from './bytePath.ts';
import { isExactly } from './fileState.ts';
import { complaints } from './gitComplaints.ts';
import type { Gap } from './manifest.ts';
import { isRepository } from './nestedPlace.ts';
import { gitFolder, type SideRepository } from './sideRepository.ts';
import type { OpenedMemory } from './workspaceState.ts';

/** Directories that are looked at before the process does something else for a moment. */
const slice = 200;
/** An agent can make git wait, for example by a FIFO where a .gitignore would be: then the capture fails. Milliseconds. */
const deadlineMs = 2 * 60_000;

export interface DirtyRequest {
  readonly side: SideRepository;
  readonly files: Beneath;
  readonly tree: () => BaseTree;
  readonly signal: AbortSignal;
}

export interface ScanRequest extends DirtyRequest {
  readonly opened: OpenedMemory;
  /** Folders of other repositories of the workspace that lie in this one. */
  readonly nested: readonly BytePath[];
  /** Directories that were found changed before. */
  readonly changedDirectories: readonly BytePath[];
}

/** Where a worktree differs from how it was opened. */
export interface Scan {
  /** Files of the base commit that are not as they were: changed, touched or gone. */
  readonly tracked: readonly BytePath[];
  /** Files that the base commit does not have, and no rule ignores. */
  readonly untracked: readonly BytePath[];
  readonly emptyDirectories: readonly BytePath[];
  /** Folders of repositories that the environment does not name: what lies in them is theirs. */
  readonly nested: readonly BytePath[];
  /** Folders end with a slash. */
  readonly ignored: readonly BytePath[];
  readonly gaps: readonly Gap[];
  readonly changedDirectories: readonly BytePath[];
  /** When git began to compare. Milliseconds since 1970. */
  readonly startedAt: number;
}

/**
 * Finds what in a worktree may differ from how it was opened, without reading any file: git compares what it
 * remembers of each file, names what is untracked or ignored; what git passes over without a word (sockets, FIFOs,
 * repositories in repositories, empty directories) is found by looking into the directories that have changed. Whether
 * there is a repository is told by its files, for its git directory may lie where git cannot see it here.
 */
export async function scanWorktree(request: ScanRequest): Promise<Scan> {
  const { side, signal } = request;
  const startedAt = Date.now();
  const list = (args: readonly string[]) =>
    side.run(['ls-files', '-z', '--others', '--exclude-standard', ...args], { signal, deadlineMs });
  const [dirty, others, ignoredList] = await Promise.all([dirtyFiles(request), list([]), list(['--ignored', '--directory'])]);
  const ignored = splitNul(ignoredList.stdout);
  const found = splitNul(others.stdout);
  const repositories = new Set(found.filter((path) => path.endsWith('/')).map((path) => path.slice(0, -1)));
  const walk = new Walk(request, repositories, ignored);
  await walk.run();
  const gaps = [...walk.gaps, ...dirty.gaps, ...complaints(others.stderr)];
  const nested = [...walk.found].sort();
  const isTheirs = (path: BytePath) => nested.some((folder) => isWithin(folder, path));
  return {
    tracked: [...dirty.paths, ...walk.replacedGitlinks],
    untracked: found.filter((path) => !path.endsWith('/') && !isTheirs(path)),
    emptyDirectories: walk.emptyDirectories.filter((path) => !isTheirs(path)),
    nested,
    ignored: ignored.filter((path) => !isTheirs(path.replace(/\/$/, ''))),
    gaps: [...new Map(gaps.map((gap) => [`${gap.reason} ${gap.path}`, gap])).values()],
    changedDirectories: [...walk.changed],
    startedAt,
  };
}

/**
 * Tracked files that are not as git remembers them from when the workspace was opened: changed, touched or gone.
 * Submodules are left out: to compare one, git would run in it, with the settings that an agent wrote there.
 */
export async function dirtyFiles({
  side,
  files,
  tree,
  signal,
}: DirtyRequest): Promise<{ readonly paths: BytePath[]; readonly gaps: Gap[] }> {
  const { stdout, stderr } = await side.run(['diff-files', '-z', '--raw', '--ignore-submodules=all'], { signal, deadlineMs });
  // `:100644 100644 <oid> <oid> M\0path\0` for each.
  const paths = new Set(splitNul(stdout).filter((_, n) => n % 2 === 1));
  if (!side.isSettled) await compareClosely({ side, files, tree }, paths);
  return { paths: [...paths], gaps: complaints(stderr) };
}

/**
 * Git compares whole seconds, and where that is not enough it compares content, but neither modes nor times. So files
 * that were written in the second of the index are compared here, to the nanosecond.
 */
async function compareClosely(
  { side, files, tree }: Pick<DirtyRequest, 'side' | 'files' | 'tree'>,
  dirty: Set<BytePath>,
): Promise<void> {
  const second = side.indexSecond;
  let compared = 0;
  for (const entry of tree().entries) {
    if (Math.max(entry.stat.ctimeSeconds, entry.stat.mtimeSeconds) < second || isGitlink(entry)) continue;
    const stat = statIfAllowed(files, entry.path);
    if (stat !== null && isExactly(entry.stat, stat)) dirty.delete(entry.path);
    else dirty.add(entry.path);
    if (++compared % slice === 0) await breathe();
  }
  if (compared === 0) side.markSettled();
}

/** Null also where a folder above it may not be read: whoever lists that, or reads the file, names it. */
function statIfAllowed(files: Beneath, path: BytePath): BigIntStats | null {
  try {
    return files.stat(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM') return null;
    throw error;
  }
}

const gap = (path: BytePath, reason: string, detail: string, status: Gap['status'] = 'SKIPPED'): Gap => ({
  path,
  status,
  reason,
  detail,
});

class Walk {
  readonly gaps: Gap[] = [];
  readonly emptyDirectories: BytePath[] = [];
  readonly replacedGitlinks: BytePath[] = [];
  readonly changed: Set<BytePath>;
  /** Folders of repositories that the environment does not name. */
  readonly found = new Set<BytePath>();
  readonly #request: ScanRequest;
  readonly #repositories: ReadonlySet<BytePath>;
  readonly #ignored: ReadonlySet<BytePath>;
  readonly #known: Readonly<Record<string, string>>;
  readonly #nested: ReadonlySet<BytePath>;
  readonly #gitlinks: ReadonlySet<BytePath>;
  #looked = 0;

  constructor(request: ScanRequest, repositories: ReadonlySet<BytePath>, ignored: readonly BytePath[]) {
    this.#request = request;
    this.#repositories = repositories;
    // Git also names folders that merely hold nothing but ignored files; only one with none listed below is ignored itself.
    const folders = ignored.filter((path, n) => path.endsWith('/') && !ignored[n + 1]?.startsWith(path));
    this.#ignored = new Set(folders.map((path) => path.slice(0, -1)));
    this.#known = request.opened.directories;
    this.#nested = new Set(request.nested);
    this.#gitlinks = new Set(request.opened.gitlinks);
    this.changed = new Set(request.changedDirectories);
  }

  async run(): Promise<void> {
    const { files, opened } = this.#request;
    for (const [path, mtime] of Object.entries(opened.directories)) {
      await this.#breathe();
      if (!this.changed.has(path) && statIfAllowed(files, path)?.mtimeNs !== BigInt(mtime)) this.changed.add(path);
    }
    for (const path of this.#repositories) if (!this.#nested.has(path)) this.found.add(path);
    for (const path of this.changed) await this.#look(path);
    for (const path of opened.gitlinks) this.#lookAtGitlink(path);
  }

  async #breathe(): Promise<void> {
    if (++this.#looked % slice !== 0) return;
    this.#request.signal.throwIfAborted();
    await breathe();
  }

  /** Looks into one directory, and into those in it that were not there when the workspace was opened. */
  async #look(path: BytePath): Promise<void> {
    await this.#breathe();
    const entries = this.#list(path);
    if (entries === null) return;
    if (entries.length === 0 && path !== '') this.emptyDirectories.push(path);
    for (const { name, isDirectory, isFile, isSymbolicLink } of entries) {
      const child = path === '' ? name : `${path}/${name}`;
      if (name === gitFolder) {
        if (path === '') continue;
        if (isRepository(this.#request.files, path)) this.found.add(path);
        else
          this.gaps.push(
            gap(child, 'GIT_DIRECTORY', 'git takes what has this name for its own and never looks at it; it does not travel'),
          );
      } else if (isDirectory) await this.#lookAtFolder(child);
      else if (!isFile && !isSymbolicLink) this.#nameSpecial(child);
    }
  }

  async #lookAtFolder(path: BytePath): Promise<void> {
    const others = [this.#ignored, this.#nested, this.#repositories, this.#gitlinks];
    if (Object.hasOwn(this.#known, path) || others.some((set) => set.has(path))) return;
    if (isRepository(this.#request.files, path)) this.found.add(path);
    else await this.#look(path);
  }

  #list(path: BytePath) {
    try {
      return this.#request.files.list(path);
    } catch (error) {
      this.gaps.push(
        gap(
          path,
          'UNREADABLE',
          `the directory could not be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`,
          'FAILED',
        ),
      );
      return null;
    }
  }

  #nameSpecial(path: BytePath): void {
    const stat = statIfAllowed(this.#request.files, path);
    if (stat === null || stat.isFile() || stat.isDirectory()) return;
    const kind = stat.isFIFO() ? 'FIFO' : stat.isSocket() ? 'SOCKET' : 'DEVICE';
    this.gaps.push(gap(path, kind, `a ${kind === 'FIFO' ? 'FIFO' : kind.toLowerCase()} has no content that could travel`));
  }

  #lookAtGitlink(path: BytePath): void {
    const stat = statIfAllowed(this.#request.files, path);
    if (!stat?.isDirectory()) {
      this.replacedGitlinks.push(path);
      return;
    }
    if (isRepository(this.#request.files, path)) {
      if (!this.#nested.has(path)) this.found.add(path);
      return;
    }
    const entries = this.#list(path);
    if (entries && entries.length > 0 && !this.#request.nested.some((nested) => isWithin(path, nested)))
      this.gaps.push(
        gap(path, 'SUBMODULE', 'git takes what lies there for a submodule’s, and there is no repository: it does not travel'),
      );
  }
}
