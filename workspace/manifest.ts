import { z } from 'zod';
import type { BlobStore } from '../blobs/blobStore.ts';
import type { TeamId } from '../domain/ids.ts';
import type { BlobRef } from '../domain/snapshot.ts';
import { decodePath, encodePath, homePath, type BytePath } from './bytePath.ts';

/**
 * What a snapshot holds, every entry of it. A manifest is a blob of JSON; it names no time, no session and no machine,
 * so that equal workspaces of a team have the same manifest, stored once.
 *
 * Version 1, or 2 where it has what only that can name: nested repositories, files of the home, ignored ones, checks for
 * secrets. What has none can be read by programs that know nothing of them. A reader refuses versions it does not know,
 * and ignores nothing: an unknown field is an error too.
 */
export const manifestVersion = 2;

/** A path: UTF-8, or a NUL and its bytes as latin1. */
const path = z.codec(
  z.string(),
  z.custom<BytePath>((value) => typeof value === 'string'),
  { decode: decodePath, encode: encodePath },
);
const oid = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().nonnegative();

/** A piece of a blob: its number in the manifest's table, where the piece begins, and its length. Content is the pieces in order. */
const part = z.tuple([count, count, count]);
export type Part = z.output<typeof part>;

/** What a path of the base commit was there. */
const version = z.strictObject({ mode: z.int(), oid });
export type BaseVersion = z.output<typeof version>;

/**
 * What git takes a file for at a glance, by what its index remembers of it: for the same as is in the index, for one to
 * compare, or, as its size is another, for a changed one.
 */
const glance = z.enum(['SAME', 'COMPARE', 'OTHER']);
export type Glance = z.output<typeof glance>;

/** True for what the repository's rules ignore, and the environment wants captured all the same. */
const ignored = z.literal(true).optional();

/** A regular file. */
const file = z.strictObject({
  kind: z.literal('FILE'),
  path,
  /** Permission bits. */
  mode: z.int().min(0).max(0o777),
  /** Microseconds since 1970. */
  mtime: z.int(),
  bytes: count,
  sha256,
  /** The id git gives to the bytes as they are. */
  oid,
  /** Null when the repository's commits have the same bytes as the blob `oid`. */
  parts: z.array(part).nullable(),
  /** What the base commit has at this path; null for nothing. */
  base: version.nullable(),
  glance,
  ignored,
  /** The rule by which it looks like a secret. */
  secret: z.string().optional(),
});

const link = z.strictObject({
  kind: z.literal('LINK'),
  path,
  target: path,
  mtime: z.int(),
  oid,
  base: version.nullable(),
  glance,
  ignored,
});

/** A directory with nothing in it; any other is there because of what it holds. */
const directory = z.strictObject({ kind: z.literal('DIRECTORY'), path, mode: z.int().min(0).max(0o777), ignored });

/** A file of the base commit that is not in the worktree any more. */
const absent = z.strictObject({ kind: z.literal('ABSENT'), path, base: version });

/** An entry of the worktree that is not as a checkout of the base commit makes it. */
const entry = z.discriminatedUnion('kind', [file, link, directory, absent]);
export type ManifestEntry = z.output<typeof entry>;
export type FileEntry = z.output<typeof file>;

/** An entry of the index that is not as the base commit has it. */
const indexed = z.strictObject({
  path,
  mode: z.int(),
  oid,
  stage: z.int().min(0).max(3),
  assumeValid: z.boolean(),
  skipWorktree: z.boolean(),
  intentToAdd: z.boolean(),
});
export type IndexedEntry = z.output<typeof indexed>;

const index = z.strictObject({
  changed: z.array(indexed),
  /** Paths of the base commit that are not in the index. */
  removed: z.array(path),
  /** SHA-256 over all its entries, those of the base commit too: a restored index can be checked. */
  digest: sha256,
});
export type IndexManifest = z.output<typeof index>;

/** A blob that only the index refers to. */
const object = z.strictObject({ oid, bytes: count, parts: z.array(part) });
export type ObjectManifest = z.output<typeof object>;

const target = z.union([z.strictObject({ oid }), z.strictObject({ ref: path })]);

const commits = z.strictObject({
  /** Packs to take in one after another. Each can be read by itself; what its commits build on is in `prerequisites` and in those before it. */
  packs: z.array(z.array(part)),
  /** Objects that the packs and the remote lead to. */
  tips: z.array(oid),
  /** Commits of the remote that the packs, the branches and HEAD build on. */
  prerequisites: z.array(oid),
  /** Commits on local branches or HEAD that no remote is known to have. */
  unpushed: count,
});
export type CommitsManifest = z.output<typeof commits>;

const git = z.strictObject({
  head: z.union([z.strictObject({ branch: path }), z.strictObject({ oid })]).nullable(),
  /** The commit of HEAD, also when it is broken and does not travel; null on a branch without commits. */
  headCommit: oid.nullable(),
  refs: z.array(z.tuple([path, target])),
  commits,
  /** Null when it could not be read. */
  index: index.nullable(),
  objects: z.array(object),
  /** Local settings that are safe to carry, in order. */
  settings: z.array(z.tuple([z.string(), z.string()])),
  /**
   * Small files of the git directory: those that shape what git sees, such as info/exclude, and those that say where it
   * was and what it has under way, such as ORIG_HEAD, MERGE_HEAD and rebase-merge/onto. Path and content in base64.
   */
  files: z.array(z.tuple([path, z.base64()])),
});
export type GitManifest = z.output<typeof git>;

const gap = z.strictObject({ path, status: z.enum(['SKIPPED', 'FAILED']), reason: z.string(), detail: z.string() });
export type Gap = z.output<typeof gap>;

const change = z.strictObject({
  path,
  status: z.enum(['ADDED', 'MODIFIED', 'DELETED', 'RENAMED', 'TYPE_CHANGED']),
  oldPath: path.nullable(),
  additions: count.nullable(),
  deletions: count.nullable(),
});
export type Change = z.output<typeof change>;

const repository = z.strictObject({
  /** Its folder in the workspace, `.` for the workspace itself. */
  repository: z.string(),
  url: z.string(),
  format: z.enum(['sha1', 'sha256']),
  baseBranch: z.string(),
  /** Null for a repository that had no commits. */
  base: oid.nullable(),
  branch: z.string(),
  /** False when its folder was gone from the workspace: then nothing of it is here. */
  present: z.boolean(),
  /** Null when its git directory could not be read; its files are here all the same. */
  git: git.nullable(),
  /** By path. */
  entries: z.array(entry),
  /** Left out because the repository's own rules ignore it; a folder ends with a slash and means all in it that is no entry. At most 1,000. */
  ignored: z.array(path),
  ignoredCount: count,
  /** Patterns of what was captured although it is ignored: what matches them and is no entry was not there. */
  declared: z.array(z.string()).optional(),
  gaps: z.array(gap),
  /** For people: against the base commit. */
  changes: z.array(change),
});
export type RepositoryManifest = z.output<typeof repository>;

const nestedKind = z.enum(['EMBEDDED', 'SUBMODULE', 'WORKTREE']);
export type NestedKind = z.output<typeof nestedKind>;

/** A repository in the workspace that the environment does not name: there because somebody made it. */
const nested = z.strictObject({
  /** Its folder in the workspace; empty for the workspace itself. */
  path,
  /**
   * EMBEDDED has its git directory in its own folder. SUBMODULE and WORKTREE have it in that of their owner, below
   * `modules` or `worktrees`; a WORKTREE's branches and objects are its owner's.
   */
  kind: nestedKind,
  /** The folder of the owner; null for one that is embedded. */
  owner: path.nullable(),
  /** Its name at the owner; null for one that is embedded. */
  name: path.nullable(),
  /** Whether a worktree and its owner name each other by relative paths. */
  relative: z.boolean(),
  /** Why a worktree is locked; null when it is not. */
  locked: z.string().nullable(),
  /** Its base is null, so that it holds all of its files and commits; those of a worktree build on its owner's. */
  repository,
});
export type NestedManifest = z.output<typeof nested>;

const manifest = z.strictObject({
  format: z.literal('baton-snapshot'),
  version: z.union([z.literal(1), z.literal(manifestVersion)]),
  repositories: z.array(repository),
  /** Each after its owner, and after the one around it. */
  nested: z.array(nested).default([]),
  /** Files of the workspace that lie in none of its repositories. */
  outside: z.strictObject({ entries: z.array(entry), gaps: z.array(gap) }),
  /** Files of the agent's home that the environment names, by their paths in it. */
  home: z
    .strictObject({
      /** Named files and folders that were there: what is in them and is no entry was not. */
      roots: z.array(path),
      /** Folders that hold something, and their modes. */
      folders: z.array(z.tuple([path, z.int().min(0).max(0o777)])),
      entries: z.array(entry),
      gaps: z.array(gap),
    })
    .optional(),
  /** What was done about files that look like secrets; nothing when they were not looked for. */
  secretFiles: z.enum(['WARN', 'EXCLUDE']).optional(),
  patch: z.strictObject({ hash: sha256, bytes: count }).nullable(),
  /** The blobs that parts refer to, by their number. */
  blobs: z.array(z.strictObject({ hash: sha256, bytes: count })),
});
export type Manifest = z.output<typeof manifest>;
export type HomeManifest = NonNullable<Manifest['home']>;

/** The manifest is of another version, or not one at all. */
export class ManifestUnreadableError extends Error {
  constructor(why: string, options?: ErrorOptions) {
    super(`the snapshot’s manifest cannot be read: ${why}`, options);
    this.name = 'ManifestUnreadableError';
  }
}

export function serializeManifest(value: Manifest): Buffer {
  const { nested = [], ...rest } = z.encode(manifest, value);
  const version = isPlain(value) ? 1 : manifestVersion;
  return Buffer.from(JSON.stringify({ ...rest, version, ...(nested.length > 0 && { nested }) }));
}

/** Whether it has nothing that version 1 had not. Files are only checked for secrets where the manifest says so. */
const isPlain = ({ repositories, nested, home, secretFiles }: Manifest): boolean =>
  nested.length === 0 &&
  home === undefined &&
  secretFiles === undefined &&
  repositories.every(
    ({ declared, entries }) => declared === undefined && entries.every((one) => one.kind === 'ABSENT' || !one.ignored),
  );

/** All repositories of a manifest: those that the environment names, and those that lie in the workspace besides. */
export const allRepositories = ({ repositories, nested }: Manifest): readonly RepositoryManifest[] => [
  ...repositories,
  ...nested.map(({ repository }) => repository),
];

/** What lies in no repository: the workspace's other files, and those of the agent's home as `~/…`. */
export const besideRepositories = ({ outside, home }: Manifest): readonly ManifestEntry[] => [
  ...outside.entries,
  ...homeEntries(home),
];

/** The home's entries as `~/…`. */
export const homeEntries = (home: HomeManifest | undefined): readonly ManifestEntry[] =>
  (home?.entries ?? []).map((one) => ({ ...one, path: homePath(one.path) }));

/** Throws ManifestUnreadableError. */
export function parseManifest(bytes: Buffer): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString());
  } catch (error) {
    throw new ManifestUnreadableError('it is no JSON', { cause: error });
  }
  const found = (json as { version?: unknown } | null)?.version;
  if (typeof found === 'number' && found > manifestVersion)
    throw new ManifestUnreadableError(`it has version ${found}, this program reads up to version ${manifestVersion}`);
  const result = manifest.safeDecode(json as z.input<typeof manifest>);
  if (result.success) return result.data;
  throw new ManifestUnreadableError(z.prettifyError(result.error).slice(0, 500));
}

/** Throws BlobMissingError, BlobCorruptError or ManifestUnreadableError. */
export async function readManifest(blobs: BlobStore, teamId: TeamId, ref: BlobRef): Promise<Manifest> {
  return parseManifest(await blobs.get(teamId, ref.hash));
}
