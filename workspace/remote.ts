import { FailureError } from '../domain/failure.ts';
import { GitError, type Git, type GitCall } from './git.ts';
import { sshOptions, type RemoteAccess } from './remoteAccess.ts';
import { maskCredentials, type RepositoryUrl } from './repositoryUrl.ts';

/** What a remote has, as it just said. */
export interface RemoteRefs {
  /** The branch that its HEAD names; null when it does not say, or has no commits. */
  readonly head: string | null;
  /** Its branches and tags by their full names. */
  readonly refs: ReadonlyMap<string, string>;
}

/** How long a remote may take to say what it has. Milliseconds. */
const listDeadlineMs = 60_000;
/** A transfer slower than 1 kB/s for this long has failed. Seconds. */
const stalledSeconds = 60;

/** What a call that talks to the remote `origin` gets. The address goes by the environment: arguments are public on the host. */
export function remoteCall(url: RepositoryUrl, access: RemoteAccess): Pick<GitCall, 'transports' | 'variables' | 'settings'> {
  const settings = [
    ['remote.origin.url', url.url],
    ['http.lowSpeedLimit', '1000'],
    ['http.lowSpeedTime', String(stalledSeconds)],
  ];
  return {
    transports: url.transports,
    settings: access.settings,
    variables: {
      GIT_SSH_COMMAND: `ssh ${sshOptions}`,
      ...access.variables,
      GIT_CONFIG_COUNT: String(settings.length),
      ...Object.fromEntries(
        settings.flatMap(([key, value], n) => [
          [`GIT_CONFIG_KEY_${n}`, key],
          [`GIT_CONFIG_VALUE_${n}`, value],
        ]),
      ),
    },
  };
}

const hints: readonly (readonly [RegExp, string])[] = [
  [/could not resolve|name or service not known|nodename nor servname/i, 'Check the host’s name and the worker’s network.'],
  [/not found|does not exist|does not appear to be a git repository|404/i, 'Check the address and that it may be read.'],
];

const unauthorized =
  /authentication failed|could not read (?:username|password)|permission denied|access denied|invalid credentials|error: 40[13]\b/i;

/**
 * The failure of a call that talked to a remote, without credentials; other errors come back as they are. `credential`
 * names the environment's that was shown.
 */
export function remoteFailure(error: unknown, url: RepositoryUrl, credential: string | null = null): unknown {
  if (!(error instanceof GitError)) return error;
  if (isDiskFull(error)) return diskFull(error);
  const lines = maskCredentials(error.stderr)
    .split(/[\r\n]+/)
    .filter((line) => /^(fatal|error|ssh|remote):|denied|refused|failed|timed out/i.test(line));
  const said = error.timedOut ? 'it did not answer in time' : lines.slice(-2).join(' ').slice(0, 300) || 'git could not read it';
  if (/host key verification failed/i.test(said))
    return new FailureError(
      'REPOSITORY_UNREACHABLE',
      `The repository ${url.shown} could not be reached: ${said}. ${hostKeyToSet(url, credential)}`,
      {
        cause: error,
      },
    );
  if (unauthorized.test(said) && url.host !== null)
    return new FailureError(
      'REPOSITORY_UNAUTHORIZED',
      `The repository ${url.shown} let nobody in: ${said}. ${whatToSet(url, credential)}`,
      {
        cause: error,
      },
    );
  const hint = hints.find(([pattern]) => pattern.test(said))?.[1] ?? 'Check the address and the network, then continue the run.';
  return new FailureError('REPOSITORY_UNREACHABLE', `The repository ${url.shown} could not be reached: ${said}. ${hint}`, {
    cause: error,
  });
}

function whatToSet({ host, transports }: RepositoryUrl, credential: string | null): string {
  const kind = transports.includes('ssh') ? 'Git key' : 'Git token';
  return credential === null
    ? `Set a ${kind} for ${host} among the environment’s secrets, then continue the run.`
    : `Check that the secret ${credential} is still good and may read it, set it anew in the environment, then continue the run.`;
}

function hostKeyToSet({ host }: RepositoryUrl, credential: string | null): string {
  return credential === null
    ? `Set a Git key with the keys of ${host} among the environment’s secrets, or have them put into the worker’s known_hosts.`
    : `Compare the keys of ${host} with those that it publishes, and give them to the secret ${credential}.`;
}

export function isDiskFull(error: unknown): boolean {
  if (error instanceof GitError) return /no space left on device|disk quota exceeded/i.test(error.stderr);
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

export function diskFull(cause: unknown): FailureError {
  return new FailureError('DISK_FULL', 'The worker’s disk is full. Free some room on it, then continue the run.', { cause });
}

/** Asks the remote what it has: which also shows that it lets us in. Throws FailureError REPOSITORY_UNREACHABLE. */
export async function listRemote(
  git: Git,
  url: RepositoryUrl,
  { cwd, access, signal }: { cwd: string; access: RemoteAccess; signal: AbortSignal },
): Promise<RemoteRefs> {
  let output: string;
  try {
    const { stdout } = await git(['ls-remote', '--symref', 'origin', 'HEAD', 'refs/heads/*', 'refs/tags/*'], {
      cwd,
      ...remoteCall(url, access),
      deadlineMs: listDeadlineMs,
      signal,
    });
    output = stdout.toString('latin1');
  } catch (error) {
    throw remoteFailure(error, url, access.credential);
  }
  return parseRemoteRefs(output);
}

function parseRemoteRefs(output: string): RemoteRefs {
  const refs = new Map<string, string>();
  let head: string | null = null;
  let headOid: string | null = null;
  for (const line of output.split('\n')) {
    const [value = '', name = ''] = line.split('\t');
    if (name === 'HEAD') {
      if (value.startsWith('ref: refs/heads/')) head = value.slice('ref: refs/heads/'.length);
      else headOid = value;
    } else if (name.startsWith('refs/') && !name.endsWith('^{}')) refs.set(name, value);
  }
  if (head !== null && !refs.has(`refs/heads/${head}`)) head = null;
  return { head: head ?? branchAt(refs, headOid), refs };
}

/** For a remote that only tells the commit of its HEAD: the branch at that commit, one of the usual names first. */
function branchAt(refs: ReadonlyMap<string, string>, oid: string | null): string | null {
  if (oid === null) return null;
  const branches = [...refs].filter(([name, at]) => at === oid && name.startsWith('refs/heads/')).map(([name]) => name.slice(11));
  return branches.find((name) => name === 'main' || name === 'master') ?? branches[0] ?? null;
}
