import { realpathSync } from 'node:fs';
import type { OpenedRepository } from '../domain/events.ts';
import { AgentGit } from './agentGit.ts';
import { BaseTree } from './baseTree.ts';
import { Beneath } from './beneath.ts';
import type { BytePath } from './bytePath.ts';
import { captureCommits, type CapturedCommits } from './captureCommits.ts';
import { captureFiles, type CapturedEntry, type FileKnowledge } from './captureFiles.ts';
import { captureIndexBlobs, type CapturedObject } from './captureIndexBlobs.ts';
import type { ContentWriter } from './contentWriter.ts';
import type { SmallFile } from './fileShapes.ts';
import { GitError } from './git.ts';
import { showToSide } from './gitDirectory.ts';
import { captureIndex } from './indexSnapshot.ts';
import { carrySettings, readSettings, readWorktreeSettings, settingsOfMaking, type Setting } from './localSettings.ts';
import type { BaseVersion, Change, Gap, GitManifest, IndexManifest, NestedKind, RepositoryManifest } from './manifest.ts';
import { NeededObjects } from './neededObjects.ts';
import { operationGaps } from './operations.ts';
import { isRepository } from './nestedPlace.ts';
import type { Refs, RefTarget } from './refs.ts';
import { scanDeclared } from './scanDeclared.ts';
import { scanWorktree, type Scan } from './scan.ts';
import type { SecretChecks } from './secretChecks.ts';
import type { Sizes } from './sizeLimits.ts';
import { gitFolder, ObjectsUnreadableError, type SideRepository } from './sideRepository.ts';
import { viewKeeper, WorkspaceView, type ViewedEntry, type Versions } from './view.ts';
import { changesWithoutView, sameView, viewedEntries, viewedAgainstHead, type AnyEntry } from './viewedEntries.ts';
import type { OpenedMemory, RepositoryMemory } from './workspaceState.ts';

/** Ignored paths that a manifest names; it counts them all. */
const namedIgnored = 1000;
/** The patch is for people: it ends after this much. Bytes. */
export const patchBytes = 2 * 1024 * 1024;

export interface CaptureRepositoryRequest {
  readonly repository: OpenedRepository;
  /** Folders of other repositories that lie in this one. */
  readonly nested: readonly BytePath[];
  readonly side: SideRepository;
  readonly atOpen: OpenedMemory;
  /** The previous snapshot's part, when it builds on the same base. */
  readonly previous: RepositoryManifest | null;
  /** What was remembered with it. */
  readonly memory: RepositoryMemory | null;
  /** Tracked files that are looked at in any case. */
  readonly watched: readonly BytePath[];
  /** Patterns of what is captured although it is ignored. */
  readonly declared: readonly string[];
  /** Files and folders that are captured although they may be ignored. */
  readonly declaredPaths: readonly BytePath[];
  readonly writer: ContentWriter;
  readonly sizes: Sizes;
  readonly secrets: SecretChecks;
  /** Whether the previous snapshot treated secrets the same way. */
  readonly samePolicy: boolean;
  /** What it is, when the environment does not name it: then no mirror has its commits. */
  readonly nestedAs?: NestedAs;
  readonly signal: AbortSignal;
}

/** How a repository that the environment does not name lies in the workspace. */
export interface NestedAs {
  readonly kind: NestedKind;
  /** For a linked worktree: the branches and tags of its repository; null for others. */
  readonly shared: Refs['refs'] | null;
}

type CapturedGit = Omit<GitManifest, 'commits' | 'objects'> & {
  readonly commits: CapturedCommits;
  readonly objects: readonly CapturedObject[];
};

/** A repository's part of the manifest; where its content will be found is known once the writer has finished. */
export interface CapturedRepository {
  readonly manifest: Omit<RepositoryManifest, 'entries' | 'git'>;
  /** Folders in it that are repositories which the environment does not name. */
  readonly nested: readonly BytePath[];
  readonly entries: readonly CapturedEntry[];
  readonly git: CapturedGit | null;
  readonly memory: RepositoryMemory;
  readonly watched: readonly BytePath[];
  /** Call once memory and watched files are remembered. */
  readonly settle: () => void;
  /** Changes since the previous snapshot; null where only the manifests can tell. */
  readonly sincePrevious: readonly Change[] | null;
  /** Makes the patch against the base, or against HEAD for a nested repository, of at most `patchBytes`. */
  readonly patch: () => Promise<Buffer | null>;
}

/** The commit that a repository was opened at; null when it had none. */
export function baseCommit({ base }: OpenedRepository): string | null {
  return /^0+$/.test(base) ? null : base;
}

/** Captures one repository. It changes nothing in it. Errors of the blob store come through as they are. */
export async function captureRepository(request: CaptureRepositoryRequest): Promise<CapturedRepository> {
  const capture = new RepositoryCapture(request);
  try {
    return await capture.run();
  } finally {
    capture.close();
  }
}

class RepositoryCapture {
  readonly #request: CaptureRepositoryRequest;
  readonly #files: Beneath;
  readonly #gaps: Gap[] = [];
  readonly #base: string | null;
  #git: AgentGit | null = null;
  #smallFiles: readonly SmallFile[] = [];
  #baseTree: BaseTree | null = null;

  constructor(request: CaptureRepositoryRequest) {
    this.#request = request;
    this.#files = new Beneath(request.side.worktree);
    this.#base = baseCommit(request.repository);
  }

  close(): void {
    this.#files.close();
    this.#git?.close();
  }

  get #tree(): BaseTree {
    return (this.#baseTree ??= new BaseTree(this.#request.side));
  }

  async run(): Promise<CapturedRepository> {
    const { side, previous, memory } = this.#request;
    if (!this.#isThere()) return this.#gone();
    const git = this.#openGit();
    showToSide(side, git?.state.files ?? []);
    const sameIndex = git !== null && previous?.git?.index != null && memory?.index?.key === git.indexFile?.key;
    const [scan, declared, settings, extra, headFiles, headBlobs] = await Promise.all([
      scanWorktree({
        ...this.#request,
        files: this.#files,
        opened: this.#request.atOpen,
        tree: () => this.#tree,
        changedDirectories: memory?.directories ?? [],
      }),
      scanDeclared({
        ...this.#request,
        files: this.#files,
        patterns: this.#request.declared,
        paths: this.#request.declaredPaths,
      }),
      git && this.#readSettings(git),
      sameIndex ? (memory?.index?.extra ?? []) : this.#extraPaths(git),
      git && this.#request.nestedAs ? git.headFiles() : new Map<BytePath, BaseVersion>(),
      git && !this.#request.nestedAs ? git.headBlobs(this.#base) : new Set<string>(),
    ]);
    this.#gaps.push(...scan.gaps, ...declared.gaps);
    const commits = git && (await this.#commits(git));
    // What a commit of which something is missing leads to does not travel.
    const isHeadWhole = !commits?.broken.has(git?.headCommit ?? '');
    const ofHead = new Set([...headBlobs, ...[...headFiles.values()].map(({ oid }) => oid)]);
    const hasBlob = (oid: string) => this.#tree.hasBlob(oid) || (isHeadWhole && ofHead.has(oid));
    const sameGit =
      sameIndex &&
      commits !== null &&
      sameTips(commits.tips, previous.git?.commits.tips ?? []) &&
      git.headCommit === previous.git?.headCommit;
    const open = new Set([...scan.tracked, ...scan.untracked, ...extra, ...this.#request.watched]);
    const isTaken = (path: BytePath) => open.has(path) || this.#tree.get(path) !== null;
    const ignored = new Set([...declared.paths, ...declared.empty].filter((path) => !isTaken(path)));
    // What is only there by declaration comes last: where the snapshot is full, it is what stays out.
    const paths = [[...open], [...new Set(declared.paths)].filter((path) => ignored.has(path))].flatMap((some) => some.sort());
    const files = await this.#captureFiles(git, paths, hasBlob, sameGit);
    const folders = this.#emptyDirectories([...new Set([...scan.emptyDirectories, ...declared.empty])]);
    const entries = [...files.entries, ...folders]
      .map((entry) => markIgnored(entry, ignored))
      .sort((a, b) => (a.path < b.path ? -1 : 1));
    const captured = git && commits && (await this.#captureGit(git, commits, entries, hasBlob, sameGit, settings));
    const view = await this.#view(git, entries, captured?.index ?? null, isHeadWhole ? headFiles : new Map());
    return {
      manifest: this.#manifest(leftOut(scan, entries), view.changes),
      nested: [...new Set([...scan.nested, ...declared.nested, ...extra.filter((path) => this.#isSubmodule(path))])].sort(),
      entries,
      git: captured,
      memory: {
        seen: files.seen,
        directories: [...scan.changedDirectories],
        index: git?.indexFile ? { key: git.indexFile.key, extra: [...extra] } : null,
        commitsAreThere: true,
      },
      watched: entries.flatMap((entry) => (entry.kind !== 'DIRECTORY' && entry.base !== null ? [entry.path] : [])),
      settle: () => side.settleIndex(scan.startedAt),
      sincePrevious: view.sincePrevious,
      patch: view.patch,
    };
  }

  /** Whether the repository's folder is where it was opened, and no link leads elsewhere. */
  #isThere(): boolean {
    const { side } = this.#request;
    try {
      return realpathSync(side.worktree) === side.worktree && this.#files.list('') !== null;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
  }

  #gone(): CapturedRepository {
    this.#gaps.push({
      path: '.',
      status: 'FAILED',
      reason: 'REPOSITORY_GONE',
      detail: 'the repository’s folder is gone from the workspace, or a link has taken its place',
    });
    return {
      manifest: { ...this.#manifest([], []), present: false },
      nested: [],
      entries: [],
      git: null,
      memory: { seen: {}, directories: [], index: null, commitsAreThere: false },
      watched: this.#request.watched,
      settle: () => {},
      sincePrevious: null,
      patch: noPatch,
    };
  }

  #manifest(ignored: readonly BytePath[], changes: readonly Change[]): CapturedRepository['manifest'] {
    const { repository, side, declared } = this.#request;
    // What may not be read is named by git and by whoever tried to read it: once is enough.
    const unreadable = new Set<BytePath>();
    const gaps = [...this.#gaps, ...(this.#git?.gaps ?? [])].filter(({ reason, path }) => {
      const known = unreadable.has(path);
      if (reason === 'UNREADABLE') unreadable.add(path);
      return reason !== 'UNREADABLE' || !known;
    });
    return {
      repository: repository.repository,
      url: repository.url,
      format: side.format,
      baseBranch: repository.baseBranch,
      base: this.#base,
      branch: repository.branch,
      present: true,
      ignored: ignored.slice(0, namedIgnored),
      ignoredCount: ignored.length,
      ...(declared.length > 0 && { declared: [...declared] }),
      gaps: gaps.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)),
      changes: [...changes],
    };
  }

  #openGit(): AgentGit | null {
    const { side, nestedAs, signal } = this.#request;
    const isApart = nestedAs !== undefined && nestedAs.kind !== 'EMBEDDED';
    if (isApart || this.#files.stat(gitFolder)?.isDirectory())
      return (this.#git = new AgentGit(side, signal, nestedAs?.shared ?? null));
    this.#gaps.push({
      path: gitFolder,
      status: 'FAILED',
      reason: 'GIT_DIRECTORY_GONE',
      detail: 'the repository has no git directory any more: its commits, branches and index are not in this snapshot',
    });
    return null;
  }

  /** Paths of the agent's index that the base commit does not have: they may be ignored, and travel all the same. */
  async #extraPaths(git: AgentGit | null): Promise<readonly BytePath[]> {
    const index = await git?.index();
    if (!index) return [];
    return [...new Set(index.entries.map((entry) => entry.path))].filter((path) => this.#tree.get(path) === null);
  }

  async #commits(git: AgentGit): Promise<CapturedCommits> {
    const { side, atOpen, previous, memory, writer, sizes, nestedAs, signal } = this.#request;
    const needed = await NeededObjects.of(side, git.state.files, git.borrow, signal);
    const captured = await captureCommits({
      side,
      borrow: git.borrow,
      refs: git.refs,
      moreTips: [
        ...git.state.stashed.map((oid) => ['refs/stash', oid] as const),
        ...needed.byFile.map(([path, oid]) => [`${gitFolder}/${path}`, oid] as const),
      ],
      trusted: atOpen.trusted,
      previous: memory?.commitsAreThere === false ? null : (previous?.git?.commits ?? null),
      writer,
      ...(nestedAs && { refuse: (bytes: number) => sizes.refuseCommits(bytes) }),
      signal,
    });
    const { whole, stopped } = needed.sortOut((oid) => !captured.broken.has(oid));
    this.#smallFiles = whole;
    this.#gaps.push(...captured.gaps);
    for (const { files, by } of stopped)
      this.#gaps.push(...operationGaps(files, `.git/${by.path} names ${by.object}, of which not everything is there`));
    return captured;
  }

  async #captureFiles(git: AgentGit | null, paths: readonly BytePath[], hasBlob: (oid: string) => boolean, sameGit: boolean) {
    const { previous, memory, writer, sizes, secrets, side, signal } = this.#request;
    const before = memory ? (previous?.entries ?? []) : [];
    const knowledge = async (): Promise<FileKnowledge> => {
      const index = (await git?.index()) ?? null;
      return {
        hasBlob,
        base: (path) => this.#tree.version(path),
        tracks: (path) => this.#tree.get(path) !== null || (index?.get(path) ?? null) !== null,
        glance: (path, stat, oid) => index?.glance(path, stat, oid) ?? 'COMPARE',
      };
    };
    const files = await captureFiles({
      files: this.#files,
      format: side.format,
      paths,
      knowledge,
      seen: memory?.seen ?? {},
      previous: new Map(before.map((entry) => [entry.path, entry])),
      gitChanged: !sameGit,
      writer,
      sizes,
      secrets,
      onContent: viewKeeper(side),
      signal,
    });
    this.#gaps.push(...files.gaps);
    return files;
  }

  #emptyDirectories(paths: readonly BytePath[]): CapturedEntry[] {
    return paths.flatMap((path) => {
      const stat = this.#files.stat(path);
      return stat?.isDirectory() ? [{ kind: 'DIRECTORY', path, mode: Number(stat.mode & 0o777n) } as const] : [];
    });
  }

  async #captureGit(
    git: AgentGit,
    commits: CapturedCommits,
    entries: readonly CapturedEntry[],
    hasBlob: (oid: string) => boolean,
    sameGit: boolean,
    settings: readonly Setting[] | null,
  ): Promise<CapturedGit> {
    const { side, writer, previous, atOpen, secrets, samePolicy, nestedAs, signal } = this.#request;
    const kept = sameGit ? (previous?.git ?? null) : null;
    const index = kept ? kept.index : await this.#index(git);
    const blobs = await captureIndexBlobs({
      side,
      borrow: git.borrow,
      changed: index?.changed ?? [],
      entries,
      hasBlob,
      previous: samePolicy ? (previous?.git?.objects ?? []) : [],
      secrets,
      writer,
      signal,
    });
    const known = nestedAs ? settingsOfMaking(settings ?? [], nestedAs.kind === 'SUBMODULE') : atOpen.settings;
    const carried = carrySettings(settings, known, nestedAs !== undefined);
    this.#gaps.push(...blobs.gaps, ...carried.gaps);
    return {
      head: git.refs.head,
      headCommit: git.headCommit,
      refs: this.#soundRefs(git, commits.broken),
      commits,
      index,
      objects: blobs.objects,
      settings: carried.settings.map(([key, value]) => [key, value]),
      files: this.#smallFiles.map(([path, content]) => [path, content.toString('base64')]),
    };
  }

  async #index(git: AgentGit): Promise<IndexManifest | null> {
    const index = await git.index();
    if (index) return captureIndex(index.entries, this.#tree);
    // Without an index file nothing is staged, which is another thing than an index that cannot be read.
    return git.directory.stat('index') === null ? captureIndex([], this.#tree) : null;
  }

  #soundRefs({ refs }: AgentGit, broken: ReadonlySet<string>): [BytePath, RefTarget][] {
    return [...refs.refs]
      .filter(([, target]) => !('oid' in target && broken.has(target.oid)))
      .sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** Settings that are the repository's alone: a linked worktree has most of them from the one that it belongs to. */
  #readSettings(git: AgentGit): Promise<readonly Setting[] | null> {
    const { side, nestedAs, signal } = this.#request;
    if (nestedAs?.kind !== 'WORKTREE') return readSettings(side, git.directory, signal);
    const common = new Beneath(side.commonDirectory);
    return readWorktreeSettings(side, { own: git.directory, common }, signal).finally(() => common.close());
  }

  #isSubmodule(path: BytePath): boolean {
    return this.#files.stat(path)?.isDirectory() === true && isRepository(this.#files, path);
  }

  /** What changed, for people: since the base commit, since the previous snapshot, and as a patch. */
  async #view(
    git: AgentGit | null,
    entries: readonly CapturedEntry[],
    index: IndexManifest | null,
    headFiles: ReadonlyMap<BytePath, BaseVersion>,
  ): Promise<ViewedChanges> {
    const { side, signal, repository, nestedAs } = this.#request;
    // What a nested repository was begun with nobody knows: it is shown against HEAD, while that is the same.
    const isComparable = !nestedAs || this.#request.previous?.git?.headCommit === (git?.headCommit ?? null);
    const previous = isComparable ? this.#request.previous : null;
    const show = nestedAs ? againstHead(headFiles) : againstBase;
    const base: Versions = nestedAs ? { version: (path) => headFiles.get(path) ?? null } : this.#tree;
    const viewed = show(entries, index);
    const before = previous && show(previous.entries, previous.git?.index ?? null);
    if (previous && before && sameView(viewed, before))
      return { changes: previous.changes, sincePrevious: [], patch: () => this.#patchOf(git, base, viewed) };
    if (viewed.length === 0 && !before) return { changes: [], sincePrevious: null, patch: noPatch };
    try {
      git?.borrow();
      const view = new WorkspaceView(side, base, signal);
      const trees = view.trees(before ? [viewed, before] : [viewed]);
      const [now = '', then] = trees.views;
      const [changes, sincePrevious, patch] = await Promise.all([
        view.changes(trees.base, now),
        then === undefined ? null : view.changes(then, now),
        view.patch(trees.base, now, repository.repository, patchBytes),
      ]);
      return { changes, sincePrevious, patch: async () => patch };
    } catch (error) {
      if (!cannotView(error)) throw error;
      return { changes: changesWithoutView(viewed, base), sincePrevious: null, patch: noPatch };
    }
  }

  async #patchOf(git: AgentGit | null, base: Versions, viewed: readonly ViewedEntry[]): Promise<Buffer | null> {
    const { side, signal, repository } = this.#request;
    try {
      git?.borrow();
      const view = new WorkspaceView(side, base, signal);
      const trees = view.trees([viewed]);
      return await view.patch(trees.base, trees.views[0] ?? trees.base, repository.repository, patchBytes);
    } catch (error) {
      if (!cannotView(error)) throw error;
      return null;
    }
  }
}

function markIgnored(entry: CapturedEntry, ignored: ReadonlySet<BytePath>): CapturedEntry {
  if (entry.kind === 'ABSENT') return entry;
  const { ignored: before, ...rest } = entry;
  return ignored.has(entry.path) ? { ...rest, ignored: true } : before ? rest : entry;
}

interface ViewedChanges {
  readonly changes: readonly Change[];
  readonly sincePrevious: readonly Change[] | null;
  readonly patch: () => Promise<Buffer | null>;
}

/** Objects are missing or damaged that the view would show. */
const cannotView = (error: unknown): boolean =>
  error instanceof ObjectsUnreadableError || (error instanceof GitError && !error.timedOut);

/** What the rules ignore, but for what was added to the index all the same. */
function leftOut({ ignored }: Scan, entries: readonly CapturedEntry[]): readonly BytePath[] {
  const captured = new Set(entries.map((entry) => entry.path));
  return ignored.filter((path) => !captured.has(path));
}

type Show = (entries: readonly AnyEntry[], index: IndexManifest | null) => ViewedEntry[];

const againstBase: Show = (entries, index) => {
  const indexed = new Set(index?.changed.map((entry) => entry.path));
  return viewedEntries(entries, (path) => indexed.has(path));
};

const againstHead =
  (head: ReadonlyMap<BytePath, BaseVersion>): Show =>
  (entries, index) =>
    viewedAgainstHead(entries, head, index?.changed ?? []);

const noPatch = async (): Promise<null> => null;

const sameTips = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((oid, n) => oid === b[n]);
