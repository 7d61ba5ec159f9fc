import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FailureError } from '../domain/failure.ts';
import { createBubblewrap } from './bubblewrap.ts';
import { bubblewraps, makePlace, processesWith, runScript, uniqueSeconds, until } from './sandboxTrial.ts';

// Many processes, on machines that may be busy.
vi.setConfig({ testTimeout: 30_000 });

describe.each(bubblewraps)('in %s', (name, sandbox) => {
  it('the workspace and the home are always at the same place', async () => {
    await using place = await makePlace();
    await writeFile(join(place.home, 'state'), 'kept');
    const { stdout } = await runScript(sandbox, 'pwd; cat /home/agent/state; ls -d /home/*', place.setting);
    expect(stdout).toBe('/workspace\nkept/home/agent\n');
    expect(sandbox.pathInside(place.setting, join(place.workspace, 'a', 'b'))).toBe('/workspace/a/b');
    expect(sandbox.pathInside(place.setting, place.temp)).toBe('/tmp');
    expect(() => sandbox.pathInside(place.setting, '/etc/shadow')).toThrow('/etc/shadow is not seen inside the sandbox');
    expect(() => sandbox.pathInside(place.setting, `${place.workspace}-other/file`)).toThrow('not seen');
  });

  it('nothing of the host is seen but its programs', async () => {
    await using place = await makePlace();
    await using other = await makePlace();
    await writeFile(join(other.workspace, 'secret'), 'of another run');
    const hidden = [
      other.directory,
      place.directory,
      '/root',
      process.cwd(),
      '/etc/shadow',
      '/etc/gshadow',
      '/etc/ssl/private',
      '/sys',
      '/var/lib',
      '/run/dbus',
      '/boot',
      '/srv',
      '/opt',
      '/mnt',
    ];
    const source = `for path in ${hidden.join(' ')}; do if test -e "$path"; then echo "$path"; fi; done; ls /`;
    const { stdout } = await runScript(sandbox, source, place.setting);
    const known = new Set([
      'bin',
      'dev',
      'etc',
      'home',
      'lib',
      'lib32',
      'lib64',
      'libx32',
      'proc',
      'run',
      'sbin',
      'tmp',
      'usr',
      'var',
      'workspace',
    ]);
    expect(
      stdout
        .trim()
        .split('\n')
        .filter((line) => !known.has(line)),
    ).toEqual([]);
  });

  it('the host’s processes are neither seen nor signalled', async () => {
    await using place = await makePlace();
    const { stdout } = await runScript(
      sandbox,
      `ls /proc | grep -c '^[0-9]'; kill -0 ${process.pid} 2>/dev/null || echo no such process; cat /proc/1/comm`,
      place.setting,
    );
    const [count, signalled, first] = stdout.trim().split('\n');
    expect(Number(count)).toBeLessThan(10);
    expect(signalled).toBe('no such process');
    expect(first).toMatch(/^(sh|bash)$/);
  });

  it('the host’s name and people are not seen', async () => {
    await using place = await makePlace();
    const { stdout } = await runScript(sandbox, 'uname -n; cut -d: -f1 /etc/passwd; getent group | cut -d: -f1', place.setting);
    expect(stdout).toBe('baton\nagent\nnobody\nagent\nnogroup\n');
    expect(hostname()).not.toBe('baton');
  });

  it('the agent is a user without privileges', async () => {
    await using place = await makePlace();
    const { stdout } = await runScript(
      sandbox,
      'id -un; grep -E "^(CapPrm|CapEff|CapInh|CapAmb|NoNewPrivs)" /proc/self/status | tr -d "\\t"; mount -t tmpfs none /tmp 2>/dev/null || echo no mount',
      place.setting,
    );
    const zero = '0000000000000000';
    expect(stdout.split('\n').sort()).toEqual(
      ['', 'agent', `CapPrm:${zero}`, `CapEff:${zero}`, `CapInh:${zero}`, `CapAmb:${zero}`, 'NoNewPrivs:1', 'no mount'].sort(),
    );
    const uid = await runScript(sandbox, 'id -u', place.setting);
    expect(uid.stdout).toBe(name === 'bubblewrap' ? '1000\n' : `${process.getuid?.()}\n`);
  });

  it('only the workspace, the home and the directory for temporary files can be written', async () => {
    await using place = await makePlace();
    const source = `
      for path in /usr /usr/bin /bin /lib /etc / /home /run /var /proc/sys /dev/shm /workspace /home/agent /tmp /var/tmp; do
        if ( : >"$path/probe" ) 2>/dev/null; then echo "$path"; rm "$path/probe"; fi
      done`;
    const { stdout } = await runScript(sandbox, source, place.setting);
    expect(stdout.trim().split('\n')).toEqual(['/dev/shm', '/workspace', '/home/agent', '/tmp', '/var/tmp']);
  });

  it('the kernel’s settings can’t be changed, whoever the worker is', async () => {
    await using place = await makePlace();
    // Opened for appending and closed: nothing would be changed if it worked.
    const source = `
      find /proc -maxdepth 4 -path '/proc/[0-9]*' -prune -o -path /proc/pressure -prune -o -type f -print 2>/dev/null |
      while read -r file; do
        if ( : >>"$file" ) 2>/dev/null; then echo "$file"; fi
      done`;
    const { stdout } = await runScript(sandbox, source, place.setting);
    expect(stdout).toBe('');
  });

  it('a mount that is not writable can be read only', async () => {
    await using place = await makePlace();
    const mirror = join(place.directory, 'mirror');
    await mkdir(mirror);
    await writeFile(join(mirror, 'pack'), 'objects');
    const setting = { ...place.setting, mounts: [{ host: mirror, inside: '/mirrors/one', writable: false }] };
    const { exit, stdout } = await runScript(sandbox, 'cat /mirrors/one/pack; echo x >>/mirrors/one/pack', setting);
    expect(stdout).toBe('objects');
    expect(exit.exitCode).not.toBe(0);
  });

  it('without a directory for temporary files it has one that goes with it', async () => {
    await using place = await makePlace();
    const setting = { ...place.setting, temp: undefined };
    const { stdout } = await runScript(sandbox, 'ls -A /tmp; echo x >/tmp/file && cat /var/tmp/file', setting);
    expect(stdout).toBe('x\n');
    expect((await runScript(sandbox, 'ls -A /tmp', setting)).stdout).toBe('');
  });

  describe('and the network', () => {
    const server = createServer((socket) => socket.end('hello\n'));
    let port = 0;
    beforeAll(async () => {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      ({ port } = server.address() as AddressInfo);
    });
    afterAll(() => server.close());
    const connect = (): string => `exec 3<>/dev/tcp/127.0.0.1/${port} && cat <&3`;

    it('is reached when it may be', async () => {
      await using place = await makePlace();
      const { stdout } = await runScript(sandbox, connect(), { ...place.setting, network: true });
      expect(stdout).toBe('hello\n');
    });

    it('is not there when it may not be, but for a loopback of its own', async () => {
      await using place = await makePlace();
      const { exit, stdout } = await runScript(sandbox, `ls /proc/sys/net/ipv4/conf; ${connect()}`, place.setting);
      expect(stdout).toBe('all\ndefault\nlo\n');
      expect(exit.exitCode).not.toBe(0);
    });
  });

  it('a name in a variable cannot smuggle an option in', async () => {
    await using place = await makePlace();
    const variables = { X: 'x\0--bind\0/\0/host' };
    await expect(sandbox.spawn(['true'], { ...place.setting, variables })).rejects.toThrow('NUL character');
  });

  it('a workspace that is not there is a failure in words', async () => {
    await using place = await makePlace();
    const process = await sandbox.spawn(['true'], { ...place.setting, workspace: join(place.directory, 'gone') });
    const error = await process.exit.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(FailureError);
    expect((error as FailureError).failure).toMatchObject({ code: 'HARNESS_UNAVAILABLE', origin: 'PLATFORM' });
    expect((error as FailureError).message).toContain('/gone');
  });

  it('an agent can’t end its supervisor, nor make it lie for others', async () => {
    await using place = await makePlace();
    const { exit } = await runScript(sandbox, 'kill -9 1; kill -9 -1; kill 0; exit 5', place.setting);
    expect(exit).toMatchObject({ exitCode: null, signal: 'SIGTERM' });
  });

  it('killing bubblewrap from outside ends everything in it', async () => {
    await using place = await makePlace();
    const seconds = uniqueSeconds();
    const running = await sandbox.spawn(['sh', '-c', `setsid sleep ${seconds} & wait`], place.setting);
    await until(() => processesWith(seconds).length > 0);
    const parents = execFileSync('pgrep', ['-P', String(process.pid), 'bwrap'], { encoding: 'utf8' });
    for (const pid of parents.trim().split('\n')) process.kill(Number(pid), 'SIGKILL');
    expect(await running.exit).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
    expect(processesWith(seconds)).toEqual([]);
  });

  it('what root hides from others beside the workspace stays hidden', async () => {
    await using place = await makePlace();
    const beside = join(place.directory, 'beside');
    await writeFile(beside, 'secret');
    await chmod(beside, 0o600);
    const { exit } = await runScript(sandbox, `cat /workspace/../beside ${beside}`, place.setting);
    expect(exit.exitCode).toBe(1);
  });
});

describe('a bubblewrap that is not there', () => {
  it('is told when it is started', async () => {
    await using place = await makePlace();
    const sandbox = createBubblewrap({ program: join(place.directory, 'bwrap') });
    expect(existsSync(join(place.directory, 'bwrap'))).toBe(false);
    await expect(sandbox.spawn(['true'], place.setting)).rejects.toThrow('ENOENT');
  });
});
