import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bytePathOf } from './bytePath.ts';
import type { SecretFiles } from '../domain/declaration.ts';
import type { DeclaredFiles } from './capture.ts';
import { differenceBetween } from './difference.ts';
import { DifferencePatches } from './differencePatches.ts';
import { describeFiles, describeRepository, git, Lab, write } from './testParts/lab.ts';

let lab: Lab;
beforeEach(() => {
  lab = new Lab();
});
afterEach(() => lab.close());

const files = { 'a.txt': 'a\n', '.gitignore': 'node_modules/\nbuild/\n.env*\n*.log\n' };
const ignored = (...patterns: readonly string[]): DeclaredFiles => ({ ignored: { '.': patterns } });

describe('ignored files that the environment names', { timeout: 60_000 }, () => {
  it('travel byte for byte, stay ignored, and are no change that people are shown', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    const odd = Buffer.concat([Buffer.from(`${from.directory}/build/odd-`), Buffer.from([0xff, 0x0a])]);
    write(from.directory, {
      '.env.local': 'PORT=1\n',
      '.env.other': 'left\n',
      'build/deep/x.o': Buffer.from([0, 1, 2]),
      'node_modules/.cache/tool/state': 'state\n',
      'node_modules/pkg/index.js': 'left\n',
      'debug.log': 'left\n',
    });
    writeFileSync(odd, 'odd\n');
    mkdirSync(join(from.directory, 'build/empty'));
    symlinkSync('/etc/passwd', join(from.directory, 'build/link'));
    const { to, captured, report } = await lab.carry(from, remote, ignored('build/**', '/.env.local', 'node_modules/.cache'));
    expect(report).toMatchObject({ exact: true });
    expect(captured.summary).toMatchObject({ changes: [], changedFiles: 0, patch: null, gaps: [] });
    const taken = describeRepository(from.directory);
    for (const left of ['.env.other', 'node_modules/pkg', 'debug.log']) rmSync(join(from.directory, left), { recursive: true });
    expect(describeRepository(to.directory)).toEqual({ ...taken, worktree: describeFiles(from.directory) });
    expect(git(to.directory, 'status', '--porcelain')).toBe('');
  });

  it('are shown as changes when they were added to the index all the same', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    write(from.directory, { 'build/kept.o': 'kept\n', 'build/free.o': 'free\n' });
    git(from.directory, 'add', '--force', 'build/kept.o');
    const { to, captured, report } = await lab.carry(from, remote, ignored('build'));
    expect(captured.summary.changes.map(({ path }) => path)).toEqual(['build/kept.o']);
    expect(report.exact).toBe(true);
    expect(describeRepository(to.directory)).toEqual(describeRepository(from.directory));
  });

  it('are put back exactly: what a setup command left there and the snapshot does not have goes', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    write(from.directory, { 'build/a.o': 'a\n' });
    const { manifest } = (await lab.capture(from, null, lab.workspaces, { declared: ignored('build/**', '.env.local') })).summary;
    const to = await lab.open(remote, { restoring: manifest });
    write(to.directory, {
      'build/a.o': 'of setup\n',
      'build/old/b.o': 'of setup\n',
      '.env.local': 'of setup\n',
      'node_modules/x': 'of setup\n',
    });
    expect(await lab.restore(to, manifest)).toMatchObject({ exact: true });
    expect(describeFiles(to.directory)).not.toContain('b.o');
    expect(existsSync(join(to.directory, 'build/old'))).toBe(false);
    expect(existsSync(join(to.directory, '.env.local'))).toBe(false);
    expect(readFileSync(join(to.directory, 'build/a.o'), 'utf8')).toBe('a\n');
    expect(readFileSync(join(to.directory, 'node_modules/x'), 'utf8')).toBe('of setup\n');
  });

  it('count against the limits, after everything else', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    write(from.directory, { 'build/large': Buffer.alloc(700, 1), 'z.bin': Buffer.alloc(700, 2) });
    const small = lab.worker('small', lab.blobs, { file: 1000, all: 1000 });
    const { summary } = await lab.capture(from, null, small, { declared: ignored('build') });
    expect(summary.gaps).toMatchObject([{ path: 'build/large', reason: 'TOO_LARGE' }]);
    expect(summary.changes).toMatchObject([{ path: 'z.bin' }]);
  });

  it('name what cannot travel, as a FIFO; a repository among them travels as one', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    write(from.directory, { 'build/x': 'x\n', 'build/other/y': 'y\n' });
    git(join(from.directory, 'build/other'), 'init', '--quiet');
    execFileSync('mkfifo', [join(from.directory, 'build/pipe')]);
    const { to, captured, report } = await lab.carry(from, remote, ignored('build/'));
    expect(captured.summary.gaps).toMatchObject([{ path: 'build/pipe', reason: 'SPECIAL_FILE' }]);
    expect((await lab.manifest(captured.summary.manifest)).nested).toMatchObject([{ path: 'build/other', kind: 'EMBEDDED' }]);
    expect(report.notApplied).toBe(0);
    expect(describeRepository(join(to.directory, 'build/other'))).toEqual(
      describeRepository(join(from.directory, 'build/other')),
    );
    expect(readFileSync(join(to.directory, 'build/x'), 'utf8')).toBe('x\n');
  });

  it('are not read again while they stay as they are, and are no longer taken when they are no longer named', async () => {
    const from = await lab.open(lab.remote(files));
    write(from.directory, { 'build/x': 'x\n' });
    const first = await lab.capture(from, null, lab.workspaces, { declared: ignored('build') });
    await new Promise((resolve) => setTimeout(resolve, 50));
    const second = await lab.capture(from, first.summary.manifest, lab.workspaces, { declared: ignored('build') });
    expect(second.summary).toMatchObject({ manifest: first.summary.manifest, storedBytes: 0 });
    expect(second.changes).toEqual([]);
    const third = await lab.capture(from, second.summary.manifest);
    expect(third.summary.entries).toBe(0);
    // What becomes tracked is a change like any other.
    renameSync(join(from.directory, '.gitignore'), join(from.directory, 'was-ignored'));
    const fourth = await lab.capture(from, third.summary.manifest, lab.workspaces, { declared: ignored('build') });
    expect(fourth.summary.changes.map(({ path }) => path)).toContain('build/x');
  });
});

describe('files of the agent’s home that the environment names', { timeout: 60_000 }, () => {
  const homeOf = (name: string, content: Readonly<Record<string, string>> = {}): string => {
    mkdirSync(lab.path(name), { recursive: true });
    write(lab.path(name), content);
    return lab.path(name);
  };
  const outside = (directory: string, home: string, ...paths: readonly string[]): DeclaredFiles => ({
    ignored: {},
    outside: {
      paths: paths.map(bytePathOf),
      seenAs: { workspace: ['/workspace', directory], home: ['/home/agent', home] },
      home,
      gaps: [],
    },
  });

  it('travel into the next home exactly, with their modes, links as links', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    const home = homeOf('home', {
      '.config/tool/a.toml': 'a\n',
      '.config/other': 'left\n',
      'notes/n.md': 'note\n',
      'key/id': 'k\n',
    });
    chmodSync(join(home, 'key'), 0o700);
    mkdirSync(join(home, 'notes/empty'));
    symlinkSync('/etc', join(home, 'notes/out'));
    write(from.directory, { 'a.txt': 'changed\n' });
    const declared = outside(
      from.directory,
      home,
      '~/.config/tool',
      '/home/agent/notes',
      `${home}/key`,
      '~/none',
      '~/notes/n.md',
    );
    const { summary } = await lab.capture(from, null, lab.workspaces, { declared });
    expect(summary.gaps).toEqual([]);
    expect(summary.changes.map(({ path }) => path)).toEqual([
      'a.txt',
      '~/.config/tool/a.toml',
      '~/key/id',
      '~/notes/empty',
      '~/notes/n.md',
      '~/notes/out',
    ]);
    const to = await lab.open(remote, { restoring: summary.manifest });
    const next = homeOf('next', { '.bashrc': 'mine\n', 'notes/old/x.md': 'of setup\n', 'notes/empty/y': 'of setup\n' });
    expect(await lab.restore(to, summary.manifest, lab.workspaces, { home: next })).toMatchObject({ exact: true, notApplied: 0 });
    rmSync(join(home, '.config/other'));
    rmSync(join(next, '.bashrc'));
    expect(describeFiles(next)).toBe(describeFiles(home));
    expect(statSync(join(next, 'key')).mode & 0o777).toBe(0o700);
    // The next snapshot of the same has nothing new, and names no change.
    const sameAgain = outside(to.directory, next, '~/.config/tool', '~/notes', '~/key', '~/none');
    const again = await lab.capture(to, summary.manifest, lab.workspaces, { declared: sameAgain });
    expect(again.changes).toEqual([]);
    expect(again.summary.manifest.hash).toBe(summary.manifest.hash);
  });

  it('are none but those in the home or the workspace: each other path is named, and no link is followed', async () => {
    const from = await lab.open(lab.remote(files));
    const home = homeOf('home');
    const secret = lab.path('secret');
    write(lab.path('elsewhere'), { x: 'x\n' });
    writeFileSync(secret, 'of the worker\n');
    symlinkSync(lab.path('elsewhere'), join(home, 'link'));
    const refused = ['/etc/passwd', secret, '~/../secret', '../secret', '/home/agent/../../etc'];
    const declared = outside(from.directory, home, ...refused, '~/link/x', '~/link');
    const { summary } = await lab.capture(from, null, lab.workspaces, { declared });
    expect(summary.gaps.map(({ path, reason }) => [reason, path])).toEqual([
      ...refused.map((path) => ['OUT_OF_REACH', path]),
      ['THROUGH_LINK', '~/link/x'],
    ]);
    expect((await lab.manifest(summary.manifest)).home?.entries).toMatchObject([{ kind: 'LINK', path: 'link' }]);
  });

  it('may be ignored ones of a repository, named one by one', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    write(from.directory, { '.env': 'X=1\n', 'build/a': 'a\n', 'build/b': 'b\n' });
    const declared = outside(from.directory, homeOf('home'), '/workspace/.env', 'build/a', '.git/config', 'a.txt', '.');
    const { to, captured, report } = await lab.carry(from, remote, declared);
    expect(captured.summary.gaps).toMatchObject([{ path: '.git/config', reason: 'UNSAFE_NAME' }]);
    expect(captured.summary.entries).toBe(2);
    expect(report).toMatchObject({ notApplied: 1 });
    expect(report.entries[0]).toMatchObject({ path: '.git/config', reason: 'UNSAFE_NAME' });
    expect(readFileSync(join(to.directory, '.env'), 'utf8')).toBe('X=1\n');
    expect(existsSync(join(to.directory, 'build/b'))).toBe(false);
  });

  it('travel with the repository that they lie in, also one that the environment does not name', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    const library = join(from.directory, 'library');
    write(library, { '.gitignore': 'cache\n', 'cache/x': 'x\n', 'cache/y': 'y\n', 'b.txt': 'b\n' });
    git(library, 'init', '--quiet');
    const declared = outside(from.directory, homeOf('home'), 'library/cache/x');
    const { to, captured, report } = await lab.carry(from, remote, declared);
    expect(captured.summary.gaps).toEqual([]);
    expect(captured.summary.changes.map(({ repository, path }) => [repository, path])).toEqual([
      ['library', '.gitignore'],
      ['library', 'b.txt'],
    ]);
    expect(report).toMatchObject({ exact: true });
    expect(readFileSync(join(to.directory, 'library/cache/x'), 'utf8')).toBe('x\n');
    expect(existsSync(join(to.directory, 'library/cache/y'))).toBe(false);
    const again = await lab.capture(from, captured.summary.manifest, lab.workspaces, { declared });
    expect(again.summary.manifest).toEqual(captured.summary.manifest);
    expect(again.changes).toEqual([]);
  });

  it('are no repositories: those of a home are named', async () => {
    const from = await lab.open(lab.remote(files));
    const home = homeOf('home', { 'tools/dot/a': 'a\n', 'tools/b': 'b\n' });
    git(join(home, 'tools/dot'), 'init', '--quiet');
    const { summary } = await lab.capture(from, null, lab.workspaces, { declared: outside(from.directory, home, '~/tools') });
    expect(summary.gaps).toMatchObject([{ path: '~/tools/dot', reason: 'NESTED_REPOSITORY' }]);
    expect(summary.changes.map(({ path }) => path)).toEqual(['~/tools/b']);
  });

  it('are in the difference of two snapshots, with their lines', async () => {
    const from = await lab.open(lab.remote(files));
    const home = homeOf('home', { n: 'one\n' });
    const declared = outside(from.directory, home, '~/n');
    const before = await lab.capture(from, null, lab.workspaces, { declared });
    write(home, { n: 'one\ntwo\n' });
    const after = await lab.capture(from, null, lab.workspaces, { declared });
    const [was, is] = [await lab.manifest(before.summary.manifest), await lab.manifest(after.summary.manifest)];
    const { outside: found, repositories } = differenceBetween(was, is);
    expect(repositories.flatMap((one) => one.files)).toEqual([]);
    expect(found).toMatchObject([{ path: '~/n', status: 'MODIFIED' }]);
    const patches = new DifferencePatches({ blobs: lab.blobs, teams: [lab.teamId, lab.teamId], manifests: [was, is] });
    for (const one of found)
      expect(await patches.of(null, one)).toMatchObject({ kind: 'TEXT', patch: expect.stringMatching(/^\+two$/m) });
  });

  it('are named when there is no home to put them into', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    const { report } = await lab.carry(from, remote, outside(from.directory, homeOf('home', { n: 'n\n' }), '~/n'));
    expect(report).toMatchObject({ exact: false });
    expect(report.entries[0]).toMatchObject({ path: '~', reason: 'NO_HOME', status: 'SKIPPED' });
  });
});

describe('files that look like secrets', { timeout: 60_000 }, () => {
  // Put together here, so that nobody takes this file for one of them.
  const token = `ghp_${'wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx'}`;
  const privateKey = `-----BEGIN RSA ${'PRIVATE'} KEY-----\n${'MIIEowIBAAKCAQEA'.repeat(40)}\n-----END RSA ${'PRIVATE'} KEY-----\n`;
  const secrets = { 'deploy/key': privateKey, 'src/call.js': `const token = '${token}';\n`, '.env': 'X=1\n' };
  const policy = (secretFiles: SecretFiles, ...patterns: readonly string[]): DeclaredFiles => ({
    ...ignored(...patterns),
    secretFiles,
  });
  const rules = (found: readonly { readonly path: string; readonly detail: string }[] = []) =>
    found.map(({ path, detail }) => [path, /by the rule ([a-z-]+)/.exec(detail)?.[1]]);

  it('are looked for in repositories that lie in the workspace besides, too', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    write(join(from.directory, 'library'), { 'src/call.js': secrets['src/call.js'], 'b.txt': 'b\n' });
    git(join(from.directory, 'library'), 'init', '--quiet');
    const first = await lab.capture(from, null, lab.workspaces, { declared: policy('WARN') });
    expect(first.summary.warnings).toMatchObject([{ repository: 'library', path: 'src/call.js', reason: 'SECRET_LIKE' }]);
    const { manifest } = first.summary;
    const left = await lab.capture(from, manifest, lab.workspaces, { declared: policy('EXCLUDE') });
    expect(left.summary.gaps).toMatchObject([{ repository: 'library', path: 'src/call.js', reason: 'SECRET_LIKE' }]);
    expect(left.summary.warnings).toBeUndefined();
  });

  it('are captured and named, with the rule and never the value', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    write(from.directory, { ...secrets, 'plain.txt': 'nothing\n' });
    const { to, captured, report } = await lab.carry(from, remote, policy('WARN', '.env'));
    expect(captured.summary.gaps).toEqual([]);
    expect(captured.summary.warningCount).toBe(3);
    expect(rules(captured.summary.warnings)).toEqual([
      ['.env', 'no-dotenv'],
      ['deploy/key', 'privatekey'],
      ['src/call.js', 'github'],
    ]);
    expect(JSON.stringify(captured.summary)).not.toContain(token.slice(4, 20));
    expect(report.exact).toBe(true);
    expect(describeFiles(to.directory)).toBe(describeFiles(from.directory));
    // What has not changed is not read again, and is named all the same.
    const again = await lab.capture(to, captured.summary.manifest, lab.workspaces, { declared: policy('WARN', '.env') });
    expect(again.summary.manifest.hash).toBe(captured.summary.manifest.hash);
    expect(again.summary.warningCount).toBe(3);
  });

  it('are left out where the environment says so, and the restore says what is missing', async () => {
    const remote = lab.remote({ ...files, 'src/call.js': 'call();\n' });
    const from = await lab.open(remote);
    write(from.directory, { ...secrets, 'plain.txt': 'nothing\n' });
    const { to, captured, report } = await lab.carry(from, remote, policy('EXCLUDE', '.env'));
    expect(captured.summary.gaps).toMatchObject([
      { path: '.env', status: 'SKIPPED', reason: 'SECRET_LIKE' },
      { path: 'deploy/key', status: 'SKIPPED', reason: 'SECRET_LIKE' },
      { path: 'src/call.js', status: 'SKIPPED', reason: 'SECRET_LIKE' },
    ]);
    expect(captured.summary.changes.map(({ path }) => path)).toEqual(['plain.txt']);
    expect(report).toMatchObject({ exact: false, notApplied: 3 });
    expect(report.entries.slice(0, 3).map(({ reason }) => reason)).toEqual(Array(3).fill('SECRET_LIKE'));
    expect(existsSync(join(to.directory, 'deploy/key'))).toBe(false);
    expect(readFileSync(join(to.directory, 'src/call.js'), 'utf8')).toBe('call();\n');
  });

  it('are left out of the index too, but what a commit has travels with it and is named', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    write(from.directory, { 'committed.js': secrets['src/call.js'], 'staged.pem': privateKey });
    git(from.directory, 'add', 'committed.js');
    git(from.directory, 'commit', '--quiet', '--message=a secret');
    git(from.directory, 'add', 'staged.pem');
    write(from.directory, { 'staged.pem': 'another\n' });
    const { to, captured, report } = await lab.carry(from, remote, policy('EXCLUDE'));
    expect(captured.summary.gaps).toMatchObject([
      { path: 'staged.pem', reason: 'SECRET_LIKE', detail: expect.stringContaining('staged') as string },
    ]);
    expect(captured.summary.warnings).toMatchObject([
      { path: 'committed.js', detail: expect.stringContaining('in a commit') as string },
    ]);
    expect(report.exact).toBe(false);
    expect(readFileSync(join(to.directory, 'committed.js'), 'utf8')).toBe(secrets['src/call.js']);
    expect(readFileSync(join(to.directory, 'staged.pem'), 'utf8')).toBe('another\n');
    expect(git(to.directory, 'ls-files', 'staged.pem')).toBe('');
  });

  it('are looked at anew under another policy, though they did not change', async () => {
    const from = await lab.open(lab.remote(files));
    write(from.directory, secrets);
    const first = await lab.capture(from);
    expect(first.summary.warnings).toBeUndefined();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const second = await lab.capture(from, first.summary.manifest, lab.workspaces, { declared: policy('WARN') });
    expect(second.summary.warningCount).toBe(2);
    const third = await lab.capture(from, second.summary.manifest, lab.workspaces, { declared: policy('EXCLUDE') });
    expect(third.summary.gaps.map(({ path }) => path)).toEqual(['deploy/key', 'src/call.js']);
    const fourth = await lab.capture(from, third.summary.manifest, lab.workspaces, { declared: policy('INCLUDE') });
    expect(fourth.summary.manifest.hash).toBe(first.summary.manifest.hash);
  });
});
