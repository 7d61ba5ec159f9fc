import type { BlobStore } from '../blobs/blobStore.ts';
import type { TeamId } from '../domain/ids.ts';
import type { SnapshotSummary } from '../domain/snapshot.ts';
import { bytePathOf, displayPath, unsafePath, type BytePath } from './bytePath.ts';
import { bundleReadme, unpackScript } from './bundleText.ts';
import { ContentReader } from './contentReader.ts';
import { gitBundle } from './gitBundle.ts';
import { acceptFiles } from './gitDirectory.ts';
import { isCarried } from './localSettings.ts';
import {
  allRepositories,
  readManifest,
  serializeManifest,
  type Gap,
  type GitManifest,
  type IndexManifest,
  type Manifest,
  type ManifestEntry,
  type NestedManifest,
  type RepositoryManifest,
} from './manifest.ts';
import { secretLike } from './secretLike.ts';
import { childOf, isPlaceName, relativePath } from './nestedPlace.ts';
import { gitFolder } from './sideRepository.ts';
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
    const settings = repository.git?.settings ?? [];
    yield* repositoryEntries(`repositories/${index + 1}`, repository, reader);
    yield* settingsFile(
      `repositories/${index + 1}`,
      settings.filter(([key]) => key.startsWith('submodule.')),
    );
  }
  for (const [index, { nested, gitDirectory, common }] of placedNested(manifest).entries()) {
    const folder = `nested/${index + 1}`;
    yield* repositoryEntries(folder, nested.repository, reader);
    yield* nestedEntries(folder, nested, gitDirectory, common);
    if (nested.kind !== 'WORKTREE') yield* settingsFile(folder, nested.repository.git?.settings ?? []);
  }
  yield* files('outside', manifest.outside.entries, reader);
  yield* files('home', manifest.home?.entries ?? [], reader);
}

interface PlacedNested {
  readonly nested: NestedManifest;
  readonly gitDirectory: BytePath;
  /** The git directory that has its objects. */
  readonly common: BytePath;
}

/** Repositories that the environment does not name, with where in the workspace their git directories lie. */
function placedNested({ repositories, nested: all }: Manifest): PlacedNested[] {
  const known = new Map(
    repositories.map(({ repository }) => {
      const folder = repository === '.' ? '' : bytePathOf(repository);
      return [folder, childOf(folder, gitFolder)];
    }),
  );
  return all.flatMap((nested): PlacedNested[] => {
    const { path, kind, owner, name } = nested;
    if ((path !== '' && unsafePath(path) !== null) || known.has(path)) return [];
    const around = kind === 'EMBEDDED' ? null : known.get(owner ?? '\0');
    if (around === undefined || (around !== null && !isPlaceName(kind, name ?? ''))) return [];
    const gitDirectory =
      around === null ? childOf(path, gitFolder) : `${around}/${kind === 'SUBMODULE' ? 'modules' : 'worktrees'}/${name ?? ''}`;
    known.set(path, gitDirectory);
    return [{ nested, gitDirectory, common: kind === 'WORKTREE' ? (around ?? gitDirectory) : gitDirectory }];
  });
}

function* nestedEntries(
  folder: BytePath,
  { path, kind, repository }: NestedManifest,
  gitDirectory: BytePath,
  common: BytePath,
): Generator<TarEntry> {
  yield text(`${folder}/kind`, kind);
  yield text(`${folder}/format`, repository.format);
  yield text(`${folder}/git-directory`, latin1([gitDirectory]));
  yield text(`${folder}/to-git-directory`, latin1([relativePath(path, gitDirectory)]));
  yield text(`${folder}/to-worktree`, latin1([relativePath(gitDirectory, path)]));
  yield text(`${folder}/to-common`, latin1([relativePath(gitDirectory, common)]));
}

function* settingsFile(folder: BytePath, settings: GitManifest['settings']): Generator<TarEntry> {
  const safe = settings.filter((setting) => isCarried(setting, true));
  if (safe.length > 0) yield text(`${folder}/settings`, safe.map(settingText).join(''));
}

/** A setting as a configuration file has it: https://git-scm.com/docs/git-config#_syntax */
function settingText([key, value]: readonly [string, string]): string {
  const [first, last] = [key.indexOf('.'), key.lastIndexOf('.')];
  const quoted = (part: string) => `"${part.replaceAll(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"`;
  const section = first === last ? key.slice(0, first) : `${key.slice(0, first)} ${quoted(key.slice(first + 1, last))}`;
  return `[${section}]\n\t${key.slice(last + 1)} = ${quoted(value)}\n`;
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
  const line = (where: string, { path, status, reason, detail }: Gap) =>
    `${status} ${reason} ${where}: ${displayPath(path).replaceAll('\n', '\\n')}: ${detail}\n`;
  const lines = [
    ...allRepositories(manifest).flatMap(({ repository, gaps }) => gaps.map((gap) => line(repository, gap))),
    ...manifest.outside.gaps.map((gap) => line('outside the repositories', gap)),
    ...(manifest.home?.gaps ?? []).map((gap) => line('the agent’s home', gap)),
    ...secretLike(manifest).map(
      ({ repository, path, reason, detail }) => `WARNING ${reason} ${repository}: ${path.replaceAll('\n', '\\n')}: ${detail}\n`,
    ),
  ];
  return lines.length === 0 ? 'The snapshot holds everything.\n' : lines.join('');
}
