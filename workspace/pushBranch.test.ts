import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { git, Lab, write } from './testParts/lab.ts';

let lab: Lab;
let remote: string;
beforeEach(() => {
  lab = new Lab();
  remote = lab.path('remote.git');
  git(lab.root, 'clone', '--quiet', '--bare', lab.remote({ 'a.txt': 'one\n' }, 'source'), remote);
});
afterEach(() => lab.close());

const branch = 'baton/test';
const at = (repository: string, name = branch): string => git(repository, 'rev-parse', '--verify', `refs/heads/${name}`).trim();
const branchesOf = (repository: string): string[] => git(repository, 'branch', '--format=%(refname:short)').trim().split('\n');
const open = () => lab.open(remote);

/** Commits a file on the branch that a repository is on. */
function commit(directory: string, path: string, content = `${path}\n`): string {
  write(directory, { [path]: content });
  git(directory, 'add', '--all');
  git(directory, 'commit', '--quiet', `--message=${path}`);
  return git(directory, 'rev-parse', 'HEAD').trim();
}

/** Somebody else's commit on the run's branch. */
function moveBranch(): string {
  const other = lab.path('somebody');
  rmSync(other, { recursive: true, force: true });
  git(lab.root, 'clone', '--quiet', remote, other);
  git(other, 'switch', '--quiet', ...(branchesOf(remote).includes(branch) ? [branch] : ['--create', branch]));
  const theirs = commit(other, 'theirs.txt');
  git(other, 'push', '--quiet', 'origin', branch);
  return theirs;
}

function hook(name: string, script: string): void {
  writeFileSync(join(remote, 'hooks', name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(remote, 'hooks', name), 0o755);
}

describe('the run’s branch', () => {
  test('is pushed with what was committed to it, and only then', async () => {
    const workspace = await open();
    expect(await lab.push(workspace, { url: remote })).toBeNull();
    write(workspace.directory, { 'not-committed.txt': 'x' });
    expect(await lab.push(workspace, { url: remote })).toBeNull();
    expect(branchesOf(remote)).toEqual(['main']);

    commit(workspace.directory, 'b.txt');
    const tip = commit(workspace.directory, 'c.txt');
    expect(await lab.push(workspace, { url: remote })).toEqual({
      type: 'branch.pushed',
      repository: '.',
      url: remote,
      branch,
      commit: tip,
      commits: 2,
    });
    expect(at(remote)).toBe(tip);
    expect(git(remote, 'fsck', '--strict').trim()).toBe('');
    expect(await lab.push(workspace, { url: remote })).toBeNull();
  });

  test('goes forward by what a later session commits', async () => {
    const first = await open();
    const one = commit(first.directory, 'b.txt');
    await lab.push(first, { url: remote });
    const { to } = await lab.carry(first, remote);
    expect(await lab.push(to, { url: remote })).toBeNull();
    const two = commit(to.directory, 'c.txt');
    expect(await lab.push(to, { url: remote })).toMatchObject({ type: 'branch.pushed', commit: two, commits: 1 });
    expect(git(remote, 'rev-list', '--count', `${one}..${branch}`).trim()).toBe('1');
  });

  test('is pushed again by the next session when it could not be', async () => {
    const first = await open();
    const tip = commit(first.directory, 'b.txt');
    hook('pre-receive', 'exit 1');
    expect(await lab.push(first, { url: remote })).toMatchObject({ reason: 'REJECTED' });
    rmSync(join(remote, 'hooks/pre-receive'));
    const { to } = await lab.carry(first, remote);
    expect(await lab.push(to, { url: remote })).toMatchObject({ type: 'branch.pushed', commit: tip, commits: 1 });
  });

  test('is not forced onto what somebody else has pushed to it', async () => {
    const workspace = await open();
    const tip = commit(workspace.directory, 'b.txt');
    const theirs = moveBranch();
    const told = await lab.push(workspace, { url: remote });
    expect(told).toMatchObject({ type: 'branch.notPushed', repository: '.', url: remote, branch, commit: tip });
    expect(told).toMatchObject({ reason: 'NOT_FAST_FORWARD', detail: expect.stringContaining('somebody else has pushed') });
    expect(at(remote)).toBe(theirs);
  });

  test('is left as it is when somebody has added to it and the session has not', async () => {
    const workspace = await open();
    commit(workspace.directory, 'b.txt');
    await lab.push(workspace, { url: remote });
    const theirs = moveBranch();
    expect(await lab.push(workspace, { url: remote })).toBeNull();
    expect(at(remote)).toBe(theirs);
  });

  test('is pushed with merges of what the remote got meanwhile, by what is new', async () => {
    const workspace = await open();
    const source = lab.path('source');
    const ahead = commit(source, 'ahead.txt');
    git(source, 'push', '--quiet', remote, 'main');
    git(workspace.directory, 'fetch', '--quiet', remote, 'main');
    commit(workspace.directory, 'b.txt');
    git(workspace.directory, 'merge', '--quiet', '--no-edit', ahead);
    expect(await lab.push(workspace, { url: remote })).toMatchObject({ type: 'branch.pushed', commits: 2 });
  });

  test('is pushed as a repository with SHA-256 has it', async () => {
    const source = lab.remote({ 'a.txt': 'one\n' }, 'sha256', '--object-format=sha256');
    const workspace = await lab.open(source);
    const tip = commit(workspace.directory, 'b.txt');
    expect(await lab.push(workspace, { url: source })).toMatchObject({ type: 'branch.pushed', commit: tip, commits: 1 });
    expect(at(source)).toBe(tip);
  });
});

describe('a push that is refused', () => {
  test('says what the remote’s hook said, without credentials and control characters', async () => {
    hook('pre-receive', `printf 'Commits need a \\033[31mticket\\033[0m: https://me:s3cret@tickets.example/new\\n' >&2; exit 1`);
    const workspace = await open();
    commit(workspace.directory, 'b.txt');
    const told = await lab.push(workspace, { url: remote });
    expect(told).toMatchObject({ type: 'branch.notPushed', reason: 'REJECTED' });
    const { detail } = told as { detail: string };
    expect(detail).toContain('pre-receive hook declined');
    expect(detail).toContain('Commits need a ticket: https://***@tickets.example/new');
    expect(detail).not.toMatch(/s3cret|\u001B/);
    expect(branchesOf(remote)).toEqual(['main']);
  });

  test('says when the remote is gone', async () => {
    const workspace = await open();
    commit(workspace.directory, 'b.txt');
    rmSync(remote, { recursive: true });
    const told = await lab.push(workspace, { url: remote });
    expect(told).toMatchObject({ reason: 'UNREACHABLE', detail: expect.stringContaining('could not be reached') });
  });

  test('says when the remote takes longer than it may, and leaves nothing running', async () => {
    hook('pre-receive', `echo $$ > "${lab.path('hook.pid')}"; exec sleep 600`);
    const workspace = await open();
    commit(workspace.directory, 'b.txt');
    expect(await lab.push(workspace, { url: remote, deadlineMs: 2_000 })).toMatchObject({
      reason: 'TIMED_OUT',
      detail: expect.stringContaining('longer than 2 s'),
    });
    expect(branchesOf(remote)).toEqual(['main']);
    const hookId = Number(readFileSync(lab.path('hook.pid'), 'utf8'));
    await vi.waitFor(() => expect(() => process.kill(hookId, 0)).toThrow('ESRCH'), { timeout: 10_000 });
  });

  test('says when the worker had to stop before the remote was done', async () => {
    hook('pre-receive', 'exec sleep 600');
    const workspace = await open();
    const tip = commit(workspace.directory, 'b.txt');
    expect(await lab.push(workspace, { url: remote, hurried: AbortSignal.timeout(1_000) })).toMatchObject({
      reason: 'TIMED_OUT',
      commit: tip,
      detail: expect.stringContaining('had to stop'),
    });
    expect(branchesOf(remote)).toEqual(['main']);
  });

  test('says when the commits are not whole in the workspace', async () => {
    const workspace = await open();
    commit(workspace.directory, 'b.txt');
    const blob = git(workspace.directory, 'rev-parse', 'HEAD:b.txt').trim();
    rmSync(join(workspace.directory, '.git/objects', blob.slice(0, 2), blob.slice(2)), { force: true });
    expect(await lab.push(workspace, { url: remote })).toMatchObject({ reason: 'INVALID_OBJECTS' });
    expect(branchesOf(remote)).toEqual(['main']);
  });

  test('says when the branch’s commit is not what its name says', async () => {
    const workspace = await open();
    const other = commit(workspace.directory, 'b.txt');
    const tip = commit(workspace.directory, 'c.txt');
    const file = (oid: string) => join(workspace.directory, '.git/objects', oid.slice(0, 2), oid.slice(2));
    rmSync(file(tip));
    copyFileSync(file(other), file(tip));
    expect(await lab.push(workspace, { url: remote })).toMatchObject({ reason: 'INVALID_OBJECTS', commit: tip });
    expect(branchesOf(remote)).toEqual(['main']);
  });

  test('says when git finds an object that must not be', async () => {
    const workspace = await open();
    const tree = git(workspace.directory, 'rev-parse', 'HEAD^{tree}').trim();
    const bad = lab.path('bad');
    writeFileSync(bad, `tree ${tree}\nauthor nobody\ncommitter nobody\n\nbad\n`);
    const oid = git(workspace.directory, 'hash-object', '-t', 'commit', '--literally', '-w', bad).trim();
    git(workspace.directory, 'update-ref', `refs/heads/${branch}`, oid);
    expect(await lab.push(workspace, { url: remote })).toMatchObject({ reason: 'INVALID_OBJECTS', commit: oid });
    expect(branchesOf(remote)).toEqual(['main']);
  });
});

describe('what an agent writes into its repository', () => {
  test('has no influence on where its branch is pushed, or on what runs', async () => {
    const workspace = await open();
    const tip = commit(workspace.directory, 'b.txt');
    const elsewhere = lab.path('elsewhere.git');
    git(lab.root, 'init', '--quiet', '--bare', elsewhere);
    const ran = lab.path('ran');
    const program = lab.path('program');
    writeFileSync(program, `#!/bin/sh\ntouch "${ran}"\nexit 1\n`);
    chmodSync(program, 0o755);
    const settings = {
      'remote.origin.url': elsewhere,
      'remote.origin.pushurl': elsewhere,
      'remote.origin.receivepack': program,
      'remote.origin.push': '+refs/heads/*:refs/heads/*',
      'remote.origin.mirror': 'true',
      [`url.${elsewhere}.insteadOf`]: remote,
      [`url.${elsewhere}.pushInsteadOf`]: remote,
      'core.sshCommand': program,
      'core.hooksPath': lab.path('hooks'),
      'core.fsmonitor': program,
      'core.alternateRefsCommand': program,
      'credential.helper': program,
      'push.gpgSign': 'true',
      'gpg.program': program,
      'push.followTags': 'true',
      'pack.packSizeLimit': '1',
      'include.path': lab.path('more.config'),
    };
    for (const [key, value] of Object.entries(settings)) git(workspace.directory, 'config', key, value);
    write(lab.root, { 'more.config': `[core]\n\tpager = ${program}\n` });
    mkdirSync(lab.path('hooks'));
    for (const folder of [lab.path('hooks'), join(workspace.directory, '.git/hooks')]) {
      mkdirSync(folder, { recursive: true });
      for (const name of ['pre-push', 'pre-receive', 'update', 'post-receive', 'reference-transaction']) {
        writeFileSync(join(folder, name), `#!/bin/sh\ntouch "${ran}"\nexit 1\n`);
        chmodSync(join(folder, name), 0o755);
      }
    }
    const base = workspace.opened[0]?.base ?? '';
    write(join(workspace.directory, '.git'), {
      'refs/tags/sneaked': `${tip}\n`,
      'refs/heads/another': `${tip}\n`,
      [`refs/replace/${tip}`]: `${base}\n`,
    });
    expect(await lab.push(workspace, { url: remote })).toMatchObject({
      type: 'branch.pushed',
      url: remote,
      commit: tip,
      commits: 1,
    });
    expect(at(remote)).toBe(tip);
    expect(branchesOf(remote).sort()).toEqual([branch, 'main']);
    expect(git(remote, 'tag').trim()).toBe('');
    expect(readdirSync(join(elsewhere, 'refs/heads'))).toEqual([]);
    expect(existsSync(ran)).toBe(false);
  });

  test('brings no object of another repository to the remote', async () => {
    const workspace = await open();
    commit(workspace.directory, 'b.txt');
    const secret = lab.remote({ 'secret.txt': 'secret\n' }, 'secret');
    write(workspace.directory, { '.git/objects/info/alternates': `${join(secret, '.git/objects')}\n` });
    git(workspace.directory, 'update-ref', `refs/heads/${branch}`, at(secret, 'main'));
    expect(await lab.push(workspace, { url: remote })).toMatchObject({ reason: 'INVALID_OBJECTS' });
    expect(branchesOf(remote)).toEqual(['main']);
  });
});
