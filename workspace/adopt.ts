import { lstatSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { OpenedRepository } from '../domain/events.ts';
import { isGitlink } from './baseTree.ts';
import { Beneath } from './beneath.ts';
import { displayPath, type BytePath } from './bytePath.ts';
import { GitError, type Git } from './git.ts';
import { readGitDirectory, showToSide } from './gitDirectory.ts';
import { parseIndex, type ObjectFormat } from './gitIndex.ts';
import { readSettings, type Setting } from './localSettings.ts';
import { revisions, sortOut } from './objectCheck.ts';
import { noCommit } from './open.ts';
import { readRefs, resolveHead, type Refs } from './refs.ts';
import { maskCredentials } from './repositoryUrl.ts';
import { gitFolder, SideRepository } from './sideRepository.ts';
import { WorkspaceState } from './workspaceState.ts';

/** Why a repository cannot be captured where it is. Its message says what to do. */
export class NotAdoptableError extends Error {
  readonly code: 'NO_REPOSITORY' | 'LINKED_WORKTREE' | 'ALTERNATES';
  constructor(code: NotAdoptableError['code'], message: string) {
    super(message);
    this.name = 'NotAdoptableError';
    this.code = code;
  }
}

export interface AdoptRequest {
  /** The workspace; its repositories are a person's own. */
  readonly directory: string;
  /** A directory of our own, outside of it, with the life of what is done with it. */
  readonly state: string;
  /** The repositories' folders in the workspace, `.` for the workspace itself. */
  readonly repositories: readonly string[];
  /** Leave out what remotes have, as far as the repository's remote-tracking branches know. */
  readonly thin: boolean;
  readonly signal: AbortSignal;
}

/**
 * Takes repositories that nobody opened here for a workspace, so that it can be captured. They are only read. Nothing
 * is taken for granted of their files: each is an entry of the snapshot, with its mode and time. Throws
 * NotAdoptableError.
 */
export async function adoptWorkspace(
  git: Git,
  { directory, state: stateDirectory, repositories, thin, signal }: AdoptRequest,
): Promise<OpenedRepository[]> {
  const root = await realpath(directory);
  const state = new WorkspaceState(stateDirectory);
  state.clear();
  const opened: OpenedRepository[] = [];
  for (const repository of repositories) {
    const worktree = repository === '.' ? root : join(root, repository);
    refuseUnusual(worktree);
    opened.push(await adopt({ git, state, repository, worktree, thin, signal }));
  }
  return opened;
}

function refuseUnusual(worktree: string): void {
  const stat = lstatSync(join(worktree, gitFolder), { throwIfNoEntry: false });
  if (stat === undefined) throw new NotAdoptableError('NO_REPOSITORY', `${worktree} is no git repository with a worktree.`);
  if (!stat.isDirectory())
    throw new NotAdoptableError(
      'LINKED_WORKTREE',
      `The git directory of ${worktree} lies elsewhere: it is a linked worktree or a submodule. Name the repository that it belongs to, or a clone.`,
    );
  if (lstatSync(join(worktree, gitFolder, 'objects/info/alternates'), { throwIfNoEntry: false }) !== undefined)
    throw new NotAdoptableError(
      'ALTERNATES',
      `${worktree} borrows objects from another repository (.git/objects/info/alternates), so what it holds is not all its own. Run git repack -a -d there and remove that file first.`,
    );
}

interface Adopted {
  readonly git: Git;
  readonly state: WorkspaceState;
  readonly repository: string;
  readonly worktree: string;
  readonly thin: boolean;
  readonly signal: AbortSignal;
}

async function adopt({ git, state, repository, worktree, thin, signal }: Adopted): Promise<OpenedRepository> {
  const files = new Beneath(join(worktree, gitFolder));
  try {
    const { side, settings } = await makeSide({ git, directory: state.sideDirectory(repository), worktree, files, signal });
    const refs = readRefs(files);
    showToSide(side, readGitDirectory(files, false).files);
    side.borrowObjects();
    const remotes = remoteCommits(refs);
    const base = await baseOf(side, resolveHead(refs), remotes, thin, signal);
    await side.run(['read-tree', ...(base === null ? ['--empty'] : [base])], { signal });
    state.writeOpened(repository, {
      format: side.format,
      trusted: thin ? (await sortOut(side, remotes, [], signal)).sound : [],
      // The top folder, changed since ever: all below it is looked at.
      directories: { '': '0' },
      gitlinks: parseIndex(side.readIndex(), side.format)
        .filter(isGitlink)
        .map(({ path }) => path),
      settings: settings.filter(isOfEveryClone).map((setting) => setting.join('\n')),
    });
    const branch = refs.head !== null && 'branch' in refs.head ? displayPath(refs.head.branch) : 'main';
    const url = maskCredentials(settings.findLast(([key]) => key === 'remote.origin.url')?.[1] ?? '');
    return { repository, url, baseBranch: branch, base: base ?? noCommit(side.format), branch };
  } finally {
    files.close();
  }
}

/** Our git directory for the repository, with the settings by which git sees its files. */
async function makeSide({
  files,
  signal,
  ...place
}: {
  readonly git: Git;
  readonly directory: string;
  readonly worktree: string;
  readonly files: Beneath;
  readonly signal: AbortSignal;
}): Promise<{ readonly side: SideRepository; readonly settings: readonly Setting[] }> {
  const made = (format: ObjectFormat, settings: readonly Setting[]) => {
    const side = new SideRepository({ ...place, format });
    const is = (key: string, otherwise: boolean) => {
      const value = settings.findLast(([name]) => name === `core.${key}`)?.[1];
      return value === undefined ? otherwise : /^(?:true|yes|on|1)$/i.test(value);
    };
    side.create({
      filemode: is('filemode', true),
      symlinks: is('symlinks', true),
      ignorecase: is('ignorecase', false),
      precomposeunicode: is('precomposeunicode', false),
    });
    return side;
  };
  const settings = (await readSettings(made('sha1', []), files, signal)) ?? [];
  const isSha256 = settings.some(([key, value]) => key === 'extensions.objectformat' && value.toLowerCase() === 'sha256');
  return { side: made(isSha256 ? 'sha256' : 'sha1', settings), settings };
}

const remoteCommits = ({ refs }: Refs): string[] => [
  ...new Set([...refs].flatMap(([name, target]) => (isRemoteTracking(name) && 'oid' in target ? [target.oid] : []))),
];
const isRemoteTracking = (name: BytePath): boolean => name.startsWith('refs/remotes/');

/**
 * The commit that changes are told against: the last one on the way to HEAD that a remote-tracking branch has, else
 * HEAD itself. Null when there is none, or not all of it is there.
 */
async function baseOf(
  side: SideRepository,
  head: string | null,
  remotes: readonly string[],
  thin: boolean,
  signal: AbortSignal,
): Promise<string | null> {
  if (head === null) return null;
  const { sound } = await sortOut(side, [head, ...remotes], [], signal);
  const known = remotes.filter((oid) => sound.includes(oid));
  if (known.includes(head)) return head;
  if (!sound.includes(head)) return null;
  const last = known.length === 0 ? null : await lastShared(side, head, known, signal);
  return last ?? (thin ? null : head);
}

async function lastShared(
  side: SideRepository,
  head: string,
  remotes: readonly string[],
  signal: AbortSignal,
): Promise<string | null> {
  try {
    const { stdout } = await side.run(['rev-list', '--first-parent', '--boundary', '--stdin'], {
      input: revisions([head], remotes),
      signal,
    });
    const lines = stdout.toString('latin1').trim().split('\n');
    // With nothing before it, HEAD is on the remote itself.
    if (lines[0] === '') return head;
    return lines.find((line) => line.startsWith('-'))?.slice(1) ?? null;
  } catch (error) {
    if (error instanceof GitError && !error.timedOut) return null;
    throw error;
  }
}

/** Settings that a clone of the repository has too: that they do not travel needs no word. */
function isOfEveryClone([key, value]: Setting): boolean {
  return (
    /^(?:core\.(?:repositoryformatversion|bare|symlinks|ignorecase|precomposeunicode)|extensions\.objectformat|remote\.origin\.url)$/.test(
      key,
    ) ||
    (key === 'remote.origin.fetch' && value === '+refs/heads/*:refs/remotes/origin/*')
  );
}
