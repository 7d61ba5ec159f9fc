import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { BlobStore } from '../../blobs/blobStore.ts';
import { directoryStore } from '../../blobs/directoryStore.ts';
import type { BranchNotPushed, BranchPushed, OpenedRepository } from '../../domain/events.ts';
import type { SnapshotId, TeamId } from '../../domain/ids.ts';
import type { BlobRef, ConflictWay, RestoreReport } from '../../domain/snapshot.ts';
import type { Captured, DeclaredFiles } from '../capture.ts';
import type { GitCredential } from '../gitCredential.ts';
import { readManifest, type Manifest } from '../manifest.ts';
import type { RepositoryRequest } from '../open.ts';
import type { PushRequest } from '../pushBranch.ts';
import type { SizeLimits } from '../sizeLimits.ts';
import { createWorkspaces, type Workspaces } from '../workspaces.ts';

/** A workspace that a test has opened. */
export interface LabWorkspace {
  readonly directory: string;
  readonly state: string;
  readonly opened: readonly OpenedRepository[];
  /** What was said while it opened. */
  readonly progress: readonly string[];
}

export const snapshotId = 'snp_01h455vb4pex5vsknk084sn02q' as SnapshotId;

/** Git as tests use it: none of the machine's settings, a fixed author. */
export const gitEnvironment = {
  PATH: process.env['PATH'] ?? '/usr/bin:/bin',
  HOME: '/nonexistent',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'A Person',
  GIT_AUTHOR_EMAIL: 'person@example.com',
  GIT_COMMITTER_NAME: 'A Person',
  GIT_COMMITTER_EMAIL: 'person@example.com',
  GIT_AUTHOR_DATE: '2024-01-01T00:00:00Z',
  GIT_COMMITTER_DATE: '2024-01-01T00:00:00Z',
};

/** Runs git in a directory and gives back what it printed, byte by byte as latin1. */
export function git(directory: string, ...args: readonly string[]): string {
  return run('git', args, directory);
}

/**
 * Runs git several times, one after another, whether or not it fails. Gives back what each printed to standard output. One process of ours
 * starts them all: to start one takes longer than most of them do.
 */
export function gitSeries(directory: string, calls: readonly (readonly string[])[], variables = {}): string[] {
  const end = '\0\u0001\0';
  const script = calls.map((args) => `git ${args.map(quoted).join(' ')} 2>/dev/null; printf '\\0\\1\\0'`).join('\n');
  return run('sh', ['-c', script], directory, variables).split(end).slice(0, -1);
}

const quoted = (arg: string): string => `'${arg.replaceAll("'", `'\\''`)}'`;

function run(program: string, args: readonly string[], directory: string, variables = {}): string {
  return execFileSync(program, args, {
    cwd: directory,
    env: { ...gitEnvironment, ...variables },
    encoding: 'latin1',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 28,
  });
}

/** Writes files, making their folders. */
export function write(directory: string, files: Readonly<Record<string, string | Buffer>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), content);
  }
}

/** A place for one test: remotes, a blob store, and workspaces on as many “workers” as it likes. All of it goes away with `close`. */
export class Lab {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), 'baton-workspace-')));
  readonly teamId = 'team_01h455vb4pex5vsknk084sn02q' as TeamId;
  readonly signal = new AbortController().signal;
  readonly blobs: BlobStore = directoryStore({ directory: join(this.root, 'blobs'), masterKey: Buffer.alloc(32, 1) });
  readonly workspaces: Workspaces = this.worker('worker');
  #count = 0;

  close(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  path(name: string): string {
    return join(this.root, name);
  }

  /** Another worker: the same blobs, mirrors of its own. */
  worker(name: string, blobs: BlobStore = this.blobs, limits?: SizeLimits): Workspaces {
    return createWorkspaces({ blobs, mirrors: join(this.root, name, 'mirrors'), ...(limits && { limits }) });
  }

  /** A repository to open, with one commit of these files on `main`. */
  remote(files: Readonly<Record<string, string | Buffer>>, name = 'remote', ...more: readonly string[]): string {
    const path = this.path(name);
    mkdirSync(path, { recursive: true });
    git(path, 'init', '--quiet', '--initial-branch=main', ...more);
    write(path, files);
    git(path, 'add', '--all');
    git(path, 'commit', '--quiet', '--allow-empty', '--message=base');
    return path;
  }

  async open(
    repositories: string | readonly RepositoryRequest[],
    {
      restoring = null,
      newest = false,
      workspaces = this.workspaces,
      credentials = [],
    }: {
      restoring?: BlobRef | null;
      newest?: boolean;
      workspaces?: Workspaces;
      credentials?: readonly GitCredential[];
    } = {},
  ): Promise<LabWorkspace> {
    const name = `workspace-${++this.#count}`;
    const place = { directory: this.path(name), state: this.path(`${name}.state`) };
    const progress: string[] = [];
    const opened = await workspaces.open({
      ...place,
      teamId: this.teamId,
      repositories: typeof repositories === 'string' ? [{ repository: '.', url: repositories, branch: null }] : repositories,
      workingBranch: 'baton/test',
      restoring,
      newest,
      credentials,
      allowLocal: true,
      signal: this.signal,
      onProgress: (detail) => progress.push(detail),
    });
    return { ...place, opened, progress };
  }

  capture(
    { directory, state, opened }: LabWorkspace,
    previous: BlobRef | null = null,
    workspaces = this.workspaces,
    more: { readonly seenAt?: string; readonly declared?: DeclaredFiles | undefined } = {},
  ): Promise<Captured> {
    const { teamId, signal } = this;
    return workspaces.capture({ teamId, directory, state, opened, previous, quiesced: true, signal, ...more });
  }

  restore(
    { directory, state, opened }: LabWorkspace,
    manifest: BlobRef,
    workspaces = this.workspaces,
    {
      conflicts = null,
      ...more
    }: {
      readonly conflicts?: ConflictWay | null;
      readonly seenAt?: string;
      readonly allowLocal?: boolean;
      readonly home?: string | undefined;
    } = {},
  ): Promise<RestoreReport> {
    const { teamId, signal } = this;
    const newest = conflicts && { conflicts, author: { name: 'A Person', email: 'person@example.com' }, suffix: '.baton-test' };
    return workspaces.restore({
      teamId,
      directory,
      state,
      manifest,
      snapshotId,
      opened,
      newest,
      allowLocal: true,
      signal,
      ...more,
    });
  }

  /** Pushes the branch of a workspace's only repository. */
  push(
    { directory, state, opened: [opened] }: LabWorkspace,
    { url, ...more }: Pick<PushRequest, 'url' | 'deadlineMs' | 'hurried' | 'credentials'>,
  ): Promise<BranchPushed | BranchNotPushed | null> {
    if (!opened) throw new Error('the workspace has no repository');
    const { teamId, signal } = this;
    return this.workspaces.push({
      teamId,
      directory,
      state,
      opened,
      url,
      allowLocal: true,
      signal,
      ...more,
    });
  }

  manifest(ref: BlobRef): Promise<Manifest> {
    return readManifest(this.blobs, this.teamId, ref);
  }

  /** Captures a workspace and restores it in a fresh one, opened from the same repositories. */
  async carry(
    from: LabWorkspace,
    repositories: string | readonly RepositoryRequest[],
    declared?: DeclaredFiles,
  ): Promise<{ to: LabWorkspace; captured: Captured; report: RestoreReport }> {
    const captured = await this.capture(from, null, this.workspaces, { declared });
    const to = await this.open(repositories, { restoring: captured.summary.manifest });
    const report = await this.restore(to, captured.summary.manifest);
    return { to, captured, report };
  }

  /** Captures a workspace and restores it in a fresh one, onto the newest base. */
  async carryOnto(
    from: LabWorkspace,
    repositories: string | readonly RepositoryRequest[],
    conflicts: ConflictWay = 'MARKERS',
    workspaces = this.workspaces,
  ): Promise<{ to: LabWorkspace; captured: Captured; report: RestoreReport }> {
    const captured = await this.capture(from);
    const to = await this.open(repositories, { restoring: captured.summary.manifest, newest: true, workspaces });
    const report = await this.restore(to, captured.summary.manifest, workspaces, { conflicts });
    return { to, captured, report };
  }
}

/** Everything of a repository that a restore must bring back, as text: equal for equal workspaces. `index` is another than git's own. */
export function describeRepository(
  directory: string,
  gitDirectory = join(directory, '.git'),
  index = join(gitDirectory, 'index'),
): Record<string, string> {
  const questions = {
    status: ['status', '--porcelain=v2', '-z'],
    told: ['status'],
    index: ['ls-files', '-s', '-t', '-v', '-z'],
    intentToAdd: ['diff', '--name-only', '--diff-filter=A', '-z'],
    refs: ['for-each-ref', '--format=%(refname) %(objectname) %(symref)'],
  };
  const answers = gitSeries(directory, Object.values(questions), { GIT_INDEX_FILE: index });
  return {
    ...Object.fromEntries(Object.keys(questions).map((question, n) => [question, answers[n] ?? ''])),
    head: readFileSync(join(gitDirectory, 'HEAD'), 'latin1'),
    worktree: describeFiles(directory),
  };
}

/** Every file below a directory, but for git's own: kind, mode, time and content. */
export function describeFiles(directory: string): string {
  const lines: string[] = [];
  const walk = (folder: Buffer) => {
    for (const name of readdirSync(folder, { encoding: 'buffer' })) {
      if (name.equals(Buffer.from('.git'))) continue;
      const path = Buffer.concat([folder, Buffer.from('/'), name]);
      const stat = lstatSync(path, { bigint: true });
      const shown = path.subarray(directory.length + 1).toString('latin1');
      const time = stat.mtimeNs / 1000n;
      if (stat.isDirectory()) {
        lines.push(`${shown}/`);
        walk(path);
      } else if (stat.isSymbolicLink()) lines.push(`${shown} -> ${readlinkSync(path, 'latin1')}`);
      else if (stat.isFile()) lines.push(`${shown} ${(stat.mode & 0o777n).toString(8)} ${time > 0n} ${describeContent(path)}`);
      else lines.push(`${shown} special`);
    }
  };
  walk(Buffer.from(directory));
  return lines.sort().join('\n');
}

/** The content, or what it is known by where it is long. */
function describeContent(path: Buffer): string {
  const content = readFileSync(path);
  return content.length <= 10_000 ? content.toString('latin1') : createHash('sha256').update(content).digest('hex');
}
