import { constants } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Beneath } from './beneath.ts';
import { bytePathOf, type BytePath } from './bytePath.ts';
import type { Git } from './git.ts';
import type { ObjectFormat } from './gitIndex.ts';
import type { Mirror } from './mirrors.ts';
import { isRefName, refOfBranchName, writeRefs, type RefTarget } from './refs.ts';
import type { FileSystemSettings } from './sideRepository.ts';

/** Who the agent's commits are by, unless it sets that itself. */
export interface Author {
  readonly name: string;
  readonly email: string;
}

/** A commit's files, with a git directory that has no refs and no settings of anyone yet. */
export interface Checkout {
  /** Where it is made; empty or not there yet. */
  readonly directory: string;
  readonly mirror: Mirror;
  /** What to check out; null makes a repository without commits. */
  readonly commit: string | null;
  readonly format: ObjectFormat;
  readonly signal: AbortSignal;
}

/** What makes a checkout a clone for a run. */
export interface WorkingCopy extends Checkout {
  /** The branch it is on, at that commit. */
  readonly branch: string;
  /** What `origin` points to; null for no remote. */
  readonly origin: string | null;
  readonly author: Author;
}

const copyDeadlineMs = 30 * 60_000;

/**
 * Checks a commit out, with all objects that the mirror has. It knows nothing of the run that it will be for.
 *
 * The objects are copied, sharing their blocks where the file system can (Btrfs, XFS, APFS), while the files are
 * checked out straight from the mirror. Neither hard links nor alternates: an agent could change the mirror's packs
 * through a link, and a clone that borrows from the mirror could not be used where the mirror is not in sight.
 */
export async function checkOutCommit(git: Git, checkout: Checkout): Promise<FileSystemSettings> {
  const { directory, format, signal } = checkout;
  await mkdir(directory, { recursive: true });
  await git(['init', '--quiet', '--template=', `--object-format=${format}`, directory], { cwd: directory, signal });
  // The files take longest; the rest is done beside them. All have ended when this one ends, also when one has failed.
  const steps = [
    readFileSystemSettings(git, directory, signal),
    writeFiles(git, checkout),
    copyPacks(checkout).then(() => checkPacks(git, checkout)),
  ] as const;
  await Promise.allSettled(steps);
  return (await Promise.all(steps))[0];
}

/** Makes a checkout a clone of what the mirror has: branches of the remote as `origin/…`, its tags, a branch of its own. */
export async function makeWorkingCopy(copy: WorkingCopy): Promise<void> {
  const gitDirectory = join(copy.directory, '.git');
  const config = join(gitDirectory, 'config');
  await writeFile(config, configText(await readFile(config, 'utf8'), copy));
  await mkdir(join(gitDirectory, 'info'), { recursive: true });
  // A checkout that was made some time ago lacks what the mirror has got since.
  await copyPacks(copy);
  writeCopyRefs(gitDirectory, copy);
}

async function writeFiles(git: Git, { directory, mirror, commit, signal }: Checkout): Promise<void> {
  if (commit === null) {
    await git(['read-tree', '--empty'], { cwd: directory, signal });
    return;
  }
  await git(['read-tree', '-u', '--reset', commit], {
    cwd: directory,
    directories: [{ path: mirror.path, writable: false }],
    variables: { GIT_ALTERNATE_OBJECT_DIRECTORIES: join(mirror.path, 'objects') },
    deadlineMs: copyDeadlineMs,
    signal,
  });
}

/** Whether the copied packs are enough by themselves. */
async function checkPacks(git: Git, { directory, commit, signal }: Checkout): Promise<void> {
  if (commit !== null) await git(['cat-file', '-e', `${commit}^{tree}`], { cwd: directory, signal });
}

async function readFileSystemSettings(git: Git, directory: string, signal: AbortSignal): Promise<FileSystemSettings> {
  const { stdout } = await git(['config', '--local', '--list', '-z'], { cwd: directory, signal });
  const values = new Map(
    stdout
      .toString()
      .split('\0')
      .map((line) => [line.slice(0, line.indexOf('\n')), line.slice(line.indexOf('\n') + 1)] as const),
  );
  const is = (key: string, otherwise: boolean) => (values.get(`core.${key}`) ?? String(otherwise)) === 'true';
  return {
    filemode: is('filemode', true),
    symlinks: is('symlinks', true),
    ignorecase: is('ignorecase', false),
    precomposeunicode: is('precomposeunicode', false),
  };
}

const quote = (value: string): string => `"${value.replaceAll(/[\r\n\0]/g, ' ').replaceAll(/["\\]/g, '\\$&')}"`;

function configText(made: string, { origin, author }: WorkingCopy): string {
  const remote =
    origin === null ? '' : `[remote "origin"]\n\turl = ${quote(origin)}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n`;
  return `${made}${remote}[user]
\tname = ${quote(author.name)}
\temail = ${quote(author.email)}
`;
}

/** The refs that a clone of the remote has, and the branch of our own. */
function writeCopyRefs(gitDirectory: string, { mirror, commit, branch }: WorkingCopy): void {
  const refs = new Map<BytePath, RefTarget>();
  for (const [name, oid] of mirror.remote.refs) {
    const own = name.startsWith('refs/heads/') ? `refs/remotes/origin/${name.slice('refs/heads/'.length)}` : name;
    if (isRefName(own)) refs.set(own, { oid });
  }
  const { head } = mirror.remote;
  if (head !== null && !refs.has('refs/remotes/origin/HEAD'))
    refs.set('refs/remotes/origin/HEAD', { ref: `refs/remotes/origin/${head}` });
  if (commit !== null) refs.set(refOfBranchName(branch), { oid: commit });
  const git = new Beneath(gitDirectory);
  try {
    writeRefs(git, { head: { branch: bytePathOf(branch) }, refs });
  } finally {
    git.close();
  }
}

/** The files of a pack in the order in which they may appear: git takes a pack for whole once it sees its index. */
const packFiles = ['.pack', '.rev', '.idx'];

/** Copies the packs that are not there yet. When the mirror joins some meanwhile, what took their place is copied. */
async function copyPacks({ mirror, directory, signal }: Checkout): Promise<void> {
  const [from, to] = [join(mirror.path, 'objects/pack'), join(directory, '.git/objects/pack')];
  await mkdir(to, { recursive: true });
  const done = new Set((await readdir(to)).flatMap((name) => (name.endsWith('.idx') ? [name.slice(0, -'.idx'.length)] : [])));
  for (let attempt = 0; ; attempt++) {
    const names = new Set(await readdir(from));
    const packs = [...names].filter((name) => name.endsWith('.idx')).map((name) => name.slice(0, -'.idx'.length));
    let vanished = false;
    for (const pack of packs.filter((name) => !done.has(name))) {
      signal.throwIfAborted();
      try {
        for (const suffix of packFiles)
          if (names.has(pack + suffix))
            await copyFile(join(from, pack + suffix), join(to, pack + suffix), constants.COPYFILE_FICLONE);
        done.add(pack);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt === 10) throw error;
        vanished = true;
        for (const suffix of packFiles) await rm(join(to, pack + suffix), { force: true });
      }
    }
    if (!vanished) return;
  }
}
