import { existsSync } from 'node:fs';
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { Problem } from '../../stack/problem.ts';

const isRepository = (directory: string): boolean => existsSync(join(directory, '.git'));

/**
 * The repositories of a workspace, by their folders in it: the directory itself, or those that lie beneath it, but for
 * repositories in repositories. Throws a Problem when there are none.
 */
export async function findRepositories(given: string): Promise<{ readonly directory: string; readonly repositories: string[] }> {
  const found = await stat(given).catch((error: NodeJS.ErrnoException) => {
    throw new Problem(
      error.code === 'ENOENT' ? `There is no directory ${given}.` : `${given} cannot be read: ${error.code ?? error.message}.`,
    );
  });
  if (!found.isDirectory()) throw new Problem(`${given} is no directory. Name a git repository, or a directory of several.`);
  const directory = await realpath(given);
  if (isRepository(directory)) return { directory, repositories: ['.'] };
  if (existsSync(join(directory, 'HEAD')) && existsSync(join(directory, 'objects')))
    throw new Problem(`${given} is a bare repository: it has no worktree. A clone of it can be captured, or copied.`);
  const around = repositoryAround(directory);
  if (around !== null) throw new Problem(`${given} lies in the repository ${around}, which is captured as a whole: name that.`);
  const repositories: string[] = [];
  await look(directory, directory, repositories);
  if (repositories.length === 0)
    throw new Problem(`${given} is no git repository, and there is none beneath it. For a new one: git init`);
  return { directory, repositories: repositories.sort() };
}

function repositoryAround(directory: string): string | null {
  for (let above = dirname(directory); above !== dirname(above); above = dirname(above)) if (isRepository(above)) return above;
  return null;
}

async function look(root: string, directory: string, found: string[]): Promise<void> {
  // What cannot be read is named by the capture.
  for (const name of await readdir(directory).catch(() => [])) {
    const path = join(directory, name);
    if (!(await lstat(path).catch(() => null))?.isDirectory()) continue;
    if (isRepository(path)) found.push(relative(root, path));
    else await look(root, path, found);
  }
}
