import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { listProcesses } from './processTable.ts';
import { signalProcess } from './processTree.ts';
import { supervisorMark } from './supervisor.ts';

/**
 * Ends sandboxes that were being made when their worker was killed. In the moment between its first process's start
 * and its setting out, bubblewrap has that process wait for its maker; when the maker goes with the worker, it would
 * wait for ever. It has started nothing yet, and nobody can reach it any more. Gives how many there were.
 */
export function endStrandedSandboxes(): number {
  const makers = listProcesses().filter(({ pid }) => isOurs(wordsOf(pid)));
  const pids = new Set(makers.map(({ pid }) => pid));
  // Of the two processes of bubblewrap the inner one is in a PID namespace that its parent is not in.
  const stranded = makers.filter(({ pid, parent }) => !pids.has(parent) && depthOf(pid) > depthOf(parent));
  for (const { pid } of stranded) signalProcess(pid, 'SIGKILL');
  return stranded.length;
}

const isOurs = (words: readonly string[]): boolean =>
  basename(words[0] ?? '') === 'bwrap' && words.some((word) => word.includes(supervisorMark));

const wordsOf = (pid: number): string[] => read(pid, 'cmdline').split('\0');

/** In how many PID namespaces a process has a pid, counted from ours. */
const depthOf = (pid: number): number => /^NSpid:\s+(.*)$/m.exec(read(pid, 'status'))?.[1]?.split(/\s+/).length ?? 1;

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    // It has just ended, or is not ours.
    return '';
  }
}
