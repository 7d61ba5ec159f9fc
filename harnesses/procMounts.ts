import { lstatSync, readdirSync } from 'node:fs';

/**
 * What must lie over a fresh `/proc`, as arguments of bubblewrap: the kernel's settings, read-only. Where the worker is
 * root the agent is root to the kernel, too: without capabilities, but with the rights of a file's owner. It could set
 * `kernel.core_pattern` and have the kernel start a program outside. So there it is more: the lists that container
 * runtimes hold (https://github.com/moby/moby/blob/master/daemon/pkg/oci/defaults.go), and any other file at the top that
 * root may write.
 */
export function procMounts(): string[] {
  if (process.getuid?.() !== 0) return ['--ro-bind', '/proc/sys', '/proc/sys'];
  return readdirSync('/proc').flatMap((name) => {
    const path = `/proc/${name}`;
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (!stat || stat.isSymbolicLink() || /^\d+$/.test(name)) return [];
    if (closed.has(name)) return ['--ro-bind', '/dev/null', path];
    const writable = stat.isFile() && (stat.mode & 0o222) !== 0;
    return writable || readOnly.has(name) ? ['--ro-bind', path, path] : [];
  });
}

const closed = new Set(['kcore', 'keys', 'latency_stats', 'sched_debug', 'timer_list', 'timer_stats']);
const readOnly = new Set(['acpi', 'asound', 'bus', 'fs', 'irq', 'scsi', 'sys', 'sysrq-trigger']);
