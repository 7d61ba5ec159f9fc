import type { OpenedRepository } from '../domain/events.ts';
import { Beneath, ThroughSymlinkError } from './beneath.ts';
import { bytePathOf, displayPath, isWithin, pathBytes, unsafePath, type BytePath } from './bytePath.ts';
import { nestedFolders } from './captureNested.ts';
import type { ContentReader } from './contentReader.ts';
import type { Git } from './git.ts';
import type { ObjectFormat } from './gitIndex.ts';
import type { NestedManifest } from './manifest.ts';
import { childOf, isPlaceName, isText, relativePath, repositoryAround } from './nestedPlace.ts';
import { fileSystemHere, makeNestedSide, nestedOpened } from './nestedRepository.ts';
import { readRefs, replaceFile, type Refs } from './refs.ts';
import type { RestoreLog } from './restoreLog.ts';
import { restoreRepository, type RestoredRepository } from './restoreRepository.ts';
import { gitFolder } from './sideRepository.ts';
import type { RepositoryMemory, WorkspaceState } from './workspaceState.ts';

export interface RestoreNestedRequest {
  readonly directory: string;
  readonly state: WorkspaceState;
  readonly git: Git;
  /** Each after its owner, and after the one around it. */
  readonly nested: readonly NestedManifest[];
  readonly opened: readonly OpenedRepository[];
  /** The environment's repositories that the snapshot has, by their names. */
  readonly captured: readonly string[];
  /** The environment's repositories that were put back, by their names. */
  readonly restored: ReadonlyMap<string, RestoredRepository>;
  /** Where the agent sees the workspace. */
  readonly seenAt: string;
  readonly allowsAddress: (address: string) => boolean;
  readonly reader: ContentReader;
  readonly log: RestoreLog;
  readonly signal: AbortSignal;
}

/**
 * Makes the repositories that the environment does not name again, in their places, and puts back what they had. What
 * has a git directory there already, such as a submodule that a setup command fetched, loses it for the snapshot's.
 * Gives back what the next capture may take for granted.
 */
export async function restoreNested(request: RestoreNestedRequest): Promise<Record<BytePath, RepositoryMemory>> {
  const restore = new NestedRestore(request);
  try {
    for (const nested of request.nested) await restore.put(nested);
    return restore.memory;
  } finally {
    restore.close();
  }
}

/** Why one cannot be made. */
class RefusedError extends Error {}

interface Known {
  readonly gitDirectory: BytePath;
  readonly sound: ReadonlySet<string>;
}

class NestedRestore {
  readonly memory: Record<BytePath, RepositoryMemory> = {};
  readonly #request: RestoreNestedRequest;
  readonly #files: Beneath;
  /** By folder. */
  readonly #known = new Map<BytePath, Known>();

  constructor(request: RestoreNestedRequest) {
    this.#request = request;
    this.#files = new Beneath(request.directory);
    for (const [name, { sound }] of request.restored) {
      const folder = folderOfName(name);
      this.#known.set(folder, { gitDirectory: childOf(folder, gitFolder), sound });
    }
  }

  close(): void {
    this.#files.close();
  }

  async put(nested: NestedManifest): Promise<void> {
    try {
      this.#accept(nested);
      await this.#put(nested, this.#make(nested));
    } catch (error) {
      if (!(error instanceof RefusedError || error instanceof ThroughSymlinkError || isTaken(error))) throw error;
      const why = isTaken(error) ? 'something else is where its folder or its git directory would be' : (error as Error).message;
      this.#request.log.problem(displayPath(nested.path) || '.', {
        subject: 'REPOSITORY',
        path: null,
        status: 'SKIPPED',
        reason: 'UNSAFE_PLACE',
        detail: `The repository was not put back: ${why}.`,
      });
    }
  }

  #accept({ path, kind, owner, name }: NestedManifest): void {
    const { opened } = this.#request;
    const unsafe = path === '' ? null : (unsafePath(path) ?? (isText(path) ? null : 'its name is no UTF-8'));
    if (unsafe !== null) throw new RefusedError(unsafe);
    if (this.#known.has(path) || opened.some(({ repository }) => folderOfName(repository) === path))
      throw new RefusedError('another repository has its folder');
    const around = repositoryAround(path, this.#request.captured.map(folderOfName));
    if (around !== null && !opened.some(({ repository }) => folderOfName(repository) === around))
      throw new RefusedError('the environment no longer names the repository around it');
    if (kind === 'EMBEDDED') return;
    if (/[\n\r]/.test(this.#gitDirectory({ path, kind, owner, name }) + path))
      throw new RefusedError('its path has a line break in it');
    if (owner === null || !this.#known.has(owner)) throw new RefusedError('the repository that it belongs to is not here');
    if (name === null || !isPlaceName(kind, name))
      throw new RefusedError('its name at the repository that it belongs to is unsafe');
  }

  /** Where its git directory is to be. */
  #gitDirectory({ path, kind, owner, name }: Pick<NestedManifest, 'path' | 'kind' | 'owner' | 'name'>): BytePath {
    if (kind === 'EMBEDDED') return childOf(path, gitFolder);
    const around = this.#known.get(owner ?? '')?.gitDirectory ?? '';
    return `${around}/${kind === 'SUBMODULE' ? 'modules' : 'worktrees'}/${name ?? ''}`;
  }

  /** Makes an empty repository in its place. */
  #make(nested: NestedManifest): BytePath {
    const files = this.#files;
    const { path, kind, owner, locked, repository } = nested;
    const gitDirectory = this.#gitDirectory(nested);
    for (const { gitDirectory: other } of this.#known.values())
      if (isWithin(gitDirectory, other)) throw new RefusedError('another repository has its git directory');
    files.makeDirectories(path);
    files.remove(childOf(path, gitFolder));
    files.remove(gitDirectory);
    files.makeDirectories(gitDirectory);
    if (kind === 'WORKTREE') {
      const common = this.#known.get(owner ?? '')?.gitDirectory ?? '';
      replaceFile(files, `${gitDirectory}/commondir`, pathBytes(`${relativePath(gitDirectory, common)}\n`));
      replaceFile(files, `${gitDirectory}/gitdir`, pathBytes(`${this.#named(nested, gitDirectory, childOf(path, gitFolder))}\n`));
      if (locked !== null) replaceFile(files, `${gitDirectory}/locked`, Buffer.from(locked === '' ? '' : `${locked}\n`));
    } else {
      for (const folder of ['objects/info', 'objects/pack', 'refs/heads', 'refs/tags', 'info'])
        files.makeDirectories(`${gitDirectory}/${folder}`);
      const worktree = kind === 'SUBMODULE' ? relativePath(gitDirectory, path) : null;
      replaceFile(files, `${gitDirectory}/config`, pathBytes(configText(repository.format, worktree)));
    }
    replaceFile(files, `${gitDirectory}/HEAD`, pathBytes('ref: refs/heads/main\n'));
    if (kind !== 'EMBEDDED')
      replaceFile(files, childOf(path, gitFolder), pathBytes(`gitdir: ${this.#named(nested, path, gitDirectory)}\n`));
    return gitDirectory;
  }

  /** A place of the workspace as a file in `folder` names it. */
  #named({ kind, relative }: NestedManifest, folder: BytePath, to: BytePath): BytePath {
    return kind === 'SUBMODULE' || relative ? relativePath(folder, to) : `${bytePathOf(this.#request.seenAt)}/${to}`;
  }

  async #put(nested: NestedManifest, gitDirectory: BytePath): Promise<void> {
    const { directory, state, git, opened, allowsAddress, reader, log, signal } = this.#request;
    const { path, kind, owner, repository } = nested;
    const ownersOwn = kind === 'WORKTREE' ? this.#known.get(owner ?? '') : undefined;
    const at = { state, directory, folder: path, gitDirectory, commonDirectory: ownersOwn?.gitDirectory ?? gitDirectory, git };
    const restored = await restoreRepository({
      ...nestedOpened(repository.repository, repository.format, [...(ownersOwn?.sound ?? [])]),
      manifest: repository,
      nested: nestedFolders(path, opened),
      side: makeNestedSide(at, repository.format),
      untouched: false,
      unmerged: false,
      nestedAs: { kind, shared: ownersOwn ? this.#refsOf(ownersOwn) : null },
      allowsAddress,
      reader,
      log,
      signal,
    });
    if (!restored) return;
    this.memory[path] = restored.memory;
    this.#known.set(path, { gitDirectory, sound: restored.sound });
  }

  #refsOf({ gitDirectory }: Known): Refs['refs'] {
    const git = new Beneath(`${this.#request.directory}/${displayPath(gitDirectory)}`);
    try {
      return readRefs(git).refs;
    } finally {
      git.close();
    }
  }
}

const folderOfName = (repository: string): BytePath => (repository === '.' ? '' : bytePathOf(repository));

const isTaken = (error: unknown): boolean =>
  ['EEXIST', 'ENOTDIR', 'ENAMETOOLONG'].includes((error as NodeJS.ErrnoException).code ?? '');

/** What `git init` writes. */
const configText = (format: ObjectFormat, worktree: BytePath | null): BytePath =>
  [
    '[core]',
    `\trepositoryformatversion = ${format === 'sha256' ? 1 : 0}`,
    `\tfilemode = ${fileSystemHere.filemode}`,
    '\tbare = false',
    '\tlogallrefupdates = true',
    ...(worktree === null ? [] : [`\tworktree = "${worktree.replaceAll(/["\\]/g, '\\$&')}"`]),
    ...(format === 'sha256' ? ['[extensions]', '\tobjectFormat = sha256'] : []),
    '',
  ].join('\n');
