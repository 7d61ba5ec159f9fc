import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { listProcesses, type ProcessEntry } from './processTable.ts';
import { signalProcess } from './processTree.ts';
import { supervisorMark } from './supervisor.ts';

/**
 * Ends sandboxes that were being made when their worker was killed. In the moment between its first process's start
 * and its setting out, bubblewrap has that process wait for its maker; when the maker goes with the worker, it would
 * wait for ever. It has started nothing yet, and nobody can reach it any more. Gives how many there were.
 */
export function endStrandedSandboxes(): number {
  const processes = listProcesses();
  const isBubblewrap = ({ pid }: ProcessEntry) => basename(wordsOf(pid)[0] ?? '') === 'bwrap';
  const ours = processes.filter(
    (entry) => isBubblewrap(entry) && wordsOf(entry.pid).some((word) => word.includes(supervisorMark)),
  );
  const makers = new Set(ours.filter(({ pid }) => !isInside(pid)).map(({ pid }) => pid));
  const stranded = ours.filter(({ pid, parent }) => isInside(pid) && !makers.has(parent));
  for (const { pid } of stranded) signalProcess(pid, 'SIGKILL');
  return stranded.length;
}

const wordsOf = (pid: number): string[] => read(pid, 'cmdline').split('\0');

/** Whether it has a pid in a namespace below ours too. */
const isInside = (pid: number): boolean => (/^NSpid:\s+(.*)$/m.exec(read(pid, 'status'))?.[1]?.split(/\s+/).length ?? 1) > 1;

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    // It has just ended, or is not ours.
    return '';
  }
}
