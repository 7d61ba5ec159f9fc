import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync, type BigIntStats } from 'node:fs';
import { join } from 'node:path';
import type { Beneath } from './beneath.ts';
import type { BytePath } from './bytePath.ts';
import { gitMode, indexStat, matchesIndexStat } from './fileState.ts';
import { GitError } from './git.ts';
import { IndexCorruptError, IndexNotPlainError, parseIndex, type IndexEntry } from './gitIndex.ts';
import type { Glance } from './manifest.ts';
import type { SideRepository } from './sideRepository.ts';

/** An index of a repository of a million files has about this much. Bytes. */
const indexLimit = 512 * 1024 * 1024;

/** The index that an agent's repository has. */
export class AgentIndex {
  /** The same as long as the file is. */
  readonly key: string;
  readonly entries: readonly IndexEntry[];
  readonly #writtenAtSeconds: number;
  #byPath: ReadonlyMap<BytePath, IndexEntry> | null = null;

  constructor(key: string, entries: readonly IndexEntry[], writtenAtSeconds: number) {
    this.key = key;
    this.entries = entries;
    this.#writtenAtSeconds = writtenAtSeconds;
  }

  /** The path's entry, unless it is in conflict. */
  get(path: BytePath): IndexEntry | null {
    this.#byPath ??= new Map(this.entries.filter((entry) => entry.stage === 0).map((entry) => [entry.path, entry]));
    return this.#byPath.get(path) ?? null;
  }

  /**
   * What git takes the file for at a glance. Where it would compare, because the index was written in the same second,
   * equal content decides.
   */
  glance(path: BytePath, stat: BigIntStats, oid: string): Glance {
    const entry = this.get(path);
    if (!entry || entry.intentToAdd) return 'COMPARE';
    if (entry.mode === gitMode(stat) && matchesIndexStat(entry.stat, stat))
      return entry.stat.mtimeSeconds < this.#writtenAtSeconds || entry.oid === oid ? 'SAME' : 'COMPARE';
    return entry.stat.size !== 0 && entry.stat.size !== indexStat(stat).size ? 'OTHER' : 'COMPARE';
  }
}

/** The index file as it lies there; null when there is none. */
export interface IndexFile {
  readonly key: string;
  readonly content: Buffer;
  readonly writtenAtSeconds: number;
}

/** Reads the file only. Throws IndexCorruptError when it is none. */
export function readIndexFile(git: Beneath): IndexFile | null {
  const stat = git.stat('index');
  if (stat === null) return null;
  const content = git.readSmall('index', indexLimit);
  if (content === null) throw new IndexCorruptError('it is no regular file, or too large');
  return { key: createHash('sha256').update(content).digest('hex'), content, writtenAtSeconds: Number(stat.mtimeMs / 1000n) };
}

/**
 * Takes the index apart. One that is split or sparse is first unfolded by git, in a copy, for which it
 * may need the agent's objects. Throws IndexCorruptError.
 */
export async function parseAgentIndex(
  side: SideRepository,
  git: Beneath,
  file: IndexFile,
  borrow: () => void,
  signal: AbortSignal,
): Promise<AgentIndex> {
  const entries = await parse(side, git, file, borrow, signal);
  return new AgentIndex(file.key, entries, file.writtenAtSeconds);
}

async function parse(
  side: SideRepository,
  git: Beneath,
  { content }: IndexFile,
  borrow: () => void,
  signal: AbortSignal,
): Promise<IndexEntry[]> {
  try {
    return parseIndex(content, side.format);
  } catch (error) {
    if (!(error instanceof IndexNotPlainError)) throw error;
  }
  const copy = join(side.directory, 'agent.index');
  writeFileSync(copy, content);
  const shared = (git.list('') ?? []).map(({ name }) => name).filter((name) => /^sharedindex\.[0-9a-f]{40,64}$/.test(name));
  try {
    for (const name of shared) {
      const part = git.readSmall(name, indexLimit);
      if (part) writeFileSync(join(side.directory, name), part);
    }
    borrow();
    await side.run(['update-index', '--no-split-index', '--index-version=4', '--force-write-index'], {
      variables: { GIT_INDEX_FILE: copy },
      signal,
    });
    return parseIndex(readFileSync(copy), side.format);
  } catch (error) {
    if (error instanceof GitError && !error.timedOut) throw new IndexCorruptError('git cannot unfold it');
    if (error instanceof IndexNotPlainError) throw new IndexCorruptError(error.message);
    throw error;
  } finally {
    for (const name of shared) rmSync(join(side.directory, name), { force: true });
    rmSync(copy, { force: true });
  }
}
