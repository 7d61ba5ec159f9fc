import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../projectRoot.ts';
import type { Search } from './tool.ts';

/** In a closed network nothing arrives; that has to be noticed soon. */
const firstByteMs = 15_000;
const downloadMs = 10 * 60_000;
const watchMs = 500;

/** The SDK's own code downloads and tries the server; in a process of its own, for it can't be stopped otherwise. */
const script = `
  const { TestWorkflowEnvironment } = await import('@temporalio/testing');
  const { Runtime, DefaultLogger } = await import('@temporalio/worker');
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const executable = { type: 'cached-download', downloadDir: process.argv[1] };
  await (await TestWorkflowEnvironment.createLocal({ server: { executable } })).teardown();
  process.exit(0);
`;

/** Downloads Temporal's command line into `draft`, as the SDK does. Throws when nothing comes for 15 s. */
export async function downloadTemporal({ machine, progress, signal }: Search, draft: string): Promise<string> {
  if (!existsSync(join(projectRoot, 'node_modules', '@temporalio', 'testing')))
    throw new Error('@temporalio/testing is not installed');
  const stop = new AbortController();
  const signals = AbortSignal.any([stop.signal, ...(signal ? [signal] : []), AbortSignal.timeout(downloadMs)]);
  progress('downloading');
  const began = Date.now();
  const watch = setInterval(async () => {
    const megabytes = (await sizeOf(draft)) / 1e6;
    if (megabytes > 0) progress(`downloading · ${megabytes.toFixed(0)} MB`);
    else if (Date.now() - began > firstByteMs) stop.abort();
  }, watchMs);
  try {
    await runScript(draft, machine.environment, signals);
  } catch (error) {
    signal?.throwIfAborted();
    throw stop.signal.aborted ? new Error(`nothing came for ${firstByteMs / 1_000} s`) : error;
  } finally {
    clearInterval(watch);
  }
  const [name] = await readdir(draft);
  if (name === undefined) throw new Error('the SDK did not keep it');
  return join(draft, name);
}

function runScript(draft: string, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const args = ['--input-type=module', '--eval', script, draft];
    execFile(process.execPath, args, { cwd: projectRoot, env, signal, killSignal: 'SIGKILL' }, (error, _, stderr) => {
      if (error === null) resolve();
      else reject(new Error(firstReason(stderr) ?? error.message));
    });
  });
}

/** The error's own line among those of its stack. */
function firstReason(stderr: string): string | undefined {
  return stderr
    .split('\n')
    .find((line) => /^\w*Error\b.*:/.test(line.trim()))
    ?.trim();
}

async function sizeOf(directory: string): Promise<number> {
  const names = await readdir(directory).catch(() => []);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(directory, name)).catch(() => null))?.size ?? 0));
  return sizes.reduce((total, size) => total + size, 0);
}
