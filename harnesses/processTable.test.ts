import { spawn } from 'node:child_process';
import { describe, expect, it, vi } from 'vitest';
import {
  descendantsIn,
  descendantsOf,
  isDead,
  listByPs,
  listProcesses,
  parsePs,
  parseStat,
  readProcess,
  type ProcessEntry,
} from './processTable.ts';
import { processesWith, uniqueSeconds, until } from './sandboxTrial.ts';

// Many processes, on machines that may be busy.
vi.setConfig({ testTimeout: 30_000 });

const pids = (entries: readonly ProcessEntry[]): number[] => entries.map(({ pid }) => pid).sort();

describe('the process table', () => {
  it('reads a process whose name has parentheses and spaces', () => {
    const line = '42 (a) R (b c) S 7 40 39 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 12345 1 2';
    expect(parseStat(line)).toEqual({ pid: 42, parent: 7, group: 40, session: 39, state: 'S', started: 12_345, cpuMs: 260 });
  });

  it('takes a line that is none for none', () => {
    expect(parseStat('')).toBeNull();
    expect(parseStat('42 (cut off) S 7')).toBeNull();
    expect(parsePs('')).toBeNull();
  });

  it('knows a zombie for dead', () => {
    expect(isDead(parsePs(' 5  1  5 Z+') as ProcessEntry)).toBe(true);
    expect(isDead(parsePs(' 5  1  5 Ss') as ProcessEntry)).toBe(false);
  });

  it('has this process and its parent, by /proc and by ps alike', () => {
    for (const list of [listProcesses, listByPs]) {
      expect(list().find(({ pid }) => pid === process.pid)?.parent).toBe(process.ppid);
    }
  });

  it('finds the descendants of a process in every generation, and the same in a whole table', async () => {
    const seconds = uniqueSeconds();
    const child = spawn('sh', ['-c', `(sleep ${seconds} & wait) & sleep ${seconds} & wait`], { detached: true });
    const pid = child.pid ?? 0;
    try {
      await until(() => processesWith(seconds).length === 2);
      const found = descendantsOf(pid);
      expect(found).toHaveLength(3);
      expect(pids(descendantsIn(listProcesses(), new Set([pid])))).toEqual(pids(found));
      expect(pids(found)).toEqual(expect.arrayContaining(processesWith(seconds)));
    } finally {
      process.kill(-pid, 'SIGKILL');
    }
  });

  it('has nothing for a pid that is not there', () => {
    expect(readProcess(2 ** 30)).toBeNull();
    expect(descendantsOf(2 ** 30)).toEqual([]);
  });
});
