import { existsSync, lstatSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';

/** Where programs live besides `/usr`: links into it on most systems, directories of their own on some. */
const programDirectories = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];

/**
 * What programs need of `/etc`, and nothing that is anyone's secret or this host's business. Of certificates the public
 * ones only: a worker that is root could read the private keys beside them. Each mount costs a quarter of a
 * millisecond at every start, so what programs can do without is left out.
 */
const etcNames = [
  'alternatives',
  'crypto-policies',
  'fonts',
  'hosts',
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'localtime',
  'mime.types',
  'os-release',
  'pki/ca-trust/extracted',
  'pki/tls/cert.pem',
  'pki/tls/certs',
  'pki/tls/openssl.cnf',
  'protocols',
  'resolv.conf',
  'services',
  'ssl/cert.pem',
  'ssl/certs',
  'ssl/openssl.cnf',
  'timezone',
];

/** A Java runtime does not start without its settings, whose directory carries the version in its name. */
const etcPattern = /^java-?\d/;

/** The read-only system as arguments of bubblewrap: `/usr`, the program directories and parts of `/etc`. */
export function systemMounts(): string[] {
  const programs = programDirectories.flatMap((directory) => {
    const stat = lstatSync(directory, { throwIfNoEntry: false });
    if (stat?.isSymbolicLink()) return ['--symlink', readlinkSync(directory), directory];
    return stat?.isDirectory() ? ['--ro-bind', directory, directory] : [];
  });
  const runtimes = readdirSync('/etc').filter((name) => etcPattern.test(name));
  return ['--ro-bind', '/usr', '/usr', ...programs, ...[...etcNames, ...runtimes].flatMap(etcMount)];
}

function etcMount(name: string): string[] {
  const path = `/etc/${name}`;
  if (!existsSync(path)) return [];
  const real = realpathSync(path);
  // A link to what is seen anyway stays a link: it costs no mount, and programs read the time zone's name from it.
  return real !== path && real.startsWith('/usr/') ? ['--symlink', real, path] : ['--ro-bind', path, path];
}
