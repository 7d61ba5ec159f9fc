import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { isGitlink, type BaseTree } from './baseTree.ts';
import { bytePath, pathBytes, type BytePath } from './bytePath.ts';
import type { ContentReader } from './contentReader.ts';
import { smallBytes } from './contentWriter.ts';
import { blobSizes, readSmallBlobs, streamBlob } from './gitBlobs.ts';
import { blobOid, writeLooseBlob } from './looseObject.ts';
import type { BaseVersion, FileEntry, ManifestEntry } from './manifest.ts';
import { presentObjects } from './objectCheck.ts';
import { blobReason } from './restoreLog.ts';
import { writeLargeBlob } from './restoreObjects.ts';
import type { SideGit, SideRepository } from './sideRepository.ts';

type FileOrLink = Extract<ManifestEntry, { kind: 'FILE' | 'LINK' }>;

const linkMode = 0o120000;
const modeOf = (permissions: number): number => ((permissions & 0o100) === 0 ? 0o100644 : 0o100755);

/** What git has for an entry of the worktree. */
export const versionOf = (entry: FileOrLink): BaseVersion => ({
  mode: entry.kind === 'LINK' ? linkMode : modeOf(entry.mode),
  oid: entry.oid,
});

/** Makes the content of these entries objects that git can merge. Returns those whose content cannot be read. */
export async function writeContents({
  side,
  git,
  entries,
  reader,
  signal,
}: {
  readonly side: SideRepository;
  readonly git: SideGit;
  readonly entries: readonly ManifestEntry[];
  readonly reader: ContentReader;
  readonly signal: AbortSignal;
}): Promise<ReadonlySet<ManifestEntry>> {
  const objects = join(side.directory, 'objects');
  const unreadable = new Set<ManifestEntry>();
  for (const entry of entries) {
    signal.throwIfAborted();
    try {
      if (entry.kind === 'LINK') writeBlob(side, objects, entry.oid, pathBytes(entry.target));
      else if (entry.kind === 'FILE' && entry.parts !== null) {
        const { oid, bytes, parts } = entry;
        if (bytes > smallBytes) await writeLargeBlob(side, objects, { oid, bytes, parts }, reader);
        else writeBlob(side, objects, oid, await reader.all(parts));
      }
    } catch (error) {
      if (blobReason(error) === null && !(error instanceof OtherContentError)) throw error;
      unreadable.add(entry);
    }
  }
  const ofCommits = entries.filter((entry): entry is FileEntry => entry.kind === 'FILE' && entry.parts === null);
  const present = new Set(await presentObjects(git, [...new Set(ofCommits.map(({ oid }) => oid))], signal));
  for (const entry of ofCommits) if (!present.has(entry.oid)) unreadable.add(entry);
  return unreadable;
}

class OtherContentError extends Error {}

function writeBlob(side: SideRepository, objects: string, oid: string, content: Buffer): void {
  if (blobOid(side.format, content) !== oid) throw new OtherContentError();
  writeLooseBlob(objects, oid, content);
}

/** Entries of a manifest over another base: for each of these files that is not as the base has it, and each that is gone. */
export async function mergedEntries({
  side,
  captured,
  files,
  base,
  apart,
  signal,
}: {
  readonly side: SideRepository;
  readonly captured: readonly ManifestEntry[];
  readonly files: ReadonlyMap<BytePath, BaseVersion>;
  readonly base: BaseTree;
  /** Entries that are put back as they were captured. */
  readonly apart: readonly ManifestEntry[];
  readonly signal: AbortSignal;
}): Promise<ManifestEntry[]> {
  const byPath = new Map(captured.map((entry) => [entry.path, entry]));
  const asCaptured = new Set(apart.map(({ path }) => path));
  const entries: ManifestEntry[] = apart.map((entry) =>
    entry.kind === 'FILE' || entry.kind === 'LINK' ? { ...entry, base: base.version(entry.path), glance: 'COMPARE' } : entry,
  );
  for (const was of base.entries)
    if (!isGitlink(was) && !files.has(was.path) && !asCaptured.has(was.path))
      entries.push({ kind: 'ABSENT', path: was.path, base: { mode: was.mode, oid: was.oid } });
  const made: (readonly [BytePath, BaseVersion])[] = [];
  for (const [path, version] of files) {
    const was = base.version(path);
    if (isGitlink(version) || asCaptured.has(path) || (was?.oid === version.oid && was.mode === version.mode)) continue;
    const entry = byPath.get(path);
    if ((entry?.kind === 'FILE' || entry?.kind === 'LINK') && versionOf(entry).mode === version.mode && entry.oid === version.oid)
      entries.push({ ...entry, base: was, glance: 'COMPARE' });
    else made.push([path, version]);
  }
  const contents = await describe(side, [...new Set(made.map(([, { oid }]) => oid))], signal);
  for (const [path, version] of made) entries.push(madeEntry(path, version, base, contents));
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

interface Content {
  readonly bytes: number;
  readonly sha256: string;
  /** Of small ones, for links. */
  readonly content: Buffer | null;
}

async function describe(side: SideGit, oids: readonly string[], signal: AbortSignal): Promise<Map<string, Content>> {
  const sizes = await blobSizes(side, oids, signal);
  const contents = new Map<string, Content>();
  const small = [...sizes].flatMap(([oid, size]) => (size <= smallBytes ? [oid] : []));
  for await (const { oid, content } of readSmallBlobs(side, small, signal))
    contents.set(oid, {
      bytes: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
      content: content.length < 8192 ? content : null,
    });
  for (const [oid, bytes] of sizes) {
    if (bytes <= smallBytes) continue;
    const hash = createHash('sha256');
    await streamBlob(
      side,
      oid,
      async (content) => {
        for await (const piece of content) hash.update(piece);
      },
      signal,
    );
    contents.set(oid, { bytes, sha256: hash.digest('hex'), content: null });
  }
  return contents;
}

function madeEntry(
  path: BytePath,
  { mode, oid }: BaseVersion,
  base: BaseTree,
  contents: ReadonlyMap<string, Content>,
): ManifestEntry {
  const content = contents.get(oid);
  if (!content) throw new Error(`the merge has made ${oid}, which is nowhere`);
  const common = { path, mtime: Date.now() * 1000, oid, base: base.version(path), glance: 'COMPARE' } as const;
  if (mode === linkMode) return { kind: 'LINK', target: bytePath(content.content ?? Buffer.alloc(0)), ...common };
  const { bytes, sha256 } = content;
  return { kind: 'FILE', mode: mode === 0o100755 ? 0o755 : 0o644, bytes, sha256, parts: null, ...common };
}
