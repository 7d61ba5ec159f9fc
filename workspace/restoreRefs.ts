import type { Beneath } from './beneath.ts';
import { displayPath, type BytePath } from './bytePath.ts';
import type { GitManifest } from './manifest.ts';
import {
  branchOf,
  isRefName,
  readRefs,
  refOfBranch,
  refOfBranchName,
  resolveHead,
  sameTarget,
  writeOwnRefs,
  writeRefs,
  type Head,
  type Refs,
  type RefTarget,
} from './refs.ts';
import type { RestoreProblem } from './restoreLog.ts';

export interface RestoreRefsRequest {
  readonly git: Beneath;
  readonly manifest: GitManifest;
  /** Whether the object is there with all that it leads to. */
  readonly has: (oid: string) => boolean;
  /** The branch and commit that the repository was opened at. */
  readonly openedBranch: string;
  readonly openedCommit: string | null;
  /** For a linked worktree: the branches and tags of its repository, which it shares. */
  readonly shared?: Refs['refs'];
  readonly problem: (problem: RestoreProblem) => void;
}

export interface RestoredRefs {
  /** How many refs are as they were. */
  readonly applied: number;
  readonly head: Head;
  /** Whether HEAD is where it was. */
  readonly sameHead: boolean;
}

/** Makes refs and HEAD as they were captured, as far as their objects are there. */
export function restoreRefs(request: RestoreRefsRequest): RestoredRefs {
  const { git, shared, problem } = request;
  const now = readRefs(git);
  const { refs, applied } = wantedRefs(request, now.refs);
  const head = wantedHead(request, refs);
  if (shared) writeOwnRefs(git, { head, refs });
  else writeRefs(git, { head, refs });
  const after = readRefs(git);
  for (const name of new Set([...refs.keys(), ...after.refs.keys()]))
    if (!sameTarget(refs.get(name), after.refs.get(name)))
      problem({ subject: 'BRANCH', path: name, status: 'FAILED', reason: 'DIFFERS', detail: 'It is not as it was captured.' });
  const { head: wanted, headCommit } = request.manifest;
  return {
    applied,
    head,
    sameHead:
      sameHead(head, wanted) &&
      resolveHead({ head: after.head, refs: new Map([...(shared ?? []), ...after.refs]) }) === headCommit,
  };
}

function sameHead(a: Head, b: Head | null): boolean {
  if ('oid' in a) return b !== null && 'oid' in b && a.oid === b.oid;
  return b !== null && 'branch' in b && a.branch === b.branch;
}

function wantedRefs({ manifest, has, problem }: RestoreRefsRequest, now: ReadonlyMap<BytePath, RefTarget>) {
  const refs = new Map<BytePath, RefTarget>();
  let applied = 0;
  for (const [name, target] of manifest.refs) {
    if (!isRefName(name) || ('ref' in target && !isRefName(target.ref))) {
      problem({
        subject: 'BRANCH',
        path: name,
        status: 'SKIPPED',
        reason: 'UNSAFE_NAME',
        detail: 'It is no name that git would give to a ref: it is left out.',
      });
      continue;
    }
    if ('ref' in target || has(target.oid)) {
      refs.set(name, target);
      applied++;
      continue;
    }
    const isRemote = name.startsWith('refs/remotes/');
    const there = isRemote ? now.get(name) : undefined;
    if (there) refs.set(name, there);
    problem({
      subject: 'BRANCH',
      path: name,
      status: isRemote ? 'SKIPPED' : 'FAILED',
      reason: 'OBJECT_MISSING',
      detail: isRemote
        ? `The remote no longer has ${target.oid.slice(0, 10)}, where it was: it is ${there ? 'where the remote has it now' : 'left out'}.`
        : `It was at ${target.oid.slice(0, 10)}, of which not everything could be put back: it is left out.`,
    });
  }
  return { refs, applied };
}

/** HEAD as it was; on a branch whose commits are missing, the branch is kept at the commit that was opened. */
function wantedHead(
  { manifest, has, openedBranch, openedCommit, shared, problem }: RestoreRefsRequest,
  refs: Map<BytePath, RefTarget>,
): Head {
  const { head, headCommit } = manifest;
  const lost = (detail: string) => problem({ subject: 'BRANCH', path: null, status: 'FAILED', reason: 'HEAD_MISSING', detail });
  const at = openedCommit === null ? 'no commit' : openedCommit.slice(0, 10);
  if (head !== null && 'oid' in head) {
    if (has(head.oid)) return head;
    lost(`HEAD was detached at ${head.oid.slice(0, 10)}, which is missing: it is on ${openedBranch} at ${at}.`);
  } else if (head !== null && isRefName(refOfBranch(head.branch))) {
    const name = refOfBranch(head.branch);
    if (refs.has(name) || shared?.has(name) || headCommit === null) return head;
    lost(
      `The commits of ${displayPath(head.branch)} are missing: the branch begins at ${at}; what was changed in files is in the worktree.`,
    );
    if (openedCommit !== null) refs.set(name, { oid: openedCommit });
    return head;
  } else lost(`Where HEAD was could not be captured: it is on ${openedBranch} at ${at}.`);
  const fallback = refOfBranchName(openedBranch);
  if (openedCommit !== null && !refs.has(fallback)) refs.set(fallback, { oid: openedCommit });
  return { branch: branchOf(fallback) ?? fallback };
}
