import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { descendantsOf } from '../../harnesses/processTable.ts';

/** The memory of a process and of all below it, in MiB; what several of them share is counted once where `/proc` says so. */
export function memoryOfTree(pid: number): number {
  const pids = [pid, ...descendantsOf(pid).map((entry) => entry.pid)];
  return pids.reduce((sum, each) => sum + kilobytes(each), 0) / 1024;
}

/** Its share (PSS), https://man7.org/linux/man-pages/man5/proc_pid_smaps_rollup.5.html; what is resident where there is no `/proc`. */
function kilobytes(pid: number): number {
  if (process.platform !== 'linux') return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }));
  try {
    return Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
  } catch (error) {
    // It has just ended.
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return 0;
    throw error;
  }
}
