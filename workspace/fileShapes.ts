import type { BytePath } from './bytePath.ts';

/** A small file of a git directory and its content. */
export type SmallFile = readonly [path: BytePath, content: Buffer];

/** What a small file of a git directory may hold, and the objects that it names: by their ids, which may be abbreviated. */
export interface FileShape {
  readonly accepts: (text: string) => boolean;
  readonly names: (text: string) => readonly string[];
}

const oid = '(?:[0-9a-f]{40}|[0-9a-f]{64})';
const noNames = (): readonly string[] => [];
const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');
const everyLine =
  (pattern: RegExp) =>
  (text: string): boolean =>
    linesOf(text).every((line) => pattern.test(line));

/** What git writes where there is no object. */
const isNothing = (name: string): boolean => /^0+$/.test(name);

export const anything: FileShape = { accepts: () => true, names: noNames };

/** Messages, options, marks. */
export const plainText: FileShape = { accepts: (text) => !text.includes('\0'), names: noNames };

/** The id of one object, or nothing. */
export const oneObject: FileShape = {
  accepts: (text) => new RegExp(`^(?:${oid})?\\r?\\n?$`).test(text),
  names: (text) => [text.trim()].filter((name) => name !== '' && !isNothing(name)),
};

/** Ids of objects, one on each line. */
export const objects: FileShape = {
  accepts: everyLine(new RegExp(`^${oid}$`)),
  names: linesOf,
};

/** Ids of commits that have no parents here; what they name is in what the refs lead to. */
export const shallowCommits: FileShape = { ...objects, names: noNames };

/** What was fetched last: `<oid> TAB not-for-merge TAB branch 'x' of …`. */
export const fetchedHeads: FileShape = {
  accepts: everyLine(new RegExp(`^${oid}\\t(?:not-for-merge)?\\t[^\\0]*$`)),
  names: (text) => linesOf(text).map((line) => line.slice(0, line.indexOf('\t'))),
};

const reflogLine = new RegExp(`^${oid} (${oid}) [^\\0<>]*<[^\\0<>]*> -?\\d+ [+-]\\d{4}(?:\\t[^\\0]*)?$`);

/** A ref's earlier values. */
export const reflog: FileShape = {
  accepts: everyLine(reflogLine),
  names: (text) =>
    linesOf(text)
      .flatMap((line) => reflogLine.exec(line)?.[1] ?? [])
      .filter((name) => !isNothing(name)),
};

/** Lines of a todo list that take a commit: https://git-scm.com/docs/git-rebase#_interactive_mode */
const todoLine =
  /^\s*(?:(?:pick|p|revert|edit|e|reword|r|squash|s|drop|d)\s+|(?:fixup|f)\s+(?:-[cC]\s+)?|(?:merge|m)\s+-[cC]\s+)([0-9a-f]{4,64})(?:\s|$)/;

/** What a rebase or a series of picks is still to do. */
export const todoList: FileShape = {
  accepts: plainText.accepts,
  names: (text) => linesOf(text).flatMap((line) => todoLine.exec(line)?.[1] ?? []),
};
