import { parsePatch, reversePatch, type StructuredPatch } from 'diff';
import type { BlobStore } from '../blobs/blobStore.ts';
import type { TeamId } from '../domain/ids.ts';
import { displayPath, pathBytes, type BytePath } from './bytePath.ts';
import { ContentReader } from './contentReader.ts';
import type { FileDifference, FileState } from './difference.ts';
import { comparedBytes, filePatch, patchOfHunks, type FilePatch } from './filePatch.ts';
import { allRepositories, besideRepositories, type Manifest, type ManifestEntry } from './manifest.ts';
import { packBlobs, packLimit } from './packBlobs.ts';

/** All patches of one reading are made within this long, so that nobody else waits long. Milliseconds. */
const allForMs = 2000;

interface DifferencePatchesOptions {
  readonly blobs: BlobStore;
  readonly teams: readonly [before: TeamId, after: TeamId];
  readonly manifests: readonly [before: Manifest, after: Manifest];
}

/**
 * Reads patches of what differs between two snapshots, without git. Content comes from where it is at hand: the
 * snapshots' blobs, their packs of commits, and, where one of the two is as the base commit has the file, the patch
 * against the base that the other one brings. Throws BlobMissingError or BlobCorruptError.
 */
export class DifferencePatches {
  readonly #before: SnapshotSide;
  readonly #after: SnapshotSide;
  #spentMs = 0;

  constructor({ blobs, teams, manifests }: DifferencePatchesOptions) {
    this.#before = new SnapshotSide(blobs, teams[0], manifests[0]);
    this.#after = new SnapshotSide(blobs, teams[1], manifests[1]);
  }

  /** The patch of a file in a repository, or, with null, beside them all. */
  async of(repository: string | null, difference: FileDifference): Promise<FilePatch> {
    const { path, oldPath, before, after, status } = difference;
    const folder = repository ?? '.';
    if (status === 'RENAMED' || status === 'MODE_CHANGED' || [before, after].every((state) => !hasContent(state)))
      return patchOfHunks(folder, difference, []);
    if ([before, after].some((state) => (state?.bytes ?? 0) > comparedBytes)) return { kind: 'TOO_LARGE' };
    const [old, now] = [
      hasContent(before) ? await this.#before.content(repository, oldPath ?? path, before) : null,
      hasContent(after) ? await this.#after.content(repository, path, after) : null,
    ];
    if (old !== 'ELSEWHERE' && now !== 'ELSEWHERE') return this.#compare(folder, difference, [old, now]);
    // As one side has the base's, the other one's patch against the base is what differs.
    if (old === 'ELSEWHERE' && this.#before.isAsBase(repository, path))
      return this.#ofBase(folder, difference, this.#after, false);
    if (now === 'ELSEWHERE' && this.#after.isAsBase(repository, path))
      return this.#ofBase(folder, difference, this.#before, true);
    return { kind: 'ELSEWHERE' };
  }

  #compare(folder: string, difference: FileDifference, contents: readonly [Buffer | null, Buffer | null]): FilePatch {
    const left = allForMs - this.#spentMs;
    if (left <= 0) return { kind: 'TOO_LARGE' };
    const started = performance.now();
    const patch = filePatch(folder, difference, contents, left / 2);
    this.#spentMs += performance.now() - started;
    return patch;
  }

  async #ofBase(folder: string, difference: FileDifference, side: SnapshotSide, reversed: boolean): Promise<FilePatch> {
    const found = await side.patchOf(folder, difference.path);
    if (found === null) return { kind: 'ELSEWHERE' };
    if (found.isBinary) return { kind: 'BINARY' };
    if (!reversed) return patchOfHunks(folder, difference, found.hunks);
    const hunks = reversePatch(found).hunks.map((hunk) => ({ ...hunk, lines: deletionsFirst(hunk.lines) }));
    return patchOfHunks(folder, difference, hunks);
  }
}

/** Lines in the order in which git writes them: where some took the place of others, what went comes first. */
function deletionsFirst(lines: readonly string[]): string[] {
  const ordered: string[] = [];
  let [gone, come]: [string[], string[]] = [[], []];
  let last = ordered;
  for (const line of lines) {
    if (line.startsWith(' ')) {
      ordered.push(...gone, ...come);
      [gone, come] = [[], []];
    }
    // That no line break follows is said of the line before.
    if (!line.startsWith('\\')) last = line.startsWith('-') ? gone : line.startsWith('+') ? come : ordered;
    last.push(line);
  }
  return [...ordered, ...gone, ...come];
}

const hasContent = (state: FileState | null): state is FileState => state?.kind === 'FILE' || state?.kind === 'LINK';

/** What one of the two snapshots has at hand. */
class SnapshotSide {
  readonly #blobs: BlobStore;
  readonly #teamId: TeamId;
  readonly #manifest: Manifest;
  readonly #reader: ContentReader;
  readonly #entries = new Map<string | null, ReadonlyMap<BytePath, ManifestEntry>>();
  readonly #packed = new Map<string, Promise<ReadonlyMap<string, Buffer>>>();
  #patch: Promise<ReadonlyMap<string, StructuredPatch>> | null = null;

  constructor(blobs: BlobStore, teamId: TeamId, manifest: Manifest) {
    this.#blobs = blobs;
    this.#teamId = teamId;
    this.#manifest = manifest;
    this.#reader = new ContentReader({ store: blobs, teamId, blobs: manifest.blobs });
    for (const { repository, entries } of allRepositories(manifest)) this.#entries.set(repository, byPath(entries));
    this.#entries.set(null, byPath(besideRepositories(manifest)));
  }

  async content(repository: string | null, path: BytePath, { oid }: FileState): Promise<Buffer | 'ELSEWHERE'> {
    const entry = this.#entries.get(repository)?.get(path);
    if (entry?.kind === 'LINK') return pathBytes(entry.target);
    if (entry?.kind === 'FILE' && entry.parts) return this.#reader.all(entry.parts);
    if (repository === null || oid === null) return 'ELSEWHERE';
    return (await this.#packedIn(repository)).get(oid) ?? 'ELSEWHERE';
  }

  /** Whether the file is as the base commit has it. */
  isAsBase(repository: string | null, path: BytePath): boolean {
    const entry = this.#entries.get(repository)?.get(path);
    return entry === undefined || (entry.kind === 'FILE' && entry.base?.oid === entry.oid);
  }

  /** The part of the snapshot's own patch that is of this file; null when that does not have it, or not alone. */
  async patchOf(folder: string, path: BytePath): Promise<StructuredPatch | null> {
    this.#patch ??= this.#readPatch();
    return (await this.#patch).get(`${folder === '.' ? '' : `${folder}/`}${displayPath(path)}`) ?? null;
  }

  async #readPatch(): Promise<ReadonlyMap<string, StructuredPatch>> {
    const { patch } = this.#manifest;
    if (patch === null) return new Map();
    const text = (await this.#blobs.get(this.#teamId, patch.hash)).toString();
    const files = new Map<string, StructuredPatch>();
    const twice = new Set<string>();
    for (const part of text.split(/^(?=diff --git )/m)) {
      const parsed = parsedFile(part);
      if (!parsed || parsed.isRename || parsed.isCopy) continue;
      const name = /^a\/([^]*)$/.exec(parsed.oldFileName ?? '')?.[1] ?? /^b\/([^]*)$/.exec(parsed.newFileName ?? '')?.[1] ?? '';
      if (files.has(name)) twice.add(name);
      files.set(name, parsed);
    }
    // Of a file that became a link, git tells that it went and that it came.
    for (const name of twice) files.delete(name);
    return files;
  }

  #packedIn(repository: string): Promise<ReadonlyMap<string, Buffer>> {
    const known = this.#packed.get(repository) ?? this.#readPacks(repository);
    this.#packed.set(repository, known);
    return known;
  }

  async #readPacks(name: string): Promise<ReadonlyMap<string, Buffer>> {
    const repository = allRepositories(this.#manifest).find((other) => other.repository === name);
    const found = new Map<string, Buffer>();
    let left = packLimit;
    for (const parts of repository?.git?.commits.packs ?? []) {
      const bytes = parts.reduce((sum, [, , length]) => sum + length, 0);
      if (!repository || bytes > left) continue;
      left -= bytes;
      for (const [oid, blob] of (await packBlobs(await this.#reader.all(parts), repository.format)) ?? []) found.set(oid, blob);
    }
    return found;
  }
}

const byPath = (entries: readonly ManifestEntry[]): ReadonlyMap<BytePath, ManifestEntry> =>
  new Map(entries.map((entry) => [entry.path, entry]));

function parsedFile(part: string): StructuredPatch | null {
  if (!part.startsWith('diff --git ')) return null;
  try {
    return parsePatch(part)[0] ?? null;
  } catch {
    return null;
  }
}
