import { describe, expect, it } from 'vitest';
import { credentialFor, gitCredentials, type GitCredential } from './gitCredential.ts';
import { parseRepositoryUrl } from './repositoryUrl.ts';

const secret = { name: 'A', value: 'x', username: null, knownHosts: null };
const token = (host: string): GitCredential => ({ ...secret, use: 'GIT_HTTPS_TOKEN', host });
const key = (host: string): GitCredential => ({ ...secret, use: 'GIT_SSH_KEY', host });
const finds = (address: string, ...credentials: GitCredential[]) =>
  credentialFor(parseRepositoryUrl(address, { allowLocal: true }), credentials);

describe('the credential for a repository', () => {
  it.each([
    ['https://example.com/a.git', token('example.com')],
    ['https://Example.com:443/a.git', token('example.com')],
    ['https://me@example.com:8443/a.git', token('example.com:8443')],
    ['https://example.com/a.git', token('example.com:443')],
    ['http://127.0.0.1:8080/a.git', token('127.0.0.1:8080')],
    ['ssh://git@Example.com/a.git', key('example.com')],
    ['ssh://git@example.com:22/a.git', key('example.com')],
    ['ssh://git@example.com:2222/a.git', key('example.com:2222')],
    ['git@example.com:a.git', key('example.com')],
    ['example.com:a.git', key('example.com:22')],
  ])('of %s is the one for its host', (address, credential) => {
    const others = [token('other.example.com'), key('other.example.com')];
    expect(finds(address, ...others, credential)).toBe(credential);
    expect(finds(address, ...others)).toBeNull();
  });

  it.each([
    ['https://example.com.evil.test/a.git', token('example.com')],
    ['https://evil.test/example.com', token('example.com')],
    ['https://example.com@evil.test/a.git', token('example.com')],
    ['https://example.com:8443/a.git', token('example.com')],
    ['https://example.com/a.git', key('example.com')],
    ['ssh://git@example.com/a.git', token('example.com')],
    ['ssh://git@example.com:2222/a.git', key('example.com')],
    ['http://example.com/a.git', token('example.com')],
    ['http://localhost.evil.test/a.git', token('localhost.evil.test')],
    ['git://example.com/a.git', token('example.com')],
    ['/srv/example.com', token('example.com')],
  ])('of %s is none that is for another host, way or port, or would travel in the open', (address, credential) =>
    expect(finds(address, credential)).toBeNull(),
  );

  it('is never a variable of the agent’s', () => {
    const variable = { ...secret, use: 'AGENT_VARIABLE', host: null } as const;
    expect(gitCredentials([variable, token('example.com')])).toEqual([token('example.com')]);
  });
});
