import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { TeamId } from '../domain/ids.ts';
import { fetchProgress } from './fetchProgress.ts';
import { GitError, type Git } from './git.ts';
import { credentialFor, type GitCredential } from './gitCredential.ts';
import { withLock } from './lock.ts';
import { isDiskFull, listRemote, remoteCall, remoteFailure, type RemoteRefs } from './remote.ts';
import { withAccess, type RemoteAccess } from './remoteAccess.ts';
import type { RepositoryUrl } from './repositoryUrl.ts';
import { sharedWork, type SharedWork } from './sharedWork.ts';

/** A bare mirror of a remote on this worker, with everything the remote just said it has. */
export interface Mirror {
  readonly path: string;
  readonly remote: RemoteRefs;
  /** Commits that were wanted, and that neither mirror nor remote has. */
  readonly missing: readonly string[];
}

export interface MirrorRequest {
  readonly teamId: TeamId;
  readonly url: RepositoryUrl;
  /** What the environment shows to hosts. None by default. */
  readonly credentials?: readonly GitCredential[] | undefined;
  /** Commits that are needed besides what the remote's branches have; asked for by their ids. */
  readonly wanted: readonly string[];
  readonly signal: AbortSignal;
  readonly onProgress: (detail: string) => void;
}

/** A fetch may take this long. Milliseconds. */
const fetchDeadlineMs = 60 * 60_000;
/** From this many packs on, they are joined. */
const manyPacks = 24;
/** A mirror that was used this lately stays, whatever room there is: someone may still be copying it. Milliseconds. */
const lateMs = 60 * 60_000;
const networkTrouble =
  /could not resolve|unable to access|connection|timed out|early eof|hung up|rpc failed|ssl|could not read from remote/i;

const exists = async (path: string): Promise<boolean> => (await readdir(path).catch(() => null)) !== null;

/**
 * The mirrors of a worker, one per team and repository. A mirror is used only after the remote has accepted the
 * caller's own credentials; opens of one repository share one fetch, in this process and across processes; a mirror
 * that turns out to be damaged is thrown away and fetched again. Nothing in a mirror is ever pruned: a commit that a
 * snapshot builds on stays, also when its branch is gone from the remote. When they take too much room together, those
 * go whole that were not used for longest.
 */
export class Mirrors {
  readonly #directory: string;
  readonly #git: Git;
  readonly #variables: Readonly<Record<string, string>>;
  readonly #mostBytes: number;
  readonly #fetches = new Map<string, SharedWork>();

  constructor({
    directory,
    git,
    variables = {},
    mostBytes = Infinity,
  }: {
    readonly directory: string;
    readonly git: Git;
    /** For the calls that talk to remotes: proxies, SSH_AUTH_SOCK, HOME for known_hosts … */
    readonly variables?: Readonly<Record<string, string>>;
    /** What they may take together. Bytes; no limit by default. */
    readonly mostBytes?: number;
  }) {
    this.#directory = directory;
    this.#git = git;
    this.#variables = variables;
    this.#mostBytes = mostBytes;
  }

  /**
   * Brings the mirror up to what the remote has now, which says so to the credential that the caller brings, whatever is
   * here already. Throws FailureError REPOSITORY_UNREACHABLE, REPOSITORY_UNAUTHORIZED or DISK_FULL.
   */
  async open(request: MirrorRequest): Promise<Mirror> {
    await mkdir(dirname(this.#pathOf(request)), { recursive: true });
    return this.withAccess(request, (access) => this.#open(request, access));
  }

  async #open(request: MirrorRequest, access: RemoteAccess): Promise<Mirror> {
    const { url, signal, onProgress } = request;
    const path = this.#pathOf(request);
    for (let attempt = 0; ; attempt++) {
      onProgress(`asking ${url.name} for its branches`);
      const remote = await listRemote(this.#git, url, { cwd: dirname(path), access, signal });
      // From here on nobody takes it for one that is not used.
      await markUsed(path);
      const advertised = [...new Set(remote.refs.values())];
      if ((await this.#lacks(path, advertised, signal)).length === 0)
        return { path, remote, missing: await this.#fetchWanted(path, request, access) };
      // The remote may move between its answer and the fetch: then it is asked again.
      if (attempt === 3)
        throw remoteFailure(
          new GitError('fetch', { exitCode: 1, stderr: 'error: its branches keep changing', timedOut: false }),
          url,
        );
      // With an access of its own, for it may outlast the caller who began it.
      await this.#share(path, request, (job) =>
        this.withAccess(request, (shared) => this.#fetchAll(path, url, advertised, shared, job)),
      );
    }
  }

  /** Throws the mirror away, because something in it is damaged; the next open fetches it again. */
  async discard({ path }: Mirror, signal: AbortSignal): Promise<void> {
    await withLock(path, { signal }, () => this.#remove(path));
  }

  #pathOf({ teamId, url }: MirrorRequest): string {
    const key = createHash('sha256').update(url.shown).digest('hex').slice(0, 20);
    const name = url.name
      .replaceAll(/[^\w.-]/g, '_')
      .replace(/\.git$/, '')
      .slice(0, 60);
    return join(this.#directory, teamId, `${name}-${key}.git`);
  }

  /** Gives `work` what calls that talk to this remote need, with the environment's credential for it. */
  async withAccess<T>(
    { url, credentials = [] }: Pick<MirrorRequest, 'url' | 'credentials'>,
    work: (access: RemoteAccess) => Promise<T>,
  ): Promise<T> {
    return withAccess(url, credentialFor(url, credentials), await this.#networkVariables(url), work);
  }

  /** A repository on this worker may belong to another user; that it may be used was the operator's choice. */
  async #networkVariables(url: RepositoryUrl): Promise<Readonly<Record<string, string>>> {
    if (!url.transports.includes('file')) return this.#variables;
    const config = join(this.#directory, 'local.gitconfig');
    await writeFile(config, '[safe]\n\tdirectory = *\n');
    return { ...this.#variables, GIT_CONFIG_GLOBAL: config };
  }

  /** Which of the objects the mirror lacks: all of them when there is no mirror, or it cannot be read. */
  async #lacks(path: string, oids: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
    if (!(await exists(path))) return oids.length === 0 ? [''] : oids;
    try {
      const { stdout } = await this.#git(['cat-file', '--batch-check=%(objectname)', '--buffer'], {
        cwd: path,
        variables: { GIT_DIR: path },
        input: oids.map((oid) => `${oid}\n`).join(''),
        signal,
      });
      return stdout
        .toString('latin1')
        .split('\n')
        .filter((line) => line.endsWith(' missing'))
        .map((line) => line.slice(0, -' missing'.length));
    } catch (error) {
      if (error instanceof GitError && !error.timedOut) return oids;
      throw error;
    }
  }

  #share(path: string, { signal, onProgress }: MirrorRequest, run: (job: FetchJob) => Promise<void>): Promise<void> {
    let work = this.#fetches.get(path);
    if (!work || work.abandoned) {
      const started = sharedWork((jobSignal, say) => run({ signal: jobSignal, say }).finally(() => forget()));
      const forget = () => {
        if (this.#fetches.get(path) === started) this.#fetches.delete(path);
      };
      work = started;
      this.#fetches.set(path, work);
    }
    return work.join(signal, onProgress);
  }

  async #fetchAll(
    path: string,
    url: RepositoryUrl,
    wanted: readonly string[],
    access: RemoteAccess,
    job: FetchJob,
  ): Promise<void> {
    const onWait = () => job.say(`waiting for another fetch of ${url.name}`);
    await withLock(path, { signal: job.signal, onWait }, async (signal) => {
      if ((await this.#lacks(path, wanted, signal)).length === 0) return;
      const fetch = (into: string) => this.#fetch(into, url, access, { ...job, signal });
      try {
        if (await exists(path)) {
          try {
            await fetch(path);
            return await this.#tidy(path, signal);
          } catch (error) {
            if (!(error instanceof GitError) || error.timedOut || isDiskFull(error) || networkTrouble.test(error.stderr))
              throw error;
            job.say(`the mirror of ${url.name} is damaged, fetching it again`);
            await this.#remove(path);
          }
        }
        await this.#create(path, wanted[0], fetch, signal);
      } catch (error) {
        throw remoteFailure(error, url, access.credential);
      }
    });
    await this.#makeRoom(path, job.signal);
  }

  /** Removes mirrors that were not used for longest, until the others have room. `but` stays. */
  async #makeRoom(but: string, signal: AbortSignal): Promise<void> {
    if (this.#mostBytes === Infinity) return;
    const mirrors = await this.#all();
    let bytes = mirrors.reduce((sum, mirror) => sum + mirror.bytes, 0);
    const isUsed = async (path: string) => (await lastUsed(path)) > Date.now() - lateMs;
    for (const { path, bytes: freed } of mirrors.toSorted((a, b) => a.usedAt - b.usedAt)) {
      if (bytes <= this.#mostBytes) return;
      if (path === but || (await isUsed(path))) continue;
      await withLock(path, { signal }, async () => {
        if (await isUsed(path)) return;
        await this.#remove(path);
        bytes -= freed;
      });
    }
  }

  async #all(): Promise<{ readonly path: string; readonly bytes: number; readonly usedAt: number }[]> {
    const mirrors: { path: string; bytes: number; usedAt: number }[] = [];
    for (const team of await readdir(this.#directory, { withFileTypes: true })) {
      if (!team.isDirectory()) continue;
      for (const name of await readdir(join(this.#directory, team.name))) {
        const path = join(this.#directory, team.name, name);
        if (!name.endsWith('.git')) continue;
        const packs = join(path, 'objects/pack');
        const sizes = await Promise.all((await readdir(packs).catch(() => [])).map((file) => sizeOf(join(packs, file))));
        mirrors.push({ path, bytes: sizes.reduce((sum, size) => sum + size, 0), usedAt: await lastUsed(path) });
      }
    }
    return mirrors;
  }

  /** Makes a new mirror aside and moves it into place when it is whole. */
  async #create(
    path: string,
    anOid: string | undefined,
    fetch: (into: string) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    for (const name of await readdir(dirname(path)))
      if (name.startsWith(`${basename(path)}.new-`)) await rm(join(dirname(path), name), { recursive: true, force: true });
    const made = `${path}.new-${randomBytes(6).toString('hex')}`;
    try {
      const format = anOid?.length === 64 ? 'sha256' : 'sha1';
      await this.#git(['init', '--quiet', '--bare', '--template=', `--object-format=${format}`, made], {
        cwd: dirname(path),
        signal,
      });
      await fetch(made);
      await rename(made, path);
    } catch (error) {
      await rm(made, { recursive: true, force: true });
      throw error;
    }
  }

  async #fetch(into: string, url: RepositoryUrl, access: RemoteAccess, { signal, say }: FetchJob): Promise<void> {
    say(`fetching ${url.name}`);
    await this.#git(
      [
        '-c',
        'fetch.unpackLimit=1',
        'fetch',
        '--progress',
        '--prune',
        '--no-tags',
        '--no-write-fetch-head',
        '--force',
        'origin',
        '+refs/heads/*:refs/heads/*',
        '+refs/tags/*:refs/tags/*',
      ],
      {
        cwd: into,
        ...this.#bareCall(into, url, access),
        deadlineMs: fetchDeadlineMs,
        signal,
        onStderr: fetchProgress(url.name, say),
      },
    );
  }

  #bareCall(path: string, url: RepositoryUrl, access: RemoteAccess) {
    const call = remoteCall(url, access);
    return { ...call, variables: { ...call.variables, GIT_DIR: path } };
  }

  /** Asks the remote for commits by their ids, which many servers allow. Gives back those that it does not have. */
  async #fetchWanted(
    path: string,
    { url, wanted, signal, onProgress }: MirrorRequest,
    access: RemoteAccess,
  ): Promise<readonly string[]> {
    const missing: string[] = [];
    for (const oid of await this.#lacks(path, wanted, signal)) {
      onProgress(`asking ${url.name} for ${oid.slice(0, 10)}`);
      try {
        await withLock(path, { signal }, (held) =>
          this.#git(
            [
              '-c',
              'fetch.unpackLimit=1',
              'fetch',
              '--quiet',
              '--no-tags',
              '--no-write-fetch-head',
              'origin',
              `${oid}:refs/baton/kept/${oid}`,
            ],
            {
              cwd: path,
              ...this.#bareCall(path, url, access),
              deadlineMs: fetchDeadlineMs,
              signal: held,
            },
          ),
        );
      } catch (error) {
        if (!(error instanceof GitError)) throw error;
        if (isDiskFull(error)) throw remoteFailure(error, url);
        missing.push(oid);
      }
    }
    return missing;
  }

  /** Joins packs once there are many of them. Keeps every object, also those that no branch reaches any more. */
  async #tidy(path: string, signal: AbortSignal): Promise<void> {
    const packs = (await readdir(join(path, 'objects', 'pack'))).filter((name) => name.endsWith('.pack'));
    if (packs.length < manyPacks) return;
    await this.#git(['repack', '--geometric=2', '-d', '--quiet', '--no-write-bitmap-index'], {
      cwd: path,
      variables: { GIT_DIR: path },
      deadlineMs: fetchDeadlineMs,
      signal,
    });
  }

  async #remove(path: string): Promise<void> {
    const aside = `${path}.new-discarded-${randomBytes(6).toString('hex')}`;
    await rename(path, aside).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await rm(aside, { recursive: true, force: true });
  }
}

interface FetchJob {
  readonly signal: AbortSignal;
  readonly say: (detail: string) => void;
}

/** A mirror's HEAD is never read for its content: its time says when the mirror was last used. */
const markUsed = async (path: string): Promise<void> => {
  const now = new Date();
  await utimes(join(path, 'HEAD'), now, now).catch(() => {});
};
const lastUsed = async (path: string): Promise<number> => (await stat(join(path, 'HEAD')).catch(() => null))?.mtimeMs ?? 0;
const sizeOf = async (path: string): Promise<number> => (await stat(path).catch(() => null))?.size ?? 0;
