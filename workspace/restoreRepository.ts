import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import type { OpenedRepository } from '../domain/events.ts';
import { BaseTree, isGitlink } from './baseTree.ts';
import { Beneath } from './beneath.ts';
import { displayPath, unsafePath, type BytePath } from './bytePath.ts';
import { baseCommit, type NestedAs } from './captureRepository.ts';
import type { ContentReader } from './contentReader.ts';
import type { SmallFile } from './fileShapes.ts';
import { indexStat } from './fileState.ts';
import { GitError } from './git.ts';
import { acceptFiles, isShaping, showToSide, writeShape } from './gitDirectory.ts';
import { IndexCorruptError, IndexNotPlainError, noStat, parseIndex, serializeIndex, type IndexStat } from './gitIndex.ts';
import { indexDigest, rebuildIndex } from './indexSnapshot.ts';
import { applySettings, applyWorktreeSettings, isAddressKey, type Setting } from './localSettings.ts';
import type { GitManifest, Glance, IndexedEntry, IndexManifest, RepositoryManifest } from './manifest.ts';
import { presentObjects } from './objectCheck.ts';
import { underWay } from './operations.ts';
import { replaceFile, type Head } from './refs.ts';
import { restoreFiles } from './restoreFiles.ts';
import { lostAtCapture, type RestoreLog, type RestoreProblem } from './restoreLog.ts';
import { restoreObjects } from './restoreObjects.ts';
import { restoreRefs } from './restoreRefs.ts';
import { restoreState } from './restoreState.ts';
import { scanDeclared } from './scanDeclared.ts';
import { dirtyFiles, scanWorktree, type Scan } from './scan.ts';
import { gitFolder, ObjectsUnreadableError, type SideRepository } from './sideRepository.ts';
import { verifyFiles, type VerifiedFiles } from './verifyFiles.ts';
import { viewKeeper } from './view.ts';
import type { OpenedMemory, RepositoryMemory } from './workspaceState.ts';

export interface RestoreRepositoryRequest {
  readonly repository: OpenedRepository;
  readonly manifest: RepositoryManifest;
  /** Folders of other repositories that lie in this one. */
  readonly nested: readonly BytePath[];
  readonly side: SideRepository;
  readonly atOpen: OpenedMemory;
  /** Whether nothing has run in the worktree since it was opened. */
  readonly untouched: boolean;
  /** Whether git could not merge it with the base that it was opened at. */
  readonly unmerged: boolean;
  /** What it is, when the environment does not name it. */
  readonly nestedAs?: NestedAs;
  /** Whether an address may be a path on the machine. */
  readonly allowsAddress: (address: string) => boolean;
  readonly reader: ContentReader;
  readonly log: RestoreLog;
  readonly signal: AbortSignal;
}

/** What the next capture may take for granted, and tracked files that it must look at. */
export interface RestoredRepository {
  readonly memory: RepositoryMemory;
  readonly watched: readonly BytePath[];
  /** Objects that are there with all that they lead to. */
  readonly sound: ReadonlySet<string>;
}

const indexLimit = 512 * 1024 * 1024;
/** Removing what is too much can uncover more, such as a folder that has become empty. */
const sweeps = 5;

/** Puts one repository back onto what was opened, and checks all of it. Nothing of the snapshot runs. */
export async function restoreRepository(request: RestoreRepositoryRequest): Promise<RestoredRepository | null> {
  const restore = new RepositoryRestore(request);
  try {
    return await restore.run();
  } finally {
    restore.close();
  }
}

class RepositoryRestore {
  readonly #request: RestoreRepositoryRequest;
  readonly #files: Beneath;
  readonly #git: Beneath;
  #tree: BaseTree;
  readonly #openedCommit: string | null;
  readonly #sameBase: boolean;
  /** Whether HEAD and the index are as they were captured. */
  #headIsThere = false;
  #indexIsThere = false;

  constructor(request: RestoreRepositoryRequest) {
    this.#request = request;
    this.#files = new Beneath(request.side.worktree);
    this.#git = new Beneath(request.side.gitDirectory);
    this.#tree = new BaseTree(request.side);
    this.#openedCommit = baseCommit(request.repository);
    this.#sameBase = this.#openedCommit === request.manifest.base;
  }

  close(): void {
    this.#files.close();
    this.#git.close();
  }

  readonly #problem = (problem: RestoreProblem): void => this.#request.log.problem(this.#request.repository.repository, problem);

  #applied(subject: RestoreProblem['subject'], count: number, detail: string): void {
    this.#request.log.applied(this.#request.repository.repository, subject, count, detail);
  }

  async run(): Promise<RestoredRepository | null> {
    const { manifest, side } = this.#request;
    if (!manifest.present) {
      this.#problem({
        subject: 'REPOSITORY',
        path: null,
        status: 'SKIPPED',
        reason: 'REPOSITORY_GONE',
        detail: 'Its folder was gone from the workspace when the snapshot was taken; it is as the remote has it.',
      });
      return null;
    }
    if (!this.#sameBase) this.#nameBase();
    for (const problem of lostAtCapture(manifest.gaps)) this.#problem(problem);
    if (this.#git.list('') === null) {
      this.#problem({
        subject: 'REPOSITORY',
        path: null,
        status: 'FAILED',
        reason: 'GIT_DIRECTORY_GONE',
        detail: 'Its git directory is gone, perhaps by a setup command: nothing was put back.',
      });
      return null;
    }
    const small = this.#acceptFiles();
    writeShape(this.#git, small);
    showToSide(side, small);
    const sound = await this.#restoreObjects();
    if (manifest.git) {
      await this.#restoreSettings(manifest.git);
      await this.#restoreRefs(manifest.git, sound);
    }
    const { scan, verified } = await this.#restoreWorktree();
    const index = await this.#restoreIndex(manifest.git?.index ?? null, verified);
    if (manifest.git) await this.#restoreState(manifest.git, small, sound);
    return {
      memory: {
        seen: verified.seen,
        directories: [...scan.changedDirectories],
        index,
        commitsAreThere: manifest.git?.commits.tips.every((oid) => sound.has(oid)) ?? false,
      },
      watched: manifest.entries.flatMap((entry) => (entry.kind !== 'DIRECTORY' && entry.base !== null ? [entry.path] : [])),
      sound,
    };
  }

  #acceptFiles(): readonly SmallFile[] {
    const files = this.#request.manifest.git?.files ?? [];
    const { accepted, refused, halves } = acceptFiles(files.map(([path, content]) => [path, Buffer.from(content, 'base64')]));
    for (const path of refused)
      this.#problem({
        subject: 'REPOSITORY',
        path: `${gitFolder}/${path}`,
        status: 'SKIPPED',
        reason: 'GIT_FILE',
        detail: 'It is no file of a git directory that travels, or not what git writes there: it is left out.',
      });
    for (const [marker, word] of underWay(halves))
      this.#problem({
        subject: 'REPOSITORY',
        path: `${gitFolder}/${marker}`,
        status: 'FAILED',
        reason: 'OPERATION_STOPPED',
        detail: `When the snapshot was taken, ${word} was under way; it cannot be continued here: the snapshot has files of it that are not as git writes them, or too many.`,
      });
    return accepted;
  }

  /** Puts back operations under way and what git remembers of where it was: last, as they go on from HEAD and the index. */
  async #restoreState({ commits }: GitManifest, small: readonly SmallFile[], sound: ReadonlySet<string>): Promise<void> {
    const { side, signal } = this.#request;
    const tips = new Set(commits.tips);
    const goesOn = await restoreState({
      git: this.#git,
      side,
      files: small.filter((file) => !isShaping(file)),
      isThere: (oid) => !tips.has(oid) || sound.has(oid),
      sameStart: this.#headIsThere && this.#indexIsThere,
      problem: this.#problem,
      signal,
    });
    if (goesOn.length > 0) this.#applied('REPOSITORY', goesOn.length, `Under way as it was: ${goesOn.join(', ')}.`);
  }

  get #scanned() {
    const { side, signal } = this.#request;
    return { side, files: this.#files, tree: () => this.#tree, signal };
  }

  #nameBase(): void {
    const { manifest, unmerged } = this.#request;
    const why = unmerged
      ? 'Git could not merge the snapshot with the newest base.'
      : `The commit that the snapshot builds on, ${manifest.base?.slice(0, 10) ?? 'none'}, is no longer on the remote.`;
    this.#problem({
      subject: 'REPOSITORY',
      path: null,
      status: 'CONFLICT',
      reason: unmerged ? 'MERGE_FAILED' : 'BASE_MISSING',
      detail: `${why} The repository is at ${this.#openedCommit?.slice(0, 10) ?? 'no commit'} of ${this.#request.repository.baseBranch}, and the snapshot's files were put onto that.`,
    });
  }

  async #restoreObjects(): Promise<ReadonlySet<string>> {
    const { side, manifest, atOpen, reader, signal } = this.#request;
    try {
      if (manifest.git)
        return await restoreObjects({
          side,
          manifest: manifest.git,
          trusted: atOpen.trusted,
          reader,
          problem: this.#problem,
          signal,
        });
      side.borrowObjects();
      this.#problem({
        subject: 'REPOSITORY',
        path: null,
        status: 'SKIPPED',
        reason: 'NOT_CAPTURED',
        detail:
          'Its git directory could not be read when the snapshot was taken: branches, commits and index are as the remote has them.',
      });
    } catch (error) {
      if (!(error instanceof ObjectsUnreadableError)) throw error;
      this.#problem({
        subject: 'COMMITS',
        path: null,
        status: 'FAILED',
        reason: 'OBJECTS_UNREADABLE',
        detail: `Commits were not put back: ${error.message}.`,
      });
    }
    return new Set();
  }

  async #restoreSettings({ settings }: GitManifest): Promise<void> {
    const { side, nestedAs, signal } = this.#request;
    const allowed = settings.filter((setting) => this.#allowSetting(setting));
    try {
      if (nestedAs?.kind === 'WORKTREE') {
        const common = new Beneath(side.commonDirectory);
        await applyWorktreeSettings(side, { own: this.#git, common }, allowed, signal).finally(() => common.close());
      } else await applySettings(side, this.#git, allowed, signal, nestedAs !== undefined);
    } catch (error) {
      if (!(error instanceof GitError) || error.timedOut) throw error;
      this.#problem({
        subject: 'REPOSITORY',
        path: '.git/config',
        status: 'FAILED',
        reason: 'SETTINGS',
        detail: 'Its settings were not put back: git cannot read those that are there.',
      });
    }
  }

  #allowSetting([key, value]: Setting): boolean {
    if (!isAddressKey(key) || this.#request.allowsAddress(value)) return true;
    this.#problem({
      subject: 'REPOSITORY',
      path: `${gitFolder}/config: ${key}`,
      status: 'SKIPPED',
      reason: 'ADDRESS_REFUSED',
      detail: 'It was not set: the address is a path on the machine, and this worker takes none.',
    });
    return false;
  }

  async #restoreRefs(manifest: GitManifest, sound: ReadonlySet<string>): Promise<void> {
    const { side, repository, nestedAs, signal } = this.#request;
    const named = [...manifest.refs.map(([, target]) => target), ...(manifest.head ? [manifest.head] : [])];
    const others = named.flatMap((target) =>
      'oid' in target && !sound.has(target.oid) && !manifest.commits.tips.includes(target.oid) ? [target.oid] : [],
    );
    const present = new Set(await presentObjects(side, others, signal));
    const { applied, head, sameHead } = restoreRefs({
      git: this.#git,
      manifest,
      has: (oid) => sound.has(oid) || present.has(oid),
      openedBranch: repository.branch,
      openedCommit: this.#openedCommit,
      ...(nestedAs?.shared && { shared: nestedAs.shared }),
      problem: this.#problem,
    });
    this.#headIsThere = sameHead;
    const { unpushed } = manifest.commits;
    if (unpushed > 0 && manifest.commits.tips.every((oid) => sound.has(oid)))
      this.#applied('COMMITS', unpushed, `${unpushed} ${unpushed === 1 ? 'commit' : 'commits'} that no remote has.`);
    this.#applied('BRANCH', applied, headText(head, manifest.headCommit));
  }

  async #restoreWorktree(): Promise<{ scan: Scan; verified: VerifiedFiles }> {
    const { manifest, side, nested, untouched, reader, signal } = this.#request;
    const paths = new Set(manifest.entries.map((entry) => entry.path));
    // What setup commands did to tracked files that were as the base commit has them is undone first.
    const dirty = untouched ? [] : (await dirtyFiles(this.#scanned)).paths;
    const changed = dirty.filter((path) => !paths.has(path));
    if (changed.length > 0) {
      await side.checkoutFiles(changed, signal);
      this.#tree = new BaseTree(side);
    }
    await this.#sweepDeclared(paths);
    const applied = await restoreFiles({
      files: this.#files,
      entries: manifest.entries,
      nested,
      reader,
      side,
      tree: this.#tree,
      sameBase: this.#sameBase,
      problem: this.#problem,
      onContent: viewKeeper(side),
      signal,
    });
    const scan = await this.#sweep();
    const verified = await verifyFiles(this.#files, manifest.entries, signal);
    for (const { path, why } of verified.wrong)
      this.#problem({
        subject: 'FILE',
        path,
        status: 'FAILED',
        reason: 'DIFFERS',
        detail: `It is not as it was captured: ${why}.`,
      });
    const deleted = manifest.entries.filter((entry) => entry.kind === 'ABSENT').length;
    this.#applied('WORKTREE', applied, `${plural(applied - deleted, 'file')} put back, ${plural(deleted, 'file')} deleted.`);
    return { scan, verified };
  }

  /** Of what the environment had captured although it is ignored, what the snapshot does not have was not there: it goes. */
  async #sweepDeclared(paths: ReadonlySet<BytePath>): Promise<void> {
    const { side, nested, manifest, signal } = this.#request;
    const request = { side, files: this.#files, nested, patterns: manifest.declared ?? [], signal };
    for (const path of (await scanDeclared(request)).paths) if (!paths.has(path)) this.#files.remove(path);
    for (let sweep = 1; sweep <= sweeps; sweep++) {
      const empty = (await scanDeclared(request)).empty.filter((path) => !paths.has(path));
      if (empty.filter((path) => this.#files.removeEmptyDirectory(path)).length === 0) return;
    }
  }

  /** Removes files that the snapshot does not have and no rule ignores. What is ignored stays: setup commands made it. */
  async #sweep(): Promise<Scan> {
    const { manifest, nested } = this.#request;
    const paths = new Set(manifest.entries.map((entry) => entry.path));
    const empty = new Set(manifest.entries.flatMap((entry) => (entry.kind === 'DIRECTORY' ? [entry.path] : [])));
    for (let sweep = 1; ; sweep++) {
      const scan = await scanWorktree({ ...this.#scanned, opened: this.#request.atOpen, nested, changedDirectories: [] });
      const extra = scan.untracked.filter((path) => !paths.has(path));
      const folders = scan.emptyDirectories.filter((path) => !empty.has(path));
      if ((extra.length === 0 && folders.length === 0) || sweep === sweeps) {
        for (const path of [...extra, ...folders, ...scan.tracked.filter((path) => !paths.has(path))])
          this.#problem({
            subject: 'FILE',
            path,
            status: 'FAILED',
            reason: 'NOT_CAPTURED',
            detail: 'It is here or changed, and was not when the snapshot was taken.',
          });
        return scan;
      }
      for (const path of extra) this.#files.remove(path);
      for (const path of folders.toSorted().toReversed()) this.#files.removeEmptyDirectory(path);
    }
  }

  async #restoreIndex(captured: IndexManifest | null, verified: VerifiedFiles): Promise<RepositoryMemory['index']> {
    const { side, manifest } = this.#request;
    const wanted = await this.#possibleIndex(captured);
    const glances = new Map(
      manifest.entries.flatMap((entry) =>
        entry.kind === 'FILE' || entry.kind === 'LINK' ? [[entry.path, this.#sameBase ? entry.glance : 'COMPARE'] as const] : [],
      ),
    );
    const entries = rebuildIndex(this.#tree, wanted, ({ path, stage }) =>
      rememberedStat(stage === 0 ? glances.get(path) : undefined, verified.stats.get(path)),
    );
    const digest = indexDigest(entries);
    this.#git.remove('index.lock');
    // The index that git made is kept where it is right already: it has more in it that makes git fast.
    if (glances.size > 0 || this.#indexDigest() !== digest) replaceFile(this.#git, 'index', serializeIndex(entries, side.format));
    this.#indexIsThere = captured !== null && digest === captured.digest && this.#indexDigest() === digest;
    if (this.#indexDigest() !== digest || (captured !== null && this.#sameBase && digest !== captured.digest))
      this.#problem({
        subject: 'INDEX',
        path: null,
        status: 'FAILED',
        reason: 'DIFFERS',
        detail: 'The index is not as it was captured.',
      });
    else if (captured !== null && this.#sameBase)
      this.#applied(
        'INDEX',
        wanted.changed.length + wanted.removed.length,
        `${plural(wanted.changed.length + wanted.removed.length, 'entry')} of the index.`,
      );
    const file = this.#git.readSmall('index', indexLimit);
    // Where it is another, the next capture must not take the captured one over.
    if (file === null || !this.#indexIsThere) return null;
    const extra = [...new Set(entries.map(({ path }) => path))].filter((path) => this.#tree.get(path) === null);
    return { key: createHash('sha256').update(file).digest('hex'), extra };
  }

  /** What of the captured index can be put back: entries whose content is there. */
  async #possibleIndex(captured: IndexManifest | null): Promise<IndexManifest> {
    const { side, manifest, signal } = this.#request;
    const asOpened: IndexManifest = { changed: [], removed: [], digest: '' };
    if (captured === null) {
      if (manifest.git)
        this.#problem({
          subject: 'INDEX',
          path: null,
          status: 'SKIPPED',
          reason: 'NOT_CAPTURED',
          detail: 'The index could not be read when the snapshot was taken: nothing is staged.',
        });
      return asOpened;
    }
    if (!this.#sameBase) {
      if (captured.changed.length + captured.removed.length > 0)
        this.#problem({
          subject: 'INDEX',
          path: null,
          status: 'SKIPPED',
          reason: 'BASE_MISSING',
          detail:
            'What was staged is not staged any more, as the commit below it is gone; the files in the worktree are put back.',
        });
      return asOpened;
    }
    const plain = captured.changed.filter((entry) => this.#acceptIndexed(entry));
    const blobs = plain.filter((entry) => !isGitlink(entry)).map(({ oid }) => oid);
    const present = new Set(await presentObjects(side, [...new Set(blobs)], signal));
    const isThere = (entry: IndexedEntry) => isGitlink(entry) || present.has(entry.oid);
    for (const { path } of plain.filter((entry) => !isThere(entry)))
      this.#problem({
        subject: 'INDEX',
        path,
        status: 'FAILED',
        reason: 'OBJECT_MISSING',
        detail: 'What was staged could not be put back: its content is missing. The index has the base commit’s version.',
      });
    return { ...captured, changed: plain.filter(isThere) };
  }

  /** Git checks paths when it adds them to an index, not when it reads them from one. */
  #acceptIndexed({ path, mode }: IndexedEntry): boolean {
    const unsafe =
      unsafePath(path) ?? ([0o100644, 0o100755, 0o120000, 0o160000].includes(mode) ? null : 'git knows no such mode');
    if (unsafe !== null)
      this.#problem({
        subject: 'INDEX',
        path,
        status: 'SKIPPED',
        reason: 'UNSAFE_PATH',
        detail: `It was not put into the index: ${unsafe}.`,
      });
    return unsafe === null;
  }

  #indexDigest(): string | null {
    const file = this.#git.readSmall('index', indexLimit);
    if (file === null) return null;
    try {
      return indexDigest(parseIndex(file, this.#request.side.format));
    } catch (error) {
      if (error instanceof IndexCorruptError || error instanceof IndexNotPlainError) return null;
      throw error;
    }
  }
}

/** What the index is to remember of a file, so that git takes it for what it took it for; null to leave that as it is. */
function rememberedStat(glance: Glance | undefined, stat: BigIntStats | undefined): IndexStat | null {
  if (glance === undefined || stat === undefined) return null;
  const now = indexStat(stat);
  if (glance === 'SAME') return now;
  // Nothing remembered makes git compare; another size makes it sure without.
  return glance === 'COMPARE' ? noStat : { ...noStat, size: now.size ^ 1 || 2 };
}

const plural = (count: number, word: string): string => `${count} ${count === 1 ? word : word.replace(/y$/, 'ie') + 's'}`;

function headText(head: Head, commit: string | null): string {
  const at = commit === null ? 'without commits' : `at ${commit.slice(0, 10)}`;
  return 'oid' in head ? `HEAD, detached ${at}.` : `Branch ${displayPath(head.branch)} ${at}.`;
}
