/**
 * A path as git and the file system have it: bytes, not text. Each character of the string stands for one byte
 * (latin1), so that paths compare in git's order, are keys of a Map, and no name in whatever encoding is lost.
 * It is relative to its repository's folder, with `/` between names, unless said otherwise.
 */
export type BytePath = string;

/** The bytes, for calls of the file system. */
export function pathBytes(path: BytePath): Buffer {
  return Buffer.from(path, 'latin1');
}

export function bytePath(bytes: Uint8Array): BytePath {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** A path that is text, such as one of our own. */
export function bytePathOf(text: string): BytePath {
  return bytePath(Buffer.from(text));
}

/** The path for people: as UTF-8, with a replacement character for what is not. */
export function displayPath(path: BytePath): string {
  return pathBytes(path).toString();
}

/** A path of the agent's home, for people. */
export function homePath(path: BytePath): BytePath {
  return path === '' ? '~' : `~/${path}`;
}

/** Absolute bytes of a path below a directory. */
export function joinBytes(directory: string, path: BytePath): Buffer {
  return path === '' ? Buffer.from(directory) : Buffer.concat([Buffer.from(`${directory}/`), pathBytes(path)]);
}

/** The path's folder; empty at the top. */
export function parentOf(path: BytePath): BytePath {
  const slash = path.lastIndexOf('/');
  return slash === -1 ? '' : path.slice(0, slash);
}

/** Whether the path is the folder or lies below it. The empty folder holds every path. */
export function isWithin(folder: BytePath, path: BytePath): boolean {
  return folder === '' || path === folder || (path.startsWith(folder) && path[folder.length] === '/');
}

/** Splits what git prints with `-z`. */
export function splitNul(output: Buffer): BytePath[] {
  const text = output.toString('latin1');
  if (text === '') return [];
  return (text.endsWith('\0') ? text.slice(0, -1) : text).split('\0');
}

/**
 * A path in JSON: UTF-8 where it is that, readable; else a NUL, which no path has, and its bytes as latin1.
 */
export function encodePath(path: BytePath): string {
  const bytes = pathBytes(path);
  const text = bytes.toString();
  return Buffer.from(text).equals(bytes) ? text : `\0${path}`;
}

export function decodePath(encoded: string): BytePath {
  return encoded.startsWith('\0') ? encoded.slice(1) : bytePathOf(encoded);
}

// Ignorable code points that HFS+ skips when it compares names: https://git-scm.com/docs/git-config#Documentation/git-config.txt-coreprotectHFS
const ignorable = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/gu;

/** Whether some file system takes the name for git's own directory. */
function namesGitDirectory(name: string): boolean {
  const plain = Buffer.from(name, 'latin1').toString().replaceAll(ignorable, '').toLowerCase();
  return plain === '.git' || plain === 'git~1';
}

/** Why a path that came from outside may not be written in a repository's folder; null when it may. */
export function unsafePath(path: BytePath): string | null {
  if (path === '') return 'it is empty';
  if (path.includes('\0')) return 'it has a NUL in it';
  for (const name of path.split('/')) {
    if (name === '') return 'it is absolute, or has an empty name in it';
    if (name === '.' || name === '..') return `it has “${name}” in it`;
    if (namesGitDirectory(name)) return 'it leads into git’s own directory';
  }
  return null;
}
