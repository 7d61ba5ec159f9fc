import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { BaseTree } from './baseTree.ts';
import type { BytePath } from './bytePath.ts';
import { splitNul } from './bytePath.ts';
import { blobOid, objectOid, writeLooseBlob, writeLooseObject } from './looseObject.ts';
import type { BaseVersion, Change, ManifestEntry } from './manifest.ts';
import type { SideRepository } from './sideRepository.ts';

/**
 * The readable view of a workspace: what changed, with line counts and as a patch. Git makes it, from trees in our own
 * objects; the agent's attributes may say which files are binary, but name no program that we know.
 */

/** Files whose content is kept for the view; what is beyond counts as binary. */
const viewedFiles = 2000;

const diffOptions = [
  '-r',
  '-M',
  '--no-color',
  '--no-ext-diff',
  '--no-textconv',
  '--ignore-cr-at-eol',
  '--submodule=short',
  '--ignore-submodules=none',
];

/** Keeps the content of files for the view, as many as it shows. */
export function viewKeeper(side: SideRepository): (oid: string, content: Buffer) => void {
  let kept = 0;
  return (oid, content) => {
    if (kept++ < viewedFiles) writeLooseBlob(join(side.directory, 'objects'), oid, content);
  };
}

/** What an entry differs in from the base commit; the same entry is also what a manifest has. */
export type ViewedEntry = { readonly kind: ManifestEntry['kind'] | 'GITLINK'; readonly path: BytePath } & Partial<{
  readonly mode: number;
  readonly oid: string;
  readonly sha256: string;
  readonly inCommits: boolean;
}>;

/** What a commit has at each path. */
export type Versions = Pick<BaseTree, 'version'>;

export class WorkspaceView {
  readonly #side: SideRepository;
  readonly #base: Versions;
  readonly #signal: AbortSignal;

  /** `base` is what changes are shown against. */
  constructor(side: SideRepository, base: Versions, signal: AbortSignal) {
    this.#side = side;
    this.#base = base;
    this.#signal = signal;
  }

  /**
   * Makes a tree of the base commit, and one for each of the views, of the paths alone that any of the views has: what
   * they all have alike shows in no difference. The trees are flat, with whole paths for names; git compares trees name
   * by name, and asks no more of a name than that it is sorted. So that no capture writes, and no comparison reads, what
   * did not change.
   */
  trees(views: readonly (readonly ViewedEntry[])[]): { readonly base: string; readonly views: readonly string[] } {
    const paths = [...new Set(views.flat().map(({ path }) => path))].sort();
    const write = (versionOf: (path: BytePath) => BaseVersion | null): string => {
      const entries = paths.flatMap((path) => {
        const version = versionOf(path);
        return version ? [Buffer.from(`${version.mode.toString(8)} ${path}\0`, 'latin1'), Buffer.from(version.oid, 'hex')] : [];
      });
      const content = Buffer.concat(entries);
      const oid = objectOid(this.#side.format, 'tree', content);
      writeLooseObject(this.#objects, 'tree', oid, content);
      return oid;
    };
    return {
      base: write((path) => this.#base.version(path)),
      views: views.map((entries) => {
        const byPath = new Map(entries.map((entry) => [entry.path, entry]));
        return write((path) => {
          const entry = byPath.get(path);
          return entry ? this.#version(entry) : this.#base.version(path);
        });
      }),
    };
  }

  #version(entry: ViewedEntry): BaseVersion | null {
    switch (entry.kind) {
      case 'ABSENT':
      case 'DIRECTORY':
        return null;
      case 'GITLINK':
        return { mode: 0o160000, oid: entry.oid ?? '' };
      case 'LINK':
        return { mode: 0o120000, oid: this.#shown(entry) };
      case 'FILE': {
        const mode = ((entry.mode ?? 0) & 0o100) === 0 ? 0o100644 : 0o100755;
        const base = this.#base.version(entry.path);
        return base && base.mode === mode && base.oid === entry.oid ? base : { mode, oid: this.#shown(entry) };
      }
    }
  }

  /** The blob that the view has for the entry: its own, or a small binary one that stands for it. */
  #shown({ oid = '', sha256 = '', inCommits = false }: ViewedEntry): string {
    if (inCommits || existsSync(join(this.#objects, oid.slice(0, 2), oid.slice(2)))) return oid;
    const content = Buffer.from(`\0${oid} ${sha256}\n`);
    const standIn = blobOid(this.#side.format, content);
    writeLooseBlob(this.#objects, standIn, content);
    return standIn;
  }

  get #objects(): string {
    return join(this.#side.directory, 'objects');
  }

  /** What differs between two trees. */
  async changes(from: string, to: string): Promise<Change[]> {
    const { stdout } = await this.#side.run(['diff-tree', ...diffOptions, '-z', '--raw', '--numstat', from, to], {
      signal: this.#signal,
    });
    return parseChanges(splitNul(stdout));
  }

  /** A unified diff of at most `limit` bytes; it ends with a file that it shows whole. Null when there is nothing to show. */
  async patch(from: string, to: string, folder: string, limit: number): Promise<Buffer | null> {
    const prefix = folder === '.' ? '' : `${folder}/`;
    const pieces: Buffer[] = [];
    let size = 0;
    await this.#side.run(['diff-tree', ...diffOptions, '-p', `--src-prefix=a/${prefix}`, `--dst-prefix=b/${prefix}`, from, to], {
      signal: this.#signal,
      readStdout: async (stdout) => {
        for await (const piece of stdout) {
          if (size <= limit) pieces.push(piece);
          size += piece.length;
        }
      },
    });
    if (size === 0) return null;
    return cutPatch(Buffer.concat(pieces), limit);
  }
}

/** The patch, or as many of its first files as come to at most `limit` bytes. */
export function cutPatch(whole: Buffer, limit: number): Buffer {
  if (whole.length <= limit) return whole;
  const patch = whole.subarray(0, limit);
  const last = patch.lastIndexOf('\ndiff --git ');
  const files = last === -1 ? Buffer.alloc(0) : patch.subarray(0, last + 1);
  return Buffer.concat([files, Buffer.from('# The patch is longer than is shown: it goes on with further files.\n')]);
}

const statuses: Readonly<Record<string, Change['status']>> = {
  A: 'ADDED',
  C: 'ADDED',
  M: 'MODIFIED',
  D: 'DELETED',
  R: 'RENAMED',
  T: 'TYPE_CHANGED',
};

/** First `:modes oids status`, path and, for renames, new path for each file; then the counts, in the same order. */
function parseChanges(fields: readonly BytePath[]): Change[] {
  const files: { path: BytePath; oldPath: BytePath | null; status: Change['status'] }[] = [];
  let at = 0;
  for (; fields[at]?.startsWith(':');) {
    const letter = fields[at]?.split(' ').at(-1)?.[0] ?? '';
    const renamed = letter === 'R' || letter === 'C';
    const first = fields[at + 1] ?? '';
    files.push({
      status: statuses[letter] ?? 'MODIFIED',
      path: renamed ? (fields[at + 2] ?? '') : first,
      oldPath: letter === 'R' ? first : null,
    });
    at += renamed ? 3 : 2;
  }
  const counts = new Map<BytePath, readonly [number | null, number | null]>();
  while (at < fields.length) {
    const [added = '', deleted = '', path = ''] = (fields[at] ?? '').split('\t', 3);
    const renamed = path === '';
    counts.set(renamed ? (fields[at + 2] ?? '') : (fields[at] ?? '').slice(added.length + deleted.length + 2), [
      lines(added),
      lines(deleted),
    ]);
    at += renamed ? 3 : 1;
  }
  return files.map(({ path, oldPath, status }) => {
    const [additions, deletions] = counts.get(path) ?? [0, 0];
    return { path, status, oldPath, additions, deletions };
  });
}

const lines = (count: string): number | null => (count === '-' ? null : Number(count));
