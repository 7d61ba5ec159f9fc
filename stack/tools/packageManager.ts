import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { withLock } from '../lock.ts';
import { isExecutable, onPath, type Search, type Source } from './tool.ts';

const run = promisify(execFile);

/** Package managers that can install without asking: what to run, first to last, until one works. */
const managers: Readonly<Record<string, (name: string) => readonly (readonly string[])[]>> = {
  'apt-get': (name) => [
    ['install', '-y', '--no-install-recommends', name],
    ['update'],
    ['install', '-y', '--no-install-recommends', name],
  ],
  dnf: (name) => [['install', '-y', name]],
  pacman: (name) => [['-Sy', '--noconfirm', name]],
};

const installMs = 10 * 60_000;

/** The system's package manager, where we are root: installs a package and looks on the PATH again. */
export function packageManager(packageName: string, ...programs: string[]): Source {
  return {
    name: "the system's package manager",
    async find(search) {
      if (!search.machine.isRoot) throw new Error('only root may install');
      await install(packageName, search);
      return onPath(...programs).find(search);
    },
  };
}

async function install(packageName: string, search: Search): Promise<void> {
  const { machine, progress, signal } = search;
  for (const [manager, commands] of Object.entries(managers)) {
    const paths = machine.path.map((directory) => join(directory, manager));
    const usable = await Promise.all(paths.map(isExecutable));
    const path = paths.find((_, index) => usable[index]);
    if (path === undefined) continue;
    progress(`installing ${packageName} with ${manager}`);
    // Two package managers at once refuse each other.
    await withLock(join(machine.cache, 'install.lock'), () => runUntilInstalled(path, commands(packageName), search), {
      ...(signal && { signal }),
    });
    return;
  }
  throw new Error('none that is known');
}

async function runUntilInstalled(
  path: string,
  commands: readonly (readonly string[])[],
  { machine, signal }: Search,
): Promise<void> {
  let failure: unknown;
  for (const args of commands) {
    try {
      const env = { ...machine.environment, DEBIAN_FRONTEND: 'noninteractive' };
      await run(path, [...args], { env, timeout: installMs, maxBuffer: 64 * 1024 * 1024, ...(signal && { signal }) });
      failure = undefined;
      if (args.some((argument) => /^(install|-Sy)$/.test(argument))) return;
    } catch (error) {
      failure = error;
    }
  }
  const { stderr = '', message } = failure as { stderr?: string; message: string };
  throw new Error(stderr.trim().split('\n').at(-1) || message);
}
