import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import type { BaseTree } from './baseTree.ts';
import type { BytePath } from './bytePath.ts';
import { splitNul } from './bytePath.ts';
import type { ObjectFormat } from './gitIndex.ts';
import { blobOid, writeLooseBlob } from './looseObject.ts';
import type { Change, ManifestEntry } from './manifest.ts';
import type { SideRepository } from './sideRepository.ts';

/**
 * The readable view of a workspace: what changed, with line counts and as a patch. Git makes it, from trees in our own
 * objects; the agent's attributes may say which files are binary, but name no program that we know.
 */

/** Files whose content is kept for the view; what is beyond counts as binary. */
const viewedFiles = 2000;

/** The tree with nothing in it, which git knows without having it. */
export const emptyTree: Record<ObjectFormat, string> = {
  sha1: '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
  sha256: '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321',
};

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
export type ViewedEntry = { readonly kind: ManifestEntry['kind']; readonly path: BytePath } & Partial<{
  readonly mode: number;
  readonly oid: string;
  readonly sha256: string;
  readonly inCommits: boolean;
}>;

export class WorkspaceView {
  readonly #side: SideRepository;
  readonly #base: string;
  readonly #signal: AbortSignal;

  /** `base` is the commit that changes are shown against; null for a repository that had none. */
  constructor(side: SideRepository, base: string | null, signal: AbortSignal) {
    this.#side = side;
    this.#base = base ?? emptyTree[side.format];
    this.#signal = signal;
  }

  get base(): string {
    return this.#base;
  }

  /** Makes a tree of the base commit and these entries. The agent's objects must have been borrowed. */
  async tree(baseTree: BaseTree, entries: readonly ViewedEntry[]): Promise<string> {
    const index = join(this.#side.directory, 'view.index');
    copyFileSync(this.#side.index, index);
    const lines = entries.flatMap((entry) => this.#line(baseTree, entry));
    // What is removed goes first: a folder may have taken a file's place.
    const input = [...lines.filter((line) => line.startsWith('0 ')), ...lines.filter((line) => !line.startsWith('0 '))].join('');
    const variables = { GIT_INDEX_FILE: index };
    await this.#side.run(['update-index', '-z', '--index-info'], {
      input: Buffer.from(input, 'latin1'),
      variables,
      signal: this.#signal,
    });
    const { stdout } = await this.#side.run(['write-tree', '--missing-ok'], { variables, signal: this.#signal });
    return stdout.toString().trim();
  }

  #line(baseTree: BaseTree, entry: ViewedEntry): string[] {
    const { kind, path } = entry;
    const none = '0'.repeat(emptyTree[this.#side.format].length);
    switch (kind) {
      case 'ABSENT':
        return [`0 ${none}\t${path}\0`];
      case 'DIRECTORY':
        return [];
      case 'LINK':
        return [`120000 ${this.#shown(entry)}\t${path}\0`];
      case 'FILE': {
        const mode = ((entry.mode ?? 0) & 0o100) === 0 ? 0o100644 : 0o100755;
        const base = baseTree.get(path);
        if (base && base.mode === mode && base.oid === entry.oid) return [];
        return [`${mode.toString(8)} ${this.#shown(entry)}\t${path}\0`];
      }
    }
  }

  /** The blob that the view has for the entry: its own, or a small binary one that stands for it. */
  #shown({ oid = '', sha256 = '', inCommits = false }: ViewedEntry): string {
    const objects = join(this.#side.directory, 'objects');
    if (inCommits || existsSync(join(objects, oid.slice(0, 2), oid.slice(2)))) return oid;
    const content = Buffer.from(`\0${oid} ${sha256}\n`);
    const standIn = blobOid(this.#side.format, content);
    writeLooseBlob(objects, standIn, content);
    return standIn;
  }

  /** What differs between two trees, or commits. */
  async changes(from: string, to: string): Promise<Change[]> {
    const { stdout } = await this.#side.run(['diff-tree', ...diffOptions, '-z', '--raw', '--numstat', from, to], {
      signal: this.#signal,
    });
    return parseChanges(splitNul(stdout));
  }

  /** A unified diff of at most `limit` bytes; it ends with a file that it shows whole. Null when there is nothing to show. */
  async patch(to: string, folder: string, limit: number): Promise<Buffer | null> {
    const prefix = folder === '.' ? '' : `${folder}/`;
    const pieces: Buffer[] = [];
    let size = 0;
    await this.#side.run(
      ['diff-tree', ...diffOptions, '-p', `--src-prefix=a/${prefix}`, `--dst-prefix=b/${prefix}`, this.#base, to],
      {
        signal: this.#signal,
        readStdout: async (stdout) => {
          for await (const piece of stdout) {
            if (size <= limit) pieces.push(piece);
            size += piece.length;
          }
        },
      },
    );
    if (size === 0) return null;
    const patch = Buffer.concat(pieces);
    return size <= limit ? patch : cutPatch(patch.subarray(0, limit));
  }
}

function cutPatch(patch: Buffer): Buffer {
  const last = patch.lastIndexOf('\ndiff --git ');
  const whole = last === -1 ? Buffer.alloc(0) : patch.subarray(0, last + 1);
  return Buffer.concat([whole, Buffer.from('# The patch is longer than is shown: it goes on with further files.\n')]);
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
