import { spawnSync } from 'node:child_process';

/**
 * The beginning of a command line that sees a small disk of its own at a directory: a tmpfs in a mount namespace, which
 * ends with the command. Null where neither root's rights nor user namespaces allow that.
 */
export function tinyDisk(directory: string, bytes: number): string[] | null {
  const mount = `mount -t tmpfs -o mode=0755,size=${bytes} tmpfs "$0" && exec "$@"`;
  const prefix =
    process.getuid?.() === 0
      ? ['unshare', '--mount', 'sh', '-c', mount, directory]
      : ['bwrap', '--dev-bind', '/', '/', '--size', String(bytes), '--tmpfs', directory];
  const [program = '', ...args] = prefix;
  return spawnSync(program, [...args, 'true']).status === 0 ? prefix : null;
}
