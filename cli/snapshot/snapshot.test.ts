import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { machine } from '../../config/machine.ts';
import { projectRoot } from '../../stack/projectRoot.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../../test/support/temporaryDirectory.ts';
import { describeFiles, describeRepository, git, write } from '../../workspace/testParts/lab.ts';

// Each test starts the program several times, which takes a second each even where nothing else runs.
vi.setConfig({ testTimeout: 120_000 });

let place: TemporaryDirectory;
const at = (...names: string[]) => join(place.path, ...names);

beforeAll(async () => {
  place = await temporaryDirectory();
});
afterAll(() => place.remove());

/** Runs the real `baton snapshot`. */
function snapshot(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const env = { ...machine().environment, HOME: place.path };
    execFile(
      process.execPath,
      [join(projectRoot, 'bin/baton.mjs'), 'snapshot', ...args],
      { env, cwd: place.path, maxBuffer: 1 << 26 },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

const done = { code: 0, stderr: '' };

/** A repository of a person's own, with one commit. */
function repository(name: string, files: Record<string, string | Buffer>, ...init: string[]): string {
  const path = at(name);
  mkdirSync(path, { recursive: true });
  git(path, 'init', '--quiet', '--initial-branch=trunk', ...init);
  git(path, 'config', 'user.name', 'A Person');
  git(path, 'config', 'user.email', 'person@example.com');
  write(path, files);
  commit(path, 'first');
  return path;
}

function commit(path: string, message: string): void {
  git(path, 'add', '--all');
  git(path, 'commit', '--quiet', '--allow-empty', `--message=${message}`);
}

/** Everything below a directory, git’s own files too: names, kinds, modes, times and content. */
function fingerprint(directory: string): string {
  const lines: string[] = [];
  const walk = (folder: Buffer) => {
    for (const name of readdirSync(folder, { encoding: 'buffer' })) {
      const path = Buffer.concat([folder, Buffer.from('/'), name]);
      const stat = lstatSync(path, { bigint: true });
      const content = stat.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : '';
      const target = stat.isSymbolicLink() ? readlinkSync(path) : '';
      const times = `${stat.mtimeNs} ${stat.ctimeNs}`;
      lines.push(`${path.toString('latin1')} ${stat.mode} ${times} ${stat.ino} ${content}${target}`);
      if (stat.isDirectory()) walk(path);
    }
  };
  walk(Buffer.from(directory));
  return lines.sort().join('\n');
}

/** A repository in a state that few tools carry, without any remote. */
function muddle(name: string): string {
  const path = repository(name, {
    'a.txt': 'one\ntwo\nthree\n',
    'gone.txt': 'gone\n',
    'bin/run': '#!/bin/sh\n',
    'both.txt': 'base\n',
    'lines.txt': 'one\r\ntwo\r\n',
    '.gitignore': '*.log\n',
    'large.bin': Buffer.alloc(700_000, 'large'),
  });
  git(path, 'tag', '--annotate', '--message=tagged', 'v1.0');
  write(path, { 'stashed.txt': 'stashed\n' });
  git(path, 'stash', '--include-untracked');
  git(path, 'switch', '--quiet', '--create', 'fix/ünïcode#1');
  write(path, { 'both.txt': 'theirs\n' });
  commit(path, 'theirs');
  git(path, 'switch', '--quiet', 'trunk');
  write(path, { 'both.txt': 'ours\n' });
  commit(path, 'ours');
  expect(() => git(path, 'merge', 'fix/ünïcode#1')).toThrow('Command failed');
  write(path, { 'a.txt': 'one\nstaged\nthree\n' });
  git(path, 'add', 'a.txt');
  write(path, { 'a.txt': 'one\nstaged\nand more\n', 'new/untracked.txt': 'new\n', 'ignored.log': 'ignored\n' });
  rmSync(join(path, 'gone.txt'));
  chmodSync(join(path, 'bin/run'), 0o750);
  symlinkSync('new/untracked.txt', join(path, 'link'));
  mkdirSync(join(path, 'empty'));
  writeFileSync(Buffer.concat([Buffer.from(`${path}/latin-`), Buffer.from([0xe9])]), 'not UTF-8 by name');
  return path;
}

test('a repository without a remote comes back exactly, in the middle of a merge', async () => {
  const path = muddle('muddle');
  expect(await snapshot('create', 'muddle', '--out', 'muddle.snapshot')).toMatchObject(done);
  const restored = await snapshot('restore', 'muddle.snapshot', 'deep/copy');
  expect(restored).toMatchObject(done);
  expect(restored.stdout).toMatch(/^deep\/copy is exactly as it was captured\.\n/);
  expect(restored.stdout).toContain('Under way as it was: ');
  expect(existsSync(at('deep/copy/ignored.log'))).toBe(false);
  rmSync(join(path, 'ignored.log'));
  expect(describeRepository(at('deep/copy'))).toEqual(describeRepository(path));
  expect(git(at('deep/copy'), 'stash', 'show', '--include-untracked', '--name-only')).toBe('stashed.txt\n');
  expect(git(at('deep/copy'), 'fsck', '--strict')).toBe(git(path, 'fsck', '--strict'));
  expect(lstatSync(at('deep/copy/bin/run')).mode & 0o777).toBe(0o750);
  expect(lstatSync(at('deep/copy/a.txt')).mtimeMs).toBeCloseTo(lstatSync(join(path, 'a.txt')).mtimeMs, 1);
});

test('a capture changes nothing, and runs nothing of the repository’s', async () => {
  const path = muddle('untouched');
  const marker = at('was-run');
  const script = `#!/bin/sh\ntouch ${marker}\ncat\n`;
  write(path, { '.gitattributes': '*.txt filter=own diff=own merge=own\n', '.git/run': script });
  chmodSync(join(path, '.git/run'), 0o755);
  for (const key of ['core.fsmonitor', 'filter.own.clean', 'filter.own.smudge', 'filter.own.process', 'diff.own.textconv'])
    git(path, 'config', key, join(path, '.git/run'));
  for (const hook of ['post-index-change', 'reference-transaction', 'post-checkout', 'pre-auto-gc']) {
    write(path, { [`.git/hooks/${hook}`]: script });
    chmodSync(join(path, '.git/hooks', hook), 0o755);
  }
  const before = fingerprint(path);
  const { code, stdout } = await snapshot('create', 'untouched', '--out', 'untouched.snapshot');
  expect(code).toBe(0);
  expect(fingerprint(path)).toBe(before);
  expect(stdout).toMatch(/Not in the snapshot:\n(?: {2}.*\n)* {2}\.git\/config: .*filter\.own\.clean.*\(CONFIG_NOT_CARRIED\)/);
  expect(stdout).toContain('.git/hooks/post-checkout: hooks do not travel');
  expect(await snapshot('restore', 'untouched.snapshot', 'untouched-copy')).toMatchObject(done);
  expect(existsSync(marker)).toBe(false);
  expect(readdirSync(place.path).filter((name) => name.startsWith('.baton-snapshot-'))).toEqual([]);
});

test.each([
  ['without a commit', () => git(mkdirAt('unborn'), 'init', '--quiet'), 'unborn'],
  ['with HEAD on no branch', () => git(repository('detached', { a: '1' }), 'switch', '--quiet', '--detach'), 'detached'],
  ['with SHA-256 ids', () => repository('sha256', { a: '1' }, '--object-format=sha256'), 'sha256'],
  ['with a part of the history', () => shallow('shallow'), 'shallow'],
])('a repository %s comes back exactly', async (_, make, name) => {
  make();
  write(at(name), { 'untracked.txt': 'new\n' });
  expect(await snapshot('create', name, '--out', `${name}.snapshot`)).toMatchObject(done);
  expect(await snapshot('restore', `${name}.snapshot`, `${name}-copy`)).toMatchObject(done);
  expect(describeRepository(at(`${name}-copy`))).toEqual(describeRepository(at(name)));
});

function mkdirAt(name: string): string {
  mkdirSync(at(name));
  return at(name);
}

function shallow(name: string): void {
  const origin = repository(`${name}-origin`, { a: '1' });
  commit(origin, 'second');
  git(place.path, 'clone', '--quiet', '--depth=1', `file://${origin}`, name);
}

test('a thin snapshot leaves out what the remote has, and takes it from there', async () => {
  const origin = repository('origin', { 'data.bin': randomBytes(400_000), 'a.txt': 'one\n' });
  git(place.path, 'clone', '--quiet', origin, 'clone');
  const path = at('clone');
  git(path, 'switch', '--quiet', '--create', 'work');
  write(path, { 'a.txt': 'two\n' });
  commit(path, 'second');
  write(path, { 'a.txt': 'three\n' });
  expect(await snapshot('create', 'clone', '--out', 'full.snapshot')).toMatchObject(done);
  expect(await snapshot('create', 'clone', '--out', 'thin.snapshot', '--thin')).toMatchObject(done);
  expect(lstatSync(at('thin.snapshot')).size).toBeLessThan(100_000);
  expect(lstatSync(at('full.snapshot')).size).toBeGreaterThan(400_000);
  const refused = await snapshot('restore', 'thin.snapshot', 'thin-copy');
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining(`--remote ${origin}`) });
  const unreachable = await snapshot('restore', 'thin.snapshot', 'thin-copy', '--remote', at('nowhere'));
  expect(unreachable).toMatchObject({ code: 1, stderr: expect.stringContaining('nowhere') });
  expect(existsSync(at('thin-copy'))).toBe(false);
  expect(await snapshot('restore', 'thin.snapshot', 'thin-copy', '--remote', 'origin')).toMatchObject(done);
  // No remote is asked for a full one.
  rmSync(origin, { recursive: true });
  expect(await snapshot('restore', 'full.snapshot', 'full-copy')).toMatchObject(done);
  for (const copy of ['thin-copy', 'full-copy']) {
    expect(describeRepository(at(copy))).toEqual(describeRepository(path));
    expect(git(at(copy), 'remote', 'get-url', 'origin')).toBe(`${origin}\n`);
  }
});

const randomBytes = (length: number): Buffer => {
  const content = Buffer.alloc(length);
  for (let n = 0; n < length; n += 32) createHash('sha256').update(String(n)).digest().copy(content, n);
  return content;
};

test('several repositories in a directory travel together, with what lies beside them', async () => {
  const root = at('several');
  repository('several/one', { a: '1' });
  repository('several/deep/two', { b: '2' });
  write(root, { 'notes.txt': 'beside\n', 'deep/more.txt': 'more\n', 'locked/secret.txt': 'secret\n' });
  const cannotRead = lockAway(join(root, 'locked'));
  const created = await snapshot('create', 'several', '--out', 'several.snapshot', '--json');
  expect(created.code).toBe(cannotRead ? 3 : 0);
  expect(JSON.parse(created.stdout).gaps).toEqual(
    cannotRead ? [expect.objectContaining({ path: 'locked', reason: 'UNREADABLE', status: 'FAILED' })] : [],
  );
  chmodSync(join(root, 'locked'), 0o755);
  if (cannotRead) rmSync(join(root, 'locked'), { recursive: true });
  const restored = await snapshot('restore', 'several.snapshot', 'several-copy', '--json');
  expect(restored.code).toBe(cannotRead ? 3 : 0);
  expect(describeFiles(at('several-copy'))).toBe(describeFiles(root));
  for (const name of ['one', 'deep/two'])
    expect(describeRepository(at('several-copy', name))).toEqual(describeRepository(join(root, name)));
  expect(await snapshot('create', 'several', '--out', 'x', '--thin')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('--thin is for one'),
  });
});

/** Takes away the right to read a directory; false for a user whom that does not stop. */
function lockAway(path: string): boolean {
  chmodSync(path, 0);
  return process.getuid?.() !== 0;
}

test('what cannot be captured is said, and nothing is written', async () => {
  repository('plain', { 'sub/a.txt': '1' });
  git(place.path, 'clone', '--quiet', '--bare', 'plain', 'bare');
  git(at('plain'), 'worktree', 'add', '--quiet', at('linked'));
  git(place.path, 'clone', '--quiet', '--shared', 'plain', 'sharing');
  mkdirSync(at('nothing/here'), { recursive: true });
  writeFileSync(at('there'), 'mine');
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['nowhere', 'x', /There is no directory nowhere/],
    ['there', 'x', /there is no directory\. Name a git repository/],
    ['nothing', 'x', /is no git repository, and there is none beneath it/],
    ['plain/sub', 'x', /lies in the repository .*plain, which is captured as a whole/],
    ['bare', 'x', /is a bare repository/],
    ['linked', 'x', /is a linked worktree or a submodule/],
    ['sharing', 'x', /borrows objects from another repository/],
    ['plain', 'plain/x', /would lie in the directory that is captured/],
    ['plain', 'nowhere/x', /There is no directory .*nowhere to write x to/],
    ['plain', 'there', /there is there already\. Overwrite it with --force/],
  ];
  for (const [directory, out, why] of cases)
    expect(await snapshot('create', directory, '--out', out), directory).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(why),
    });
  expect(existsSync(at('x'))).toBe(false);
  expect(readFileSync(at('there'), 'utf8')).toBe('mine');
  expect(await snapshot('create', 'plain', '--out', 'there', '--force')).toMatchObject(done);
  const occupied = await snapshot('restore', 'there', 'nothing');
  expect(occupied).toMatchObject({ code: 1, stderr: expect.stringContaining('is not empty, and was left as it is') });
  expect(readdirSync(at('nothing'))).toEqual(['here']);
  // The linked worktree lies elsewhere: the directory was captured whole, the repository is not all that it was.
  const restored = await snapshot('restore', 'there', 'nothing/here');
  expect(restored).toMatchObject({ code: 3, stdout: expect.stringMatching(/worktrees\/linked: .*\(LINKED_WORKTREE\)\n/) });
  expect(restored.stdout).toMatch(/ 1 thing could not be put back/);
});

test('of a file that is damaged, what can be read is restored and the rest is named', async () => {
  const path = repository('sound', { 'a.txt': 'one\n' });
  const files = ['first.bin', 'second.bin', 'third.bin'];
  for (const [n, file] of files.entries()) writeFileSync(join(path, file), randomBytes(600_000).fill(n, 0, 300));
  await snapshot('create', 'sound', '--out', 'sound.snapshot');
  const content = readFileSync(at('sound.snapshot'));

  writeFileSync(at('cut.snapshot'), content);
  truncateSync(at('cut.snapshot'), content.length - 900_000);
  expect(await snapshot('show', 'cut.snapshot')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('cut.snapshot is damaged'),
  });
  const cut = await snapshot('restore', 'cut.snapshot', 'cut-copy');
  expect(cut.code).toBe(3);
  expect(cut.stdout).toContain('The snapshot file was cut short or damaged.');
  expect(cut.stdout).toContain('The snapshot file was cut short: copy it again, or take the snapshot anew.');
  expect(readFileSync(at('cut-copy/a.txt'), 'utf8')).toBe('one\n');
  expect(readdirSync(at('cut-copy'))).toContain('first.bin');
  expect(cut.stdout).toMatch(/third\.bin: It was not put back/);

  const altered = Buffer.from(content);
  altered[content.length - 100_000] = (altered[content.length - 100_000] ?? 0) ^ 1;
  writeFileSync(at('altered.snapshot'), altered);
  const report = JSON.parse((await snapshot('restore', 'altered.snapshot', 'altered-copy', '--json')).stdout);
  expect(report).toMatchObject({ exact: false, notApplied: 1 });
  expect(report.entries[0]).toMatchObject({ subject: 'FILE', status: 'FAILED', reason: 'BLOB_CORRUPT' });

  const headless = Buffer.from(content);
  headless.write('X', headless.indexOf('"repositories"'));
  writeFileSync(at('headless.snapshot'), headless);
  for (const [file, why] of [
    ['headless.snapshot', /is damaged: its list of what it holds, manifest\.json, is not as it was written/],
    ['sound/a.txt', /is no snapshot that baton snapshot create wrote/],
    ['nowhere', /There is no such file/],
    ['sound', /is no file/],
  ] as const)
    expect(await snapshot('restore', file, 'none'), file).toMatchObject({ code: 1, stderr: expect.stringMatching(why) });
  expect(existsSync(at('none'))).toBe(false);

  const newer = Buffer.from(content);
  newer.write('"version":9', newer.indexOf('"version":1'));
  writeFileSync(at('newer.snapshot'), newer);
  expect(await snapshot('show', 'newer.snapshot')).toMatchObject({ code: 1, stderr: expect.stringContaining('has version 9') });
});

test('a snapshot is shown, and two are compared', async () => {
  const path = repository('evolving', {
    'a.txt': 'one\ntwo\n',
    'old.txt': 'the same\n',
    'bin/run': 'run\n',
    'committed.txt': '1\n',
  });
  await snapshot('create', 'evolving', '--out', 'before.snapshot');
  const shown = await snapshot('show', 'before.snapshot');
  expect(shown).toMatchObject(done);
  expect(shown.stdout).toMatch(/HEAD {7}trunk at [0-9a-f]{10}\n {2}Refs {7}1 branch, 0 tags/);
  expect(JSON.parse((await snapshot('show', 'before.snapshot', '--json')).stdout).repositories[0].entries).toHaveLength(4);
  const same = await snapshot('diff', 'before.snapshot', 'before.snapshot', '--patch');
  expect(same).toEqual({ ...done, stdout: 'The snapshots are the same.\n' });

  write(path, { 'committed.txt': '2\n' });
  commit(path, 'second');
  git(path, 'branch', 'other');
  write(path, { 'a.txt': 'one\n2\n', 'data.bin': Buffer.from([0, 1]), 'new.txt': 'new\n' });
  git(path, 'add', 'new.txt');
  git(path, 'mv', 'old.txt', 'moved.txt');
  chmodSync(join(path, 'bin/run'), 0o755);
  await snapshot('create', 'evolving', '--out', 'after.snapshot');
  const { code, stdout } = await snapshot('diff', 'before.snapshot', 'after.snapshot', '--patch');
  expect(code).toBe(1);
  expect(stdout).toMatch(/HEAD {6}trunk at [0-9a-f]{10} → trunk at [0-9a-f]{10}\n/);
  expect(stdout).toContain('refs/heads/other: none → ');
  for (const line of [
    'index     added new.txt',
    'modified  a.txt (8 bytes → 6 bytes)',
    'mode      bin/run (mode 644 → 755)',
    'modified  committed.txt',
    'added     data.bin (2 bytes)',
    'renamed   old.txt → moved.txt',
    '--- a/a.txt\n+++ b/a.txt\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n',
    '--- a/committed.txt\n+++ b/committed.txt\n@@ -1,1 +1,1 @@\n-1\n+2\n',
    'diff --git a/data.bin b/data.bin\nnew file mode 100644\n# It is no text.',
  ])
    expect(stdout).toContain(line);
  const json = JSON.parse((await snapshot('diff', 'before.snapshot', 'after.snapshot', '--json')).stdout);
  expect(json).toMatchObject({ same: false, outside: [], repositories: [{ presence: 'BOTH' }] });
  expect((await snapshot('diff', 'before.snapshot', 'nowhere')).code).toBe(2);
  expect((await snapshot('diff', 'before.snapshot')).code).toBe(2);
});

test('help says what there is', async () => {
  const { stdout } = await snapshot('--help');
  expect(stdout).toMatch(/create .*\n[^]*restore .*\n[^]*show .*\n[^]*diff /);
});
