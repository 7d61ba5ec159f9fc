import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FailureError, type Failure } from '../domain/failure.ts';
import type { GitCredential } from './gitCredential.ts';
import { startGitHttpServer, type GitHttpServer } from './testParts/gitHttpServer.ts';
import { makeSshKey, startGitSshServer, type GitSshServer } from './testParts/gitSshServer.ts';
import { git, Lab, write, type LabWorkspace } from './testParts/lab.ts';
import { parseRepositoryUrl } from './repositoryUrl.ts';
import { withAccess } from './remoteAccess.ts';

let lab: Lab;
let http: GitHttpServer;
let ssh: GitSshServer;
let remote: string;
const value = 'ghp_A8f3-very-secret-token';

beforeEach(async () => {
  lab = new Lab();
  const source = lab.remote({ 'a.txt': 'one\n' }, 'source');
  remote = lab.path('served/team/a.git');
  git(lab.root, 'clone', '--quiet', '--bare', source, remote);
  http = await startGitHttpServer(lab.path('served'));
  ssh = await startGitSshServer(lab.root);
});
afterEach(async () => {
  await Promise.all([http.close(), ssh.close()]);
  lab.close();
});

const token = (more: Partial<GitCredential> = {}): GitCredential => ({
  name: 'GIT',
  value,
  use: 'GIT_HTTPS_TOKEN',
  host: http.host,
  username: null,
  knownHosts: null,
  ...more,
});

/** A way to the remote, with the credential that opens it. */
interface Way {
  readonly url: string;
  readonly credential: GitCredential;
  revoke(): void;
}
const ways = {
  'a token over HTTP': (): Way => {
    http.tokens.add(value);
    return { url: `${http.url}/team/a.git`, credential: token(), revoke: () => void http.tokens.delete(value) };
  },
  'a key over SSH': (): Way => {
    const key = makeSshKey(lab.root, 'deploy');
    ssh.keys.add(key.publicKey);
    const { host, knownHosts } = ssh;
    const credential: GitCredential = { ...token(), use: 'GIT_SSH_KEY', host, knownHosts, value: key.privateKey.trimEnd() };
    return { url: `${ssh.url}${remote}`, credential, revoke: () => void ssh.keys.delete(key.publicKey) };
  },
} as const;

const open = (url: string, credentials: readonly GitCredential[]) =>
  lab.open([{ repository: '.', url, branch: null }], { credentials });
const failureOf = async (work: Promise<unknown>): Promise<Failure> => {
  const error = await work.then(
    () => new Error('it was let in'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof FailureError)) throw error;
  return error.failure;
};
function commit({ directory }: LabWorkspace, name: string): string {
  write(directory, { [name]: name });
  git(directory, 'add', '--all');
  git(directory, 'commit', '--quiet', `--message=${name}`);
  return git(directory, 'rev-parse', 'HEAD').trim();
}

/** Every file below the lab that has the text in it, but where the test itself put it. */
const filesWith = (text: string): string[] =>
  readdirSync(lab.root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !['host', 'deploy'].includes(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => readFileSync(file).includes(text));

/** The command lines of this machine's processes, while the work goes on. */
async function watching<T>(work: Promise<T>): Promise<{ result: T; commands: string }> {
  const seen = new Set<string>();
  let done = false;
  const watch = async (): Promise<void> => {
    while (!done) {
      for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
        try {
          seen.add(readFileSync(`/proc/${pid}/cmdline`, 'latin1'));
        } catch {
          // gone already
        }
      }
      await new Promise((resolve) => {
        setTimeout(resolve, 5);
      });
    }
  };
  const watched = watch();
  const result = await work.finally(() => {
    done = true;
  });
  await watched;
  return { result, commands: [...seen].join('\n') };
}

describe.each(Object.entries(ways))('a private repository, by %s', (_name, way) => {
  it('is cloned, fetched again and pushed to, and the credential is seen nowhere', async () => {
    const { url, credential } = way();
    const { result: first, commands } = await watching(open(url, [credential]));
    expect(readFileSync(join(first.directory, 'a.txt'), 'utf8')).toBe('one\n');
    const newer = lab.path('source');
    write(newer, { 'a.txt': 'two\n' });
    git(newer, 'commit', '--quiet', '--all', '--message=two');
    git(newer, 'push', '--quiet', remote, 'main');
    const second = await open(url, [credential]);
    expect(readFileSync(join(second.directory, 'a.txt'), 'utf8')).toBe('two\n');

    const tip = commit(second, 'pushed.txt');
    const pushing = await watching(lab.push(second, { url, credentials: [credential] }));
    expect(pushing.result).toMatchObject({ type: 'branch.pushed', commit: tip, commits: 1 });
    expect(git(remote, 'rev-parse', 'baton/test').trim()).toBe(tip);

    const line = credential.value.split('\n')[1] ?? credential.value;
    expect(`${commands}${pushing.commands}`).toContain('ls-remote');
    expect(`${commands}${pushing.commands}`).not.toContain(line);
    expect(filesWith(line)).toEqual([]);
    expect([...first.progress, ...second.progress].join('\n')).not.toContain(line);
    expect(readFileSync(join(second.directory, '.git/config'), 'utf8')).toContain(url.replace(/\/$/, ''));
  });

  it('is not opened from what is here for whom the remote does not let in', async () => {
    const { url, credential, revoke } = way();
    const workspace = await open(url, [credential]);
    const absent = await failureOf(open(url, []));
    // Without the secret, a worker of these tests does not know the SSH host either.
    const code = credential.use === 'GIT_SSH_KEY' ? 'REPOSITORY_UNREACHABLE' : 'REPOSITORY_UNAUTHORIZED';
    expect(absent).toMatchObject({ code, origin: 'USER', retryable: true });
    expect(absent.message).toMatch(new RegExp(`Set a Git .* ${credential.host} among the environment’s secrets`));
    const wrong = credential.use === 'GIT_SSH_KEY' ? makeSshKey(lab.root, 'wrong').privateKey : 'ghp_wrong-token';
    const refused = await failureOf(open(url, [{ ...credential, name: 'OTHER', value: wrong }]));
    expect(refused).toMatchObject({ code: 'REPOSITORY_UNAUTHORIZED' });
    expect(refused.message).toContain('OTHER');
    expect(refused.message).not.toContain('ghp_wrong');
    commit(workspace, 'later.txt');
    revoke();
    expect(await failureOf(open(url, [credential]))).toMatchObject({ code: 'REPOSITORY_UNAUTHORIZED' });
    const push = await lab.push(workspace, { url, credentials: [credential] });
    expect(push).toMatchObject({ type: 'branch.notPushed', reason: 'FORBIDDEN' });
    expect(JSON.stringify(push)).not.toContain(credential.value);
  });

  it('is not shown a credential that is for another host', async () => {
    const { url, credential } = way();
    const other = { ...credential, host: 'elsewhere.example.com' };
    expect((await failureOf(open(url, [other]))).message).toContain('among the environment’s secrets');
    expect(http.shown.filter((said) => said !== null)).toEqual([]);
    expect(ssh.offered).toEqual([]);
  });
});

describe('a token', () => {
  it('goes with its user name, and with the usual one when it has none', async () => {
    const { url, credential } = ways['a token over HTTP']();
    await open(url, [credential]);
    await open(url, [{ ...credential, username: 'mira' }]);
    expect(new Set(http.shown)).toEqual(new Set([null, `x-access-token:${value}`, `mira:${value}`]));
  });

  it('is not sent on to where a host redirects', async () => {
    const { url, credential } = ways['a token over HTTP']();
    const elsewhere = await startGitHttpServer(lab.path('served'));
    elsewhere.tokens.add(value);
    try {
      http.redirectTo = elsewhere.url;
      expect(await failureOf(open(url, [credential]))).toMatchObject({ code: 'REPOSITORY_UNAUTHORIZED' });
      expect(elsewhere.shown.length).toBeGreaterThan(0);
      expect(elsewhere.shown.filter((said) => said !== null)).toEqual([]);
    } finally {
      await elsewhere.close();
    }
  });
});

describe('a key', () => {
  it('is not used with a host whose key is another one than the environment says', async () => {
    const { url, credential } = ways['a key over SSH']();
    const knownHosts = `[127.0.0.1]:${ssh.host.split(':')[1]} ${makeSshKey(lab.root, 'imposter').publicKey}`;
    const failure = await failureOf(open(url, [{ ...credential, knownHosts }]));
    expect(failure).toMatchObject({ code: 'REPOSITORY_UNREACHABLE' });
    expect(failure.message).toContain('Compare the keys');
    expect(await failureOf(open(url, [{ ...credential, knownHosts: null }]))).toMatchObject({ code: 'REPOSITORY_UNREACHABLE' });
    expect(ssh.offered).toEqual([]);
  });

  it('lies in a private place for as long as it is used, and no longer', async () => {
    const { url, credential } = ways['a key over SSH']();
    const parsed = parseRepositoryUrl(url, { allowLocal: false });
    let file = '';
    await withAccess(parsed, credential, {}, async ({ variables }) => {
      file = /IdentityFile="([^"]+)"/.exec(variables['GIT_SSH_COMMAND'] ?? '')?.[1] ?? '';
      expect(readFileSync(file, 'utf8')).toBe(`${credential.value}\n`);
    });
    expect(existsSync(dirname(file))).toBe(false);
    await expect(withAccess(parsed, credential, {}, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(readdirSync(dirname(dirname(file))).filter((name) => name.startsWith(`baton-key-${process.pid}-`))).toEqual([]);
  });
});
