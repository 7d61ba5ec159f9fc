import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { identify, type ProcessIdentity } from '../processes/identity.ts';

/** What a running PostgreSQL says of itself in its `postmaster.pid`. */
export interface Postmaster {
  readonly identity: ProcessIdentity;
  readonly port: number;
  readonly ready: boolean;
}

/** The PostgreSQL that runs on a data directory, or null. The file's lines: storage/pidfile.h of PostgreSQL. */
export function readPostmaster(data: string): Postmaster | null {
  const [pid, , , port, , , , status] = readLines(data);
  const identity = pid ? identify(Number(pid)) : null;
  if (identity === null || !isPostgres(identity.pid)) return null;
  return { identity, port: Number(port), ready: status?.trim() === 'ready' };
}

/**
 * Removes a `postmaster.pid` that a PostgreSQL which was killed has left, when its number now belongs to some other
 * program: PostgreSQL would take that for itself and refuse to start.
 */
export function removeStalePidFile(data: string): void {
  const pid = Number(readLines(data)[0]);
  if (pid > 0 && identify(pid) !== null && !isPostgres(pid)) rmSync(join(data, 'postmaster.pid'), { force: true });
}

function readLines(data: string): string[] {
  try {
    return readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function isPostgres(pid: number): boolean {
  try {
    const program =
      process.platform === 'linux'
        ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0]
        : execFileSync('ps', ['-o', 'comm=', '-p', String(pid)], { encoding: 'utf8', timeout: 5_000 }).trim();
    return basename(program ?? '') === 'postgres';
  } catch {
    return false;
  }
}
