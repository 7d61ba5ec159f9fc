import { mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BranchNotPushed, BranchPushed, OpenedRepository } from '../domain/events.ts';
import type { TeamId } from '../domain/ids.ts';
import { Beneath } from './beneath.ts';
import { GitError, type Git, type GitCall } from './git.ts';
import type { ObjectFormat } from './gitIndex.ts';
import type { GitCredential } from './gitCredential.ts';
import type { Mirror, MirrorRequest, Mirrors } from './mirrors.ts';
import { presentObjects, revisions } from './objectCheck.ts';
import { PushRefused, refusalIn, refusalOf } from './pushRefusal.ts';
import { readRefs, refOfBranchName, resolveRef } from './refs.ts';
import { isDiskFull, remoteCall } from './remote.ts';
import { parseRepositoryUrl, type RepositoryUrl } from './repositoryUrl.ts';
import { gitFolder, SideRepository, type SideGit } from './sideRepository.ts';
import { WorkspaceState } from './workspaceState.ts';

/** All of a push may take this long. Milliseconds. */
const pushDeadlineMs = 5 * 60_000;

export interface PushRequest {
  readonly teamId: TeamId;
  readonly directory: string;
  /** The worker's own directory beside the workspace, as given to `open`. */
  readonly state: string;
  /** The repository whose branch is pushed, as it was opened. */
  readonly opened: OpenedRepository;
  /** Its address, as the environment gives it. */
  readonly url: string;
  /** What the environment shows to hosts. None by default. */
  readonly credentials?: readonly GitCredential[];
  /** Whether a repository may be a path on this worker. */
  readonly allowLocal: boolean;
  readonly signal: AbortSignal;
  /** Gives the push up for want of time, and tells so. */
  readonly hurried?: AbortSignal;
  /** All of it may take this long. Milliseconds; 5 minutes by default. */
  readonly deadlineMs?: number;
}

export interface PushDeps {
  /** For what an agent may have written. */
  readonly git: Git;
  readonly remoteGit: Git;
  readonly mirrors: Mirrors;
}

/**
 * Pushes the run's branch to the remote's branch of the same name, forward only. Null when the remote has all of it.
 * The remote is never talked to with what an agent could write: the branch's new objects are packed in the sandbox,
 * checked as they are taken into a repository of ours that borrows from the mirror, and pushed from there. A push that
 * is refused, or takes too long, is an outcome; throws only what is none of these, and the signal's reason.
 */
export async function pushBranch(deps: PushDeps, request: PushRequest): Promise<BranchPushed | BranchNotPushed | null> {
  const { opened, signal, hurried, deadlineMs = pushDeadlineMs } = request;
  const { repository, branch } = opened;
  const url = parseRepositoryUrl(request.url, { allowLocal: request.allowLocal });
  const deadline = AbortSignal.timeout(deadlineMs);
  const within = AbortSignal.any([signal, deadline, ...(hurried ? [hurried] : [])]);
  let commit: string | null = null;
  try {
    commit = readTip(join(realpathSync(request.directory), repository), branch);
    if (commit === null || commit === opened.base) return null;
    const commits = await push(deps, { ...request, signal: within }, url, commit);
    return commits === 0 ? null : { type: 'branch.pushed', repository, url: url.shown, branch, commit, commits };
  } catch (error) {
    signal.throwIfAborted();
    const late = hurried?.aborted ? 'HURRIED' : deadline.aborted ? 'TIMED_OUT' : null;
    const { reason, detail } = refusalOf(error, { url, branch, late, deadlineMs });
    return { type: 'branch.notPushed', repository, url: url.shown, branch, commit, reason, detail };
  }
}

/** What the branch is at; null when there is no such branch. */
function readTip(worktree: string, branch: string): string | null {
  const git = new Beneath(join(worktree, gitFolder));
  try {
    const { refs, problems } = readRefs(git);
    const name = refOfBranchName(branch);
    const problem = problems.find((other) => other.reason === 'REFTABLE' || other.name === name);
    if (problem) throw new PushRefused('INVALID_OBJECTS', `the branch cannot be read: ${problem.detail}`);
    return resolveRef(refs, name);
  } finally {
    git.close();
  }
}

/** Pushes, and gives back how many commits of the branch the remote did not have. */
async function push(deps: PushDeps, request: PushRequest, url: RepositoryUrl, tip: string): Promise<number> {
  const { teamId, opened, credentials, signal } = request;
  const state = new WorkspaceState(realpathSync(request.state));
  const { format, trusted } = state.readOpened(opened.repository);
  const mirror = await deps.mirrors.open({ teamId, url, credentials, wanted: [], signal, onProgress: () => {} });
  const outgoing = new OutgoingRepository(join(state.scratch(), 'push'), mirror, format, deps.git);
  outgoing.create();
  try {
    const there = await presentObjects(outgoing, [...new Set([...mirror.remote.refs.values(), ...trusted, opened.base])], signal);
    if ((await presentObjects(outgoing, [tip], signal)).length === 0) {
      const directory = state.sideDirectory(opened.repository);
      const worktree = join(realpathSync(request.directory), opened.repository);
      await outgoing.take(new SideRepository({ directory, worktree, format, git: deps.git }), tip, there, signal);
    }
    const name = refOfBranchName(opened.branch);
    const before = mirror.remote.refs.get(name);
    const commits = await outgoing.count(tip, before === undefined ? there : [before], signal);
    if (commits === 0) return 0;
    return (await pushFrom(deps, outgoing.directory, { url, credentials }, `${tip}:${name}`, signal)) ? commits : 0;
  } finally {
    outgoing.remove();
  }
}

/** False when the remote's branch came to be the same meanwhile. */
async function pushFrom(
  { remoteGit, mirrors }: PushDeps,
  directory: string,
  remote: Pick<MirrorRequest, 'url' | 'credentials'>,
  refspec: string,
  signal: AbortSignal,
): Promise<boolean> {
  const { stdout, stderr } = await mirrors.withAccess(remote, (access) => {
    const call = remoteCall(remote.url, access);
    return remoteGit(
      ['push', '--porcelain', '--no-verify', '--no-signed', '--no-follow-tags', '--no-recurse-submodules', 'origin', refspec],
      {
        cwd: directory,
        ...call,
        variables: { ...call.variables, GIT_DIR: directory },
        deadlineMs: pushDeadlineMs,
        signal,
        answers: [0, 1],
      },
    );
  });
  // https://git-scm.com/docs/git-push#_output: a flag, the refs, and what came of it.
  const told = stdout
    .toString()
    .split('\n')
    .find((line) => /^[ *!=+-]\t/.test(line));
  if (told === undefined || told.startsWith('!')) throw refusalIn(told ?? '', stderr);
  return !told.startsWith('=');
}

/** A bare repository of ours for one push: it borrows what the mirror has, and takes in what is new after a check. */
class OutgoingRepository implements SideGit {
  readonly directory: string;
  readonly #mirror: Mirror;
  readonly #format: ObjectFormat;
  readonly #git: Git;

  constructor(directory: string, mirror: Mirror, format: ObjectFormat, git: Git) {
    this.directory = directory;
    this.#mirror = mirror;
    this.#format = format;
    this.#git = git;
  }

  create(): void {
    this.remove();
    for (const folder of ['objects/info', 'objects/pack', 'refs/heads'])
      mkdirSync(join(this.directory, folder), { recursive: true });
    writeFileSync(join(this.directory, 'HEAD'), 'ref: refs/heads/none\n');
    const sha256 = this.#format === 'sha256';
    writeFileSync(
      join(this.directory, 'config'),
      `[core]\n\trepositoryformatversion = ${sha256 ? 1 : 0}\n\tbare = true\n${sha256 ? '[extensions]\n\tobjectFormat = sha256\n' : ''}`,
    );
    writeFileSync(join(this.directory, 'objects/info/alternates'), `${join(this.#mirror.path, 'objects')}\n`);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  async run(args: readonly string[], call: Omit<GitCall, 'cwd' | 'directories' | 'transports'> = {}) {
    try {
      return await this.#git(args, {
        ...call,
        cwd: this.directory,
        directories: [{ path: this.#mirror.path, writable: false }],
        variables: { GIT_DIR: this.directory, ...call.variables },
      });
    } catch (error) {
      throw asInvalid(error);
    }
  }

  /** Takes in what a commit of the agent's leads to, but for what the mirror has. */
  async take(side: SideRepository, tip: string, there: readonly string[], signal: AbortSignal): Promise<void> {
    try {
      side.borrowObjects();
      const known = await presentObjects(side, there, signal);
      await side.run(['pack-objects', '--revs', '--stdout', '--delta-base-offset', '--quiet'], {
        input: revisions([tip], known),
        signal,
        readStdout: async (stdout) => {
          await this.run(['index-pack', '--stdin', '--strict'], { input: stdout, signal });
        },
      });
    } catch (error) {
      signal.throwIfAborted();
      throw asInvalid(error);
    }
  }

  /** How many commits the tip has that these have not. */
  async count(tip: string, without: readonly string[], signal: AbortSignal): Promise<number> {
    const { stdout } = await this.run(['rev-list', '--count', '--stdin'], { input: revisions([tip], without), signal });
    return Number(stdout.toString().trim());
  }
}

/** What git could not do with the objects that it was given; other errors come back as they are. */
function asInvalid(error: unknown): unknown {
  if (!(error instanceof GitError) || error.timedOut || isDiskFull(error)) return error;
  const complaint = error.stderr.split('\n').find((line) => /^(fatal|error): /.test(line));
  return new PushRefused('INVALID_OBJECTS', complaint ?? 'git could not read them');
}
