import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, vi } from 'vitest';
import { removeTree } from './removeTree.ts';

// Many processes, on machines that may be busy.
vi.setConfig({ testTimeout: 30_000 });

const run = promisify(execFile);

it('what nobody may enter any more is removed by its owner, and nothing beside it', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'baton-test-'));
  try {
    await chmod(directory, 0o777);
    const kept = join(directory, 'kept');
    await writeFile(kept, '');
    // As someone who is not root, for root may enter everything.
    const program = join(directory, 'remove.mts');
    const source = join(import.meta.dirname, 'removeTree.ts');
    await writeFile(program, `const { removeTree } = await import('${source}'); await removeTree('${directory}/tree');`);
    const make = `mkdir -p tree/closed/inside && ln -s ../../kept tree/closed/link && chmod 444 tree/closed/inside && chmod 000 tree/closed`;
    const as = process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : ['env'];
    const [file = '', ...args] = as;
    const options = { cwd: directory, timeout: 30_000 };
    await run(file, [...args, 'sh', '-c', make], options);
    await run(file, [...args, process.execPath, '--import', 'tsx', program], { ...options, cwd: import.meta.dirname });
    expect(existsSync(join(directory, 'tree'))).toBe(false);
    expect(existsSync(kept)).toBe(true);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

it('what is not there is as good as removed', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'baton-test-'));
  await mkdir(join(directory, 'a'));
  await removeTree(directory);
  await removeTree(directory);
  expect(existsSync(directory)).toBe(false);
});
