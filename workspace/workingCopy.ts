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

export interface WorkingCopy {
  /** Where it is made; empty or not there yet. */
  readonly directory: string;
  readonly mirror: Mirror;
  /** What to check out; null makes a repository without commits. */
  readonly commit: string | null;
  /** The branch it is on, at that commit. */
  readonly branch: string;
  /** What `origin` points to. */
  readonly origin: string;
  readonly author: Author;
  readonly format: ObjectFormat;
  readonly signal: AbortSignal;
}

const copyDeadlineMs = 30 * 60_000;

/**
 * Makes a clone of what the mirror has: branches of the remote as `origin/…`, its tags, and a branch of its own.
 *
 * The objects are copied, sharing their blocks where the file system can (Btrfs, XFS, APFS), while the files are
 * checked out straight from the mirror. Neither hard links nor alternates: an agent could change the mirror's packs
 * through a link, and a clone that borrows from the mirror could not be used where the mirror is not in sight.
 */
export async function makeWorkingCopy(git: Git, copy: WorkingCopy): Promise<FileSystemSettings> {
  const { directory, mirror, format, signal } = copy;
  await mkdir(directory, { recursive: true });
  await git(['init', '--quiet', '--template=', `--object-format=${format}`, directory], { cwd: directory, signal });
  const gitDirectory = join(directory, '.git');
  await writeFile(join(gitDirectory, 'config'), configText(await readFile(join(gitDirectory, 'config'), 'utf8'), copy));
  await mkdir(join(gitDirectory, 'info'), { recursive: true });
  writeCopyRefs(gitDirectory, copy);
  // The checkout takes longest; the rest is done beside it. All have ended when this one ends, also when one has failed.
  const steps = [
    readFileSystemSettings(git, directory, signal),
    checkOut(git, copy),
    copyPacks(join(mirror.path, 'objects/pack'), join(gitDirectory, 'objects/pack'), signal).then(() => checkPacks(git, copy)),
  ] as const;
  await Promise.allSettled(steps);
  return (await Promise.all(steps))[0];
}

async function checkOut(git: Git, { directory, mirror, commit, signal }: WorkingCopy): Promise<void> {
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
async function checkPacks(git: Git, { directory, commit, signal }: WorkingCopy): Promise<void> {
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
  return `${made}[remote "origin"]
\turl = ${quote(origin)}
\tfetch = +refs/heads/*:refs/remotes/origin/*
[user]
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

/** Copies all packs. When the mirror joins some meanwhile, what took their place is copied. */
async function copyPacks(from: string, to: string, signal: AbortSignal): Promise<void> {
  await mkdir(to, { recursive: true });
  const done = new Set<string>();
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
