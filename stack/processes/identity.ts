import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** A process that can't be mistaken for a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it began, in the system's own terms; compared, never read. */
  readonly began: string;
}

/** The identity of a process that runs, or null when there is none (any more) of that number. */
export function identify(pid: number): ProcessIdentity | null {
  const began = process.platform === 'linux' ? beganOnLinux(pid) : beganByPs(pid);
  return began === null ? null : { pid, began };
}

/** Whether that very process still runs. */
export function isAlive({ pid, began }: ProcessIdentity): boolean {
  return identify(pid)?.began === began;
}

/** Reads an identity from JSON that a file held; null when it is none. */
export function parseIdentity(value: unknown): ProcessIdentity | null {
  if (typeof value !== 'object' || value === null) return null;
  const { pid, began } = value as Record<string, unknown>;
  return typeof pid === 'number' && Number.isInteger(pid) && pid > 0 && typeof began === 'string' ? { pid, began } : null;
}

/** The number and the program's name of a process's parent, or null when it can't be told. */
export function parentOf(pid: number): { readonly pid: number; readonly program: string } | null {
  try {
    const parent =
      process.platform === 'linux'
        ? Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1])
        : Number(ps('ppid=', pid));
    const program = process.platform === 'linux' ? readFileSync(`/proc/${parent}/comm`, 'latin1') : ps('comm=', parent);
    return { pid: parent, program: basename(program.trim()) };
  } catch {
    return null;
  }
}

function beganOnLinux(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name may hold spaces and parentheses; what follows its last one is fields 3 (state) to 52.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return null;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return `${boot} ${fields[19]}`;
  } catch {
    return null;
  }
}

function beganByPs(pid: number): string | null {
  try {
    const [state = '', ...began] = ps('stat=,lstart=', pid).trim().split(/\s+/);
    return state === '' || state.startsWith('Z') ? null : began.join(' ');
  } catch {
    return null;
  }
}

function ps(columns: string, pid: number): string {
  return execFileSync('ps', ['-o', columns, '-p', String(pid)], { encoding: 'utf8', timeout: 5_000 });
}
