import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FailureError } from '../domain/failure.ts';
import { createBubblewrap } from './bubblewrap.ts';
import { explainTrouble, type Trouble } from './bubblewrapTrouble.ts';
import { createProcessGroup } from './processGroup.ts';
import type { Sandbox } from './sandbox.ts';

export type SandboxPreference = 'auto' | 'bubblewrap' | 'process-group';

export interface DetectOptions {
  /** Where to look for bubblewrap; see `bubblewrapPrograms`. */
  readonly programs?: readonly string[];
  /** Further host directories that every sandbox sees read-only, such as `/opt/toolchain`. */
  readonly readOnly?: readonly string[];
}

export interface Detected {
  readonly sandbox: Sandbox;
  /** For the worker's log: which sandbox was taken, and why. */
  readonly why: string;
}

/** Where bubblewrap is looked for. */
export const bubblewrapPrograms = ['/usr/bin/bwrap', '/usr/local/bin/bwrap', '/bin/bwrap'];

/** A sandbox that cannot be had although it is demanded. Its message says why, and what to type. */
export class SandboxUnavailableError extends Error {
  constructor(trouble: Trouble) {
    super(`The worker is to use bubblewrap, but ${trouble.why} ${trouble.remedy}`);
    this.name = 'SandboxUnavailableError';
  }
}

/**
 * Finds the sandbox that a worker uses, by really running a command in it once. `auto` takes bubblewrap where it works
 * and a process group where it does not; the sandbox's description then says why. Throws SandboxUnavailableError when
 * bubblewrap is demanded and does not work.
 */
export async function detectSandbox(preference: SandboxPreference, options: DetectOptions = {}): Promise<Detected> {
  if (preference === 'process-group') {
    const why = 'The worker’s settings ask for it.';
    return { sandbox: createProcessGroup(why), why: `Agents run as process groups, without a sandbox: the settings ask for it.` };
  }
  const found = await findBubblewrap(options);
  if ('sandbox' in found) return found;
  if (preference === 'bubblewrap') throw new SandboxUnavailableError(found);
  const reason = `Nothing stronger works here: ${found.why}`;
  return {
    sandbox: createProcessGroup(reason),
    why: `Agents run as process groups, without a sandbox: ${found.why} ${found.remedy}`,
  };
}

async function findBubblewrap({ programs = bubblewrapPrograms, readOnly = [] }: DetectOptions): Promise<Detected | Trouble> {
  const program = programs.find((path) => existsSync(path));
  if (process.platform !== 'linux' || program === undefined) return explainTrouble({ missing: true, said: '' });
  const sandbox = createBubblewrap({ program, readOnly });
  const said = await probe(sandbox);
  if (said === null) return { sandbox, why: `Agents run in bubblewrap (${program}).` };
  // Where user namespaces are off, root can do without one.
  const plain = createBubblewrap({ program, readOnly, userNamespace: false });
  if (process.getuid?.() === 0 && (await probe(plain)) === null) {
    return { sandbox: plain, why: `Agents run in bubblewrap (${program}), without a user namespace: ${said}` };
  }
  return explainTrouble({ missing: false, said });
}

const probeDeadlineMs = 10_000;

/** Runs a command in the sandbox that looks at what it should find. Null when all is well, else what was said instead. */
async function probe(sandbox: Sandbox): Promise<string | null> {
  const directory = await mkdtemp(join(tmpdir(), 'baton-probe-'));
  const [workspace, home] = [join(directory, 'workspace'), join(directory, 'home')];
  try {
    await Promise.all([mkdir(workspace), mkdir(home)]);
    const look = 'echo "$PWD" >/workspace/seen && test -r /proc/self/stat && test -w /home/agent && test ! -e "$1"';
    const setting = { workspace, home, variables: {}, network: false, stdin: 'EMPTY' } as const;
    const running = await sandbox.spawn(['/bin/sh', '-c', look, 'sh', directory], setting);
    running.stdout.resume();
    running.stderr.resume();
    const timer = setTimeout(() => void running.stop(0), probeDeadlineMs);
    const { exitCode } = await running.exit.finally(() => clearTimeout(timer));
    return exitCode === 0 ? null : 'a command in it does not find what it should';
  } catch (error) {
    // What bubblewrap itself said, where it said something.
    const said = error instanceof FailureError ? error.cause : null;
    return typeof said === 'string' ? said : error instanceof Error ? error.message : String(error);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
