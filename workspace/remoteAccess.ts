import { accessSync, constants } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultTokenUser } from '../domain/secret.ts';
import type { GitCredential } from './gitCredential.ts';
import type { RepositoryUrl } from './repositoryUrl.ts';

/** With what git talks to one remote. */
export interface RemoteAccess {
  readonly variables: Readonly<Record<string, string>>;
  /** Settings of git, which anybody on this machine may see. */
  readonly settings: readonly (readonly [name: string, value: string])[];
  /** The name of the credential that is shown to the host; null for none of the environment's. */
  readonly credential: string | null;
}

export const sshOptions = '-o BatchMode=yes -o ConnectTimeout=20 -o ServerAliveInterval=15 -o ServerAliveCountMax=4';

/**
 * Gives `work` the access that the credential makes, for as long as it works. A token is in the environment of git's own
 * processes alone, and git asks for it only for the host that it is for; a key lies in a private directory, in memory where the
 * system has such a place, until `work` is done. Neither is ever among the arguments of a process.
 */
export async function withAccess<T>(
  url: RepositoryUrl,
  credential: GitCredential | null,
  variables: Readonly<Record<string, string>>,
  work: (access: RemoteAccess) => Promise<T>,
): Promise<T> {
  if (credential === null) return work({ variables, settings: [], credential: null });
  if (credential.use === 'GIT_HTTPS_TOKEN') return work(byToken(url, credential, variables));
  const directory = await privateDirectory();
  try {
    return await work(await bySshKey(credential, variables, directory));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** https://git-scm.com/docs/gitcredentials: a helper that begins with “!” is a line of shell; printf is the shell's own. */
const helper =
  '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n" "$BATON_GIT_USERNAME" "$BATON_GIT_PASSWORD"; }; f';

function byToken(
  { url }: RepositoryUrl,
  { name, username, value }: GitCredential,
  variables: Readonly<Record<string, string>>,
): RemoteAccess {
  return {
    credential: name,
    variables: { ...variables, BATON_GIT_USERNAME: username ?? defaultTokenUser, BATON_GIT_PASSWORD: value },
    settings: [
      [`credential.${new URL(url).origin}.helper`, helper],
      ['http.followRedirects', 'initial'],
    ],
  };
}

async function bySshKey(
  { name, value, knownHosts }: GitCredential,
  variables: Readonly<Record<string, string>>,
  directory: string,
): Promise<RemoteAccess> {
  const key = join(directory, 'key');
  // ssh takes no key whose last line does not end.
  await writeFile(key, `${value.trimEnd()}\n`, { mode: 0o600 });
  const hosts = join(directory, 'known_hosts');
  if (knownHosts !== null) await writeFile(hosts, `${knownHosts.trimEnd()}\n`, { mode: 0o600 });
  const command = [
    // Nothing of the worker's own: no settings, no agent, no other key.
    `ssh -F none ${sshOptions} -o IdentitiesOnly=yes -o IdentityAgent=none -o StrictHostKeyChecking=yes`,
    `-o 'IdentityFile="${key}"'`,
    ...(knownHosts === null ? [] : [`-o 'UserKnownHostsFile="${hosts}"' -o GlobalKnownHostsFile=/dev/null`]),
  ];
  return { credential: name, variables: { ...variables, GIT_SSH_COMMAND: command.join(' ') }, settings: [] };
}

const prefix = 'baton-key-';
const inMemory = '/dev/shm';

function placeForKeys(): string {
  try {
    accessSync(inMemory, constants.W_OK | constants.X_OK);
    return inMemory;
  } catch {
    return tmpdir();
  }
}

/** A directory that only this user can enter. Those of processes that are gone, which were killed, are removed. */
async function privateDirectory(): Promise<string> {
  const place = placeForKeys();
  for (const name of await readdir(place)) {
    const pid = /^baton-key-(\d+)-/.exec(name)?.[1];
    if (pid === undefined || isRunning(Number(pid))) continue;
    // It may be another user's, or another container's, whose processes cannot be seen: then it stays.
    await rm(join(place, name), { recursive: true, force: true }).catch(() => {});
  }
  return mkdtemp(join(place, `${prefix}${process.pid}-`));
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
