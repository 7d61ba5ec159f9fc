import { parseAgentIndex, readIndexFile, type AgentIndex, type IndexFile } from './agentIndex.ts';
import { Beneath } from './beneath.ts';
import { splitNul, type BytePath } from './bytePath.ts';
import { GitError } from './git.ts';
import { readGitDirectory, type GitDirectoryState } from './gitDirectory.ts';
import { IndexCorruptError, type ObjectFormat } from './gitIndex.ts';
import type { BaseVersion, Gap } from './manifest.ts';
import { readRefs, resolveHead, type Refs } from './refs.ts';
import { gitFolder, ObjectsUnreadableError, type SideRepository } from './sideRepository.ts';

/** The tree with nothing in it, which git knows without having it. */
const emptyTree: Record<ObjectFormat, string> = {
  sha1: '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
  sha256: '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321',
};

/**
 * The git directory that an agent works with, as it is at one moment: refs and index are read first, so that all the
 * objects they lead to are there when git looks for them.
 */
export class AgentGit {
  readonly directory: Beneath;
  readonly refs: Refs;
  readonly state: GitDirectoryState;
  /** Null when there is none, or it is broken. */
  readonly indexFile: IndexFile | null;
  readonly gaps: Gap[];
  readonly #side: SideRepository;
  readonly #signal: AbortSignal;
  readonly #shared: Refs['refs'] | null;
  #index: Promise<AgentIndex | null> | null = null;
  #borrowed: { readonly error: unknown } | null = null;

  /** `shared` are the branches and tags of the repository that a linked worktree belongs to; null for one by itself. */
  constructor(side: SideRepository, signal: AbortSignal, shared: Refs['refs'] | null = null) {
    this.#side = side;
    this.#signal = signal;
    this.#shared = shared;
    this.directory = new Beneath(side.gitDirectory);
    this.refs = readRefs(this.directory);
    this.gaps = this.refs.problems.map(({ name, reason, detail }) => ({
      path: `${gitFolder}/${name}`,
      status: 'FAILED',
      reason,
      detail,
    }));
    this.indexFile = this.#readIndexFile();
    this.state = readGitDirectory(this.directory, shared !== null);
    this.gaps.push(...this.state.gaps);
  }

  close(): void {
    this.directory.close();
  }

  /** The commit of HEAD; null on a branch without commits. */
  get headCommit(): string | null {
    return resolveHead({ head: this.refs.head, refs: new Map([...(this.#shared ?? []), ...this.refs.refs]) });
  }

  /** Lets git see the agent's objects; done once. Throws ObjectsUnreadableError each time. */
  readonly borrow = (): void => {
    if (this.#borrowed === null) {
      try {
        this.#side.borrowObjects();
        this.#borrowed = { error: null };
      } catch (error) {
        this.#borrowed = { error };
      }
    }
    if (this.#borrowed.error !== null) throw this.#borrowed.error;
  };

  /** The index, taken apart when it is first asked for; null when there is none or it is broken. */
  index(): Promise<AgentIndex | null> {
    return (this.#index ??= this.#parseIndex());
  }

  /** Blobs that HEAD has and the base has not, which is null for no commit; none when HEAD's commit is not whole. */
  async headBlobs(base: string | null): Promise<ReadonlySet<string>> {
    const head = this.headCommit;
    if (head === null || head === base) return new Set();
    try {
      this.borrow();
      const { stdout } = await this.#side.run(
        ['diff-tree', '-r', '-z', '--raw', '--no-renames', '--no-abbrev', base ?? emptyTree[this.#side.format], head],
        {
          signal: this.#signal,
        },
      );
      return new Set(splitNul(stdout).flatMap((field, n) => (n % 2 === 0 ? (field.split(' ')[3] ?? []) : [])));
    } catch (error) {
      if (error instanceof ObjectsUnreadableError || (error instanceof GitError && !error.timedOut)) return new Set();
      throw error;
    }
  }

  /** What HEAD has at each path; nothing when its commit is not whole. */
  async headFiles(): Promise<ReadonlyMap<BytePath, BaseVersion>> {
    const head = this.headCommit;
    if (head === null) return new Map();
    try {
      this.borrow();
      const { stdout } = await this.#side.run(['ls-tree', '-r', '-z', '--full-tree', head], { signal: this.#signal });
      return new Map(
        splitNul(stdout).map((line) => {
          const [mode = '', , oid = ''] = line.slice(0, line.indexOf('\t')).split(' ');
          return [line.slice(line.indexOf('\t') + 1), { mode: Number.parseInt(mode, 8), oid }] as const;
        }),
      );
    } catch (error) {
      if (error instanceof ObjectsUnreadableError || (error instanceof GitError && !error.timedOut)) return new Map();
      throw error;
    }
  }

  #readIndexFile(): IndexFile | null {
    try {
      return readIndexFile(this.directory);
    } catch (error) {
      return this.#indexBroken(error);
    }
  }

  async #parseIndex(): Promise<AgentIndex | null> {
    if (this.indexFile === null) return null;
    try {
      return await parseAgentIndex(this.#side, this.directory, this.indexFile, this.borrow, this.#signal);
    } catch (error) {
      return this.#indexBroken(error);
    }
  }

  #indexBroken(error: unknown): null {
    if (!(error instanceof IndexCorruptError || error instanceof ObjectsUnreadableError)) throw error;
    this.gaps.push({ path: `${gitFolder}/index`, status: 'FAILED', reason: 'INDEX_UNREADABLE', detail: error.message });
    return null;
  }
}
