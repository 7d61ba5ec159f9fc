import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { refuseSecret, type NewSecret } from './secret.ts';
import { refuseSshPrivateKey } from './sshPrivateKey.ts';

const variable: NewSecret = { name: 'A', value: 'x', use: 'AGENT_VARIABLE', host: null, username: null, knownHosts: null };
const token: NewSecret = { ...variable, use: 'GIT_HTTPS_TOKEN', host: 'example.com' };
const key: NewSecret = { ...token, use: 'GIT_SSH_KEY' };

describe('a secret', () => {
  it.each<[string, NewSecret]>([
    ['a variable', variable],
    ['a token', token],
    ['a token for a port', { ...token, host: '127.0.0.1:8080', username: 'me' }],
    ['a key', key],
    ['a key with host keys', { ...key, knownHosts: '# ours\nexample.com ssh-ed25519 AAAAC3Nz\n[h]:22 ssh-rsa AAAA= c\n' }],
  ])('may be %s', (_what, secret) => expect(refuseSecret(secret)).toBeNull());

  it.each<[keyof NewSecret, NewSecret]>([
    ['name', { ...variable, name: '1A' }],
    ['name', { ...variable, name: 'A-B' }],
    ['name', { ...variable, name: 'BATON_RUN_ID' }],
    ['value', { ...variable, value: '' }],
    ['value', { ...variable, value: 'a\0b' }],
    ['value', { ...variable, value: 'ü'.repeat(32_769) }],
    ['host', { ...variable, host: 'example.com' }],
    ['username', { ...variable, username: 'me' }],
    ['value', { ...token, value: 'two\nlines' }],
    ['host', { ...token, host: null }],
    ['host', { ...token, host: 'https://example.com' }],
    ['host', { ...token, host: 'example.com/path' }],
    ['host', { ...token, host: '-oProxyCommand=x' }],
    ['knownHosts', { ...token, knownHosts: 'example.com ssh-rsa AAAA' }],
    ['username', { ...token, username: 'a\nb' }],
    ['username', { ...key, username: 'git' }],
    ['knownHosts', { ...key, knownHosts: 'nonsense' }],
  ])('is refused for its %s: %j', (field, secret) => expect(refuseSecret(secret)?.field).toBe(field));
});

describe('a private key for ssh', () => {
  it('is one that needs no passphrase', () => {
    const directory = mkdtempSync(join(tmpdir(), 'baton-key-'));
    try {
      for (const [name, passphrase] of [
        ['open', ''],
        ['locked', 'hunter2'],
      ] as const) {
        execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-f', join(directory, name)]);
      }
      expect(refuseSshPrivateKey(readFileSync(join(directory, 'open'), 'utf8'))).toBeNull();
      expect(refuseSshPrivateKey(readFileSync(join(directory, 'locked'), 'utf8'))).toContain('passphrase');
      expect(refuseSshPrivateKey(readFileSync(join(directory, 'open.pub'), 'utf8'))).toContain('not a private key');
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      expect(refuseSshPrivateKey(privateKey.export({ type: 'pkcs1', format: 'pem' }).toString())).toBeNull();
      const locked = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' });
      expect(refuseSshPrivateKey(locked.toString())).toContain('passphrase');
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
