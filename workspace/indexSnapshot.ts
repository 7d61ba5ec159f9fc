import { createHash } from 'node:crypto';
import type { BaseTree } from './baseTree.ts';
import type { BytePath } from './bytePath.ts';
import { compareEntries, noStat, type IndexEntry } from './gitIndex.ts';
import type { IndexedEntry, IndexManifest } from './manifest.ts';

/** What of an index is the snapshot's: all but what it remembers of files, which only holds where they lie. */
function essence({ path, mode, oid, stage, assumeValid, skipWorktree, intentToAdd }: IndexEntry): IndexedEntry {
  return { path, mode, oid, stage, assumeValid, skipWorktree, intentToAdd };
}

/** A hash over everything in the index that a restore must bring back. */
export function indexDigest(entries: readonly IndexEntry[]): string {
  const hash = createHash('sha256');
  for (const { path, mode, oid, stage, assumeValid, skipWorktree, intentToAdd } of entries)
    hash.update(
      `${mode.toString(8)} ${oid} ${stage} ${Number(assumeValid)}${Number(skipWorktree)}${Number(intentToAdd)} ${path}\0`,
      'latin1',
    );
  return hash.digest('hex');
}

const isPlain = (entry: IndexEntry): boolean =>
  entry.stage === 0 && !entry.assumeValid && !entry.skipWorktree && !entry.intentToAdd;

/** The index, told as what differs from the base commit. */
export function captureIndex(entries: readonly IndexEntry[], base: BaseTree): IndexManifest {
  const present = new Set<BytePath>();
  const changed: IndexedEntry[] = [];
  for (const entry of entries) {
    present.add(entry.path);
    const was = base.get(entry.path);
    if (!was || was.mode !== entry.mode || was.oid !== entry.oid || !isPlain(entry)) changed.push(essence(entry));
  }
  const removed = base.entries.map((entry) => entry.path).filter((path) => !present.has(path));
  return { changed, removed, digest: indexDigest(entries) };
}

/**
 * The index that was captured. An entry whose file is as the index last saw it gets that from `statOf`, so that git
 * need not read the file; the others it compares when it is next asked.
 */
export function rebuildIndex(
  base: BaseTree,
  { changed, removed }: IndexManifest,
  statOf: (entry: IndexedEntry) => IndexEntry['stat'] | null,
): IndexEntry[] {
  const replaced = new Set([...removed, ...changed.map((entry) => entry.path)]);
  const kept = base.entries
    .filter((entry) => !replaced.has(entry.path))
    .map((entry) => ({ ...entry, stat: statOf(entry) ?? entry.stat }));
  return [...kept, ...changed.map((entry) => ({ ...entry, stat: statOf(entry) ?? noStat }))].sort(compareEntries);
}
