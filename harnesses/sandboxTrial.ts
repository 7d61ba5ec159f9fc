import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { createBubblewrap } from './bubblewrap.ts';
import { bubblewrapPrograms, detectSandbox } from './detectSandbox.ts';
import { createProcessGroup } from './processGroup.ts';
import { removeTree } from './removeTree.ts';
import type { Sandbox, SandboxExit, SandboxSetting } from './sandbox.ts';
import { shell } from './shell.ts';

/** For tests: the sandboxes of this machine, places to work in, and what is left running. */

const processGroup = createProcessGroup('The test asks for it.');
const detected = (await detectSandbox('auto')).sandbox;

/** Every kind of bubblewrap sandbox that works here, with its name. */
export const bubblewraps: [string, Sandbox][] =
  detected.kind === 'BUBBLEWRAP'
    ? [
        ['bubblewrap', detected],
        // Without a user namespace it takes root.
        ...(process.getuid?.() === 0
          ? [['bubblewrap without a user namespace', plainBubblewrap()] satisfies [string, Sandbox]]
          : []),
      ]
    : [];

function plainBubblewrap(): Sandbox {
  return createBubblewrap({ program: bubblewrapPrograms.find((path) => existsSync(path)) ?? 'bwrap', userNamespace: false });
}

/** What a worker here would use, and what it would use without bubblewrap. */
export const sandboxes: [string, Sandbox][] = [...bubblewraps.slice(0, 1), ['a process group', processGroup]];

export interface Place extends AsyncDisposable {
  readonly directory: string;
  readonly workspace: string;
  readonly home: string;
  readonly temp: string;
  /** What a command gets that needs nothing special. */
  readonly setting: SandboxSetting;
}

/** A workspace, a home and a directory for temporary files, gone when it is disposed of. */
export async function makePlace(): Promise<Place> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'baton-test-')));
  const [workspace, home, temp] = [join(directory, 'workspace'), join(directory, 'home'), join(directory, 'temp')];
  await Promise.all([workspace, home, temp].map((path) => mkdir(path)));
  const variables = { PATH: '/usr/local/bin:/usr/bin:/bin' };
  const setting: SandboxSetting = { workspace, home, temp, variables, network: false, stdin: 'EMPTY' };
  const dispose = (): Promise<void> => removeTree(directory);
  return { directory, workspace, home, temp, setting, [Symbol.asyncDispose]: dispose };
}

export interface Ran {
  readonly exit: SandboxExit;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a shell script in a sandbox to its end. */
export async function runScript(sandbox: Sandbox, source: string, setting: SandboxSetting): Promise<Ran> {
  const process = await sandbox.spawn([shell, '-c', source], setting);
  const [exit, stdout, stderr] = await Promise.all([process.exit, text(process.stdout), text(process.stderr)]);
  return { exit, stdout, stderr };
}

let nap = 0;

/** A number of seconds that only one `sleep` of this machine sleeps, by which it is found. */
export function uniqueSeconds(): string {
  nap += 1;
  return `9${process.pid}.${Date.now() % 1_000_000}${nap}`;
}

/** Shell words that wait until a process has these seconds for an argument; grep's own argument is another. */
export function untilSleeps(seconds: string): string {
  return `until grep -qszx '[9]${seconds.slice(1)}' /proc/[0-9]*/cmdline; do :; done`;
}

/** The processes of this machine whose command line holds a text, in every namespace, zombies left out. */
export function processesWith(argument: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').includes(argument);
      } catch {
        return false;
      }
    });
}

/** Waits until something is so; throws after ten seconds. */
export async function until(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 10_000; !condition(); await delay(10)) {
    if (Date.now() > deadline) throw new Error('it did not become so within ten seconds');
  }
}
