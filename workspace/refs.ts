import { closeSync, fsyncSync, writeSync } from 'node:fs';
import type { Beneath } from './beneath.ts';
import { bytePathOf, parentOf, pathBytes, type BytePath } from './bytePath.ts';

/** Where a ref points: to an object, or to another ref. */
export type RefTarget = { readonly oid: string } | { readonly ref: BytePath };

/** HEAD: on a branch, which may have no commit yet, or detached. */
export type Head = { readonly branch: BytePath } | { readonly oid: string };

export interface RefProblem {
  readonly name: BytePath;
  readonly reason: 'BROKEN_REF' | 'REFTABLE';
  readonly detail: string;
}

export interface Refs {
  /** Null when it cannot be read. */
  readonly head: Head | null;
  /** All but HEAD, by their full names. */
  readonly refs: ReadonlyMap<BytePath, RefTarget>;
  readonly problems: readonly RefProblem[];
}

const looseLimit = 4096;
const packedLimit = 256 * 1024 * 1024;
/** `refs/heads/` and as many folders below it as any tool makes. */
const deepest = 64;
const branches = 'refs/heads/';

const isOid = (text: string): boolean => /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);

function hasControl(name: BytePath): boolean {
  for (let at = 0; at < name.length; at++) if (name.charCodeAt(at) < 0x20 || name.charCodeAt(at) === 0x7f) return true;
  return false;
}

/** Whether git would accept it as the full name of a ref: https://git-scm.com/docs/git-check-ref-format */
export function isRefName(name: BytePath): boolean {
  if (!name.startsWith('refs/') || name.endsWith('/') || name.endsWith('.')) return false;
  if (/[ ~^:?*[\\]|\.\.|@\{|\/\//.test(name) || hasControl(name)) return false;
  return name.split('/').every((part) => part !== '' && !part.startsWith('.') && !part.endsWith('.lock'));
}

function parseLoose(content: Buffer): RefTarget | null {
  const text = content.toString('latin1').replace(/\s+$/, '');
  if (isOid(text)) return { oid: text };
  const ref = /^ref:\s*(.+)$/.exec(text)?.[1];
  return ref !== undefined && isRefName(ref) ? { ref } : null;
}

/** The branch a full name stands for; null when it is none. */
export function branchOf(name: BytePath): BytePath | null {
  return name.startsWith(branches) ? name.slice(branches.length) : null;
}

export const refOfBranch = (branch: BytePath): BytePath => branches + branch;

/**
 * Reads all refs of a repository that an agent may have written, without git: only regular files are read, and only
 * what is a ref is taken. `git` is the repository's git directory.
 */
export function readRefs(git: Beneath): Refs {
  const refs = new Map<BytePath, RefTarget>();
  const problems: RefProblem[] = [];
  if (git.stat('reftable') !== null)
    problems.push({
      name: 'refs',
      reason: 'REFTABLE',
      detail: 'the repository keeps its refs in the reftable format, which is not read',
    });
  readPacked(git, refs, problems);
  readLoose(git, 'refs', 0, refs, problems);
  return { head: readHead(git, problems), refs, problems };
}

function readHead(git: Beneath, problems: RefProblem[]): Head | null {
  const content = git.readSmall('HEAD', looseLimit);
  const target = content && parseLoose(content);
  if (target && 'oid' in target) return target;
  const branch = target ? branchOf(target.ref) : null;
  if (branch !== null) return { branch };
  problems.push({ name: 'HEAD', reason: 'BROKEN_REF', detail: 'HEAD names neither a branch nor a commit' });
  return null;
}

function readPacked(git: Beneath, refs: Map<BytePath, RefTarget>, problems: RefProblem[]): void {
  const content = git.readSmall('packed-refs', packedLimit);
  if (content === null) {
    if (git.stat('packed-refs') !== null)
      problems.push({ name: 'packed-refs', reason: 'BROKEN_REF', detail: 'packed-refs is no regular file, or too large' });
    return;
  }
  for (const line of content.toString('latin1').split('\n')) {
    if (line === '' || line.startsWith('#') || line.startsWith('^')) continue;
    const space = line.indexOf(' ');
    const oid = line.slice(0, space);
    const name = line.slice(space + 1);
    if (isOid(oid) && isRefName(name)) refs.set(name, { oid });
    else problems.push({ name: name.slice(0, 200), reason: 'BROKEN_REF', detail: 'a line of packed-refs is no ref' });
  }
}

function readLoose(git: Beneath, folder: BytePath, depth: number, refs: Map<BytePath, RefTarget>, problems: RefProblem[]): void {
  for (const { name, isDirectory, isFile } of git.list(folder) ?? []) {
    const path = `${folder}/${name}`;
    if (isDirectory && depth < deepest) {
      readLoose(git, path, depth + 1, refs, problems);
      continue;
    }
    // What git leaves while it writes, or after it was killed.
    if (isFile && name.endsWith('.lock')) continue;
    const content = isFile ? git.readSmall(path, looseLimit) : null;
    const target = content && parseLoose(content);
    if (target && isRefName(path)) refs.set(path, target);
    else {
      refs.delete(path);
      problems.push({ name: path, reason: 'BROKEN_REF', detail: 'it holds neither an object’s id nor a ref’s name' });
    }
  }
}

/** The object a ref leads to, through at most five symbolic refs; null when it leads nowhere. */
export function resolveRef(refs: ReadonlyMap<BytePath, RefTarget>, name: BytePath): string | null {
  let at: BytePath = name;
  for (let hop = 0; hop < 5; hop++) {
    const target = refs.get(at);
    if (target === undefined) return null;
    if ('oid' in target) return target.oid;
    at = target.ref;
  }
  return null;
}

/** The commit of HEAD; null on a branch without commits. */
export function resolveHead({ head, refs }: Pick<Refs, 'head' | 'refs'>): string | null {
  if (head === null) return null;
  return 'oid' in head ? head.oid : resolveRef(refs, refOfBranch(head.branch));
}

/** Writes a file of a git directory so that it is there whole or as it was. */
export function replaceFile(git: Beneath, path: BytePath, content: Uint8Array): void {
  const temporary = `${path}.baton-new`;
  git.makeDirectories(parentOf(path));
  git.remove(temporary);
  const fd = git.createFile(temporary, 0o666);
  try {
    for (let at = 0; at < content.length;) at += writeSync(fd, content, at);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  if (git.stat(path)?.isDirectory()) git.remove(path);
  git.rename(temporary, path);
}

/**
 * Makes these the refs of the repository, and no others. Without git, so that no hook runs and no setting matters:
 * objects' ids go to packed-refs, symbolic refs to files of their own.
 */
export function writeRefs(
  git: Beneath,
  { head, refs }: { readonly head: Head | null; readonly refs: ReadonlyMap<BytePath, RefTarget> },
): void {
  const packed = [...refs]
    .flatMap(([name, target]) => ('oid' in target ? [[name, target.oid] as const] : []))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, oid]) => `${oid} ${name}\n`);
  replaceFile(git, 'packed-refs', Buffer.from(`# pack-refs with: sorted \n${packed.join('')}`, 'latin1'));
  git.remove('refs');
  for (const folder of ['refs/heads', 'refs/tags']) git.makeDirectories(folder);
  for (const [name, target] of refs) if ('ref' in target) replaceFile(git, name, pathBytes(`ref: ${target.ref}\n`));
  if (head !== null) writeHead(git, head);
}

const writeHead = (git: Beneath, head: Head): void =>
  replaceFile(git, 'HEAD', pathBytes('oid' in head ? `${head.oid}\n` : `ref: ${refOfBranch(head.branch)}\n`));

/** Makes these the refs that a linked worktree has for itself, each a file: packed ones are the repository's. */
export function writeOwnRefs(
  git: Beneath,
  { head, refs }: { readonly head: Head | null; readonly refs: ReadonlyMap<BytePath, RefTarget> },
): void {
  git.remove('refs');
  for (const [name, target] of refs)
    replaceFile(git, name, pathBytes('ref' in target ? `ref: ${target.ref}\n` : `${target.oid}\n`));
  if (head !== null) writeHead(git, head);
}

export function sameTarget(a: RefTarget | undefined, b: RefTarget | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if ('oid' in a) return 'oid' in b && a.oid === b.oid;
  return 'ref' in b && a.ref === b.ref;
}

/** A branch's name that is text. */
export const refOfBranchName = (branch: string): BytePath => refOfBranch(bytePathOf(branch));
