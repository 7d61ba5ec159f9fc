import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdtemp, open, readdir, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { FailureError } from '../../domain/failure.ts';
import { installCommand, installProgram, placeOf } from './installProgram.ts';
import type { ClaudeCodeSettings } from './settings.ts';
import { installedVersion, isKnownVersion, versionIn } from './version.ts';

const run = promisify(execFile);

/** How long a program may take to say its version, in milliseconds. */
const versionMs = 60_000;

export interface FindOptions {
  /** Hears what takes long, in a few words. */
  readonly progress?: ((detail: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The program of Claude Code, by its real path: the one that the settings name, else one on the PATH whose version is
 * known to work, else the one that the worker installed, which it does now if need be. Rejects with a FailureError
 * (HARNESS_UNAVAILABLE) that says what was tried and what to type.
 */
export async function findProgram(settings: ClaudeCodeSettings, options: FindOptions = {}): Promise<string> {
  if (settings.program !== null) {
    const outcome = await tryProgram(settings.program);
    if ('program' in outcome) return outcome.program;
    throw unavailable(`BATON_CLAUDE_CODE is ${settings.program}, but ${outcome.why}.`);
  }
  const tried: string[] = [];
  for (const directory of settings.path) {
    const candidate = join(directory, 'claude');
    if (!(await isExecutable(candidate))) continue;
    const outcome = await tryProgram(candidate);
    if ('program' in outcome) return outcome.program;
    tried.push(`${candidate}: ${outcome.why}.`);
  }
  const place = placeOf(settings.installDirectory);
  const installed = await programIn(place);
  if (installed !== null) return installed;
  const why = tried.length > 0 ? tried.join(' ') : 'It is not on the PATH of the worker.';
  if (!settings.install) throw unavailable(`${why} The worker may not install it: BATON_INSTALL_AGENTS is no.`);
  try {
    await installProgram(place, settings.environment, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    throw unavailable(`${why} It could not be installed: ${(error as Error).message}`);
  }
  const program = await programIn(place);
  if (program === null) throw unavailable(`${why} npm installed it without a program for ${process.platform} ${process.arch}.`);
  return program;
}

const unavailable = (why: string): FailureError =>
  new FailureError(
    'HARNESS_UNAVAILABLE',
    `Claude Code cannot be started. ${why} On the worker, type “${installCommand('DIRECTORY')}”, set BATON_CLAUDE_CODE to the ` +
      'program in DIRECTORY/node_modules/@anthropic-ai/claude-code-*/claude, restart the worker, then continue the run.',
  );

type Outcome = { readonly program: string } | { readonly why: string };

async function tryProgram(candidate: string): Promise<Outcome> {
  if (!(await isExecutable(candidate))) return { why: 'there is no program there' };
  const program = await nativeProgram(await realpath(candidate));
  if (program === null) return { why: 'it is not the program itself but a script that starts it' };
  const version = await versionOf(program);
  if (version === null) return { why: 'it does not say that it is Claude Code' };
  if (!isKnownVersion(version)) return { why: `its version ${version} is not known to work; ${installedVersion} is` };
  return { program };
}

/** npm's command is a link to a small program that starts the one for this machine, which lies in a package beside it. */
async function nativeProgram(path: string): Promise<string | null> {
  for (const directory of [dirname(path), dirname(dirname(path))]) {
    const found = (await programIn(directory)) ?? (await programBeside(directory));
    if (found !== null) return found;
  }
  return (await isNative(path)) ? path : null;
}

/** The program that npm installed below a directory; null when it is not there. */
const programIn = (directory: string): Promise<string | null> =>
  programBeside(join(directory, 'node_modules', '@anthropic-ai', 'claude-code'));

/** That of the package for this machine which lies beside the package of the command. */
async function programBeside(packageDirectory: string): Promise<string | null> {
  if (!packageDirectory.endsWith(join('@anthropic-ai', 'claude-code'))) return null;
  const scope = dirname(packageDirectory);
  const prefix = `claude-code-${process.platform}-${process.arch}`;
  const names = (await readdir(scope).catch(() => [])).filter((name) => name === prefix || name.startsWith(`${prefix}-`));
  for (const name of names.sort()) {
    const program = resolve(scope, name, 'claude');
    if (await isExecutable(program)) return await realpath(program);
  }
  return null;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** A script needs an interpreter and other files, which the sandbox would not show it. */
async function isNative(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return buffer.toString('latin1') !== '#!';
  } finally {
    await file.close();
  }
}

async function versionOf(program: string): Promise<string | null> {
  const home = await mkdtemp(join(tmpdir(), 'baton-claude-'));
  try {
    const env = { HOME: home, PATH: '/usr/local/bin:/usr/bin:/bin', DISABLE_AUTOUPDATER: '1', DISABLE_TELEMETRY: '1' };
    const { stdout } = await run(program, ['--version'], { env, cwd: home, timeout: versionMs, killSignal: 'SIGKILL' });
    return versionIn(stdout);
  } catch {
    return null;
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
