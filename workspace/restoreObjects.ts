import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { constants, createDeflate } from 'node:zlib';
import { BlobCorruptError } from '../blobs/blobStore.ts';
import { Beneath } from './beneath.ts';
import type { ContentReader } from './contentReader.ts';
import { smallBytes } from './contentWriter.ts';
import { GitError } from './git.ts';
import { blobHeader, blobOid, startBlobOid, writeLooseBlob } from './looseObject.ts';
import type { GitManifest, ObjectManifest } from './manifest.ts';
import { presentObjects, sortOut } from './objectCheck.ts';
import { isDiskFull } from './remote.ts';
import { blobReason, blobTrouble, type RestoreProblem } from './restoreLog.ts';
import type { SideRepository } from './sideRepository.ts';

export interface RestoreObjectsRequest {
  readonly side: SideRepository;
  readonly manifest: GitManifest;
  /** Objects that the opened workspace has with all that they lead to. */
  readonly trusted: readonly string[];
  readonly reader: ContentReader;
  readonly problem: (problem: RestoreProblem) => void;
  readonly signal: AbortSignal;
}

/**
 * Brings the snapshot's objects into the repository: packs of commits, and blobs that only the index has. They are
 * unpacked aside, checked, and then moved in. Gives back those tips that are there with all that they lead to.
 */
export async function restoreObjects(request: RestoreObjectsRequest): Promise<ReadonlySet<string>> {
  const { side, manifest, trusted, signal } = request;
  const incoming = join(side.directory, 'incoming');
  rmSync(incoming, { recursive: true, force: true });
  mkdirSync(join(incoming, 'pack'), { recursive: true });
  try {
    side.borrowObjects();
    // What the workspace was opened with need not be unpacked again.
    if (!manifest.commits.tips.every((oid) => trusted.includes(oid)))
      for (const parts of manifest.commits.packs) await unpack(request, incoming, parts);
    for (const object of manifest.objects) await restoreBlob(request, incoming, object);
    const both = side.including(incoming);
    const onSide = await presentObjects(both, trusted, signal);
    const { sound } = await sortOut(both, manifest.commits.tips, onSide, signal);
    moveIn(side, incoming);
    side.borrowObjects();
    return new Set([...sound, ...onSide]);
  } finally {
    rmSync(incoming, { recursive: true, force: true });
  }
}

async function unpack(
  { side, reader, problem, signal }: RestoreObjectsRequest,
  incoming: string,
  parts: GitManifest['commits']['packs'][number],
): Promise<void> {
  try {
    await side.run(['index-pack', '--stdin'], {
      input: reader.read(parts),
      variables: { GIT_OBJECT_DIRECTORY: incoming, GIT_ALTERNATE_OBJECT_DIRECTORIES: join(side.directory, 'borrowed') },
      deadlineMs: 30 * 60_000,
      signal,
    });
  } catch (error) {
    reader.throwFailure();
    const isOfThePack = error instanceof GitError && !error.timedOut && !isDiskFull(error);
    const reason = blobReason(error) ?? (isOfThePack ? 'BLOB_CORRUPT' : null);
    if (reason === null) throw error;
    problem({
      subject: 'COMMITS',
      path: null,
      status: 'FAILED',
      reason,
      detail: `Commits were not put back: ${blobTrouble[reason]}.`,
    });
  }
}

async function restoreBlob(
  { side, reader, problem }: RestoreObjectsRequest,
  incoming: string,
  { oid, bytes, parts }: ObjectManifest,
): Promise<void> {
  try {
    if (bytes > smallBytes) return await writeLargeBlob(side, incoming, { oid, bytes, parts }, reader);
    const content = await reader.all(parts);
    if (blobOid(side.format, content) !== oid) throw new BlobCorruptError(oid, 'its content is another than the manifest says');
    writeLooseBlob(incoming, oid, content);
  } catch (error) {
    const reason = blobReason(error);
    if (reason === null) throw error;
    problem({
      subject: 'INDEX',
      path: null,
      status: 'FAILED',
      reason,
      detail: `Staged content ${oid.slice(0, 10)} was not put back: ${blobTrouble[reason]}.`,
    });
  }
}

/** Writes a loose object into an object directory of ours, piece by piece. Throws BlobMissingError or BlobCorruptError. */
export async function writeLargeBlob(
  side: Pick<SideRepository, 'format'>,
  incoming: string,
  { oid, bytes, parts }: ObjectManifest,
  reader: ContentReader,
): Promise<void> {
  const folder = join(incoming, oid.slice(0, 2));
  mkdirSync(folder, { recursive: true });
  const temporary = join(incoming, 'large.tmp');
  const hash = startBlobOid(side.format, bytes);
  // Opened before anything is read: a read that fails leaves no file that is still being made.
  const file = await open(temporary, 'w', 0o444);
  await pipeline(
    async function* withHeader() {
      yield blobHeader(bytes);
      for await (const piece of reader.read(parts)) {
        hash.update(piece);
        yield piece;
      }
    },
    createDeflate({ level: constants.Z_BEST_SPEED }),
    file.createWriteStream(),
  );
  if (hash.digest() !== oid) throw new BlobCorruptError(oid, 'its content is another than the manifest says');
  renameSync(temporary, join(folder, oid.slice(2)));
}

/** Brings objects that we made into the agent's repository, as a pack. */
export async function bringIn(side: SideRepository, oids: readonly string[], signal: AbortSignal): Promise<void> {
  const incoming = join(side.directory, 'incoming');
  rmSync(incoming, { recursive: true, force: true });
  mkdirSync(join(incoming, 'pack'), { recursive: true });
  try {
    const input = oids.map((oid) => `${oid}\n`).join('');
    await side.run(['pack-objects', '--quiet', join(incoming, 'pack/pack')], { input, deadlineMs: 30 * 60_000, signal });
    moveIn(side, incoming);
    side.borrowObjects();
  } finally {
    rmSync(incoming, { recursive: true, force: true });
  }
}

/** Moves packs and loose objects to the agent's repository. A pack's index comes last: then git takes it for whole. */
function moveIn(side: SideRepository, incoming: string): void {
  const common = new Beneath(side.commonDirectory);
  try {
    for (const folder of readdirSync(incoming).filter((name) => name === 'pack' || /^[0-9a-f]{2}$/.test(name))) {
      const files = readdirSync(join(incoming, folder)).toSorted(
        (a, b) => Number(a.endsWith('.idx')) - Number(b.endsWith('.idx')),
      );
      if (files.length > 0) common.makeDirectories(`objects/${folder}`);
      for (const file of files) common.takeIn(join(incoming, folder, file), `objects/${folder}/${file}`);
    }
  } finally {
    common.close();
  }
}
