import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync, chmodSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { filesOfPatch, type FileDiff } from './patch.ts';

const directory = mkdtempSync(join(tmpdir(), 'patch-'));
const git = (...args: string[]): string =>
  execFileSync('git', ['-C', directory, '-c', 'user.name=Mira', '-c', 'user.email=mira@example.com', ...args], {
    encoding: 'utf8',
  });
const file = (name: string): string => join(directory, name);
let files: Map<string, FileDiff>;

beforeAll(() => {
  git('init', '-q');
  writeFileSync(file('code.ts'), 'function a() {\n  one();\n  two();\n}\n');
  writeFileSync(file('old name.txt'), 'the same\n'.repeat(20));
  writeFileSync(file('gone.txt'), 'gone\n');
  writeFileSync(file('run.sh'), 'true\n');
  writeFileSync(file('picture.bin'), Buffer.from([0, 1, 2]));
  git('add', '-A');
  git('commit', '-qm', 'base');
  writeFileSync(file('code.ts'), 'function a() {\n  one(1);\n  two();\n}');
  renameSync(file('old name.txt'), file('new "näme".txt'));
  rmSync(file('gone.txt'));
  chmodSync(file('run.sh'), 0o755);
  writeFileSync(file('picture.bin'), Buffer.from([0, 9, 9]));
  writeFileSync(file('fresh.ts'), '--- not a header\n+++ nor this\n');
  git('add', '-A');
  files = new Map(filesOfPatch(git('diff', '--cached', '-M')).map((found) => [found.path, found]));
});
afterAll(() => rmSync(directory, { recursive: true }));

describe('a patch that git made', () => {
  test('has every file, by its name', () => {
    expect([...files.keys()].sort()).toEqual(['code.ts', 'fresh.ts', 'gone.txt', 'new "näme".txt', 'picture.bin', 'run.sh']);
  });

  test('numbers the lines on both sides, and says where no line break follows', () => {
    expect(files.get('code.ts')?.hunks[0]?.lines).toEqual([
      { kind: 'same', before: 1, after: 1, text: 'function a() {', open: false },
      { kind: 'del', before: 2, after: null, text: '  one();', open: false },
      { kind: 'add', before: null, after: 2, text: '  one(1);', open: false },
      { kind: 'same', before: 3, after: 3, text: '  two();', open: false },
      { kind: 'del', before: 4, after: null, text: '}', open: false },
      { kind: 'add', before: null, after: 4, text: '}', open: true },
    ]);
  });

  test('tells what became of the file itself', () => {
    expect(files.get('new "näme".txt')).toMatchObject({ oldPath: 'old name.txt', hunks: [] });
    expect(files.get('gone.txt')).toMatchObject({ note: 'deleted' });
    expect(files.get('run.sh')).toMatchObject({ note: 'mode 100644 → 100755' });
    expect(files.get('picture.bin')).toMatchObject({ kind: 'BINARY' });
  });

  test('is not misled by lines that look like headers', () => {
    expect(files.get('fresh.ts')).toMatchObject({ note: 'new file', lineCount: 2 });
    expect(files.get('fresh.ts')?.hunks[0]?.lines.map(({ text }) => text)).toEqual(['--- not a header', '+++ nor this']);
  });
});

test('a part that cannot be read does not hide the others', () => {
  const broken = 'diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,9 +1,9 @@\n nonsense\n';
  const whole = 'diff --git a/y b/y\n--- a/y\n+++ b/y\n@@ -1 +1 @@\n-a\n+b\n';
  expect(filesOfPatch(broken + whole).map(({ path, kind }) => [path, kind])).toEqual([
    ['x', 'UNREADABLE'],
    ['y', 'TEXT'],
  ]);
});
