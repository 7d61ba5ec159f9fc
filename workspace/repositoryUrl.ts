import { FailureError } from '../domain/failure.ts';

/** A repository's address that may be given to git. */
export interface RepositoryUrl {
  /** For git: with its credentials, if it has some. */
  readonly url: string;
  /** For people, events and the workspace: without credentials. */
  readonly shown: string;
  /** The last part of the path, for messages: `example.git`. */
  readonly name: string;
  /** Where it is, in lower case, with the port where it names one that is not the usual; null on this machine. */
  readonly host: string | null;
  /** The transports git may use for it. */
  readonly transports: readonly string[];
}

const maxLength = 2048;
const remoteTransports = new Set(['https', 'http', 'ssh', 'git']);
// The short form of ssh: [user@]host:path, where nothing before the colon has a slash. https://git-scm.com/docs/git-clone#_git_urls
const scpForm = /^(?:[^/@:]+@)?(?:[^/@:]+|\[[^\]/]+\]):(?!\/\/).+$/;
const control = /\p{Cc}/u;

/** Takes passwords and tokens out of a text that may quote an address: what a person reads never has them. */
export function maskCredentials(text: string): string {
  return text.replaceAll(/([a-z][a-z0-9+.-]*:\/\/)[^\s/@'"]*@/gi, '$1***@');
}

const refuse = (why: string): never => {
  throw new FailureError('REPOSITORY_REFUSED', why);
};

function withoutCredentials(parsed: URL): string {
  const shown = new URL(parsed);
  shown.password = '';
  // The user of an HTTP address can be a token; that of an SSH address is part of where it leads.
  if (parsed.protocol === 'https:' || parsed.protocol === 'http:') shown.username = '';
  return shown.href;
}

const lastPart = (path: string): string =>
  path
    .replace(/[/\\]+$/, '')
    .split(/[/:]/)
    .at(-1) || 'repository';

function parseStandard(address: string, scheme: string): RepositoryUrl {
  let parsed: URL;
  try {
    parsed = new URL(address);
  } catch {
    return refuse('The repository’s address is not a valid URL. Correct it in the environment.');
  }
  const decoded = [parsed.hostname, parsed.username].map((part) => decodeURIComponent(part));
  if (parsed.hostname === '' || decoded.some((part) => part.startsWith('-')))
    return refuse(
      'The repository’s address has a host or user that git could take for an option. Correct it in the environment.',
    );
  if (parsed.pathname.startsWith('/-'))
    return refuse('The repository’s path begins with “-”, which could be taken for an option. Correct it in the environment.');
  return {
    url: address,
    shown: withoutCredentials(parsed),
    name: lastPart(parsed.pathname),
    host: parsed.host.toLowerCase(),
    transports: transportsOf(scheme),
  };
}

/** An HTTP server may send git on to HTTPS, and to nothing else. */
const transportsOf = (scheme: string): readonly string[] => (scheme === 'http' ? ['http', 'https'] : [scheme]);

function parseScp(address: string): RepositoryUrl {
  const [before = '', path = ''] = [address.slice(0, address.indexOf(':')), address.slice(address.indexOf(':') + 1)];
  const host = before.slice(before.indexOf('@') + 1);
  if (before.startsWith('-') || host.startsWith('-') || path.startsWith('-'))
    return refuse('The repository’s address has a part that git could take for an option. Correct it in the environment.');
  return { url: address, shown: address, name: lastPart(path), host: host.toLowerCase(), transports: ['ssh'] };
}

function parseLocal(address: string, path: string, allowLocal: boolean): RepositoryUrl {
  if (!allowLocal)
    return refuse(
      'The repository’s address is a path on the worker, and this worker takes none. Use an https or ssh address, or allow local repositories on the worker.',
    );
  return { url: address, shown: address, name: lastPart(path), host: null, transports: ['file'] };
}

/**
 * Checks an address that a person gave. Only https, http, ssh and git pass, and paths on the worker where
 * `allowLocal` says so. Throws FailureError REPOSITORY_REFUSED with the reason, which never quotes credentials.
 */
export function parseRepositoryUrl(address: string, { allowLocal }: { readonly allowLocal: boolean }): RepositoryUrl {
  if (address === '' || address.length > maxLength || control.test(address))
    return refuse('The repository’s address is empty, too long or has control characters in it. Correct it in the environment.');
  if (address.startsWith('-'))
    return refuse('The repository’s address begins with “-”, which git could take for an option. Correct it in the environment.');
  if (/^[A-Za-z0-9]+::/.test(address))
    return refuse(
      'The repository’s address names a remote helper (“…::”), which could run any program. Use an https or ssh address.',
    );
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(address)?.[1]?.toLowerCase();
  if (scheme === 'file') return parseLocal(address, decodeURIComponent(new URL(address).pathname), allowLocal);
  if (scheme !== undefined) {
    if (remoteTransports.has(scheme)) return parseStandard(address, scheme);
    return refuse(`The repository’s address uses “${scheme}://”. Use https, http, ssh or git.`);
  }
  if (address.startsWith('/')) return parseLocal(address, address, allowLocal);
  if (scpForm.test(address)) return parseScp(address);
  return refuse('The repository’s address is neither a URL nor host:path nor an absolute path. Correct it in the environment.');
}

/**
 * An address that a workspace's own settings name, as it may travel: without credentials; null for one that git could
 * take for something to run. Whether anything may be fetched from there is another question.
 */
export function addressAsData(address: string): string | null {
  // A submodule's address may be told from its superproject's.
  if (/^\.\.?\//.test(address) && address.length <= maxLength && !control.test(address)) return address;
  try {
    return parseRepositoryUrl(address, { allowLocal: true }).shown;
  } catch (error) {
    if (error instanceof FailureError || error instanceof URIError || error instanceof TypeError) return null;
    throw error;
  }
}

/** Whether the address leads to a path on the machine that git runs on. */
export const isLocalAddress = (address: string): boolean => /^(?:\/|\.\.?\/|file:)/i.test(address);
