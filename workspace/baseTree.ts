import type { BytePath } from './bytePath.ts';
import { parseIndex, type IndexEntry } from './gitIndex.ts';
import type { BaseVersion } from './manifest.ts';
import type { SideRepository } from './sideRepository.ts';

/** The base commit's files, as the side repository's index has them from when the workspace was opened. */
export class BaseTree {
  /** In git's order, with what their files in the worktree looked like when it was opened. */
  readonly entries: readonly IndexEntry[];
  readonly #byPath: ReadonlyMap<BytePath, IndexEntry>;
  #oids: ReadonlySet<string> | null = null;

  constructor(side: SideRepository) {
    this.entries = parseIndex(side.readIndex(), side.format);
    this.#byPath = new Map(this.entries.map((entry) => [entry.path, entry]));
  }

  get(path: BytePath): IndexEntry | null {
    return this.#byPath.get(path) ?? null;
  }

  version(path: BytePath): BaseVersion | null {
    const entry = this.#byPath.get(path);
    return entry ? { mode: entry.mode, oid: entry.oid } : null;
  }

  /** Whether some file of the base commit is this blob. */
  hasBlob(oid: string): boolean {
    this.#oids ??= new Set(this.entries.map((entry) => entry.oid));
    return this.#oids.has(oid);
  }
}

const gitlinkMode = 0o160000;

export const isGitlink = (entry: { readonly mode: number }): boolean => entry.mode === gitlinkMode;
