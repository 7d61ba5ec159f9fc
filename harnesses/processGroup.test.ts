import { execFileSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { createProcessGroup } from './processGroup.ts';
import { makePlace, processesWith, runScript, uniqueSeconds, until, untilSleeps } from './sandboxTrial.ts';

// Many processes, on machines that may be busy.
vi.setConfig({ testTimeout: 30_000 });

const sandbox = createProcessGroup('bubblewrap is not installed.');

describe('in a process group', () => {
  it('says that it is no sandbox, and why', () => {
    expect(sandbox.description).toContain('without a sandbox');
    expect(sandbox.description).toMatch(/bubblewrap is not installed\.$/);
  });

  it('a command sees its places where they are', async () => {
    await using place = await makePlace();
    const { stdout } = await runScript(sandbox, 'pwd -P', place.setting);
    expect(stdout).toBe(`${realpathSync(place.workspace)}\n`);
    expect(sandbox.homePath(place.setting)).toBe(place.home);
    expect(sandbox.pathInside(place.setting, '/anywhere')).toBe('/anywhere');
  });

  it('a command that signals its whole group ends itself and is told so', async () => {
    await using place = await makePlace();
    const { exit } = await runScript(sandbox, 'kill 0; exit 5', place.setting);
    expect(exit).toMatchObject({ exitCode: null, signal: 'SIGTERM' });
    const deaf = await runScript(sandbox, `trap '' TERM; kill 0; exit 5`, place.setting);
    expect(deaf.exit).toMatchObject({ exitCode: 5, signal: null });
  });

  it('a command that kills its whole group is told so, and what left the group is stopped all the same', async () => {
    await using place = await makePlace();
    const seconds = uniqueSeconds();
    const source = `setsid sleep ${seconds} & ${untilSleeps(seconds)}; kill -9 0`;
    const { exit } = await runScript(sandbox, source, place.setting);
    expect(exit).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
    expect(processesWith(seconds)).toEqual([]);
  });

  it('a command has a session of its own, without a terminal', async () => {
    await using place = await makePlace();
    const { stdout } = await runScript(
      sandbox,
      `ps -o sid= -p $$; if ( : </dev/tty ) 2>/dev/null; then echo terminal; fi`,
      place.setting,
    );
    const ours = execFileSync('ps', ['-o', 'sid=', '-p', String(process.pid)], { encoding: 'utf8' }).trim();
    expect(stdout.trim()).toMatch(/^\d+$/);
    expect(stdout.trim()).not.toBe(ours);
  });

  it('processes of another command of the same worker stay untouched', async () => {
    await using place = await makePlace();
    const seconds = uniqueSeconds();
    const other = await sandbox.spawn(['sleep', seconds], place.setting);
    await until(() => processesWith(seconds).length > 0);
    await runScript(sandbox, 'sleep 60 & exit 0', place.setting);
    expect(processesWith(seconds).length).toBeGreaterThan(0);
    await other.stop(0);
    expect(processesWith(seconds)).toEqual([]);
  });
});
