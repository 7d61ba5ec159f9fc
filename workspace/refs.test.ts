import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Beneath } from './beneath.ts';
import { git, gitEnvironment, Lab, write } from './testParts/lab.ts';
import { isRefName, readRefs, resolveHead, resolveRef, writeRefs } from './refs.ts';

let lab: Lab;
let directory: string;
let files: Beneath;
beforeEach(() => {
  lab = new Lab();
  directory = lab.remote({ 'a.txt': 'a\n' });
  files = new Beneath(join(directory, '.git'));
});
afterEach(() => {
  files.close();
  lab.close();
});

/** Whether git itself takes the name. */
function gitTakes(name: string): boolean {
  try {
    execFileSync('git', ['check-ref-format', name], { env: gitEnvironment, stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('refs', () => {
  it('have the names that git takes', () => {
    const part = fc.constantFrom(
      'a',
      'main',
      '.',
      '..',
      '.a',
      'a.',
      'a.lock',
      '',
      ' ',
      '~',
      '^',
      ':',
      '?',
      '*',
      '[',
      '\\',
      '@',
      '@{',
      'é',
      '-',
      '\u007f',
      '\t',
    );
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), fc.constantFrom('/', ''), (parts, between) => {
        const name = `refs/heads/${parts.join(between)}`;
        expect([name, isRefName(Buffer.from(name).toString('latin1'))]).toEqual([name, gitTakes(name)]);
      }),
      { numRuns: 300, seed: 3 },
    );
    expect(isRefName('heads/main')).toBe(false);
  });

  it('are read from files and from packed-refs, the file first', () => {
    const first = git(directory, 'rev-parse', 'HEAD').trim();
    for (const name of ['one', 'deep/two']) git(directory, 'branch', name);
    git(directory, 'tag', '--annotate', '--message=t', 't');
    git(directory, 'pack-refs', '--all');
    git(directory, 'commit', '--quiet', '--allow-empty', '--message=second');
    git(directory, 'symbolic-ref', 'refs/heads/alias', 'refs/heads/deep/two');
    const refs = readRefs(files);
    expect(refs.problems).toEqual([]);
    expect(refs.head).toEqual({ branch: 'main' });
    expect(resolveHead(refs)).toBe(git(directory, 'rev-parse', 'HEAD').trim());
    expect(resolveRef(refs.refs, 'refs/heads/alias')).toBe(first);
    expect([...refs.refs.keys()].toSorted()).toEqual([
      'refs/heads/alias',
      'refs/heads/deep/two',
      'refs/heads/main',
      'refs/heads/one',
      'refs/tags/t',
    ]);
  });

  it('that lead in a circle lead nowhere', () => {
    write(directory, { '.git/refs/heads/x': 'ref: refs/heads/y\n', '.git/refs/heads/y': 'ref: refs/heads/x\n' });
    expect(resolveRef(readRefs(files).refs, 'refs/heads/x')).toBeNull();
  });

  it('that are broken are named', () => {
    write(directory, {
      '.git/refs/heads/bad': 'nonsense\n',
      '.git/HEAD': 'nonsense\n',
      '.git/packed-refs': 'nonsense\n',
      '.git/refs/heads/killed.lock': '',
    });
    symlinkSync('main', join(directory, '.git/refs/heads/link'));
    expect(
      readRefs(files)
        .problems.map(({ name }) => name)
        .toSorted(),
    ).toEqual(['HEAD', 'nonsense', 'refs/heads/bad', 'refs/heads/link']);
    expect(readRefs(files).head).toBeNull();
  });

  it('of the reftable format are said not to be read', () => {
    mkdirSync(join(directory, '.git/reftable'));
    expect(readRefs(files).problems).toEqual([expect.objectContaining({ reason: 'REFTABLE' })]);
  });

  it('are written so that git has these and no others', () => {
    const oid = git(directory, 'rev-parse', 'HEAD').trim();
    git(directory, 'branch', 'gone');
    git(directory, 'branch', 'gone-too');
    git(directory, 'pack-refs', '--all');
    writeRefs(files, {
      head: { branch: 'new/branch' },
      refs: new Map([
        ['refs/heads/new/branch', { oid }],
        ['refs/heads/gone/deeper', { oid }],
        ['refs/remotes/origin/main', { oid }],
        ['refs/remotes/origin/HEAD', { ref: 'refs/remotes/origin/main' }],
      ]),
    });
    expect(git(directory, 'for-each-ref', '--format=%(refname) %(symref)')).toBe(
      'refs/heads/gone/deeper \nrefs/heads/new/branch \nrefs/remotes/origin/HEAD refs/remotes/origin/main\nrefs/remotes/origin/main \n',
    );
    expect(git(directory, 'symbolic-ref', 'HEAD')).toBe('refs/heads/new/branch\n');
    writeRefs(files, { head: { oid }, refs: new Map() });
    expect(readFileSync(join(directory, '.git/HEAD'), 'utf8')).toBe(`${oid}\n`);
    git(directory, 'branch', 'after');
    expect(existsSync(join(directory, '.git/HEAD.baton-new'))).toBe(false);
  });
});
