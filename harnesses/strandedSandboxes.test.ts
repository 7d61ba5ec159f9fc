import { spawn } from 'node:child_process';
import { expect, it } from 'vitest';
import { processesWith, uniqueSeconds, until } from './sandboxTrial.ts';
import { endStrandedSandboxes } from './strandedSandboxes.ts';
import { supervisorMark } from './supervisor.ts';

it('a sandbox that was being made when its worker was killed is ended by the next worker, and no other one', async () => {
  const [stranded, waiting] = [uniqueSeconds(), uniqueSeconds()];
  // It waits for this descriptor where it else would wait for its maker.
  const make = (seconds: string) =>
    spawn(
      'bwrap',
      [...'--die-with-parent --as-pid-1 --unshare-pid --block-fd 3 --ro-bind / / sleep'.split(' '), seconds, supervisorMark],
      { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] },
    );
  const [first, second] = [make(stranded), make(waiting)];
  try {
    await until(() => processesWith(stranded).length === 2 && processesWith(waiting).length === 2);
    first.kill('SIGKILL');
    await until(() => processesWith(stranded).length === 1);
    expect(endStrandedSandboxes()).toBe(1);
    await until(() => processesWith(stranded).length === 0);
    expect(processesWith(waiting)).toHaveLength(2);
  } finally {
    first.kill('SIGKILL');
    (second.stdio[3] as NodeJS.WritableStream).end('\n');
    second.kill('SIGKILL');
  }
});
