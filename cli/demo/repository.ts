import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { Problem } from '../../stack/problem.ts';

const run = promisify(execFile);

const sample = {
  'README.md': '# Sample\n\nA small repository for the demo.\n',
  'src/hello.sh': '#!/bin/sh\necho hello\n',
  '.gitignore': 'build/\n',
};

/** The repository that the demo works on: a clone, so that the demo can do nothing to the one it was made from. */
export async function demoRepository(directory: string, given: string | undefined, here: string): Promise<string> {
  const source = given ?? (await repositoryAround(here));
  await rm(directory, { recursive: true, force: true });
  await mkdir(path.dirname(directory), { recursive: true });
  if (source === null) return makeSample(directory);
  try {
    await run('git', ['clone', '--quiet', '--no-hardlinks', '--', source, directory]);
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim().split('\n').at(-1) ?? String(error);
    throw new Problem(
      `The repository ${source} could not be cloned: ${said}\nName another one: npm run demo -- --repo /path/or/address`,
    );
  }
  return directory;
}

/** The repository that this directory is in, with at least one commit; null when there is none. */
async function repositoryAround(directory: string): Promise<string | null> {
  try {
    const { stdout } = await run('git', ['-C', directory, 'rev-parse', '--show-toplevel', 'HEAD']);
    return stdout.split('\n')[0] ?? null;
  } catch {
    return null;
  }
}

async function makeSample(directory: string): Promise<string> {
  for (const [name, text] of Object.entries(sample)) {
    await mkdir(path.join(directory, path.dirname(name)), { recursive: true });
    await writeFile(path.join(directory, name), text);
  }
  const git = (...args: string[]) =>
    run('git', ['-C', directory, '-c', 'user.name=Baton', '-c', 'user.email=baton@localhost', ...args]);
  if (!existsSync(path.join(directory, '.git'))) await git('init', '--quiet', '-b', 'main');
  await git('add', '-A');
  await git('commit', '--quiet', '-m', 'A sample');
  return directory;
}
