/**
 * Why a repository's address is not acceptable in an environment, or null. This refuses what could be read as an option
 * or would run a program, and credentials, which belong in secrets; the worker decides what it may reach.
 */
export function refuseRepositoryUrl(url: string): string | null {
  if (url.trim() === '') return 'The repository’s address is empty.';
  if (url.length > 2_048) return 'The repository’s address has more than 2,048 characters.';
  if (url.startsWith('-')) return 'A repository’s address cannot begin with a dash.';
  if (/[\u0000-\u0020\u007f]/.test(url)) return 'A repository’s address cannot have spaces or control characters.';
  if (/^[a-z][a-z0-9+.-]*::/i.test(url))
    return 'Addresses of the form helper::address run a program and are refused. Use https:// or ssh://.';
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase();
  if (scheme && !['https', 'http', 'ssh', 'git', 'file'].includes(scheme))
    return `${scheme}:// is not supported. Use https:// or ssh://.`;
  if (scheme && /^[^/]+\/\/[^/@]*:[^/@]+@/.test(url))
    return 'The address has a password in it. Take it out; credentials belong in the environment’s secrets.';
  const known = scheme !== undefined || url.startsWith('/') || /^[\w.-]+@[\w.-]+:[^:]/.test(url);
  return known
    ? null
    : 'Write the address in full: https://host/owner/name, ssh://git@host/owner/name, git@host:owner/name, or an absolute path.';
}
