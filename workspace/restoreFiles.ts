import { closeSync, fchmodSync, write, writeSync, type BigIntStats } from 'node:fs';
import { createHash } from 'node:crypto';
import { setImmediate as breathe } from 'node:timers/promises';
import { promisify } from 'node:util';
import { BlobCorruptError } from '../blobs/blobStore.ts';
import type { BaseTree } from './baseTree.ts';
import { ThroughSymlinkError, type Beneath } from './beneath.ts';
import { isWithin, parentOf, pathBytes, unsafePath, type BytePath } from './bytePath.ts';
import type { ContentReader } from './contentReader.ts';
import { smallBytes } from './contentWriter.ts';
import { blobSizes, readSmallBlobs, streamBlob } from './gitBlobs.ts';
import { gitMode } from './fileState.ts';
import type { BaseVersion, FileEntry, ManifestEntry } from './manifest.ts';
import { blobReason, blobTrouble, type RestoreProblem } from './restoreLog.ts';
import type { SideGit } from './sideRepository.ts';

const slice = 16;
const writeAsync = promisify(write);

export interface RestoreFilesRequest {
  readonly files: Beneath;
  readonly entries: readonly ManifestEntry[];
  /** Folders that are other repositories' own. */
  readonly nested: readonly BytePath[];
  readonly reader: ContentReader;
  /** Git with the repository's objects; null beside repositories, where no content comes from commits. */
  readonly side: SideGit | null;
  /** What the workspace was opened with. */
  readonly tree: Pick<BaseTree, 'version'> | null;
  /** Whether that is the commit that the snapshot builds on. */
  readonly sameBase: boolean;
  readonly problem: (problem: RestoreProblem) => void;
  /** Takes the content of small files that were written. */
  readonly onContent: (oid: string, content: Buffer) => void;
  readonly signal: AbortSignal;
}

/** Puts the entries back, each by itself: one that cannot be is reported, and the others are. Returns how many were. */
export async function restoreFiles(request: RestoreFilesRequest): Promise<number> {
  return new FileRestore(request).run();
}

/** What stands between an entry and its place. */
class RefusedError extends Error {}

class FileRestore {
  readonly #request: RestoreFilesRequest;
  /** Paths that are files or links: nothing may lie below them. */
  readonly #leaves: ReadonlySet<BytePath>;
  readonly #paths: ReadonlySet<BytePath>;
  #applied = 0;
  #done = 0;

  constructor(request: RestoreFilesRequest) {
    this.#request = request;
    this.#leaves = new Set(
      request.entries.flatMap((entry) => (entry.kind === 'FILE' || entry.kind === 'LINK' ? [entry.path] : [])),
    );
    this.#paths = new Set(request.entries.map((entry) => entry.path));
  }

  async run(): Promise<number> {
    const sound = this.#request.entries.filter((entry) => this.#accept(entry));
    // What is gone makes room first, from the end, so that a folder is empty when its turn comes.
    for (const entry of sound.toReversed())
      if (entry.kind === 'ABSENT') await this.#each(entry, () => this.#remove(entry.path, entry.base));
    const fromCommits: FileEntry[] = [];
    for (const entry of sound) {
      if (entry.kind === 'FILE' && entry.parts === null) fromCommits.push(entry);
      else if (entry.kind !== 'ABSENT') await this.#each(entry, () => this.#put(entry));
    }
    await this.#putFromCommits(fromCommits);
    return this.#applied;
  }

  #accept({ kind, path }: ManifestEntry): boolean {
    // What is gone may well have had its folder where a file is now.
    const unsafe = unsafePath(path) ?? (kind === 'ABSENT' ? null : this.#leadsElsewhere(path));
    if (unsafe === null) return true;
    this.#request.problem({
      subject: 'FILE',
      path,
      status: 'SKIPPED',
      reason: 'UNSAFE_PATH',
      detail: `It was not written: ${unsafe}.`,
    });
    return false;
  }

  #leadsElsewhere(path: BytePath): string | null {
    for (let parent = parentOf(path); parent !== ''; parent = parentOf(parent))
      if (this.#leaves.has(parent)) return 'the snapshot has a file or link where its folder would be';
    return this.#request.nested.some((nested) => isWithin(nested, path)) ? 'its folder is another repository’s' : null;
  }

  async #each(entry: ManifestEntry, apply: () => Promise<void> | void): Promise<void> {
    if (++this.#done % slice === 0) {
      this.#request.signal.throwIfAborted();
      await breathe();
    }
    const { path } = entry;
    try {
      await apply();
      this.#applied++;
    } catch (error) {
      this.#request.reader.throwFailure();
      const reason = blobReason(error);
      if (reason !== null)
        this.#request.problem({
          subject: 'FILE',
          path,
          status: 'FAILED',
          reason,
          detail: `It was not put back: ${blobTrouble[reason]}. What is there is as the repository has it.`,
        });
      else if (error instanceof RefusedError || error instanceof ThroughSymlinkError)
        this.#request.problem({
          subject: 'FILE',
          path,
          status: 'SKIPPED',
          reason: 'UNSAFE_PATH',
          detail: `It was not written: ${error.message}.`,
        });
      else if (isOfThisFile(error))
        this.#request.problem({
          subject: 'FILE',
          path,
          status: 'FAILED',
          reason: error.code,
          detail: `It could not be written: ${error.code}.`,
        });
      else throw error;
    }
  }

  #remove(path: BytePath, base: BaseVersion): void {
    const { files, sameBase, tree, problem } = this.#request;
    const stat = files.stat(path);
    if (stat === null || stat.isDirectory()) return;
    if (!sameBase && !sameVersion(tree?.version(path) ?? null, base)) {
      problem({
        subject: 'FILE',
        path,
        status: 'CONFLICT',
        reason: 'BASE_MOVED',
        detail:
          'The run had deleted it, and it has changed on the remote since: the remote’s version stays. Delete it if it is not wanted.',
      });
      return;
    }
    files.remove(path);
    // A folder that this empties goes too, as git has no empty folders; one that was empty comes back by itself.
    for (let parent = parentOf(path); parent !== '' && files.removeEmptyDirectory(parent); parent = parentOf(parent));
  }

  async #put(entry: Exclude<ManifestEntry, { kind: 'ABSENT' }>): Promise<void> {
    if (entry.kind === 'DIRECTORY') return this.#putDirectory(entry.path, entry.mode);
    this.#nameConflict(entry);
    if (entry.kind === 'LINK') return this.#putLink(entry.path, entry.target, entry.mtime);
    const { reader } = this.#request;
    const parts = entry.parts ?? [];
    if (entry.bytes > smallBytes) return this.#putLarge(entry, reader.read(parts));
    await this.#putSmall(entry, await reader.all(parts));
  }

  /** Over another base the run's version is put in place; a reader is told where the remote has another one too. */
  #nameConflict({ path, base, oid }: { readonly path: BytePath; readonly base: BaseVersion | null; readonly oid: string }): void {
    const { sameBase, tree, problem } = this.#request;
    if (sameBase) return;
    const now = tree?.version(path) ?? null;
    if (sameVersion(now, base) || now?.oid === oid) return;
    problem({
      subject: 'FILE',
      path,
      status: 'CONFLICT',
      reason: 'BASE_MOVED',
      detail:
        'It has changed on the remote since: the run’s version is in place, the remote’s is in HEAD. Compare them with git diff and keep what is right.',
    });
  }

  #putDirectory(path: BytePath, mode: number): void {
    const { files } = this.#request;
    this.#makeRoom(path, true);
    files.makeDirectories(path);
    files.chmodDirectory(path, mode);
  }

  #putLink(path: BytePath, target: BytePath, mtime: number): void {
    const { files } = this.#request;
    this.#makeRoom(path, false);
    files.makeSymlink(path, pathBytes(target));
    files.setMtime(path, mtime);
  }

  async #putSmall(entry: FileEntry, content: Buffer): Promise<void> {
    if (createHash('sha256').update(content).digest('hex') !== entry.sha256)
      throw new BlobCorruptError(entry.oid, 'its content is another than the manifest says');
    await this.#write(entry, async (fd) => writeSmall(fd, content));
    this.#request.onContent(entry.oid, content);
  }

  async #putLarge(entry: FileEntry, pieces: AsyncIterable<Buffer>): Promise<void> {
    await this.#write(entry, async (fd) => {
      const hash = createHash('sha256');
      let at = 0;
      for await (const piece of pieces) {
        this.#request.signal.throwIfAborted();
        hash.update(piece);
        await writeAll(fd, piece, at);
        at += piece.length;
      }
      if (hash.digest('hex') !== entry.sha256)
        throw new BlobCorruptError(entry.oid, 'its content is another than the manifest says');
    });
  }

  /** Writes the file beside its place and moves it in when it is whole: what fails leaves what was there. */
  async #write({ path, mode, mtime }: FileEntry, fill: (fd: number) => Promise<void>): Promise<void> {
    const { files } = this.#request;
    this.#makeParents(path);
    const temporary = besides(path);
    files.remove(temporary);
    const fd = files.createFile(temporary, 0o600);
    try {
      try {
        await fill(fd);
        fchmodSync(fd, mode);
      } finally {
        closeSync(fd);
      }
      this.#makeRoom(path, false);
      files.rename(temporary, path);
    } catch (error) {
      files.remove(temporary);
      throw error;
    }
    files.setMtime(path, mtime);
  }

  /** Removes what is not the entry's: something of another kind that a setup command or the base commit put there. */
  #makeRoom(path: BytePath, directory: boolean): void {
    const { files } = this.#request;
    this.#makeParents(path);
    const stat = files.stat(path);
    if (stat !== null && !(directory && stat.isDirectory())) files.remove(path);
  }

  #makeParents(path: BytePath): void {
    const { files } = this.#request;
    const parent = parentOf(path);
    if (parent === '' || files.stat(parent)?.isDirectory()) return;
    this.#makeParents(parent);
    if (files.stat(parent) !== null) {
      if (this.#isKept(parent)) throw new RefusedError('it leads through a file or link that the snapshot left as it was');
      files.remove(parent);
    }
    files.makeDirectories(parent);
  }

  /** Whether what is at a path is the base commit's and the snapshot does not touch it. */
  #isKept(path: BytePath): boolean {
    const version = this.#request.tree?.version(path) ?? null;
    const stat: BigIntStats | null = this.#request.files.stat(path);
    return version !== null && stat !== null && gitMode(stat) !== 0 && !this.#paths.has(path);
  }

  async #putFromCommits(entries: readonly FileEntry[]): Promise<void> {
    const { side, signal } = this.#request;
    const byOid = new Map<string, FileEntry[]>();
    for (const entry of entries) byOid.set(entry.oid, [...(byOid.get(entry.oid) ?? []), entry]);
    const sizes = side ? await blobSizes(side, [...byOid.keys()], signal) : new Map<string, number>();
    for (const entry of entries) {
      if (!sizes.has(entry.oid))
        this.#request.problem({
          subject: 'FILE',
          path: entry.path,
          status: 'FAILED',
          reason: 'OBJECT_MISSING',
          detail: 'It was not put back: the commit that has its content is missing.',
        });
    }
    if (side === null) return;
    const small = [...sizes].flatMap(([oid, size]) => (size <= smallBytes ? [oid] : []));
    for await (const { oid, content } of readSmallBlobs(side, small, signal)) {
      for (const entry of byOid.get(oid) ?? []) {
        this.#nameConflict(entry);
        await this.#each(entry, () => this.#putSmall(entry, content));
      }
    }
    for (const [oid, size] of sizes) {
      for (const entry of size > smallBytes ? (byOid.get(oid) ?? []) : []) {
        this.#nameConflict(entry);
        await this.#each(entry, () => streamBlob(side, oid, (content) => this.#putLarge(entry, content), signal));
      }
    }
  }
}

/** A name for a file under way, in the same folder, that is never too long. */
const besides = (path: BytePath): BytePath => {
  const parent = parentOf(path);
  return `${parent === '' ? '' : `${parent}/`}.baton-restoring`;
};

const sameVersion = (a: BaseVersion | null, b: BaseVersion | null): boolean => a?.oid === b?.oid && a?.mode === b?.mode;

/** Small content is written at once: going through the thread pool takes longer than writing it. */
function writeSmall(fd: number, content: Buffer): void {
  for (let written = 0; written < content.length;) written += writeSync(fd, content, written);
}

async function writeAll(fd: number, content: Buffer, at: number): Promise<void> {
  for (let written = 0; written < content.length;)
    written += (await writeAsync(fd, content, written, content.length - written, at + written)).bytesWritten;
}

/** Errors that one name or place has, and others need not. */
const ofOneFile = new Set([
  'EACCES',
  'EPERM',
  'ENAMETOOLONG',
  'EISDIR',
  'ENOTDIR',
  'EEXIST',
  'ENOTEMPTY',
  'EINVAL',
  'EILSEQ',
  'ELOOP',
  'EROFS',
]);

function isOfThisFile(error: unknown): error is NodeJS.ErrnoException & { code: string } {
  const { code } = error as NodeJS.ErrnoException;
  return code !== undefined && ofOneFile.has(code);
}
