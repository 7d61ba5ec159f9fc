import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { MortalReport, MortalTask } from './mortal.ts';

/** Makes the program that carries a task out in a process of its own: one file, which starts in a moment. */
export async function mortalProgram(directory: string): Promise<string> {
  const outfile = join(directory, 'mortal.cjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'mortal.ts')],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    // Modules that look for others look from here.
    define: { 'import.meta.url': JSON.stringify(import.meta.url) },
    logLevel: 'error',
    outfile,
  });
  return outfile;
}

/** Carries a task out, to its end. `prefix` is the beginning of a command line. */
export function live(program: string, task: MortalTask, prefix: readonly string[] = []): MortalReport {
  const { stdout, stderr, status } = start(program, task, prefix);
  if (status !== 0) throw new Error(`the process ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as MortalReport;
}

/** Begins a task and dies on the way. False when it did not come there. */
export function die(program: string, task: MortalTask): boolean {
  const { signal, status, stderr } = start(program, task, []);
  if (signal !== 'SIGKILL' && status !== 0) throw new Error(`the process ended with ${status}: ${stderr}`);
  return signal === 'SIGKILL';
}

function start(program: string, task: MortalTask, prefix: readonly string[]) {
  const [command = '', ...args] = [...prefix, process.execPath, program, JSON.stringify(task)];
  return spawnSync(command, args, { encoding: 'utf8', timeout: 120_000 });
}
