import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { makePlace, processesWith, sandboxes, uniqueSeconds, until } from './sandboxTrial.ts';

// Many processes, on machines that may be busy.
vi.setConfig({ testTimeout: 30_000 });

/** A worker of its own, that starts a command in the sandbox of one kind and then waits for ever. */
const worker = `
const [, , index, workspace, home, seconds, source] = process.argv;
const { sandboxes } = await import(source);
const [, sandbox] = sandboxes[Number(index)];
const setting = { workspace, home, variables: { PATH: '/usr/bin:/bin' }, network: false, stdin: 'EMPTY' };
await sandbox.spawn(['sh', '-c', 'sleep ' + seconds + ' & sleep ' + seconds + ' & wait'], setting);
setInterval(() => undefined, 1000);
`;

describe.each(sandboxes.map(([name], index) => [name, index] as const))('in %s', (_name, index) => {
  it('agents die with their worker, also when it is killed', async () => {
    await using place = await makePlace();
    const seconds = uniqueSeconds();
    const program = join(place.directory, 'worker.mts');
    await writeFile(program, worker);
    const source = join(import.meta.dirname, 'sandboxTrial.ts');
    const args = ['--import', 'tsx', program, String(index), place.workspace, place.home, seconds, source];
    // Killed without notice, it can't remove its own temporary directories; so they lie in ours.
    const env = { ...process.env, TMPDIR: place.directory };
    const child = spawn(process.execPath, args, { cwd: import.meta.dirname, env, stdio: ['ignore', 'inherit', 'inherit'] });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    try {
      // Two sleeps, and the worker, which has the number as an argument, too.
      await until(() => processesWith(seconds).length === 3);
    } finally {
      child.kill('SIGKILL');
      await exited;
    }
    await until(() => processesWith(seconds).length === 0);
    expect(processesWith(seconds)).toEqual([]);
  });
});
