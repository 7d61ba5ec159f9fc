import { describe, expect, it } from 'vitest';
import { FailureError } from '../domain/failure.ts';
import { maskCredentials, parseRepositoryUrl } from './repositoryUrl.ts';

const refusal = (address: string, allowLocal = false): string => {
  try {
    parseRepositoryUrl(address, { allowLocal });
  } catch (error) {
    if (error instanceof FailureError && error.failure.code === 'REPOSITORY_REFUSED') return error.failure.message;
    throw error;
  }
  throw new Error(`${address} was taken`);
};

describe('a repository’s address', () => {
  it.each([
    ['https://example.com/team/example.git', 'example.git', ['https']],
    ['http://localhost:8080/example', 'example', ['http', 'https']],
    ['ssh://git@example.com:2222/team/example.git', 'example.git', ['ssh']],
    ['git://example.com/example/', 'example', ['git']],
    ['git@example.com:team/example.git', 'example.git', ['ssh']],
    ['example.com:example.git', 'example.git', ['ssh']],
    ['HTTPS://example.com/a', 'a', ['https']],
  ])('%s is taken', (address, name, transports) => {
    expect(parseRepositoryUrl(address, { allowLocal: false })).toMatchObject({ url: address, name, transports });
  });

  it.each([
    '--upload-pack=touch /tmp/x',
    '-u',
    'ext::sh -c touch% /tmp/x',
    'fd::7',
    'https://-oProxyCommand=x/y',
    'ssh://-oProxyCommand=touch/x',
    'ssh://-evil@example.com/x',
    'ssh://%2DoProxyCommand@example.com/x',
    '-oProxyCommand=x:y',
    'git@-oProxyCommand=x:y',
    'example.com:-x',
    'ssh://example.com/-x',
    'ftp://example.com/x',
    'rsync://example.com/x',
    'https://',
    '../relative',
    'name-only',
    '',
    'https://example.com/a\nb',
    'https://example.com/a\0b',
    `https://example.com/${'a'.repeat(3000)}`,
  ])('%j is refused', (address) => {
    expect(refusal(address, true)).not.toBe('');
  });

  it.each(['file:///srv/git/example.git', '/srv/git/example.git'])('%s is refused unless the worker allows it', (address) => {
    expect(refusal(address)).toContain('path on the worker');
    expect(parseRepositoryUrl(address, { allowLocal: true })).toMatchObject({ name: 'example.git', transports: ['file'] });
  });

  it('is shown without its credentials', () => {
    expect(parseRepositoryUrl('https://user:secret@example.com/a.git', { allowLocal: false }).shown).toBe(
      'https://example.com/a.git',
    );
    expect(parseRepositoryUrl('https://token@example.com/a.git', { allowLocal: false }).shown).toBe('https://example.com/a.git');
    expect(parseRepositoryUrl('ssh://git:secret@example.com/a.git', { allowLocal: false }).shown).toBe(
      'ssh://git@example.com/a.git',
    );
  });

  it('never appears with credentials in what git says of it', () => {
    expect(maskCredentials("fatal: unable to access 'https://user:p%40ss@example.com/a.git/': 403")).toBe(
      "fatal: unable to access 'https://***@example.com/a.git/': 403",
    );
    expect(refusal('gopher://user:secret@example.com/')).not.toContain('secret');
  });
});
