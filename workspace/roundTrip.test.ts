import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeFiles, describeRepository, git, Lab, write } from './testParts/lab.ts';

let lab: Lab;
beforeEach(() => {
  lab = new Lab();
});
afterEach(() => lab.close());

const lines = (count: number, word = 'line') => Array.from({ length: count }, (_, n) => `${word} ${n}\n`).join('');

const baseFiles = {
  'README.md': 'read me\n',
  'src/a.txt': lines(30, 'a'),
  'src/b.txt': lines(30, 'b'),
  'src/deep/c.txt': 'c\n',
  'run.sh': '#!/bin/sh\necho hello\n',
  '.gitignore': 'ignored/\n*.log\n',
};

/** What an agent does in a workspace, and what a capture of it must name as left out. */
interface Case {
  readonly does: (directory: string) => void;
  readonly files?: Record<string, string | Buffer>;
  readonly gaps?: readonly string[];
}

const cases: Record<string, Case> = {
  'a workspace in which nothing changed': { does: () => {} },
  'a modified file': { does: (dir) => write(dir, { 'src/a.txt': 'changed\n' }) },
  'a file changed to other content of the same size': { does: (dir) => write(dir, { 'src/deep/c.txt': 'd\n' }) },
  'a staged file': {
    does: (dir) => {
      write(dir, { 'src/a.txt': 'staged\n', 'new.txt': 'new and staged\n' });
      git(dir, 'add', 'src/a.txt', 'new.txt');
    },
  },
  'a partially staged file': {
    does: (dir) => {
      write(dir, { 'src/a.txt': 'staged\n' });
      git(dir, 'add', 'src/a.txt');
      write(dir, { 'src/a.txt': 'staged\nand more\n' });
    },
  },
  'a staged file that is gone from the worktree': {
    does: (dir) => {
      write(dir, { 'gone.txt': 'only in the index\n' });
      git(dir, 'add', 'gone.txt');
      unlinkSync(join(dir, 'gone.txt'));
    },
  },
  'a file that is staged as deleted and untracked again': { does: (dir) => git(dir, 'rm', '--quiet', '--cached', 'src/a.txt') },
  'a deleted file': { does: (dir) => unlinkSync(join(dir, 'src/a.txt')) },
  'a file that is staged as deleted': { does: (dir) => git(dir, 'rm', '--quiet', 'src/a.txt') },
  'a renamed file': { does: (dir) => git(dir, 'mv', 'src/a.txt', 'src/renamed.txt') },
  'a file renamed without git': { does: (dir) => renameSync(join(dir, 'src/a.txt'), join(dir, 'moved.txt')) },
  'intent to add': {
    does: (dir) => {
      write(dir, { 'later.txt': 'later\n' });
      git(dir, 'add', '--intent-to-add', 'later.txt');
    },
  },
  'untracked files in new folders': { does: (dir) => write(dir, { 'new/folder/file.txt': 'new\n', 'new/other.txt': '' }) },
  'an executable file': { does: (dir) => chmodSync(join(dir, 'run.sh'), 0o755) },
  'modes of every kind': {
    does: (dir) => {
      write(dir, { private: 'private\n', readonly: 'readonly\n', program: 'program\n' });
      chmodSync(join(dir, 'private'), 0o600);
      chmodSync(join(dir, 'readonly'), 0o444);
      chmodSync(join(dir, 'program'), 0o750);
      chmodSync(join(dir, 'src/b.txt'), 0o640);
    },
  },
  'a symbolic link, a dangling one, and one to a folder': {
    does: (dir) => {
      symlinkSync('src/a.txt', join(dir, 'link'));
      symlinkSync('/nowhere/at/all', join(dir, 'dangling'));
      symlinkSync('src', join(dir, 'folder'));
      git(dir, 'add', 'link');
    },
  },
  'a file that became a folder, and a folder that became a file': {
    does: (dir) => {
      unlinkSync(join(dir, 'README.md'));
      rmSync(join(dir, 'src/deep'), { recursive: true });
      write(dir, { 'README.md/now/a/folder.txt': 'x\n', 'src/deep': 'now a file\n' });
    },
  },
  'a file that became a link, and a folder that became a link': {
    does: (dir) => {
      unlinkSync(join(dir, 'README.md'));
      symlinkSync('src/a.txt', join(dir, 'README.md'));
      rmSync(join(dir, 'src/deep'), { recursive: true });
      symlinkSync('..', join(dir, 'src/deep'));
    },
  },
  'empty directories': {
    does: (dir) => {
      mkdirSync(join(dir, 'empty'));
      mkdirSync(join(dir, 'src/empty'));
      mkdirSync(join(dir, 'new/nested/empty'), { recursive: true });
      write(dir, { 'new/file': 'x' });
      unlinkSync(join(dir, 'src/deep/c.txt'));
      chmodSync(join(dir, 'empty'), 0o700);
    },
  },
  'a tracked file that is ignored': {
    does: (dir) => {
      write(dir, { 'ignored/kept.txt': 'kept\n', 'ignored/left.txt': 'left\n', 'debug.log': 'log\n' });
      git(dir, 'add', '--force', 'ignored/kept.txt');
      rmSync(join(dir, 'ignored/left.txt'));
      rmSync(join(dir, 'debug.log'));
    },
  },
  'a changed .gitignore': {
    does: (dir) => {
      write(dir, { '.gitignore': '*.tmp\n', 'debug.log': 'no longer ignored\n' });
    },
  },
  'rules in info/exclude': {
    does: (dir) => write(dir, { '.git/info/exclude': 'local\n', 'seen.txt': 'seen\n' }),
  },
  'assume-unchanged and skip-worktree, with other content on disk': {
    does: (dir) => {
      git(dir, 'update-index', '--assume-unchanged', 'src/a.txt');
      git(dir, 'update-index', '--skip-worktree', 'src/b.txt');
      write(dir, { 'src/a.txt': 'git does not look\n', 'src/b.txt': 'nor here\n' });
    },
  },
  'skip-worktree without the file': {
    does: (dir) => {
      git(dir, 'update-index', '--skip-worktree', 'src/b.txt');
      unlinkSync(join(dir, 'src/b.txt'));
    },
  },
  'commits that are on no remote': {
    does: (dir) => {
      write(dir, { 'src/a.txt': 'one\n' });
      git(dir, 'commit', '--quiet', '--all', '--message=one');
      write(dir, { 'two.txt': 'two\n' });
      git(dir, 'add', '--all');
      git(dir, 'commit', '--quiet', '--message=two');
      write(dir, { 'src/a.txt': 'not committed\n' });
    },
  },
  'a merge commit': {
    does: (dir) => {
      git(dir, 'switch', '--quiet', '--create', 'side');
      write(dir, { 'side.txt': 'side\n' });
      git(dir, 'add', '--all');
      git(dir, 'commit', '--quiet', '--message=side');
      git(dir, 'switch', '--quiet', 'baton/test');
      write(dir, { 'main.txt': 'main\n' });
      git(dir, 'add', '--all');
      git(dir, 'commit', '--quiet', '--message=main');
      git(dir, 'merge', '--quiet', '--no-edit', 'side');
    },
  },
  'a rewritten last commit': {
    does: (dir) => {
      write(dir, { 'src/a.txt': 'amended\n' });
      git(dir, 'commit', '--quiet', '--all', '--amend', '--message=amended');
    },
  },
  'a detached HEAD': {
    does: (dir) => {
      git(dir, 'checkout', '--quiet', '--detach');
      git(dir, 'commit', '--quiet', '--allow-empty', '--message=detached');
    },
  },
  'a detached HEAD at the base': { does: (dir) => git(dir, 'checkout', '--quiet', '--detach', 'origin/main') },
  'another branch, several local branches, and the run’s own deleted': {
    does: (dir) => {
      git(dir, 'switch', '--quiet', '--create', 'feature/one');
      git(dir, 'commit', '--quiet', '--allow-empty', '--message=one');
      git(dir, 'branch', 'feature/two', 'origin/main');
      git(dir, 'branch', '--quiet', '-D', 'baton/test');
    },
  },
  'local tags, light and annotated': {
    does: (dir) => {
      git(dir, 'commit', '--quiet', '--allow-empty', '--message=tagged');
      git(dir, 'tag', 'light');
      git(dir, 'tag', '--annotate', '--message=a message', 'annotated');
      git(dir, 'reset', '--quiet', '--hard', 'HEAD~1');
    },
  },
  'a new branch without commits': {
    does: (dir) => {
      git(dir, 'switch', '--quiet', '--orphan', 'unborn');
      write(dir, { 'fresh.txt': 'fresh\n' });
      git(dir, 'add', 'fresh.txt');
    },
  },
  'stashes, more than one': {
    does: (dir) => {
      write(dir, { 'src/a.txt': 'stashed first\n' });
      git(dir, 'stash', '--quiet');
      write(dir, { 'src/b.txt': 'stashed second\n' });
      git(dir, 'stash', '--quiet');
    },
  },
  'notes and refs of other kinds': {
    does: (dir) => {
      git(dir, 'notes', 'add', '--message=a note');
      git(dir, 'update-ref', 'refs/custom/deep/ref', 'HEAD');
      git(dir, 'symbolic-ref', 'refs/heads/alias', 'refs/heads/baton/test');
    },
  },
  'packed refs and a packed repository': {
    does: (dir) => {
      write(dir, { 'src/a.txt': 'packed\n' });
      git(dir, 'commit', '--quiet', '--all', '--message=packed');
      git(dir, 'branch', 'other');
      git(dir, 'gc', '--quiet');
    },
  },
  'a conflict in the index': {
    does: (dir) => {
      git(dir, 'switch', '--quiet', '--create', 'theirs');
      write(dir, { 'src/deep/c.txt': 'theirs\n' });
      git(dir, 'commit', '--quiet', '--all', '--message=theirs');
      git(dir, 'switch', '--quiet', 'baton/test');
      write(dir, { 'src/deep/c.txt': 'ours\n' });
      git(dir, 'commit', '--quiet', '--all', '--message=ours');
      expect(() => git(dir, 'merge', 'theirs')).toThrow('Command failed');
    },
  },
  'a split index': {
    does: (dir) => {
      write(dir, { 'src/a.txt': 'staged\n' });
      git(dir, 'update-index', '--split-index');
      git(dir, 'add', 'src/a.txt');
    },
  },
  'an index of version 4': {
    does: (dir) => {
      write(dir, { 'src/a.txt': 'staged\n', 'src/ab.txt': 'x\n' });
      git(dir, 'update-index', '--index-version=4');
      git(dir, 'add', '--all');
    },
  },
  'a sparse checkout with a sparse index': {
    does: (dir) => {
      git(dir, 'sparse-checkout', 'set', '--cone', '--sparse-index', 'nothing');
      write(dir, { 'README.md': 'changed\n' });
    },
  },
  'an empty index': { does: (dir) => git(dir, 'read-tree', '--empty') },
  'no index file': { does: (dir) => unlinkSync(join(dir, '.git/index')) },
  'names with newlines, quotes, spaces and backslashes': {
    does: (dir) => {
      write(dir, {
        'new\nline': 'x\n',
        '"quoted"': 'x\n',
        ' space ': 'x\n',
        'back\\slash': 'x\n',
        'tab\there': 'x\n',
        ':(colon)': 'x\n',
        '-dash': 'x\n',
        'pattern*?[a]': 'x\n',
      });
      git(dir, 'add', '--', 'new\nline', './-dash');
    },
  },
  'names that are not UTF-8': {
    does: (dir) => {
      const name = (bytes: number[]) => Buffer.concat([Buffer.from(`${dir}/`), Buffer.from(bytes)]);
      writeFileSync(name([0xff, 0xfe, 0x2e, 0x74]), 'not UTF-8\n');
      mkdirSync(name([0xe9]));
      writeFileSync(name([0xe9, 0x2f, 0xe8]), 'latin1\n');
      symlinkSync(Buffer.from([0x80, 0x81]), name([0xfd]));
      git(dir, 'add', '--all', '.');
      writeFileSync(name([0xe9, 0x2f, 0xe8]), 'changed\n');
    },
  },
  'names in Unicode of every kind': {
    does: (dir) => write(dir, { 'größe.txt': 'x\n', 'gro\u0308ße.txt': 'decomposed\n', '日本語/ファイル': 'x\n', '🙂': 'x\n' }),
  },
  'names that differ only in case': { does: (dir) => write(dir, { 'Readme.md': 'other\n', 'SRC/a.txt': 'other\n' }) },
  'a name of 255 bytes, and a deep path': {
    does: (dir) => write(dir, { ['n'.repeat(255)]: 'x\n', [`${'deep/'.repeat(40)}file`]: 'x\n' }),
  },
  'large files': {
    does: (dir) => {
      const noise = Buffer.alloc(5_000_003);
      for (let at = 0; at < noise.length; at++) noise[at] = (at * 2_654_435_761) >>> 13;
      write(dir, { 'large.bin': noise, 'staged.bin': noise.subarray(1), 'src/b.txt': noise.subarray(2) });
      git(dir, 'add', 'staged.bin');
      git(dir, 'commit', '--quiet', '--message=large', 'staged.bin');
      write(dir, { 'staged.bin': noise.subarray(3) });
      git(dir, 'add', 'staged.bin');
      write(dir, { 'staged.bin': noise.subarray(4) });
    },
  },
  'many small files': {
    does: (dir) =>
      write(dir, Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`many/${n % 7}/file-${n}`, `content ${n}\n`]))),
  },
  'line ends that a checkout converts': {
    files: {
      '.gitattributes': '*.txt text eol=crlf\n*.lf text eol=lf\n',
      'a.txt': 'one\ntwo\n',
      'b.txt': 'one\ntwo\n',
      'c.lf': 'one\n',
    },
    does: (dir) => {
      write(dir, { 'b.txt': 'mixed\r\nends\nhere\r\n', 'new.txt': 'lf only\n', 'c.lf': 'crlf\r\n' });
      git(dir, 'add', 'new.txt');
    },
  },
  'core.autocrlf set by the agent': {
    does: (dir) => {
      git(dir, 'config', 'core.autocrlf', 'true');
      write(dir, { 'src/a.txt': lines(30, 'a').replaceAll('\n', '\r\n'), 'crlf.txt': 'x\r\n' });
      utimesSync(join(dir, 'src/a.txt'), 1e9, 1e9);
      git(dir, 'add', '--all');
    },
  },
  'a filter that the agent set up, as for large files': {
    does: (dir) => {
      write(dir, { '.gitattributes': '*.big filter=big\n', 'data.big': 'much content\n' });
      git(dir, 'config', 'filter.big.clean', 'sed s/.*/pointer/');
      git(dir, 'config', 'filter.big.smudge', 'sed s/.*/much_content/');
      utimesSync(join(dir, 'data.big'), 1e9, 1e9);
      git(dir, 'add', '--all');
      git(dir, 'commit', '--quiet', '--message=big');
    },
    gaps: ['.git/config CONFIG_NOT_CARRIED'],
  },
  'attributes that rewrite content': {
    files: {
      '.gitattributes': 'id.txt ident\nutf16.txt text working-tree-encoding=UTF-16LE\n',
      'id.txt': '$Id$\n',
      'utf16.txt': Buffer.from('plain\n', 'utf16le'),
    },
    does: (dir) => {
      write(dir, {
        'new-id.txt': '$Id$\n',
        '.gitattributes': 'id.txt ident\nnew-id.txt ident\nutf16.txt text working-tree-encoding=UTF-16LE\n',
      });
      write(dir, { 'utf16.txt': Buffer.from('changed\n', 'utf16le') });
      git(dir, 'add', '--all');
    },
  },
  'the user’s name and a branch’s settings': {
    does: (dir) => {
      git(dir, 'config', 'user.name', 'Somebody Else');
      git(dir, 'config', 'branch.baton/test.remote', 'origin');
      git(dir, 'config', 'branch.baton/test.merge', 'refs/heads/main');
    },
  },
  'a shallow history': {
    does: (dir) => {
      git(dir, 'commit', '--quiet', '--allow-empty', '--message=one');
      git(dir, 'commit', '--quiet', '--allow-empty', '--message=two');
      write(dir, { '.git/shallow': git(dir, 'rev-parse', 'HEAD~1') });
    },
  },
};

const gapNames = (gaps: readonly { path: string; reason: string }[]) => gaps.map(({ path, reason }) => `${path} ${reason}`);

describe('a workspace is carried to another worker exactly:', { timeout: 60_000 }, () => {
  for (const [name, { does, files = baseFiles, gaps = [] }] of Object.entries(cases)) {
    it(`${name}`, async () => {
      const remote = lab.remote(files);
      const from = await lab.open(remote);
      does(from.directory);
      const before = describeFiles(join(from.directory, '.git'));
      const captured = await lab.capture(from);
      // It changes nothing.
      expect(describeFiles(join(from.directory, '.git'))).toBe(before);
      expect(gapNames(captured.summary.gaps)).toEqual(gaps);
      const wanted = describeRepository(from.directory);
      const elsewhere = lab.worker('elsewhere');
      const to = await lab.open(remote, { restoring: captured.summary.manifest, workspaces: elsewhere });
      const report = await lab.restore(to, captured.summary.manifest, elsewhere);
      expect(report.entries.filter(({ status }) => status !== 'APPLIED')).toEqual([]);
      expect(report).toMatchObject({ exact: true, notApplied: 0 });
      expect(describeRepository(to.directory)).toEqual(wanted);
      // Again gives the same, and so does a capture of what was restored.
      expect(await lab.restore(to, captured.summary.manifest, elsewhere)).toMatchObject({ exact: true });
      expect(describeRepository(to.directory)).toEqual(wanted);
      const again = await lab.capture(to, captured.summary.manifest, elsewhere);
      expect(again.summary.changes).toEqual(captured.summary.changes);
      expect(again.changes).toEqual([]);
    });
  }
});
