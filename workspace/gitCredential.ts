import type { NewSecret } from '../domain/secret.ts';
import type { RepositoryUrl } from './repositoryUrl.ts';

/** What an environment shows to a host of repositories: one of its secrets. */
export interface GitCredential extends NewSecret {
  readonly use: 'GIT_HTTPS_TOKEN' | 'GIT_SSH_KEY';
  readonly host: string;
}

/** Those of an environment's secrets that git is to show. */
export const gitCredentials = (secrets: readonly NewSecret[]): GitCredential[] =>
  secrets.filter((secret): secret is GitCredential => secret.use !== 'AGENT_VARIABLE' && secret.host !== null);

const loopback = new Set(['127.0.0.1', 'localhost', '[::1]']);
const usualPort = { GIT_HTTPS_TOKEN: /:443$/, GIT_SSH_KEY: /:22$/ } as const;

/** The credential for this repository; null for none. A token is not sent unencrypted, but to this machine itself. */
export function credentialFor(url: RepositoryUrl, credentials: readonly GitCredential[]): GitCredential | null {
  const use = useFor(url);
  const host = use && url.host?.replace(usualPort[use], '');
  return credentials.find((each) => each.use === use && each.host.replace(usualPort[each.use], '') === host) ?? null;
}

function useFor({ transports: [transport], host }: RepositoryUrl): GitCredential['use'] | null {
  if (transport === 'ssh') return 'GIT_SSH_KEY';
  if (transport === 'https') return 'GIT_HTTPS_TOKEN';
  return transport === 'http' && loopback.has(host?.replace(/:\d+$/, '') ?? '') ? 'GIT_HTTPS_TOKEN' : null;
}
