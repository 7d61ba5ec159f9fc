/** What a secret of an environment is for. */
export const secretUses = ['AGENT_VARIABLE', 'GIT_HTTPS_TOKEN', 'GIT_SSH_KEY'] as const;
export type SecretUse = (typeof secretUses)[number];

/** Each use in words. */
export const secretUseWords: Record<SecretUse, string> = {
  AGENT_VARIABLE: 'Variable for setup commands and the agent',
  GIT_HTTPS_TOKEN: 'Git token for a host (HTTPS)',
  GIT_SSH_KEY: 'Git key for a host (SSH)',
};

/** What secrets may have. Sizes in bytes of UTF-8. */
export const secretLimits = {
  valueBytes: 64 * 1024,
  perEnvironment: 100,
  /** All values of an environment: what a process can be given as variables has a limit of its own. */
  togetherBytes: 1024 * 1024,
  knownHostsBytes: 64 * 1024,
} as const;

/** A secret as it is set. */
export interface NewSecret {
  readonly name: string;
  readonly value: string;
  readonly use: SecretUse;
  /** `host` or `host:port` of the repositories that it is for; null for a variable. */
  readonly host: string | null;
  /** Of a token; null for the usual one. */
  readonly username: string | null;
  /** The host's keys, as in a known_hosts file; null for those that the worker knows. */
  readonly knownHosts: string | null;
}

/** The user name of a token that is given none: hosts that look at the token alone take any. */
export const defaultTokenUser = 'x-access-token';

export const secretBytes = (value: string): number => new TextEncoder().encode(value).length;

export interface SecretProblem {
  readonly field: keyof NewSecret;
  readonly message: string;
}

const hostPattern = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[1-9][0-9]{0,4})?$/;
const control = /[\u0000-\u001f\u007f]/;

/** Why a secret cannot be set so, or null. */
export function refuseSecret(secret: NewSecret): SecretProblem | null {
  const { name, value } = secret;
  const no = (field: keyof NewSecret, message: string): SecretProblem => ({ field, message });
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,199}$/.test(name))
    return no('name', 'A secret’s name has letters, digits and _, and begins with no digit.');
  if (value === '') return no('value', 'The value is empty.');
  if (secretBytes(value) > secretLimits.valueBytes)
    return no('value', `A secret has at most ${secretLimits.valueBytes / 1024} KiB.`);
  if (value.includes('\0') || !value.isWellFormed())
    return no('value', 'The value has a NUL or half a character, which no variable can hold.');
  switch (secret.use) {
    case 'AGENT_VARIABLE':
      if (name.startsWith('BATON_')) return no('name', 'Variables that begin with BATON_ are Baton’s own. Choose another name.');
      return refuseUnused(secret, ['host', 'username', 'knownHosts']);
    case 'GIT_HTTPS_TOKEN':
      if (control.test(value)) return no('value', 'A token is one line without control characters.');
      if (secret.username !== null && (control.test(secret.username) || secret.username.length > 200))
        return no('username', 'A user name is one line of at most 200 characters.');
      return refuseHost(secret) ?? refuseUnused(secret, ['knownHosts']);
    case 'GIT_SSH_KEY':
      return refuseHost(secret) ?? refuseKnownHosts(secret) ?? refuseUnused(secret, ['username']);
  }
}

function refuseUnused(secret: NewSecret, fields: readonly ('host' | 'username' | 'knownHosts')[]): SecretProblem | null {
  const given = fields.find((field) => secret[field] !== null);
  return given ? { field: given, message: `${given} says nothing for ${secret.use}. Leave it out.` } : null;
}

function refuseHost({ host }: NewSecret): SecretProblem | null {
  if (host !== null && host.length <= 255 && hostPattern.test(host)) return null;
  return {
    field: 'host',
    message: 'Name the host that it is for, in lower case: example.com, or example.com:8443 with its port.',
  };
}

/** https://man.openbsd.org/sshd.8#SSH_KNOWN_HOSTS_FILE_FORMAT */
function refuseKnownHosts({ knownHosts }: NewSecret): SecretProblem | null {
  if (knownHosts === null) return null;
  const no = (message: string): SecretProblem => ({ field: 'knownHosts', message });
  if (secretBytes(knownHosts) > secretLimits.knownHostsBytes) return no('The host keys have at most 64 KiB.');
  const lines = knownHosts.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const wrong = lines.find((line) => !/^(?:@(?:cert-authority|revoked)\s+)?\S+\s+[\w@.-]+\s+[A-Za-z0-9+/]+=*(?:\s|$)/.test(line));
  if (lines.length === 0 || wrong !== undefined)
    return no('The host keys are lines as in a known_hosts file, such as ssh-keyscan prints.');
  return null;
}
