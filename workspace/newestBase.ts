import { join } from 'node:path';
import type { OpenedRepository } from '../domain/events.ts';
import type { ConflictWay, NewerBase } from '../domain/snapshot.ts';
import { BaseTree, isGitlink } from './baseTree.ts';
import { Beneath } from './beneath.ts';
import { bytePathOf, displayPath, unsafePath, type BytePath } from './bytePath.ts';
import { baseCommit } from './captureRepository.ts';
import type { ContentReader } from './contentReader.ts';
import { acceptFiles, showToSide } from './gitDirectory.ts';
import { compareEntries, type IndexEntry } from './gitIndex.ts';
import { captureIndex } from './indexSnapshot.ts';
import type { BaseVersion, GitManifest, ManifestEntry, RepositoryManifest } from './manifest.ts';
import { foldersAbove, layConflicts, putBeside, type ConflictsRequest, type Laid } from './mergeConflicts.ts';
import { mergedEntries, versionOf, writeContents } from './mergedFiles.ts';
import { indexEntry, mergeTree, readTree, writeCommit, writeTree, type Merge } from './mergeTree.ts';
import { presentObjects } from './objectCheck.ts';
import { underWay } from './operations.ts';
import { isRefName, readRefs, refOfBranch, refOfBranchName, type RefTarget } from './refs.ts';
import type { RestoreLog, RestoreProblem } from './restoreLog.ts';
import { bringIn, restoreObjects } from './restoreObjects.ts';
import { gitFolder, type ApartGit, type SideRepository } from './sideRepository.ts';
import type { Author } from './workingCopy.ts';
import type { OpenedMemory } from './workspaceState.ts';

/** What a restore onto the newest base is asked for with. */
export interface Newest {
  readonly conflicts: ConflictWay;
  /** Who a merge commit is by. */
  readonly author: Author;
  /** What the names of files that lie beside others end with, such as `.baton-7f3a2c`. */
  readonly suffix: string;
}

export interface NewestBaseRequest {
  readonly repository: OpenedRepository;
  readonly manifest: RepositoryManifest;
  readonly side: SideRepository;
  readonly atOpen: OpenedMemory;
  readonly newest: Newest;
  readonly reader: ContentReader;
  readonly log: RestoreLog;
  readonly signal: AbortSignal;
}

/** Why a repository has to stay on the base of its snapshot; null when it may move. */
export function whyStay({ git, base }: RepositoryManifest): { readonly reason: string; readonly detail: string } | null {
  const stay = (reason: string, why: string) => ({
    reason,
    detail: `It is on the base of before, exactly as it was captured: ${why}.`,
  });
  if (git?.index == null) return stay('INDEX_UNREADABLE', 'its index could not be read when the snapshot was taken');
  const [operation] = underWay(git.files.map(([path]) => path));
  if (operation)
    return stay('OPERATION_IN_PROGRESS', `${operation[1]} is under way. End it, and continue once more from the newest base`);
  if (git.index.changed.some(({ stage }) => stage > 0))
    return stay(
      'UNMERGED',
      'it has conflicts that nobody has solved yet. Solve them, and continue once more from the newest base',
    );
  if (git.index.changed.some(({ skipWorktree }) => skipWorktree))
    return stay('SPARSE', 'some of its files are left out of the worktree on purpose (a sparse checkout)');
  if (git.headCommit === null && base !== null) return stay('NO_HEAD', 'its HEAD leads to no commit');
  return null;
}

export interface MovedRepository {
  /** What is to be restored onto the newest base. */
  readonly manifest: RepositoryManifest;
  readonly newerBase: NewerBase;
}

/**
 * Makes of a snapshot on one base the same work on a newer one, as `git merge` does it: what a restore then puts back,
 * and checks, as if it had been captured there. Null when the commit that the snapshot builds on is nowhere any more.
 */
export async function moveToNewest(request: NewestBaseRequest): Promise<MovedRepository | null> {
  const { manifest, repository } = request;
  const to = baseCommit(repository);
  if (manifest.git === null || to === null) return null;
  return new Move(request, manifest.git, to).run();
}

/** How the run's commits come onto the new base. */
interface Start {
  /** Where HEAD will be. */
  readonly head: string;
  /** What the work is merged with. */
  readonly target: string;
  /** What the work is based on, for git: the run's last commit, or a commit that only stands for the old base. */
  readonly parent: string;
  /** The commit of the base that a merge under way brings in. */
  readonly merging: string | null;
  /** Whether the run's commits are to be kept on a branch of their own. */
  readonly keeps: boolean;
  readonly words: string;
}

const short = (oid: string): string => oid.slice(0, 10);

class Move {
  readonly #request: NewestBaseRequest;
  readonly #git: ApartGit;
  readonly #captured: GitManifest;
  readonly #to: string;
  readonly #branch: string;

  constructor(request: NewestBaseRequest, captured: GitManifest, to: string) {
    this.#request = request;
    this.#captured = captured;
    this.#to = to;
    this.#branch = request.repository.baseBranch;
    this.#showHistory();
    this.#git = request.side.apart();
  }

  readonly #problem = (problem: RestoreProblem): void => this.#request.log.problem(this.#request.repository.repository, problem);

  async run(): Promise<MovedRepository | null> {
    const { manifest, side, atOpen, reader, signal } = this.#request;
    const { base } = manifest;
    const sound = await restoreObjects({
      side,
      manifest: this.#captured,
      trusted: atOpen.trusted,
      reader,
      problem: this.#problem,
      signal,
    });
    if (base !== null && !(await this.#isThere(base))) return null;
    const baseFiles = base === null ? new Map<BytePath, BaseVersion>() : await readTree(this.#git, base, signal);
    const start = await this.#start(sound);
    const target = await readTree(this.#git, start.target, signal);
    const index = await this.#indexFiles(baseFiles);
    const { work, apart, lost } = await this.#workFiles(baseFiles, index, target);
    const workTree = await writeTree(this.#git, work, signal);
    const indexTree = await writeTree(this.#git, index, signal);
    const merged = await this.#merge(workTree, start);
    const staged = indexTree === workTree ? merged : await this.#merge(indexTree, start);
    const laid: Laid = {
      work: await readTree(this.#git, merged.tree, signal),
      index: await readTree(this.#git, staged.tree, signal),
      stages: [],
      beside: new Map(),
    };
    this.#lay({ laid, merged, staged, work, target, apart });
    const newBase = new BaseTree(side);
    this.#nameCaseClashes(baseFiles, newBase, laid);
    const entries = await mergedEntries({
      side,
      captured: manifest.entries,
      files: new Map([...laid.work, ...laid.beside]),
      base: newBase,
      apart: [...apart, ...lost],
      signal,
    });
    const indexEntries = this.#indexEntries(laid);
    const keptBranch = start.keeps ? this.#keptBranch() : null;
    await this.#moveIn(indexEntries, start.head);
    this.#say(start, keptBranch);
    const moved: RepositoryManifest = {
      ...manifest,
      base: this.#to,
      baseBranch: this.#branch,
      entries,
      git: {
        ...this.#captured,
        headCommit: start.head,
        head: this.#captured.head && 'oid' in this.#captured.head ? { oid: start.head } : this.#captured.head,
        refs: this.#refs(start, keptBranch),
        commits: { ...this.#captured.commits, packs: [] },
        index: captureIndex(indexEntries, newBase),
        objects: [],
        files: [...this.#captured.files, ...mergeFiles(start.merging, this.#mergeMessage)],
      },
    };
    const conflicts = new Set(merged.conflicts.map(({ path }) => path));
    return {
      manifest: moved,
      newerBase: {
        repository: this.#request.repository.repository,
        branch: this.#branch,
        state: 'MOVED',
        from: base,
        to: this.#to,
        merged: merged.autoMerged.filter((path) => !conflicts.has(path)).length,
        conflicts: conflicts.size,
        merging: start.merging !== null,
        keptBranch: keptBranch === null ? null : displayPath(keptBranch),
      },
    };
  }

  /** Where the captured history was cut off, git must see it: a shallow clone. */
  #showHistory(): void {
    const files = this.#captured.files.map(([path, content]) => [path, Buffer.from(content, 'base64')] as const);
    showToSide(this.#request.side, acceptFiles(files).accepted);
  }

  async #isThere(oid: string): Promise<boolean> {
    return (await presentObjects(this.#git, [`${oid}^{tree}`], this.#request.signal)).length > 0;
  }

  async #isAncestor(ancestor: string, commit: string): Promise<boolean> {
    const { signal } = this.#request;
    const { exitCode } = await this.#git.run(['merge-base', '--is-ancestor', ancestor, commit], { answers: [0, 1], signal });
    return exitCode === 0;
  }

  get #mergeMessage(): string {
    const { head } = this.#captured;
    const into = head && 'branch' in head ? ` into ${displayPath(head.branch)}` : '';
    return `Merge branch '${this.#branch}'${into}\n`;
  }

  async #start(sound: ReadonlySet<string>): Promise<Start> {
    const to = this.#to;
    const { base } = this.#request.manifest;
    const head = this.#captured.headCommit;
    const moved = `Moved from ${base === null ? 'no commit' : short(base)} to the newest commit of ${this.#branch}, ${short(to)}`;
    if (head === null) return this.#onTop({ keeps: false, words: `${moved}.` });
    if (!sound.has(head) && !(await this.#isThere(head))) {
      this.#problem({
        subject: 'BRANCH',
        path: null,
        status: 'FAILED',
        reason: 'HEAD_MISSING',
        detail: `The run’s commits are missing: its branch begins at ${short(to)}; what was changed in files is in the worktree.`,
      });
      return this.#onTop({ keeps: false, words: `${moved}.` });
    }
    if (await this.#isAncestor(head, to))
      return {
        head: to,
        target: to,
        parent: head,
        merging: null,
        keeps: false,
        words: head === base ? `${moved}.` : `${moved}, which has all of the run’s commits.`,
      };
    if (await this.#isAncestor(to, head))
      return {
        head,
        target: head,
        parent: head,
        merging: null,
        keeps: false,
        words: `${moved}. The run’s commits build on it already.`,
      };
    if (base === null || !(await this.#isAncestor(base, to)))
      return this.#onTop({
        keeps: true,
        words: `${moved}. The history of ${this.#branch} was rewritten, so the run’s work lies on it without its commits: what they had is staged.`,
      });
    const { tree, conflicts } = await mergeTree(this.#git, head, to, this.#request.signal);
    if (conflicts.length > 0)
      return {
        head,
        target: to,
        parent: head,
        merging: to,
        keeps: false,
        words: `${moved}. It conflicts with the run’s commits: a merge of it is under way. Solve the conflicts, and git commit ends it.`,
      };
    const merge = await this.#commit(tree, [head, to], this.#mergeMessage, await this.#lastDate(head, to));
    return {
      head: merge,
      target: merge,
      parent: head,
      merging: null,
      keeps: false,
      words: `${moved}, joined with the run’s commits by a merge.`,
    };
  }

  /** The work goes on top of the new base by files alone: what both sides came from is the old base's files. */
  async #onTop({ keeps, words }: Pick<Start, 'keeps' | 'words'>): Promise<Start> {
    const { manifest, signal } = this.#request;
    const { base } = manifest;
    const treeOf = async (commit: string): Promise<string> =>
      (await this.#git.run(['rev-parse', '--verify', `${commit}^{tree}`], { signal })).stdout.toString('latin1').trim();
    const parent = await this.#commit(base === null ? await writeTree(this.#git, new Map(), signal) : await treeOf(base), []);
    const target = await this.#commit(await treeOf(this.#to), [parent]);
    return { head: this.#to, target, parent, merging: null, keeps, words };
  }

  #commit(tree: string, parents: readonly string[], message = '', at = 0): Promise<string> {
    const { newest, signal } = this.#request;
    return writeCommit(this.#git, { tree, parents, message, author: newest.author, at }, signal);
  }

  /** The later date of two commits: a merge that is made again is the same commit. Seconds since 1970. */
  async #lastDate(...commits: readonly string[]): Promise<number> {
    const { stdout } = await this.#git.run(['log', '--no-walk', '--format=%ct', ...commits], { signal: this.#request.signal });
    return Math.max(...stdout.toString('latin1').trim().split('\n').map(Number));
  }

  async #merge(tree: string, start: Start): Promise<Merge> {
    return mergeTree(this.#git, await this.#commit(tree, [start.parent]), start.target, this.#request.signal);
  }

  /** The files of the captured index whose content is there. */
  async #indexFiles(baseFiles: ReadonlyMap<BytePath, BaseVersion>): Promise<Map<BytePath, BaseVersion>> {
    const { changed = [], removed = [] } = this.#captured.index ?? {};
    const files = new Map(baseFiles);
    for (const path of removed) files.delete(path);
    const real = changed.filter(({ path, stage, intentToAdd }) => stage === 0 && !intentToAdd && unsafePath(path) === null);
    const blobs = real.filter((entry) => !isGitlink(entry)).map(({ oid }) => oid);
    const present = new Set(await presentObjects(this.#git, [...new Set(blobs)], this.#request.signal));
    for (const { path, mode, oid } of real) {
      if (isGitlink({ mode }) || present.has(oid)) files.set(path, { mode, oid });
      else
        this.#problem({
          subject: 'INDEX',
          path,
          status: 'FAILED',
          reason: 'OBJECT_MISSING',
          detail: 'What was staged could not be put back: its content is missing.',
        });
    }
    return files;
  }

  /**
   * The files of the captured worktree that take part in the merge: what git knows, and what is in the way of something.
   * All else of it is put back as it was (`apart`), also what could not be read, which the restore will say (`lost`).
   */
  async #workFiles(
    baseFiles: ReadonlyMap<BytePath, BaseVersion>,
    index: ReadonlyMap<BytePath, BaseVersion>,
    target: ReadonlyMap<BytePath, BaseVersion>,
  ): Promise<{ work: Map<BytePath, BaseVersion>; apart: readonly ManifestEntry[]; lost: readonly ManifestEntry[] }> {
    const { manifest, side, reader, signal } = this.#request;
    const work = new Map(baseFiles);
    for (const [path, version] of index) if (isGitlink(version)) work.set(path, version);
    const folders = new Set([...target.keys()].flatMap(foldersAbove));
    const isInTheWay = (path: BytePath): boolean =>
      target.has(path) ||
      folders.has(path) ||
      foldersAbove(path).some((folder) => target.has(folder)) ||
      /~(?:run|newest)/.test(path);
    const takesPart = (entry: ManifestEntry): boolean =>
      entry.kind !== 'DIRECTORY' &&
      (entry.kind === 'ABSENT' || entry.base !== null || index.has(entry.path) || isInTheWay(entry.path));
    const safe = manifest.entries.filter(({ path }) => unsafePath(path) === null);
    const taking = new Set(safe.filter(takesPart));
    const unreadable = await writeContents({ side, git: this.#git, entries: [...taking], reader, signal });
    for (const entry of taking) if (entry.kind === 'ABSENT') work.delete(entry.path);
    for (const entry of taking)
      if (entry.kind !== 'ABSENT' && entry.kind !== 'DIRECTORY' && !unreadable.has(entry)) {
        for (const folder of foldersAbove(entry.path)) work.delete(folder);
        work.set(entry.path, versionOf(entry));
      }
    const apart = manifest.entries.filter(
      (entry) => !taking.has(entry) && !(entry.kind === 'DIRECTORY' && isInTheWay(entry.path)),
    );
    return { work, apart, lost: [...unreadable] };
  }

  #lay({
    laid,
    merged,
    staged,
    work,
    target,
    apart,
  }: {
    laid: Laid;
    merged: Merge;
    staged: Merge;
    work: ReadonlyMap<BytePath, BaseVersion>;
    target: ReadonlyMap<BytePath, BaseVersion>;
    apart: readonly ManifestEntry[];
  }): void {
    const { newest } = this.#request;
    const taken = new Set(apart.map(({ path }) => path));
    const request: ConflictsRequest = {
      laid,
      way: newest.conflicts,
      branch: this.#branch,
      suffix: newest.suffix,
      isTaken: (path) => taken.has(path),
      problem: this.#problem,
    };
    for (const { path, run } of staged === merged ? [] : staged.conflicts) {
      const there = target.get(path);
      if (there) laid.index.set(path, there);
      else laid.index.delete(path);
      // The worktree's own version is dealt with by itself; one that was only staged would be lost.
      if (run === null || isGitlink(run) || work.get(path)?.oid === run.oid) continue;
      const name = putBeside(path, run, { ...request, suffix: `${newest.suffix}-staged` });
      this.#problem({
        subject: 'INDEX',
        path,
        status: 'CONFLICT',
        reason: 'STAGED',
        detail: `What was staged of it conflicts with ${this.#branch}: it lies beside as ${displayPath(name)}. Stage what is still wanted, then delete that.`,
      });
    }
    layConflicts(merged.conflicts, request);
  }

  /** Two names that some file systems take for one: both are here, and someone must choose. */
  #nameCaseClashes(was: ReadonlyMap<BytePath, BaseVersion>, is: BaseTree, { work }: Laid): void {
    const lower = (path: BytePath): string => displayPath(path).toLowerCase();
    const theirs = new Map(is.entries.flatMap(({ path }) => (was.has(path) ? [] : [[lower(path), path] as const])));
    for (const path of work.keys()) {
      const other = theirs.get(lower(path));
      if (other === undefined || other === path || was.has(path) || is.get(path) !== null) continue;
      this.#problem({
        subject: 'FILE',
        path,
        status: 'CONFLICT',
        reason: 'CASE_CLASH',
        detail: `${this.#branch} has ${displayPath(other)}, which differs only in upper and lower case: both are here. Rename or join them, as some file systems have room for one only.`,
      });
    }
  }

  /** The index with what git remembers of files besides their content. */
  #indexEntries({ index, stages }: Laid): IndexEntry[] {
    const flags = new Map((this.#captured.index?.changed ?? []).map((entry) => [entry.path, entry]));
    const unmerged = new Set(stages.map(({ path }) => path));
    const plain = [...index].map(([path, version]) => ({
      ...indexEntry(path, version),
      assumeValid: flags.get(path)?.assumeValid ?? false,
    }));
    const intended = [...flags.values()]
      .filter(({ path, intentToAdd }) => intentToAdd && !index.has(path) && !unmerged.has(path))
      .map((entry) => ({ ...indexEntry(entry.path, entry), intentToAdd: true }));
    return [...plain, ...intended, ...stages].sort(compareEntries);
  }

  /** A name that no branch has, nor any folder of branches. */
  #keptBranch(): BytePath {
    const { head, refs } = this.#captured;
    const from = head && 'branch' in head ? head.branch : bytePathOf(this.#request.repository.branch);
    const isTaken = (branch: BytePath): boolean => {
      const name = refOfBranch(branch);
      return refs.some(([other]) => other === name || other.startsWith(`${name}/`)) || !isRefName(name);
    };
    for (let count = 1; ; count++) {
      const name = `${from}-before${count === 1 ? '' : `-${count}`}`;
      if (!isTaken(name)) return name;
    }
  }

  /** The run's own branches and tags, with the remote's as they are now. */
  #refs({ head }: Start, keptBranch: BytePath | null): [BytePath, RefTarget][] {
    const git = new Beneath(join(this.#request.side.worktree, gitFolder));
    try {
      const now = readRefs(git).refs;
      const isRemote = (name: BytePath): boolean => name.startsWith('refs/remotes/');
      const refs = new Map([...now].filter(([name]) => isRemote(name) || name.startsWith('refs/tags/')));
      for (const [name, target] of this.#captured.refs) if (!name.startsWith('refs/remotes/origin/')) refs.set(name, target);
      const { head: was, headCommit } = this.#captured;
      if (was === null || 'branch' in was)
        refs.set(was === null ? refOfBranchName(this.#request.repository.branch) : refOfBranch(was.branch), { oid: head });
      if (keptBranch !== null && headCommit !== null) refs.set(refOfBranch(keptBranch), { oid: headCommit });
      return [...refs];
    } finally {
      git.close();
    }
  }

  /** Brings what the merge has made, and the index or HEAD lead to, among the repository's own objects. */
  async #moveIn(index: readonly IndexEntry[], head: string): Promise<void> {
    const { side, signal } = this.#request;
    const known = [this.#to, this.#captured.headCommit].filter((oid) => oid !== null);
    const there = new Set(await presentObjects(this.#git, known, signal));
    const listed = await this.#git.run(['rev-list', '--objects', '--no-object-names', '--stdin'], {
      input: [head, ...[...there].map((oid) => `^${oid}`), ''].join('\n'),
      signal,
    });
    const made = listed.stdout.toString('latin1').split('\n');
    const base = new BaseTree(side);
    const blobs = index.filter((entry) => !isGitlink(entry) && !base.hasBlob(entry.oid)).map(({ oid }) => oid);
    const oids = [...new Set([...made, ...blobs])].filter((oid) => oid !== '');
    if (oids.length > 0) await bringIn(side, oids, signal);
  }

  #say({ words }: Start, keptBranch: BytePath | null): void {
    const kept = keptBranch === null ? '' : ` Its commits are on the branch ${displayPath(keptBranch)}.`;
    this.#request.log.applied(this.#request.repository.repository, 'REPOSITORY', 1, words + kept);
  }
}

/** What git keeps of a merge that waits for its conflicts to be solved. */
function mergeFiles(merging: string | null, message: string): GitManifest['files'] {
  if (merging === null) return [];
  const file = (path: BytePath, content: string): GitManifest['files'][number] => [path, Buffer.from(content).toString('base64')];
  return [file('MERGE_HEAD', `${merging}\n`), file('MERGE_MSG', message), file('MERGE_MODE', '')];
}
