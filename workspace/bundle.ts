import type { BlobStore } from '../blobs/blobStore.ts';
import type { TeamId } from '../domain/ids.ts';
import type { SnapshotSummary } from '../domain/snapshot.ts';
import { bytePathOf, displayPath, unsafePath, type BytePath } from './bytePath.ts';
import { bundleReadme, unpackScript } from './bundleText.ts';
import { ContentReader } from './contentReader.ts';
import { gitBundle } from './gitBundle.ts';
import { acceptFiles } from './gitDirectory.ts';
import {
  readManifest,
  serializeManifest,
  type Gap,
  type GitManifest,
  type IndexManifest,
  type Manifest,
  type ManifestEntry,
  type RepositoryManifest,
} from './manifest.ts';
import { secretLike } from './secretLike.ts';
import { tarEnd, tarEntry, type TarEntry } from './tar.ts';

/** Blobs that the snapshot refers to are not in the store: a bundle of it would silently be less. */
export class SnapshotIncompleteError extends Error {
  constructor(missing: number) {
    super(`${missing} of the blobs that the snapshot refers to are not in the store any more.`);
    this.name = 'SnapshotIncompleteError';
  }
}

/** Addresses of all blobs that a manifest refers to, but for its own. */
export async function blobsInManifest(blobs: BlobStore, teamId: TeamId, hash: string): Promise<string[]> {
  const manifest = await readManifest(blobs, teamId, { hash, bytes: 0 });
  return [...manifest.blobs.map((blob) => blob.hash), ...(manifest.patch ? [manifest.patch.hash] : [])];
}

/**
 * A snapshot as a tar archive that needs nothing of Baton: git bundles, files, and a script that puts them back.
 * Throws SnapshotIncompleteError, BlobMissingError, BlobCorruptError or ManifestUnreadableError before the first byte
 * where that can be told; a blob that turns out corrupt later cuts the archive short.
 */
export async function openBundle(
  blobs: BlobStore,
  teamId: TeamId,
  { manifest: ref }: Pick<SnapshotSummary, 'manifest'>,
  folder: string,
): Promise<AsyncIterable<Buffer>> {
  const manifest = await readManifest(blobs, teamId, ref);
  let missing = 0;
  for (const { hash } of manifest.blobs) if (!(await blobs.has(teamId, hash))) missing += 1;
  if (missing > 0) throw new SnapshotIncompleteError(missing);
  const reader = new ContentReader({ store: blobs, teamId, blobs: manifest.blobs });
  return (async function* () {
    const top = bytePathOf(folder);
    yield* tarEntry(directory(top));
    for (const entry of entriesOf(manifest, reader)) yield* tarEntry({ ...entry, path: `${top}/${entry.path}` });
    yield tarEnd();
  })();
}

const text = (path: BytePath, content: string | Buffer, mode = 0o644): TarEntry => {
  const bytes = Buffer.from(content as string);
  return { path, mode, mtime: 0, content: { bytes: bytes.length, pieces: [bytes] } };
};
const directory = (path: BytePath, mode = 0o755): TarEntry => ({ path, mode, mtime: 0, content: 'DIRECTORY' });

function* entriesOf(manifest: Manifest, reader: ContentReader): Generator<TarEntry> {
  yield text('README.md', bundleReadme);
  yield text('unpack.sh', unpackScript, 0o755);
  yield text('manifest.json', serializeManifest(manifest));
  yield text('gaps.txt', gapsText(manifest));
  // A folder is made before what lies in it.
  for (const [index, repository] of manifest.repositories.entries()) {
    yield* repositoryEntries(`repositories/${index + 1}`, repository, reader);
  }
  yield* files('outside', manifest.outside.entries, reader);
  yield* files('home', manifest.home?.entries ?? [], reader);
}

function* repositoryEntries(folder: BytePath, repository: RepositoryManifest, reader: ContentReader): Generator<TarEntry> {
  const { git, base, entries } = repository;
  yield directory(folder);
  yield text(`${folder}/path`, repository.repository);
  yield text(`${folder}/url`, repository.url);
  yield text(`${folder}/base`, base ?? '');
  if (!repository.present) return yield text(`${folder}/gone`, '');
  if (git) yield* gitEntries(folder, git, repository.format, reader);
  yield text(`${folder}/deleted`, latin1(entries.flatMap(({ kind, path }) => (kind === 'ABSENT' ? [`${path}\0`] : []))));
  yield text(`${folder}/from-commits`, latin1(entries.flatMap(fromCommits)));
  yield* files(`${folder}/worktree`, entries, reader);
}

function* gitEntries(
  folder: BytePath,
  git: GitManifest,
  format: RepositoryManifest['format'],
  reader: ContentReader,
): Generator<TarEntry> {
  const { head, index, objects, files } = git;
  if (head) yield text(`${folder}/head`, latin1(['branch' in head ? `ref: refs/heads/${head.branch}` : head.oid]));
  const bundle = gitBundle(git, format, reader);
  if (bundle) yield { path: `${folder}/repository.bundle`, mode: 0o644, mtime: 0, content: bundle };
  if (index) yield text(`${folder}/index`, latin1(indexInfo(index, format)));
  if (objects.length > 0) yield directory(`${folder}/objects`);
  for (const { oid, bytes, parts } of objects) {
    yield { path: `${folder}/objects/${oid}`, mode: 0o644, mtime: 0, content: { bytes, pieces: reader.read(parts) } };
  }
  yield* smallFiles(`${folder}/git`, files);
}

/** Small files of the git directory, each after the folders it lies in. */
function* smallFiles(folder: BytePath, files: GitManifest['files']): Generator<TarEntry> {
  const { accepted } = acceptFiles(files.map(([path, content]) => [path, Buffer.from(content, 'base64')]));
  const made = new Set<BytePath>();
  for (const [path, content] of accepted) {
    const names = path.split('/');
    for (const above of names.map((_, n) => [folder, ...names.slice(0, n)].join('/'))) {
      if (!made.has(above)) yield directory(above);
      made.add(above);
    }
    yield text(`${folder}/${path}`, content);
  }
}

const latin1 = (texts: readonly string[]): Buffer => Buffer.from(texts.join(''), 'latin1');

/** A file whose content the commits have, as a line of `git update-index -z --index-info`. */
const fromCommits = (entry: ManifestEntry): string[] =>
  entry.kind === 'FILE' && entry.parts === null
    ? [`${(entry.mode & 0o100) === 0 ? '100644' : '100755'} ${entry.oid} 0\t${entry.path}\0`]
    : [];

/** What the index has otherwise than the base commit. A path with several stages must lose its one of the base first. */
function indexInfo({ changed, removed }: IndexManifest, format: RepositoryManifest['format']): string[] {
  const nothing = '0'.repeat(format === 'sha256' ? 64 : 40);
  const gone = new Set([...removed, ...changed.filter(({ stage }) => stage > 0).map(({ path }) => path)]);
  return [
    ...[...gone].map((path) => `0 ${nothing} 0\t${path}\0`),
    ...changed.map(({ mode, oid, stage, path }) => `${mode.toString(8)} ${oid} ${stage}\t${path}\0`),
  ];
}

/** Files, links and empty folders, each after the folder it lies in. */
function* files(folder: BytePath, entries: readonly ManifestEntry[], reader: ContentReader): Generator<TarEntry> {
  const here = entries.filter((entry) => unsafePath(entry.path) === null && (entry.kind !== 'FILE' || entry.parts !== null));
  if (here.every(({ kind }) => kind === 'ABSENT')) return;
  yield directory(folder);
  for (const entry of here) {
    const path = `${folder}/${entry.path}`;
    if (entry.kind === 'DIRECTORY') yield directory(path, entry.mode);
    else if (entry.kind === 'LINK') yield { path, mode: 0o777, mtime: entry.mtime / 1e6, content: { target: entry.target } };
    else if (entry.kind === 'FILE' && entry.parts)
      yield {
        path,
        mode: entry.mode,
        mtime: entry.mtime / 1e6,
        content: { bytes: entry.bytes, pieces: reader.read(entry.parts) },
      };
  }
}

function gapsText(manifest: Manifest): string {
  const { repositories, outside, home } = manifest;
  const line = (where: string, { path, status, reason, detail }: Gap) =>
    `${status} ${reason} ${where}: ${displayPath(path).replaceAll('\n', '\\n')}: ${detail}\n`;
  const lines = [
    ...repositories.flatMap(({ repository, gaps }) => gaps.map((gap) => line(repository, gap))),
    ...outside.gaps.map((gap) => line('outside the repositories', gap)),
    ...(home?.gaps ?? []).map((gap) => line('the agent’s home', gap)),
    ...secretLike(manifest).map(
      ({ repository, path, reason, detail }) => `WARNING ${reason} ${repository}: ${path.replaceAll('\n', '\\n')}: ${detail}\n`,
    ),
  ];
  return lines.length === 0 ? 'The snapshot holds everything.\n' : lines.join('');
}
