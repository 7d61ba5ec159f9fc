import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** A process of this machine, as `/proc` or `ps` tells it. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** One letter, as in `ps`: R, S, D, Z … */
  readonly state: string;
  /** When it started, in ticks since boot: together with the pid it names a process for good. */
  readonly started: number;
  /** CPU time of its own and of the children it has waited for, in milliseconds. */
  readonly cpuMs: number;
}

/** Ticks of `/proc/<pid>/stat` are 10 ms on every Linux that Node runs on (USER_HZ is 100 there, whatever the kernel's own rate). */
const msPerTick = 10;

/** One line of `/proc/<pid>/stat`, https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html; null when it is no such line. */
export function parseStat(stat: string): ProcessEntry | null {
  const pid = Number.parseInt(stat, 10);
  // The command's name stands in parentheses and may itself hold parentheses and spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, parent, group, session] = fields;
  if (!Number.isInteger(pid) || state === undefined || fields.length < 20) return null;
  const number = (index: number): number => Number(fields[index]);
  return {
    pid,
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    state,
    started: number(19),
    cpuMs: (number(11) + number(12) + number(13) + number(14)) * msPerTick,
  };
}

/** One line of `ps -o pid=,ppid=,pgid=,stat=`, for systems without `/proc`; null when it is no such line. */
export function parsePs(line: string): ProcessEntry | null {
  const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S)/.exec(line);
  if (!match) return null;
  const [, pid, parent, group, state = ''] = match;
  return { pid: Number(pid), parent: Number(parent), group: Number(group), session: 0, state, started: 0, cpuMs: 0 };
}

/** The process with this pid; null when there is none, or no `/proc`. */
export function readProcess(pid: number): ProcessEntry | null {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return null;
  }
}

/** All processes that this process can see, zombies too. */
export function listProcesses(): ProcessEntry[] {
  let names: string[];
  try {
    names = readdirSync('/proc');
  } catch {
    return listByPs();
  }
  return names
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcess(Number(name)))
    .filter((entry) => entry !== null);
}

/** All processes as `ps` lists them: POSIX columns, so that macOS has them too. */
export function listByPs(): ProcessEntry[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,pgid=,stat='], { encoding: 'utf8', timeout: 5000 });
  return (stdout ?? '')
    .split('\n')
    .map(parsePs)
    .filter((entry) => entry !== null);
}

/** Gone, but for its parent that has not asked yet: it can do nothing any more. */
export function isDead({ state }: ProcessEntry): boolean {
  return state === 'Z' || state === 'X';
}

/** All processes below one, in any generation, zombies too, without itself. */
export function descendantsOf(pid: number): ProcessEntry[] {
  const direct = childrenOf(pid);
  if (direct === null) return descendantsIn(listProcesses(), new Set([pid]));
  const found: ProcessEntry[] = [];
  for (let next = direct; next.length > 0;) {
    found.push(...next);
    next = next.flatMap((entry) => childrenOf(entry.pid) ?? []);
  }
  return found;
}

/** Those of a table that descend from one of the roots, without the roots. */
export function descendantsIn(table: readonly ProcessEntry[], roots: ReadonlySet<number>): ProcessEntry[] {
  const byParent = new Map<number, ProcessEntry[]>();
  for (const entry of table) {
    const siblings = byParent.get(entry.parent);
    if (siblings) siblings.push(entry);
    else byParent.set(entry.parent, [entry]);
  }
  const seen = new Set(roots);
  const found: ProcessEntry[] = [];
  const open = [...roots];
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    for (const child of byParent.get(pid) ?? []) {
      if (seen.has(child.pid)) continue;
      seen.add(child.pid);
      found.push(child);
      open.push(child.pid);
    }
  }
  return found;
}

/** The direct children, from the kernel's own list, which spares reading the whole table; null where there is no such list. */
function childrenOf(pid: number): ProcessEntry[] | null {
  try {
    // Each thread has the children that it started.
    return readdirSync(`/proc/${pid}/task`)
      .flatMap((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1').split(' '))
      .filter((text) => text !== '')
      .map((text) => readProcess(Number(text)))
      .filter((entry) => entry !== null);
  } catch {
    return readProcess(pid) === null ? [] : null;
  }
}
