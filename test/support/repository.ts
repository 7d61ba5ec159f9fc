import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Runs git in a directory and gives what it prints. */
export function git(directory: string, ...args: string[]): string {
  return execFileSync('git', args, {
    cwd: directory,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: directory,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_AUTHOR_NAME: 'Test',
      GIT_AUTHOR_EMAIL: 'test@example.com',
      GIT_COMMITTER_NAME: 'Test',
      GIT_COMMITTER_EMAIL: 'test@example.com',
    },
  });
}

/** Makes a repository with files and one commit on `main`; gives its path, which is its address. */
export function createRepository(
  directory: string,
  files: Record<string, string> = { 'README.md': '# Sample\n', 'src/a.txt': 'one\n' },
): string {
  mkdirSync(directory, { recursive: true });
  git(directory, 'init', '-q', '-b', 'main');
  commitFiles(directory, files, 'First');
  return directory;
}

/** Writes files and commits them. */
export function commitFiles(directory: string, files: Record<string, string>, message: string): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.join(directory, path.dirname(name)), { recursive: true });
    writeFileSync(path.join(directory, name), content);
  }
  git(directory, 'add', '-A');
  git(directory, 'commit', '-q', '-m', message);
}
