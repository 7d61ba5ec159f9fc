import { closeSync, fstatSync, read, type BigIntStats } from 'node:fs';
import { createHash } from 'node:crypto';
import { setImmediate as breathe } from 'node:timers/promises';
import { promisify } from 'node:util';
import { readWhole, type Beneath } from './beneath.ts';
import { bytePath, unsafePath, type BytePath } from './bytePath.ts';
import { chunkBytes, smallBytes, type ContentWriter, type Placement } from './contentWriter.ts';
import { fileSignature, mtimeOf, signatureOf } from './fileState.ts';
import type { ObjectFormat } from './gitIndex.ts';
import { blobOid, startBlobOid } from './looseObject.ts';
import type { BaseVersion, FileEntry, Gap, Glance, ManifestEntry } from './manifest.ts';
import type { SecretChecks } from './secretChecks.ts';
import type { Sizes } from './sizeLimits.ts';

/** Files that are looked at before the process does something else for a moment. */
const slice = 24;
/** A file that changes while it is read is read this often. */
const attempts = 3;

/** Errors of one file, which do not keep the others from being captured. */
const unreadable = new Set(['EACCES', 'EPERM', 'EIO', 'ENAMETOOLONG', 'ELOOP']);

const readAsync = promisify(read);

/** What the repository around the files knows of them. Asked only for files that are not as they were last captured. */
export interface FileKnowledge {
  readonly base: (path: BytePath) => BaseVersion | null;
  /** Whether the repository's commits, which travel, have this blob. */
  readonly hasBlob: (oid: string) => boolean;
  /** Whether git tracks the path, so that the commits may have its content. */
  readonly tracks: (path: BytePath) => boolean;
  /** What git takes the file for by its own index. */
  readonly glance: (path: BytePath, stat: BigIntStats, oid: string) => Glance;
}

export interface CaptureFilesRequest {
  readonly files: Beneath;
  readonly format: ObjectFormat;
  /** Files and links, in order, each once. One that is gone is told when the base commit has it. */
  readonly paths: readonly BytePath[];
  readonly knowledge: () => Promise<FileKnowledge>;
  /** What was remembered of them at the previous capture, and what they were then. */
  readonly seen: Readonly<Record<BytePath, string>>;
  readonly previous: ReadonlyMap<BytePath, ManifestEntry>;
  /** Whether index or commits are not as they were: then so may be what is said of files that did not change. */
  readonly gitChanged: boolean;
  readonly writer: ContentWriter;
  readonly sizes: Sizes;
  readonly secrets: SecretChecks;
  /** Takes the content of small files that were read. */
  readonly onContent: (oid: string, content: Buffer) => void;
  readonly signal: AbortSignal;
}

export interface CapturedFiles {
  /** Their parts are whole once the writer has finished. */
  readonly entries: readonly CapturedEntry[];
  readonly seen: Record<BytePath, string>;
  readonly gaps: readonly Gap[];
}

export type CapturedEntry =
  | Exclude<ManifestEntry, FileEntry>
  | (Omit<FileEntry, 'parts'> & { readonly content: Placement | null });

/** Reads those of the files that are not as they were, and stores what the store does not have. */
export async function captureFiles(request: CaptureFilesRequest): Promise<CapturedFiles> {
  const capture = new FileCapture(request);
  let looked = 0;
  for (const path of request.paths) {
    if (++looked % slice === 0) {
      request.signal.throwIfAborted();
      await breathe();
    }
    await capture.take(path);
  }
  capture.nameUnchecked();
  return capture;
}

class FileCapture implements CapturedFiles {
  readonly entries: CapturedEntry[] = [];
  readonly seen: Record<BytePath, string> = {};
  readonly gaps: Gap[] = [];
  readonly #request: CaptureFilesRequest;
  #knowledge: Promise<FileKnowledge> | null = null;
  /** Files to look at again at the next capture. */
  readonly #unchecked = new Set<BytePath>();

  constructor(request: CaptureFilesRequest) {
    this.#request = request;
  }

  #know(): Promise<FileKnowledge> {
    return (this.#knowledge ??= this.#request.knowledge());
  }

  /** They may be thousands: the first stands for all. */
  nameUnchecked(): void {
    const [first] = this.#unchecked;
    if (first === undefined) return;
    const others = this.#unchecked.size > 1 ? `; nor for ${this.#unchecked.size - 1} more` : '';
    const detail = `it is kept, but there was no time to tell whether it looks like a secret${others}`;
    this.#gap(first, 'FAILED', 'SECRET_UNCHECKED', detail);
  }

  async take(path: BytePath): Promise<void> {
    try {
      await this.#take(path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (this.#request.writer.hasFailed || code === undefined || !unreadable.has(code)) throw error;
      this.#gap(path, 'FAILED', 'UNREADABLE', `it could not be read: ${code}`);
    }
  }

  async #take(path: BytePath): Promise<void> {
    const { files } = this.#request;
    const unsafe = unsafePath(path);
    if (unsafe !== null) return this.#gap(path, 'SKIPPED', 'UNSAFE_NAME', `it could not be put back: ${unsafe}`);
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const stat = files.stat(path);
      if (await this.#reuse(path, stat)) return;
      if (stat?.isSymbolicLink()) return this.#takeLink(path, stat);
      if (!stat?.isFile()) return this.#takeAbsence(path, stat);
      // While it was read it vanished, or something else took its place: then that is what is there.
      if (await this.#takeFile(path, stat)) return;
    }
    this.#gap(path, 'FAILED', 'UNREADABLE', 'it was another thing each time it was looked at');
  }

  /** A directory's files are paths of their own, if it was there when they were listed; anything else was named by the scan. */
  async #takeAbsence(path: BytePath, stat: BigIntStats | null): Promise<void> {
    const { base, tracks } = await this.#know();
    const version = base(path);
    if (version !== null) this.entries.push({ kind: 'ABSENT', path, base: version });
    if (stat?.isDirectory() && !tracks(path))
      this.#gap(
        path,
        'FAILED',
        'UNREADABLE',
        'it became a directory while the snapshot was taken; what is in it is not in this snapshot',
      );
  }

  /** Takes over what the previous snapshot has, if nothing says that the file changed. */
  async #reuse(path: BytePath, stat: BigIntStats | null): Promise<boolean> {
    const { seen, previous, gitChanged, writer, sizes } = this.#request;
    const before = previous.get(path);
    if (!before) return false;
    if (before.kind === 'ABSENT') {
      if (stat !== null && (stat.isFile() || stat.isSymbolicLink())) return false;
      this.entries.push(before);
      return true;
    }
    if (stat === null || before.kind === 'DIRECTORY' || seen[path] !== signatureOf(stat)) return false;
    const glance = gitChanged ? (await this.#know()).glance(path, stat, before.oid) : before.glance;
    if (before.kind === 'LINK') this.entries.push({ ...before, glance });
    else {
      if (before.bytes <= smallBytes && !writer.keepsSmall) return false;
      if (before.parts === null && gitChanged && !(await this.#know()).hasBlob(before.oid)) return false;
      if (sizes.refuse(before.bytes) !== null) return false;
      const { parts, ...rest } = before;
      this.entries.push({ ...rest, glance, content: parts && (writer.find(before.sha256) ?? { parts: writer.keep(parts) }) });
    }
    this.seen[path] = seen[path];
    return true;
  }

  async #takeLink(path: BytePath, stat: BigIntStats): Promise<void> {
    const { files, format } = this.#request;
    const known = await this.#know();
    const target = files.readlink(path);
    const oid = blobOid(format, target);
    const glance = known.glance(path, stat, oid);
    this.#request.onContent(oid, target);
    this.entries.push({
      kind: 'LINK',
      path,
      target: bytePath(target),
      mtime: mtimeOf(stat),
      oid,
      base: known.base(path),
      glance,
    });
    this.#remember(path, stat, Date.now());
  }

  /** False when it is no file any more. */
  async #takeFile(path: BytePath, found: BigIntStats): Promise<boolean> {
    const refused = this.#request.sizes.refuse(Number(found.size));
    if (refused !== null) {
      this.#gap(path, 'SKIPPED', 'TOO_LARGE', refused);
      return true;
    }
    this.#nameOddities(path, found);
    for (let attempt = 1; ; attempt++) {
      const file = this.#request.files.openFile(path);
      if (file === null) return false;
      const readAt = Date.now();
      try {
        const content = await this.#read(path, file);
        if (content === 'LEFT_OUT') return true;
        if (content === null) {
          if (attempt < 2 * attempts) continue;
          this.#gap(path, 'FAILED', 'UNREADABLE', 'it became shorter each time it was read');
          return true;
        }
        const after = fstatSync(file.fd, { bigint: true });
        const unchanged = signatureOf(after) === signatureOf(file.stat);
        if (!unchanged && attempt < attempts) continue;
        if (!unchanged)
          this.#gap(
            path,
            'FAILED',
            'CHANGED_WHILE_READ',
            'it changed each time it was read; it is kept as it was read last, which may mix two states',
          );
        const { oid } = content;
        const known = await this.#know();
        this.entries.push({
          kind: 'FILE',
          path,
          mode: Number(after.mode & 0o777n),
          mtime: mtimeOf(after),
          ...content,
          base: known.base(path),
          glance: known.glance(path, after, oid),
        });
        if (unchanged && !this.#unchecked.has(path)) this.#remember(path, after, readAt);
        return true;
      } finally {
        closeSync(file.fd);
      }
    }
  }

  #read(path: BytePath, { fd, stat }: { readonly fd: number; readonly stat: BigIntStats }) {
    return stat.size <= BigInt(smallBytes)
      ? this.#readSmall(path, fd, Number(stat.size))
      : this.#readLarge(path, fd, Number(stat.size));
  }

  async #readSmall(path: BytePath, fd: number, size: number) {
    const { format, writer, onContent } = this.#request;
    const content = readWhole(fd, size);
    const oid = blobOid(format, content);
    const sha256 = createHash('sha256').update(content).digest('hex');
    const inCommit = (await this.#know()).hasBlob(oid);
    const secret = await this.#secret({ path, content, sha256, inCommit });
    if (secret === 'LEFT_OUT') return secret;
    onContent(oid, content);
    const placed = inCommit ? null : await writer.small(content, sha256);
    return { bytes: content.length, sha256, oid, content: placed, ...secret };
  }

  /** Looks whether a file is like a secret. One that is left out is named here; one that a commit has travels with it. */
  async #secret({
    path,
    content,
    sha256,
    inCommit,
  }: {
    readonly path: BytePath;
    readonly content: Buffer | null;
    readonly sha256: string;
    readonly inCommit: boolean;
  }): Promise<'LEFT_OUT' | { readonly secret?: string }> {
    const { secrets } = this.#request;
    const verdict = await secrets.look(path, content, sha256);
    if (verdict.kind === 'FINE') return {};
    if (verdict.kind === 'UNCHECKED') {
      this.#unchecked.add(path);
      return {};
    }
    if (secrets.policy !== 'EXCLUDE' || inCommit) return { secret: verdict.rule };
    this.#gap(
      path,
      'SKIPPED',
      'SECRET_LIKE',
      `it looks like a secret, by the rule ${verdict.rule}, and the environment has those left out`,
    );
    return 'LEFT_OUT';
  }

  /** A tracked file is first only hashed, for its commit may have it; any other is stored while it is hashed. Null when it became shorter. */
  async #readLarge(path: BytePath, fd: number, size: number) {
    const { format, writer, signal } = this.#request;
    const known = await this.#know();
    if (known.tracks(path)) {
      const hashes = new Hashes(format, size);
      for await (const piece of pieces(fd, size, signal)) hashes.update(piece);
      const { oid, sha256, bytes } = hashes.digest();
      if (bytes < size) return null;
      const placed = (await this.#know()).hasBlob(oid) ? null : writer.find(sha256);
      if (placed !== null || known.hasBlob(oid)) {
        const secret = await this.#secret({ path, content: null, sha256, inCommit: known.hasBlob(oid) });
        return secret === 'LEFT_OUT' ? secret : { bytes, sha256, oid, content: placed, ...secret };
      }
    }
    // The rules read no large files: they go by the name, before any of it is stored.
    const secret = await this.#secret({ path, content: null, sha256: '', inCommit: false });
    if (secret === 'LEFT_OUT') return secret;
    const hashes = new Hashes(format, size);
    const placed = await writer.large(
      (async function* hashed() {
        for await (const piece of pieces(fd, size, signal)) {
          hashes.update(piece);
          yield piece;
        }
      })(),
    );
    const { oid, sha256, bytes } = hashes.digest();
    // Its id is over the length that it had.
    if (bytes < size) return null;
    writer.place(sha256, placed);
    return { bytes, sha256, oid, content: placed, ...secret };
  }

  #nameOddities(path: BytePath, stat: BigIntStats): void {
    if (stat.nlink > 1n) this.#gap(path, 'SKIPPED', 'HARD_LINK', 'its content is kept, not that it shares it with another name');
    if ((stat.mode & 0o7000n) !== 0n)
      this.#gap(path, 'SKIPPED', 'SPECIAL_MODE', 'its content is kept, not its setuid, setgid or sticky bit');
  }

  #remember(path: BytePath, stat: BigIntStats, readAt: number): void {
    const signature = fileSignature(stat, readAt);
    if (signature !== null) this.seen[path] = signature;
  }

  #gap(path: BytePath, status: Gap['status'], reason: string, detail: string): void {
    this.gaps.push({ path, status, reason, detail });
  }
}

class Hashes {
  readonly #sha256 = createHash('sha256');
  readonly #oid: ReturnType<typeof startBlobOid>;
  #bytes = 0;

  constructor(format: ObjectFormat, size: number) {
    this.#oid = startBlobOid(format, size);
  }

  update(piece: Buffer): void {
    this.#sha256.update(piece);
    this.#oid.update(piece);
    this.#bytes += piece.length;
  }

  digest(): { readonly oid: string; readonly sha256: string; readonly bytes: number } {
    return { oid: this.#oid.digest(), sha256: this.#sha256.digest('hex'), bytes: this.#bytes };
  }
}

/** The file's first `size` bytes, in pieces that nobody writes to afterwards. */
async function* pieces(fd: number, size: number, signal: AbortSignal): AsyncGenerator<Buffer> {
  for (let at = 0; at < size;) {
    signal.throwIfAborted();
    const { bytesRead, buffer } = await readAsync(
      fd,
      Buffer.allocUnsafe(Math.min(chunkBytes, size - at)),
      0,
      Math.min(chunkBytes, size - at),
      at,
    );
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}
