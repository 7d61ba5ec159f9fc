import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** What a search for programs on this machine goes by. */
export interface Machine {
  /** The directories of PATH. */
  readonly path: readonly string[];
  /** Where Baton keeps what it built or downloaded, outside any checkout. */
  readonly cache: string;
  /** What programs that are run on the way inherit. */
  readonly environment: NodeJS.ProcessEnv;
  /** Whether we may install programs. */
  readonly isRoot: boolean;
}

/** This machine as the environment describes it. */
export function machine(environment: NodeJS.ProcessEnv = process.env): Machine {
  return {
    path: (environment['PATH'] ?? '').split(delimiter).filter((directory) => directory !== ''),
    cache: join(cacheHome(environment), 'baton'),
    environment,
    isRoot: process.getuid?.() === 0,
  };
}

function cacheHome(environment: NodeJS.ProcessEnv): string {
  const given = environment['XDG_CACHE_HOME'];
  // A relative path is to be ignored: https://specifications.freedesktop.org/basedir-spec/latest/
  if (given?.startsWith('/')) return given;
  return process.platform === 'darwin' ? join(homedir(), 'Library', 'Caches') : join(homedir(), '.cache');
}
