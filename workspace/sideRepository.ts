import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Beneath } from './beneath.ts';
import type { BytePath } from './bytePath.ts';
import type { Git, GitCall, GitResult } from './git.ts';
import type { ObjectFormat } from './gitIndex.ts';

/** The name of an agent's repository's own git directory in its worktree. */
export const gitFolder: BytePath = '.git';

/** The agent's objects cannot be read safely: its git directory is gone, or leads elsewhere. */
export class ObjectsUnreadableError extends Error {
  constructor(why: string) {
    super(`the repository’s objects cannot be read: ${why}`);
    this.name = 'ObjectsUnreadableError';
  }
}

/** Runs git in a side repository. */
export interface SideGit {
  run(args: readonly string[], call?: Omit<GitCall, 'cwd' | 'directories' | 'transports'>): Promise<GitResult>;
}

/** Git in a bare directory of ours, with an index that is only for making trees. */
export interface ApartGit extends SideGit {
  readonly format: ObjectFormat;
  writeIndex(content: Buffer): void;
}

/**
 * A git directory of our own beside the repository an agent works in, outside its reach. Git runs with this one: with
 * our configuration, our index and no refs, so that no setting, hook, filter, alias, include or alternate that the
 * agent wrote has any effect, whatever git may invent. The agent's worktree is its worktree; the agent's objects are
 * borrowed when they are needed, after a look that they lie where they should.
 *
 *     config        ours
 *     index         the worktree as it was opened: what the base commit's files looked like then
 *     objects/      ours: versions of files, to show what changed
 *     borrowed/     links to the agent's objects
 */
export class SideRepository implements SideGit {
  readonly directory: string;
  readonly worktree: string;
  /** The agent's git directory of this worktree. */
  readonly gitDirectory: string;
  /** The agent's git directory that has the objects and branches: another one for a linked worktree. */
  readonly commonDirectory: string;
  readonly format: ObjectFormat;
  readonly #git: Git;

  constructor({
    directory,
    worktree,
    gitDirectory = join(worktree, gitFolder),
    commonDirectory = gitDirectory,
    format,
    git,
  }: {
    readonly directory: string;
    readonly worktree: string;
    readonly gitDirectory?: string;
    readonly commonDirectory?: string;
    readonly format: ObjectFormat;
    readonly git: Git;
  }) {
    this.directory = directory;
    this.worktree = worktree;
    this.gitDirectory = gitDirectory;
    this.commonDirectory = commonDirectory;
    this.format = format;
    this.#git = git;
  }

  get index(): string {
    return join(this.directory, 'index');
  }

  /** Makes the directory anew, with the settings that git chose for the worktree's file system. */
  create(fileSystem: FileSystemSettings): void {
    rmSync(this.directory, { recursive: true, force: true });
    for (const folder of ['objects/info', 'objects/pack', 'refs/heads', 'info', 'borrowed'])
      mkdirSync(join(this.directory, folder), { recursive: true });
    writeFileSync(join(this.directory, 'HEAD'), 'ref: refs/heads/none\n');
    writeFileSync(join(this.directory, 'config'), configText(this.format, fileSystem));
    writeFileSync(join(this.directory, 'objects/info/alternates'), `${join(this.directory, 'borrowed')}\n`);
  }

  /** Runs git here. Nothing it does can reach a remote, the agent's refs, its index or its configuration. */
  run(args: readonly string[], call: Omit<GitCall, 'cwd' | 'directories' | 'transports'> = {}): Promise<GitResult> {
    return this.#git(args, {
      ...call,
      cwd: this.worktree,
      directories: [{ path: this.directory, writable: true }, ...this.#objectsElsewhere()],
      variables: {
        GIT_DIR: this.directory,
        GIT_WORK_TREE: this.worktree,
        GIT_INDEX_FILE: this.index,
        GIT_LITERAL_PATHSPECS: '1',
        ...call.variables,
      },
    });
  }

  /** The agent's objects, where they do not lie in the worktree: git sees nothing else of that git directory. */
  #objectsElsewhere(): { path: string; writable: boolean }[] {
    const objects = join(this.commonDirectory, 'objects');
    if (objects.startsWith(`${this.worktree}/`)) return [];
    return lstatSync(objects, { throwIfNoEntry: false })?.isDirectory() ? [{ path: objects, writable: false }] : [];
  }

  /** Git that also sees the objects in a directory of ours. */
  including(objects: string): SideGit {
    return {
      run: (args, call = {}) =>
        this.run(args, { ...call, variables: { GIT_ALTERNATE_OBJECT_DIRECTORIES: objects, ...call.variables } }),
    };
  }

  /**
   * Git with the same objects in a bare git directory of its own, made anew: there is no worktree, no index and no
   * attribute, so that files are merged as they are. What it makes is among our own objects.
   */
  apart(): ApartGit {
    const directory = join(this.directory, 'apart');
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(join(directory, 'refs/heads'), { recursive: true });
    writeFileSync(join(directory, 'HEAD'), 'ref: refs/heads/none\n');
    writeFileSync(join(directory, 'config'), apartConfig(this.format));
    const cut = join(this.directory, 'shallow');
    if (existsSync(cut)) writeFileSync(join(directory, 'shallow'), readFileSync(cut));
    return {
      format: this.format,
      writeIndex: (content) => writeFileSync(join(directory, 'index'), content),
      run: (args, call = {}) =>
        this.#git(args, {
          ...call,
          cwd: directory,
          directories: [
            { path: this.directory, writable: true },
            { path: this.worktree, writable: false },
          ],
          variables: {
            GIT_DIR: directory,
            GIT_OBJECT_DIRECTORY: join(this.directory, 'objects'),
            GIT_INDEX_FILE: join(directory, 'index'),
            ...call.variables,
          },
        }),
    };
  }

  /**
   * Writes tracked files into the worktree as they were when it was opened, as a checkout of the base commit makes
   * them, and remembers that they are so. The agent's objects must have been borrowed.
   */
  async checkoutFiles(paths: readonly BytePath[], signal: AbortSignal): Promise<void> {
    // What says how content is rewritten comes first.
    for (const some of [paths.filter(isAttributes), paths.filter((path) => !isAttributes(path))]) {
      if (some.length === 0) continue;
      const input = Buffer.from(some.map((path) => `${path}\0`).join(''), 'latin1');
      await this.run(['checkout-index', '--force', '--index', '-z', '--stdin'], { input, signal });
    }
  }

  /**
   * Lets git read the agent's objects: packs and loose ones, as they are now. Its alternates are left out, for they
   * could lead to any object on this worker; so is everything that is not a plain file in a plain directory.
   * Throws ObjectsUnreadableError.
   */
  borrowObjects(): void {
    const borrowed = join(this.directory, 'borrowed');
    rmSync(borrowed, { recursive: true, force: true });
    mkdirSync(borrowed);
    const common = new Beneath(this.commonDirectory);
    try {
      const objects: BytePath = 'objects';
      const folders = common.list(objects);
      if (folders === null) throw new ObjectsUnreadableError('.git/objects is no directory');
      for (const { name, isDirectory, isSymbolicLink } of folders) {
        if (name !== 'pack' && !/^[0-9a-f]{2}$/.test(name)) continue;
        if (isSymbolicLink) throw new ObjectsUnreadableError(`.git/objects/${name} is a symbolic link`);
        if (!isDirectory) continue;
        const odd = common.list(`${objects}/${name}`)?.find((entry) => !entry.isFile);
        if (odd) throw new ObjectsUnreadableError(`.git/objects/${name}/${odd.name} is no plain file`);
        symlinkSync(join(common.root, objects, name), join(borrowed, name));
      }
    } finally {
      common.close();
    }
  }

  /** Whether the agent's repository borrows objects from elsewhere itself. */
  hasAlternates(): boolean {
    const common = new Beneath(this.commonDirectory);
    try {
      return ['alternates', 'http-alternates'].some((name) => {
        const content = common.readSmall(`objects/info/${name}`, 1024 * 1024);
        return content !== null && content.toString('latin1').trim() !== '';
      });
    } finally {
      common.close();
    }
  }

  /** The second in which the index says it was written: what was written in it too is compared more closely. */
  get indexSecond(): number {
    return Math.floor(statSync(this.index).mtimeMs / 1000);
  }

  /**
   * Says that every file which the index takes for unchanged was so at this time, and that those which are not are
   * remembered elsewhere. Until then git reads, at each look, all files that were written in the index's own second:
   * https://git-scm.com/docs/racy-git
   */
  settleIndex(comparedAt: number): void {
    if (statSync(this.index).mtimeMs < comparedAt) utimesSync(this.index, comparedAt / 1000, comparedAt / 1000);
  }

  /** Whether no file was written in the index's own second, as was seen since the index was last written. */
  get isSettled(): boolean {
    const mark = join(this.directory, 'settled');
    return existsSync(mark) && readFileSync(mark, 'utf8') === String(statSync(this.index).mtimeMs);
  }

  markSettled(): void {
    writeFileSync(join(this.directory, 'settled'), String(statSync(this.index).mtimeMs));
  }

  /** The index of the worktree as it was opened. */
  readIndex(): Buffer {
    return readFileSync(this.index);
  }
}

const isAttributes = (path: BytePath): boolean => path === '.gitattributes' || path.endsWith('/.gitattributes');

/** What git found out about a file system when it made a repository on it. */
export interface FileSystemSettings {
  readonly filemode: boolean;
  readonly symlinks: boolean;
  readonly ignorecase: boolean;
  readonly precomposeunicode: boolean;
}

const formatConfig = (format: ObjectFormat): string[] => (format === 'sha256' ? ['[extensions]', '\tobjectFormat = sha256'] : []);

const apartConfig = (format: ObjectFormat): string =>
  [
    '[core]',
    `\trepositoryformatversion = ${format === 'sha256' ? 1 : 0}`,
    '\tbare = true',
    '[merge]',
    // A file goes where its own side has it, not where a folder seems to have moved.
    '\tdirectoryRenames = false',
    '\trenormalize = false',
    '[pack]',
    '\tthreads = 2',
    ...formatConfig(format),
    '',
  ].join('\n');

function configText(format: ObjectFormat, { filemode, symlinks, ignorecase, precomposeunicode }: FileSystemSettings): string {
  return [
    '[core]',
    `\trepositoryformatversion = ${format === 'sha256' ? 1 : 0}`,
    '\tbare = false',
    `\tfilemode = ${filemode}`,
    `\tsymlinks = ${symlinks}`,
    `\tignorecase = ${ignorecase}`,
    `\tprecomposeunicode = ${precomposeunicode}`,
    '\tautocrlf = false',
    '\tsafecrlf = false',
    '\tsplitIndex = false',
    '\tquotePath = false',
    // Larger files are neither compared by lines nor searched for deltas.
    '\tbigFileThreshold = 1m',
    '[index]',
    '\tsparse = false',
    '[pack]',
    '\tthreads = 2',
    '\tuseBitmaps = false',
    '\twriteReverseIndex = false',
    // What comes out is compressed when it is stored.
    '\tcompression = 0',
    '[diff]',
    '\trenameLimit = 400',
    ...formatConfig(format),
    '',
  ].join('\n');
}
