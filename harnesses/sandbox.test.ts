import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import { describe, expect, it, vi } from 'vitest';
import { leftBy } from './leftBy.ts';
import { makePlace, processesWith, runScript, sandboxes, uniqueSeconds, until, untilSleeps } from './sandboxTrial.ts';

// Many processes, on machines that may be busy.
vi.setConfig({ testTimeout: 30_000 });

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe.each(sandboxes)('in %s', (_name, sandbox) => {
  it('a command runs in the workspace and says how it ended', async () => {
    await using place = await makePlace();
    const { exit, stdout, stderr } = await runScript(sandbox, 'pwd; echo trouble >&2; exit 3', place.setting);
    expect(stdout).toBe(`${sandbox.workspacePath(place.setting)}\n`);
    expect(stderr).toBe('trouble\n');
    expect(exit).toMatchObject({ exitCode: 3, signal: null, stopped: 0 });
  });

  it('a command starts in the directory that the setting names', async () => {
    await using place = await makePlace();
    const directory = join(place.workspace, 'packages', 'one');
    await mkdir(directory, { recursive: true });
    const { stdout } = await runScript(sandbox, 'pwd', { ...place.setting, directory });
    expect(stdout).toBe(`${sandbox.workspacePath(place.setting)}/packages/one\n`);
  });

  it.each([
    ['SIGKILL', 'kill -9 $$'],
    ['SIGTERM', 'kill $$'],
    ['SIGSEGV', 'kill -SEGV $$'],
  ])('a command that %s ends is told by that signal', async (signal, source) => {
    await using place = await makePlace();
    const { exit } = await runScript(sandbox, source, place.setting);
    expect(exit).toMatchObject({ exitCode: null, signal });
  });

  it('an exit code that looks like a signal stays an exit code', async () => {
    await using place = await makePlace();
    const { exit } = await runScript(sandbox, 'exit 137', place.setting);
    expect(exit).toMatchObject({ exitCode: 137, signal: null });
  });

  it('a command that does not exist exits with 127 and says so', async () => {
    await using place = await makePlace();
    const process = await sandbox.spawn(['no-such-program'], place.setting);
    const [exit, stderr] = await Promise.all([process.exit, text(process.stderr)]);
    expect(exit.exitCode).toBe(127);
    expect(stderr).toContain('no-such-program');
  });

  it('its environment is what the setting says, and nothing of ours', async () => {
    await using place = await makePlace();
    const variables = { ...place.setting.variables, GREETING: 'good\nmorning “you”', EMPTY: '' };
    const { stdout } = await runScript(sandbox, 'env -0', { ...place.setting, variables });
    const seen = Object.fromEntries(
      stdout
        .split('\0')
        .filter((line) => line !== '')
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    expect(seen).toMatchObject(variables);
    const ofTheShell = ['PWD', 'SHLVL', '_', 'OLDPWD'];
    const ofTheSandbox = ['BATON_SANDBOX_ID', 'GIT_CONFIG_SYSTEM'];
    const known = new Set([...Object.keys(variables), ...ofTheShell, ...ofTheSandbox]);
    expect(Object.keys(seen).filter((name) => !known.has(name))).toEqual([]);
  });

  it('variables do not show in the host’s process list', async () => {
    await using place = await makePlace();
    const seconds = uniqueSeconds();
    const variables = { ...place.setting.variables, SECRET: 'hunter2-in-the-environment' };
    const process = await sandbox.spawn(['sleep', seconds], { ...place.setting, variables });
    await until(() => processesWith(seconds).length > 0);
    expect(processesWith('hunter2-in-the-environment')).toEqual([]);
    await process.stop(0);
  });

  it('only stdin, stdout and stderr are open', async () => {
    await using place = await makePlace();
    const { stdout } = await runScript(
      sandbox,
      // bash itself may hold 255, a copy of a script that it reads.
      'for fd in $(seq 0 254); do if test -e /proc/$$/fd/$fd; then echo $fd; fi; done',
      place.setting,
    );
    expect(stdout.trim().split('\n')).toEqual(['0', '1', '2']);
  });

  it('the three streams can be opened by name', async () => {
    await using place = await makePlace();
    const { exit, stdout, stderr } = await runScript(
      sandbox,
      'echo out >/dev/stdout; echo err | tee /dev/stderr >/dev/null; cat /dev/stdin; echo $?',
      place.setting,
    );
    expect(exit.exitCode).toBe(0);
    expect(stdout).toBe('out\n0\n');
    expect(stderr).toBe('err\n');
  });

  it('stdin that is empty ends at once', async () => {
    await using place = await makePlace();
    const { stdout } = await runScript(sandbox, 'read line; echo "read said $?"', place.setting);
    expect(stdout).toBe('read said 1\n');
  });

  it('20 MB of any bytes go in and come out as they are', async () => {
    await using place = await makePlace();
    const data = randomBytes(20 * 1024 * 1024);
    const process = await sandbox.spawn(['cat'], { ...place.setting, stdin: 'PIPE' });
    process.stdin.end(data);
    process.stderr.resume();
    const [out, exit] = await Promise.all([buffer(process.stdout), process.exit]);
    expect(sha256(out)).toBe(sha256(data));
    expect(exit.exitCode).toBe(0);
  });

  it('a command that does not read its stdin does not break the one who writes', async () => {
    await using place = await makePlace();
    const process = await sandbox.spawn(['true'], { ...place.setting, stdin: 'PIPE' });
    process.stdin.end(randomBytes(5 * 1024 * 1024));
    expect((await process.exit).exitCode).toBe(0);
  });

  it('what it writes is the worker’s, to read, to change and to remove', async () => {
    await using place = await makePlace();
    const source = 'mkdir -p deep/er && echo hello >deep/er/file && chmod 640 deep/er/file && ln -s file deep/er/link && umask';
    const { stdout } = await runScript(sandbox, source, place.setting);
    const file = join(place.workspace, 'deep', 'er', 'file');
    const { uid, mode } = await stat(file);
    expect(uid).toBe(process.getuid?.());
    expect(mode & 0o777).toBe(0o640);
    expect(stdout).toBe('0022\n');
    expect(await readFile(file, 'utf8')).toBe('hello\n');
    await writeFile(file, 'changed');
  });

  it('what the worker wrote is the command’s to change', async () => {
    await using place = await makePlace();
    await writeFile(join(place.workspace, 'ours'), 'one\n', { mode: 0o600 });
    const { exit } = await runScript(sandbox, 'echo two >>ours && test -O ours && rm ours', place.setting);
    expect(exit.exitCode).toBe(0);
  });

  it('what is mounted so can be read and written, where the sandbox says that it is', async () => {
    await using place = await makePlace();
    const [scratch, mirror] = [join(place.directory, 'scratch'), join(place.directory, 'mirror')];
    await Promise.all([mkdir(scratch), mkdir(mirror)]);
    await writeFile(join(mirror, 'pack'), 'objects');
    const mounts = [
      { host: scratch, inside: '/scratch', writable: true },
      { host: mirror, inside: '/mirror', writable: false },
    ];
    const setting = { ...place.setting, mounts };
    const [from, to] = [sandbox.pathInside(setting, join(mirror, 'pack')), sandbox.pathInside(setting, join(scratch, 'copy'))];
    const { exit } = await runScript(sandbox, `cp ${from} ${to}`, setting);
    expect(exit.exitCode).toBe(0);
    expect(await readFile(join(scratch, 'copy'), 'utf8')).toBe('objects');
  });

  it('git works in the workspace and commits in an empty home, and its own settings go before ours', async () => {
    await using place = await makePlace();
    const variables = { ...place.setting.variables, HOME: sandbox.homePath(place.setting) };
    const source = [
      'set -e',
      'git init --quiet .',
      'echo hello >file && git add file && git commit --quiet --message first',
      'git log --format=%an',
      'git config user.name Someone && git commit --quiet --allow-empty --message second',
      'git log -1 --format=%an',
    ].join('\n');
    const { exit, stdout, stderr } = await runScript(sandbox, source, { ...place.setting, variables });
    expect(stderr).toBe('');
    expect(exit.exitCode).toBe(0);
    expect(stdout).toBe('Baton\nSomeone\n');
  });

  describe('when it ends', () => {
    it.each([
      ['in the background', (seconds: string) => `sleep ${seconds} &`],
      ['in a session of its own', (seconds: string) => `setsid sleep ${seconds} & sleep 0`],
      ['that forked twice', (seconds: string) => `( setsid sh -c 'sleep ${seconds} & exit' & )`],
      ['that ignores SIGHUP', (seconds: string) => `nohup sleep ${seconds} >/dev/null 2>&1 &`],
      ['that closed its streams', (seconds: string) => `sleep ${seconds} <&- >&- 2>&- &`],
    ])('a process %s is stopped and counted', async (_what, leave) => {
      await using place = await makePlace();
      const seconds = uniqueSeconds();
      const wait = untilSleeps(seconds);
      const { exit } = await runScript(sandbox, `${leave(seconds)}\n${wait}\nexit 0`, place.setting);
      expect(exit).toMatchObject({ exitCode: 0, stopped: 1 });
      expect(processesWith(seconds)).toEqual([]);
    });

    it('a process that ignores SIGTERM is killed', async () => {
      await using place = await makePlace();
      const seconds = uniqueSeconds();
      const source = `trap '' TERM; sleep ${seconds} & exit 0`;
      const { exit } = await runScript(sandbox, source, place.setting);
      expect(exit).toMatchObject({ exitCode: 0, stopped: 1 });
      expect(processesWith(seconds)).toEqual([]);
    });

    it('a process gets a moment to end by itself, and SIGTERM before SIGKILL', async () => {
      await using place = await makePlace();
      const brief = await runScript(sandbox, '( sleep 0.05; echo last words ) & exit 0', place.setting);
      expect(brief.stdout).toBe('last words\n');
      expect(brief.exit.stopped).toBe(0);
      const server = `( trap 'echo goodbye; exit' TERM; touch ready; while :; do sleep 0.01; done ) & until test -e ready; do :; done`;
      const asked = await runScript(sandbox, server, place.setting);
      expect(asked.stdout).toBe('goodbye\n');
      expect(asked.exit.stopped).toBeGreaterThan(0);
    });

    it('a hundred processes are stopped', async () => {
      await using place = await makePlace();
      const seconds = uniqueSeconds();
      const source = `for i in $(seq 100); do sleep ${seconds} & done; exit 0`;
      const { exit } = await runScript(sandbox, source, place.setting);
      expect(exit.stopped).toBe(100);
      expect(processesWith(seconds)).toEqual([]);
    });

    it('nothing of it is left in the directory for temporary files', async () => {
      await using place = await makePlace();
      expect(await leftBy(place, () => runScript(sandbox, 'true', place.setting))).toEqual([]);
    });
  });

  describe('when it is stopped', () => {
    it('a command that heeds SIGTERM may clean up, and ends as it likes', async () => {
      await using place = await makePlace();
      const source = `trap 'echo cleaned up; exit 7' TERM; echo ready; while :; do sleep 0.01; done`;
      const process = await sandbox.spawn(['sh', '-c', source], place.setting);
      let output = '';
      process.stdout.setEncoding('utf8').on('data', (part: string) => {
        output += part;
        if (output === 'ready\n') void process.stop();
      });
      expect((await process.exit).exitCode).toBe(7);
      await finished(process.stdout);
      expect(output).toBe('ready\ncleaned up\n');
    });

    it('a command that ignores SIGTERM is killed after the time it was given, with all it started', async () => {
      await using place = await makePlace();
      const seconds = uniqueSeconds();
      const source = `trap '' TERM; setsid sleep ${seconds} & sleep ${seconds} & echo ready; while :; do sleep 0.01; done`;
      const process = await sandbox.spawn(['sh', '-c', source], place.setting);
      await new Promise((resolve) => process.stdout.once('data', resolve));
      const began = performance.now();
      await process.stop(300);
      expect(performance.now() - began).toBeGreaterThan(290);
      expect(performance.now() - began).toBeLessThan(3000);
      expect((await process.exit).signal).toBe('SIGKILL');
      expect(processesWith(seconds)).toEqual([]);
    });

    it('a stopped command is woken to end', async () => {
      await using place = await makePlace();
      const seconds = uniqueSeconds();
      const process = await sandbox.spawn(
        ['sh', '-c', `sleep ${seconds} & echo ready; kill -STOP $!; kill -STOP $$`],
        place.setting,
      );
      await new Promise((resolve) => process.stdout.once('data', resolve));
      const began = performance.now();
      await process.stop(5000);
      expect(performance.now() - began).toBeLessThan(2000);
      expect(processesWith(seconds)).toEqual([]);
    });

    it('stopping at once, twice, and after the end is all the same', async () => {
      await using place = await makePlace();
      const seconds = uniqueSeconds();
      const process = await sandbox.spawn(['sleep', seconds], place.setting);
      await Promise.all([process.stop(), process.stop(0), process.stop(100)]);
      await process.stop();
      expect((await process.exit).exitCode).toBeNull();
      expect(processesWith(seconds)).toEqual([]);
    });
  });

  describe('its figures', () => {
    it('hold the CPU time of children, also of those that went their own ways', async () => {
      await using place = await makePlace();
      const burn = 'i=0; while [ $i -lt 150000 ]; do i=$((i+1)); done';
      const { exit } = await runScript(sandbox, `( ${burn} ) & ( ${burn} ) ; wait`, place.setting);
      const alone = await runScript(sandbox, burn, place.setting);
      expect(alone.exit.cpuMs).toBeGreaterThan(50);
      expect(exit.cpuMs).toBeGreaterThan(alone.exit.cpuMs * 1.3);
    });
  });
});
