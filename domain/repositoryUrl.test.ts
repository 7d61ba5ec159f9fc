import { expect, test } from 'vitest';
import { refuseRepositoryUrl } from './repositoryUrl.ts';

test.each([
  'https://example.com/owner/name.git',
  'https://user@example.com/owner/name',
  'ssh://git@example.com:2222/owner/name',
  'git@example.com:owner/name.git',
  'file:///srv/repositories/name',
  '/srv/repositories/name',
])('%s is an address', (url) => expect(refuseRepositoryUrl(url)).toBeNull());

test.each([
  '',
  '--upload-pack=touch /tmp/x',
  '-oProxyCommand=x',
  'ext::sh -c x',
  'fd::17',
  'https://example.com/a b',
  'https://user:secret@example.com/owner/name',
  'javascript://x',
  'owner/name',
  'https://example.com/\n',
])('%j is refused, in words', (url) => expect(refuseRepositoryUrl(url)).toMatch(/\./));
