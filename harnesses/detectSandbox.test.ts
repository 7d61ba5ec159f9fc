import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { detectSandbox, SandboxUnavailableError } from './detectSandbox.ts';
import { leftBy } from './leftBy.ts';
import { bubblewraps, makePlace, runScript } from './sandboxTrial.ts';

// Many processes, on machines that may be busy.
vi.setConfig({ testTimeout: 30_000 });

const run = promisify(execFile);

/** A program in bubblewrap's place that only says why it can't. */
async function broken(directory: string, says: string): Promise<string> {
  const path = join(directory, 'bwrap');
  await writeFile(path, `#!/bin/sh\necho '${says}' >&2\nexit 1\n`);
  await chmod(path, 0o755);
  return path;
}

describe('the sandbox that a worker finds', () => {
  it('is a process group when that is asked for', async () => {
    const { sandbox } = await detectSandbox('process-group');
    expect(sandbox.kind).toBe('PROCESS_GROUP');
    expect(sandbox.description).toContain('The worker’s settings ask for it.');
  });

  it('is a process group where bubblewrap is not installed, and says so', async () => {
    const { sandbox, why } = await detectSandbox('auto', { programs: ['/nonexistent/bwrap'] });
    expect(sandbox.kind).toBe('PROCESS_GROUP');
    expect(sandbox.description).toContain('bubblewrap is not installed.');
    expect(why).toContain('apt install bubblewrap');
  });

  it('is a process group where bubblewrap is installed and fails, and says why', async () => {
    await using place = await makePlace();
    const program = await broken(place.directory, 'bwrap: Unknown option --flux');
    const { sandbox } = await detectSandbox('auto', { programs: [program] });
    expect(sandbox.kind).toBe('PROCESS_GROUP');
    expect(sandbox.description).toContain('bubblewrap fails: bwrap: Unknown option --flux');
  });

  it('is an error that says what to type, when bubblewrap is demanded and does not work', async () => {
    const missing = detectSandbox('bubblewrap', { programs: ['/nonexistent/bwrap'] });
    await expect(missing).rejects.toThrow(SandboxUnavailableError);
    await expect(missing).rejects.toThrow(/bubblewrap is not installed\. Install it: apt install bubblewrap/);
  });

  it('leaves no temporary files', async () => {
    await using place = await makePlace();
    const program = await broken(place.directory, 'no');
    expect(await leftBy(place, () => detectSandbox('auto', { programs: [program] }))).toEqual([]);
    expect(await leftBy(place, () => detectSandbox('auto'))).toEqual([]);
  });
});

describe.each(bubblewraps.slice(0, 1))('where %s works', () => {
  it('that is taken, and sees what the operator adds to every sandbox', async () => {
    await using place = await makePlace();
    const toolchain = join(place.directory, 'toolchain');
    await mkdir(toolchain);
    await writeFile(join(toolchain, 'tool'), 'a tool');
    const { sandbox, why } = await detectSandbox('bubblewrap', { readOnly: [toolchain] });
    expect(sandbox.kind).toBe('BUBBLEWRAP');
    expect(why).toContain('/bwrap');
    const { stdout } = await runScript(sandbox, `cat ${toolchain}/tool`, place.setting);
    expect(stdout).toBe('a tool');
  });

  it('an unprivileged worker takes it too, and owns what is written in it', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'baton-test-'));
    try {
      await chmod(directory, 0o777);
      const program = join(directory, 'worker.mts');
      await writeFile(program, unprivilegedWorker);
      const node = [process.execPath, '--import', 'tsx', program, directory, join(import.meta.dirname, 'detectSandbox.ts')];
      const as = process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : ['env'];
      const [file = '', ...args] = [...as, ...node];
      const { stdout } = await run(file, args, { cwd: import.meta.dirname, timeout: 30_000, env: { PATH: '/usr/bin:/bin' } });
      expect(JSON.parse(stdout)).toEqual({ kind: 'BUBBLEWRAP', inside: '1000\n', owned: true, exitCode: 0, hidden: true });
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});

const unprivilegedWorker = `
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
const [, , directory, source] = process.argv;
const { detectSandbox } = await import(source);
const { sandbox } = await detectSandbox('auto');
const [workspace, home] = [join(directory, 'workspace'), join(directory, 'home')];
mkdirSync(workspace);
mkdirSync(home);
const setting = { workspace, home, variables: { PATH: '/usr/bin:/bin' }, network: false, stdin: 'EMPTY' };
const running = await sandbox.spawn(['sh', '-c', 'id -u; echo x >file; ! test -e ' + directory], setting);
running.stderr.resume();
const [inside, exit] = await Promise.all([text(running.stdout), running.exit]);
const { uid } = statSync(join(workspace, 'file'));
const owned = uid === process.getuid();
console.log(JSON.stringify({ kind: sandbox.kind, inside, owned, exitCode: exit.exitCode, hidden: exit.exitCode === 0 }));
`;
