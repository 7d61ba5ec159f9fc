import type { BlobStore } from '../blobs/blobStore.ts';
import type { BranchNotPushed, BranchPushed, OpenedRepository } from '../domain/events.ts';
import type { RestoreReport } from '../domain/snapshot.ts';
import { captureWorkspace, type Captured, type CaptureRequest } from './capture.ts';
import { createGit, GitError } from './git.ts';
import { directGit, type SpawnGit } from './gitProcess.ts';
import { keyedQueue } from './keyedQueue.ts';
import { Mirrors } from './mirrors.ts';
import { openWorkspace, type OpenRequest } from './open.ts';
import { pushBranch, type PushRequest } from './pushBranch.ts';
import { diskFull, isDiskFull } from './remote.ts';
import { ReadyCheckouts, type ReadyCheckoutsOptions } from './readyCheckouts.ts';
import type { SizeLimits } from './sizeLimits.ts';
import { restoreWorkspace, type RestoreRequest } from './restore.ts';
import { waitingStore } from './waitingStore.ts';

export interface WorkspacesOptions {
  readonly blobs: BlobStore;
  /** The directory of this worker's mirrors. */
  readonly mirrors: string;
  /** What the mirrors may take together. Bytes; no limit by default. */
  readonly mostMirrorBytes?: number;
  /** Checkouts that are made in advance. None by default. */
  readonly ready?: ReadyCheckoutsOptions;
  /** Starts git for remotes and mirrors. Plain processes by default. */
  readonly remoteGit?: SpawnGit;
  /** Starts git on what an agent may have written: give one that runs it in a sandbox. Plain processes by default. */
  readonly workspaceGit?: SpawnGit;
  /** What a snapshot may hold at most; no limits by default. */
  readonly limits?: SizeLimits;
  /** How long one blob may take to be stored or read. Milliseconds; two minutes by default. */
  readonly blobDeadlineMs?: number;
  /** Variables for git when it talks to remotes: proxies, SSH_AUTH_SOCK, HOME for known_hosts … None by default. */
  readonly remoteVariables?: Readonly<Record<string, string>>;
}

/** The workspaces of a worker: opened from git, captured as snapshots, restored from them. */
export interface Workspaces {
  open(request: OpenRequest): Promise<OpenedRepository[]>;
  capture(request: CaptureRequest): Promise<Captured>;
  restore(request: RestoreRequest): Promise<RestoreReport>;
  /** Pushes the run's branch of one repository; null when the remote has all of it. */
  push(request: PushRequest): Promise<BranchPushed | BranchNotPushed | null>;
  /** Resolves when the checkouts for sessions to come are made. */
  settled(): Promise<void>;
  /** Makes no more checkouts for sessions to come. */
  close(): Promise<void>;
}

export function createWorkspaces({
  blobs,
  mirrors,
  mostMirrorBytes = Infinity,
  ready: readyOptions,
  remoteGit = directGit(),
  workspaceGit = directGit(),
  remoteVariables = {},
  limits = { file: Infinity, all: Infinity },
  blobDeadlineMs = 120_000,
}: WorkspacesOptions): Workspaces {
  const git = createGit(workspaceGit);
  const outside = createGit(remoteGit);
  const mirrorStore = new Mirrors({
    directory: mirrors,
    git: outside,
    variables: remoteVariables,
    mostBytes: mostMirrorBytes,
  });
  const ready = readyOptions ? new ReadyCheckouts(git, readyOptions) : null;
  // Two operations on one workspace wait for each other: a retry may begin while the first attempt still runs.
  const queue = keyedQueue();
  const storeFor = ({ signal }: { signal: AbortSignal }) => waitingStore(blobs, { deadlineMs: blobDeadlineMs, signal });
  return {
    open: (request) =>
      queue(request.state, () => openWorkspace({ git, blobs: storeFor(request), mirrors: mirrorStore, ready }, request)),
    capture: (request) =>
      queue(request.state, () => captureWorkspace({ git, blobs: storeFor(request), limits }, request).catch(sayFull)),
    restore: (request) => queue(request.state, () => restoreWorkspace({ git, blobs: storeFor(request) }, request).catch(sayFull)),
    push: (request) => queue(request.state, () => pushBranch({ git, remoteGit: outside, mirrors: mirrorStore }, request)),
    settled: async () => ready?.settled(),
    close: async () => ready?.close(),
  };
}

/** Git says in words that the disk is full, where others have a code. */
const sayFull = (error: unknown): never => {
  throw error instanceof GitError && isDiskFull(error) ? diskFull(error) : error;
};
