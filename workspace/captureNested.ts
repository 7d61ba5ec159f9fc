import { join } from 'node:path';
import type { OpenedRepository } from '../domain/events.ts';
import { Beneath } from './beneath.ts';
import { bytePathOf, displayPath, isWithin, parentOf, type BytePath } from './bytePath.ts';
import { captureRepository, type CapturedRepository } from './captureRepository.ts';
import type { ContentWriter } from './contentWriter.ts';
import type { Git } from './git.ts';
import type { Gap, Manifest, NestedManifest, RepositoryManifest } from './manifest.ts';
import {
  childOf,
  gitFileLimit,
  inWorkspace,
  isRepository,
  partsOf,
  placeOf,
  repositoryAround,
  type NestedPlace,
} from './nestedPlace.ts';
import { findNestedSide, nestedOpened } from './nestedRepository.ts';
import type { Refs } from './refs.ts';
import type { SecretChecks } from './secretChecks.ts';
import { gitFolder } from './sideRepository.ts';
import type { Sizes } from './sizeLimits.ts';
import type { WorkspaceMemory, WorkspaceState } from './workspaceState.ts';

/** Repositories of one workspace, besides those that its environment names, that are captured at most. */
const mostRepositories = 200;
const lockedLimit = 4096;

export interface CaptureNestedRequest {
  readonly directory: string;
  readonly state: WorkspaceState;
  readonly git: Git;
  readonly previous: Manifest | null;
  readonly memory: WorkspaceMemory | null;
  readonly writer: ContentWriter;
  readonly sizes: Sizes;
  readonly secrets: SecretChecks;
  /** Whether the previous snapshot treated secrets the same way. */
  readonly samePolicy: boolean;
  /** Files and folders of the workspace that are captured although they may be ignored. */
  readonly declaredPaths: readonly BytePath[];
  /** Where the agent sees the workspace. */
  readonly seenAt: string;
  readonly opened: readonly OpenedRepository[];
  readonly repositories: readonly CapturedRepository[];
  /** Those that lie beside the environment's. */
  readonly outside: readonly BytePath[];
  readonly signal: AbortSignal;
}

export interface CapturedNested extends CapturedRepository {
  readonly place: Omit<NestedManifest, 'repository'>;
}

export interface CapturedNestedRepositories {
  /** Each after its owner, and after the one around it. */
  readonly captured: readonly CapturedNested[];
  /** What is not captured, as a gap of a repository, or of what lies beside all. */
  readonly gaps: readonly { readonly of: string | null; readonly gap: Gap }[];
}

/**
 * Captures the repositories in a workspace that its environment does not name: those that were cloned or begun there,
 * submodules, linked worktrees; and those in them, at any depth. Each is a repository by itself, captured like the
 * others, but with all of its commits, as no mirror has them.
 */
export async function captureNested(request: CaptureNestedRequest): Promise<CapturedNestedRepositories> {
  const capture = new NestedCapture(request);
  try {
    await capture.run();
    return capture;
  } finally {
    capture.close();
  }
}

interface Known {
  readonly folder: BytePath;
  /** Its name in the manifest. */
  readonly name: string;
  readonly gitDirectory: BytePath;
  readonly captured: CapturedRepository;
}

class NestedCapture implements CapturedNestedRepositories {
  readonly captured: CapturedNested[] = [];
  readonly gaps: { of: string | null; gap: Gap }[] = [];
  readonly #request: CaptureNestedRequest;
  readonly #files: Beneath;
  /** By folder. */
  readonly #known = new Map<BytePath, Known>();
  #waiting: BytePath[] = [];

  constructor(request: CaptureNestedRequest) {
    this.#request = request;
    this.#files = new Beneath(request.directory);
    for (const captured of request.repositories) {
      const name = captured.manifest.repository;
      const folder = name === '.' ? '' : bytePathOf(name);
      this.#find(folder, captured);
      if (captured.git) this.#know({ folder, name, gitDirectory: childOf(folder, gitFolder), captured });
    }
    this.#waiting.push(...request.outside);
  }

  close(): void {
    this.#files.close();
  }

  #find(folder: BytePath, { nested }: CapturedRepository): void {
    this.#waiting.push(...nested.map((path) => childOf(folder, path)));
  }

  /** A linked worktree may lie where nobody looks, such as in a folder that is ignored: its repository says where. */
  #know(known: Known): void {
    this.#known.set(known.folder, known);
    const { seenAt, directory } = this.#request;
    for (const { name } of this.#files.list(`${known.gitDirectory}/worktrees`) ?? []) {
      const named = this.#files
        .readSmall(`${known.gitDirectory}/worktrees/${name}/gitdir`, gitFileLimit)
        ?.toString('latin1')
        .trimEnd();
      const path = named ? inWorkspace(named, `${known.gitDirectory}/worktrees/${name}`, [seenAt, directory]) : null;
      if (path?.endsWith(`/${gitFolder}`) && isRepository(this.#files, parentOf(path))) this.#waiting.push(parentOf(path));
    }
  }

  /** An owner may be found after what it owns, so what is not placed yet is tried again while others are found. */
  async run(): Promise<void> {
    for (let placed = true; placed && this.#waiting.length > 0;) {
      placed = false;
      const round = [...new Set(this.#waiting)].sort();
      this.#waiting = [];
      for (const folder of round) {
        if (this.#known.has(folder) || this.#isOpened(folder)) continue;
        const place = this.#placeOf(folder);
        if (typeof place === 'string' || this.captured.length === mostRepositories) this.#waiting.push(folder);
        else {
          placed = true;
          await this.#capture(folder, place);
        }
      }
    }
    for (const folder of new Set(this.#waiting)) this.#nameLeft(folder);
    for (const known of this.#known.values()) this.#nameParts(known);
  }

  #isOpened(folder: BytePath): boolean {
    return this.#request.opened.some(({ repository }) => (repository === '.' ? '' : bytePathOf(repository)) === folder);
  }

  #placeOf(folder: BytePath): NestedPlace | string {
    const { directory, seenAt } = this.#request;
    const all = [...this.#known.values()];
    const place = placeOf({
      files: this.#files,
      folder,
      roots: [seenAt, directory],
      known: new Map(all.map((known) => [known.gitDirectory, known.folder])),
    });
    const isTaken = typeof place !== 'string' && all.some(({ gitDirectory }) => gitDirectory === place.gitDirectory);
    return isTaken ? 'its git directory is another repository’s' : place;
  }

  #nameLeft(folder: BytePath): void {
    const place = this.#placeOf(folder);
    const why = typeof place === 'string' ? place : `a snapshot has at most ${mostRepositories} of them`;
    this.#gap(folder, {
      path: folder,
      status: 'SKIPPED',
      reason: 'NESTED_REPOSITORY',
      detail: `it is a repository of its own and does not travel: ${why}`,
    });
  }

  /** Puts a gap to the repository around the folder. */
  #gap(folder: BytePath, gap: Gap): void {
    const around = this.#known.get(repositoryAround(folder, this.#known.keys()) ?? '\0');
    const from = around?.folder ?? '';
    this.gaps.push({ of: around?.name ?? null, gap: { ...gap, path: from === '' ? gap.path : gap.path.slice(from.length + 1) } });
  }

  /** Names linked worktrees and submodules of a repository that were found nowhere in the workspace. */
  #nameParts({ name, gitDirectory }: Known): void {
    const git = new Beneath(join(this.#request.directory, displayPath(gitDirectory)));
    const there = new Set([...this.#known.values()].map((known) => known.gitDirectory));
    const skip = (path: BytePath, reason: string, detail: string) => {
      if (!there.has(`${gitDirectory}/${path}`))
        this.gaps.push({ of: name, gap: { path: `${gitFolder}/${path}`, status: 'SKIPPED', reason, detail } });
    };
    try {
      const { worktrees, modules } = partsOf(git);
      for (const worktree of worktrees)
        skip(
          `worktrees/${worktree}`,
          'LINKED_WORKTREE',
          'the linked worktree lies nowhere in what the snapshot holds, and does not travel',
        );
      for (const module of modules)
        skip(
          `modules/${module}`,
          'SUBMODULE',
          'the submodule’s repository has no worktree in what the snapshot holds, and does not travel',
        );
    } finally {
      git.close();
    }
  }

  /** Declared paths in the folder that are of no repository of the environment in it. In the workspace itself, nothing is left out. */
  #declaredIn(folder: BytePath): BytePath[] {
    if (folder === '') return [];
    const { opened, declaredPaths } = this.#request;
    const inner = nestedFolders(folder, opened);
    return declaredPaths
      .filter((path) => path !== folder && isWithin(folder, path))
      .map((path) => path.slice(folder.length + 1))
      .filter((path) => !inner.some((other) => isWithin(other, path)));
  }

  async #capture(folder: BytePath, place: NestedPlace): Promise<void> {
    const { directory, state, git, opened, previous, memory, writer, sizes, secrets, samePolicy, signal } = this.#request;
    const { kind, owner, name, gitDirectory, relative } = place;
    const ownersOwn = kind === 'WORKTREE' ? this.#known.get(owner ?? '') : undefined;
    const common = ownersOwn?.gitDirectory ?? gitDirectory;
    const at = { state, folder, directory, gitDirectory, commonDirectory: common, git };
    const { side, isNew } = await findNestedSide(at, signal);
    const trusted = ownersOwn ? tipsOf(ownersOwn.captured) : [];
    const before = previous?.nested.find((other) => other.path === folder) ?? null;
    const usable = before?.kind === kind && before.repository.format === side.format ? before : null;
    const captured = await captureRepository({
      ...nestedOpened(nameOf(folder), side.format, trusted),
      nested: nestedFolders(folder, opened),
      side,
      previous: usable && standing(usable.repository, trusted),
      watched: [],
      memory: usable && !isNew ? (memory?.nested[folder] ?? null) : null,
      declared: [],
      declaredPaths: this.#declaredIn(folder),
      writer,
      sizes,
      secrets,
      samePolicy,
      nestedAs: { kind, shared: ownersOwn ? soundRefs(ownersOwn.captured) : null },
      signal,
    });
    const locked = kind === 'WORKTREE' ? this.#files.readSmall(`${gitDirectory}/locked`, lockedLimit) : null;
    this.captured.push({
      ...captured,
      place: { path: folder, kind, owner, name, relative, locked: locked && locked.toString().trimEnd() },
    });
    this.#find(folder, captured);
    this.#know({ folder, name: nameOf(folder), gitDirectory, captured });
  }
}

/** What a manifest calls a repository that the environment does not name. */
const nameOf = (folder: BytePath): string => displayPath(folder) || '.';

/** Folders of the environment's repositories in this one, relative to it. */
export function nestedFolders(folder: BytePath, opened: readonly OpenedRepository[]): BytePath[] {
  return opened
    .map(({ repository }) => bytePathOf(repository))
    .filter((other) => other !== '.' && other !== folder && isWithin(folder, other))
    .map((other) => (folder === '' ? other : other.slice(folder.length + 1)));
}

/** What a repository's branches lead to, and comes with it. */
const tipsOf = ({ git, manifest: { base } }: CapturedRepository): readonly string[] =>
  git ? [...new Set([...git.commits.tips, ...git.commits.prerequisites, ...(base === null ? [] : [base])])] : [];

/** Its branches and tags, but for those whose commits are not all there. */
const soundRefs = ({ git }: CapturedRepository): Refs['refs'] => new Map(git?.refs);

/**
 * The previous snapshot's part of a repository. Packs that build on commits of its owner are of use while those come
 * with the owner: without its git part, everything is packed again.
 */
function standing(previous: RepositoryManifest, trusted: readonly string[]): RepositoryManifest {
  const has = new Set(trusted);
  const stands = previous.git?.commits.prerequisites.every((oid) => has.has(oid)) ?? true;
  return stands ? previous : { ...previous, git: null };
}
