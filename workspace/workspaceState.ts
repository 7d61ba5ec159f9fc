import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { OpenedRepository } from '../domain/events.ts';
import type { BytePath } from './bytePath.ts';

/** What is remembered of a repository's worktree between two captures. Paths are byte paths. */
const repositoryMemory = z.object({
  /** By path: the file's state when it was last captured; while it is the same, the file is not read again. */
  seen: z.record(z.string(), z.string()),
  /** Directories that differ from when the workspace was opened; they are looked into at every capture. */
  directories: z.array(z.string()),
  /** What the index looked like, and its paths that the base commit does not have. */
  index: z.object({ key: z.string(), extra: z.array(z.string()) }).nullable(),
  /** Whether the repository has all that the snapshot's packs hold: one that was restored without some must not build on them. */
  commitsAreThere: z.boolean(),
});
export type RepositoryMemory = z.output<typeof repositoryMemory>;

const memory = z.object({
  version: z.literal(1),
  /** The manifest that this belongs to. */
  manifest: z.string(),
  repositories: z.record(z.string(), repositoryMemory),
  /** Of repositories that the environment does not name, by their folders. */
  nested: z.record(z.string(), repositoryMemory).default({}),
  outside: z.record(z.string(), z.string()),
  home: z.record(z.string(), z.string()).default({}),
});
export type WorkspaceMemory = z.output<typeof memory>;

/** What is known of a repository from when it was opened. */
const openedMemory = z.object({
  format: z.enum(['sha1', 'sha256']),
  /** Objects that the remote has: the base commit and the tips of its branches and tags. */
  trusted: z.array(z.string()),
  /** By path: when each directory of the base commit was last changed, in nanoseconds. */
  directories: z.record(z.string(), z.string()),
  /** Paths of the base commit that are commits of other repositories. */
  gitlinks: z.array(z.string()),
  /** The local settings that it was opened with: `key\nvalue`. */
  settings: z.array(z.string()),
  /** The branch whose newest commit was asked for, and that the remote does not have any more. */
  goneBranch: z.string().optional(),
});
export type OpenedMemory = z.output<typeof openedMemory>;

const opened = z.object({
  version: z.literal(1),
  /** What was asked for, so that the same request again finds what it made. */
  request: z.string(),
  repositories: z.array(z.custom<OpenedRepository>()),
});

/**
 * A directory of the worker's own beside a workspace, out of the agent's sight, with the same life: our git
 * directories for its repositories and what is remembered from one capture to the next.
 */
export class WorkspaceState {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** The folder of a repository's side repository. */
  sideDirectory(repository: string): string {
    return join(this.directory, `repository-${encodeURIComponent(repository)}`);
  }

  /** The folder of the side repository of one that the environment does not name. */
  nestedDirectory(folder: BytePath): string {
    return join(this.directory, `nested-${createHash('sha256').update(folder, 'latin1').digest('hex').slice(0, 32)}`);
  }

  /** A folder for what is made and thrown away within one call. */
  scratch(): string {
    const path = join(this.directory, 'scratch');
    mkdirSync(path, { recursive: true });
    return path;
  }

  clear(): void {
    rmSync(this.directory, { recursive: true, force: true });
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
  }

  /** Says that a workspace is being made: what is there now may be thrown away. */
  begin(): void {
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    writeFileSync(join(this.directory, 'opening'), '');
  }

  get begun(): boolean {
    return this.#read('opening') !== null;
  }

  /** What an earlier request of the same kind opened; null when it did not finish, or was another one. */
  opened(request: string): OpenedRepository[] | null {
    const read = opened.safeParse(this.#read('opened.json', true));
    return read.success && read.data.request === request ? read.data.repositories : null;
  }

  finish(request: string, repositories: readonly OpenedRepository[]): void {
    this.#write('opened.json', { version: 1, request, repositories });
  }

  readOpened(repository: string): OpenedMemory {
    return openedMemory.parse(this.#read(join(this.sideDirectory(repository), 'opened.json'), true));
  }

  writeOpened(repository: string, value: OpenedMemory): void {
    this.#write(join(this.sideDirectory(repository), 'opened.json'), value);
  }

  /**
   * Tracked files that were found changed once, by any capture. One that was changed within the second it was checked
   * out in can look unchanged to git later; so these are looked at each time.
   */
  readWatched(repository: string): string[] {
    return z.array(z.string()).parse(this.#read(join(this.sideDirectory(repository), 'watched.json'), true) ?? []);
  }

  writeWatched(repository: string, paths: readonly string[]): void {
    this.#write(join(this.sideDirectory(repository), 'watched.json'), paths);
  }

  /** What was remembered with this manifest; null when the last capture or restore was of another one. */
  readMemory(manifest: string): WorkspaceMemory | null {
    const read = memory.safeParse(this.#read('memory.json', true));
    return read.success && read.data.manifest === manifest ? read.data : null;
  }

  writeMemory(value: WorkspaceMemory): void {
    this.#write('memory.json', value);
  }

  #path(name: string): string {
    return name.startsWith('/') ? name : join(this.directory, name);
  }

  #read(name: string, json: true): unknown;
  #read(name: string): string | null;
  #read(name: string, json = false): unknown {
    let text: string;
    try {
      text = readFileSync(this.#path(name), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
    return json ? (JSON.parse(text) as unknown) : text;
  }

  #write(name: string, value: unknown): void {
    const path = this.#path(name);
    writeFileSync(`${path}.new`, JSON.stringify(value));
    renameSync(`${path}.new`, path);
  }
}
