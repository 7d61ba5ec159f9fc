import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  fstatSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  type BigIntStats,
} from 'node:fs';
import { bytePath, joinBytes, parentOf, pathBytes, type BytePath } from './bytePath.ts';

/** A path below the directory leads, or was made to lead, through a symbolic link. */
export class ThroughSymlinkError extends Error {
  constructor() {
    super('it leads through a symbolic link');
    this.name = 'ThroughSymlinkError';
  }
}

export interface DirectoryEntry {
  readonly name: BytePath;
  readonly isDirectory: boolean;
  readonly isSymbolicLink: boolean;
  readonly isFile: boolean;
}

/** Directories that are kept open at once. */
const keptOpen = 64;
const directoryFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** Never follows a link, never waits for the other end of a FIFO, never makes a terminal ours. */
const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
/** Where Linux shows open files: a path through a directory held open is what openat(2) does. */
const openFiles = '/proc/self/fd';

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | undefined)?.code;
const isGone = (error: unknown): boolean => codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';

/**
 * The files below one directory, for a program that does not trust whoever writes there: no call follows a symbolic
 * link, neither at the end of a path nor on the way, so that none can read or change anything outside.
 *
 * On Linux this holds against processes that swap directories for links meanwhile: every call goes through its parent
 * directory, held open and checked to be where its path says. Elsewhere parents are checked just before each call.
 *
 * Calls are synchronous: each takes microseconds, and what was checked cannot change in between.
 */
export class Beneath {
  readonly root: string;
  readonly #open = new Map<BytePath, number>();
  readonly #throughFds: boolean;

  /** `root` is a real path: one without links in it, or nothing below it is found. */
  constructor(root: string) {
    this.root = root;
    this.#throughFds = process.platform === 'linux';
  }

  /** Closes the directories it holds open. It can be used again afterwards. */
  close(): void {
    for (const fd of this.#open.values()) closeSync(fd);
    this.#open.clear();
  }

  /** Lets go of a directory that is about to be removed or replaced, and of those below it. */
  #forget(path: BytePath): void {
    for (const [held, fd] of this.#open) {
      if (held !== path && !held.startsWith(`${path}/`)) continue;
      closeSync(fd);
      this.#open.delete(held);
    }
  }

  /** A path to the directory itself that is safe to use at once. */
  #directory(path: BytePath): Buffer {
    if (!this.#throughFds) {
      if (path !== '') this.#checkParents(`${path}/x`);
      return joinBytes(this.root, path);
    }
    let fd = this.#open.get(path);
    if (fd === undefined) {
      fd = this.#openDirectory(path);
      if (this.#open.size >= keptOpen) {
        for (const [oldest, oldestFd] of this.#open) {
          closeSync(oldestFd);
          this.#open.delete(oldest);
          break;
        }
      }
      this.#open.set(path, fd);
    }
    return Buffer.from(`${openFiles}/${fd}`);
  }

  #openDirectory(path: BytePath): number {
    if (path.split('/').some((name) => name === '.' || name === '..')) throw new RangeError(`the path ${path} is not plain`);
    const wanted = joinBytes(this.root, path);
    let fd: number;
    try {
      fd = openSync(wanted, directoryFlags);
    } catch (error) {
      // O_NOFOLLOW on a link says ENOTDIR or ELOOP, by the system.
      if (codeOf(error) === 'ELOOP' || (codeOf(error) === 'ENOTDIR' && this.#isSymlink(wanted))) throw new ThroughSymlinkError();
      throw error;
    }
    if (readlinkSync(`${openFiles}/${fd}`, 'buffer').equals(wanted)) return fd;
    closeSync(fd);
    throw new ThroughSymlinkError();
  }

  #isSymlink(absolute: Buffer): boolean {
    return lstatSync(absolute, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
  }

  #checkParents(path: BytePath): void {
    for (let parent = parentOf(path); parent !== ''; parent = parentOf(parent))
      if (this.#isSymlink(joinBytes(this.root, parent))) throw new ThroughSymlinkError();
  }

  /** Where the entry is, for one call at once that does not follow its last name. */
  #at(path: BytePath): Buffer {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (name === '' || name === '.' || name === '..') throw new RangeError(`“${name}” is no name of an entry`);
    return Buffer.concat([this.#directory(parentOf(path)), Buffer.from('/'), pathBytes(name)]);
  }

  /** What is there, or null for nothing, also when the way there leads through a link or a file. */
  stat(path: BytePath): BigIntStats | null {
    try {
      const at = path === '' ? Buffer.concat([this.#directory(''), Buffer.from('/.')]) : this.#at(path);
      return lstatSync(at, { bigint: true, throwIfNoEntry: false }) ?? null;
    } catch (error) {
      if (error instanceof ThroughSymlinkError || isGone(error)) return null;
      throw error;
    }
  }

  /** Opens a regular file to read it; null when there is none. The caller closes `fd`. */
  openFile(path: BytePath): { readonly fd: number; readonly stat: BigIntStats } | null {
    let fd: number;
    try {
      fd = openSync(this.#at(path), readFlags);
    } catch (error) {
      if (error instanceof ThroughSymlinkError || isGone(error) || codeOf(error) === 'ELOOP' || codeOf(error) === 'ENXIO')
        return null;
      throw error;
    }
    const stat = fstatSync(fd, { bigint: true });
    if (stat.isFile()) return { fd, stat };
    closeSync(fd);
    return null;
  }

  /** The target of a symbolic link, as bytes. */
  readlink(path: BytePath): Buffer {
    return readlinkSync(this.#at(path), 'buffer');
  }

  /** What lies in the directory, in no order; null when it is none. */
  list(path: BytePath): DirectoryEntry[] | null {
    try {
      return readdirSync(this.#directory(path), { withFileTypes: true, encoding: 'buffer' }).map((entry) => ({
        name: bytePath(entry.name),
        isDirectory: entry.isDirectory(),
        isSymbolicLink: entry.isSymbolicLink(),
        isFile: entry.isFile(),
      }));
    } catch (error) {
      if (error instanceof ThroughSymlinkError || isGone(error)) return null;
      throw error;
    }
  }

  /** Makes the directory and those above it. What stands in the way, a link too, throws EEXIST. */
  makeDirectories(path: BytePath): void {
    if (path === '' || this.stat(path)?.isDirectory()) return;
    this.makeDirectories(parentOf(path));
    mkdirSync(this.#at(path), 0o777);
  }

  /** Opens a new file to write it; what has the name already throws EEXIST. The caller closes the descriptor. */
  createFile(path: BytePath, mode: number): number {
    return openSync(this.#at(path), constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, mode);
  }

  makeSymlink(path: BytePath, target: Buffer): void {
    symlinkSync(target, this.#at(path));
  }

  /** Sets the time of a file or link, in microseconds since 1970. */
  setMtime(path: BytePath, microseconds: number): void {
    const time = asTime(microseconds);
    lutimesSync(this.#at(path), time, time);
  }

  /** Moves a file of ours to here, also from another file system. A file that is here already stays. */
  takeIn(file: string, path: BytePath): void {
    if (this.stat(path) !== null) {
      unlinkSync(file);
      return;
    }
    try {
      renameSync(file, this.#at(path));
    } catch (error) {
      if (codeOf(error) !== 'EXDEV') throw error;
      const temporary = `${path}.baton-new`;
      this.remove(temporary);
      copyFileSync(file, this.#at(temporary), constants.COPYFILE_EXCL);
      this.rename(temporary, path);
      unlinkSync(file);
    }
  }

  chmodDirectory(path: BytePath, mode: number): void {
    chmodSync(this.#directory(path), mode);
  }

  /** Puts one entry in another's place, at once. */
  rename(from: BytePath, to: BytePath): void {
    renameSync(this.#at(from), this.#at(to));
    this.#forget(from);
  }

  /** Removes the entry and everything below it; quiet when there is nothing. Returns whether there was something. */
  remove(path: BytePath): boolean {
    const stat = this.stat(path);
    if (stat === null) return false;
    if (stat.isDirectory()) {
      if ((stat.mode & 0o700n) !== 0o700n) chmodSync(this.#at(path), 0o700);
      for (const { name } of this.list(path) ?? []) this.remove(`${path}/${name}`);
      this.#forget(path);
      rmdirSync(this.#at(path));
    } else unlinkSync(this.#at(path));
    return true;
  }

  /** Removes the directory if it is empty. Returns whether it did. */
  removeEmptyDirectory(path: BytePath): boolean {
    try {
      this.#forget(path);
      rmdirSync(this.#at(path));
      return true;
    } catch (error) {
      if (['ENOENT', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST'].includes(codeOf(error) ?? '') || error instanceof ThroughSymlinkError)
        return false;
      throw error;
    }
  }

  /** The whole of a regular file of at most `limit` bytes; null when there is none, or it is larger. */
  readSmall(path: BytePath, limit: number): Buffer | null {
    const file = this.openFile(path);
    if (file === null) return null;
    try {
      if (file.stat.size > BigInt(limit)) return null;
      return readWhole(file.fd, Number(file.stat.size));
    } finally {
      closeSync(file.fd);
    }
  }
}

/**
 * A time for Node's calls, which take seconds and cut them to microseconds: a little more, so that the fraction that
 * the number cannot hold does not cut off one. Times before 1970 pass only as dates, to the millisecond.
 */
function asTime(microseconds: number): number | Date {
  return microseconds < 0 ? new Date(Math.floor(microseconds / 1000)) : (microseconds + 0.4) / 1_000_000;
}

/** Reads up to `length` bytes from the beginning; fewer when the file has become shorter. */
export function readWhole(fd: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafe(length);
  let read = 0;
  while (read < length) {
    const got = readSync(fd, buffer, read, length - read, read);
    if (got === 0) break;
    read += got;
  }
  return buffer.subarray(0, read);
}
