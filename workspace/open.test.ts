import { execFileSync, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FailureError, type Failure } from '../domain/failure.ts';
import { createGit } from './git.ts';
import { directGit, type SpawnGit } from './gitProcess.ts';
import { git, Lab, write } from './testParts/lab.ts';
import { createWorkspaces } from './workspaces.ts';

let lab: Lab;
beforeEach(() => {
  lab = new Lab();
});
afterEach(() => lab.close());

const files = { 'a.txt': 'a\n', 'src/b.txt': 'b\n', 'run.sh': '#!/bin/sh\n' };

async function failureOf(opening: Promise<unknown>): Promise<Failure> {
  try {
    await opening;
  } catch (error) {
    if (error instanceof FailureError) return error.failure;
    throw error;
  }
  throw new Error('it opened');
}

/** A promise that is kept when somebody says so. */
function told() {
  let tell = () => {};
  const promise = new Promise<void>((resolve) => {
    tell = resolve;
  });
  return { promise, tell };
}

/** A worker whose calls of git are written down. */
function recording(name = 'recording', fetchMayEnd: Promise<void> = Promise.resolve()) {
  const calls: string[][] = [];
  const spawn = directGit();
  const recorded: SpawnGit = (args, setting) => {
    const call = args.filter((arg, n) => arg !== '-c' && args[n - 1] !== '-c');
    calls.push(call);
    const process = spawn(args, setting);
    return call[0] === 'fetch' ? { ...process, exit: fetchMayEnd.then(() => process.exit) } : process;
  };
  const workspaces = createWorkspaces({ blobs: lab.blobs, mirrors: lab.path(`${name}/mirrors`), remoteGit: recorded });
  return { workspaces, fetches: () => calls.filter(([command]) => command === 'fetch').length };
}

describe('opening a workspace', { timeout: 60_000 }, () => {
  it('makes a clone on the run’s own branch', async () => {
    const remote = lab.remote(files);
    git(remote, 'branch', 'other');
    git(remote, 'tag', 'v1');
    const { directory, opened, progress } = await lab.open(remote);
    const base = git(remote, 'rev-parse', 'HEAD').trim();
    expect(opened).toEqual([{ repository: '.', url: remote, baseBranch: 'main', base, branch: 'baton/test' }]);
    expect(git(directory, 'status', '--porcelain', '--branch')).toBe('## baton/test\n');
    expect(git(directory, 'for-each-ref', '--format=%(refname)').split('\n')).toEqual([
      'refs/heads/baton/test',
      'refs/remotes/origin/HEAD',
      'refs/remotes/origin/main',
      'refs/remotes/origin/other',
      'refs/tags/v1',
      '',
    ]);
    expect(git(directory, 'remote', '--verbose')).toContain(`origin\t${remote} (fetch)`);
    git(directory, 'fsck');
    git(directory, 'fetch', '--quiet', 'origin');
    expect(progress).toEqual(
      expect.arrayContaining(['asking remote for its branches', 'fetching remote', 'checking out remote']),
    );
    expect(progress).toContainEqual(expect.stringMatching(/^fetching remote, \d+ %$/));
    // The agent can commit at once.
    execFileSync('git', ['commit', '--quiet', '--allow-empty', '--message=x'], {
      cwd: directory,
      env: { PATH: process.env['PATH'] ?? '' },
    });
    expect(git(directory, 'log', '-1', '--format=%an <%ae>')).toBe('Baton <baton@localhost>\n');
  });

  it('begins at the branch that the environment names', async () => {
    const remote = lab.remote(files);
    git(remote, 'checkout', '--quiet', '-b', 'release/1');
    write(remote, { 'release.txt': 'x\n' });
    git(remote, 'add', '--all');
    git(remote, 'commit', '--quiet', '--message=release');
    git(remote, 'checkout', '--quiet', 'main');
    const { directory, opened } = await lab.open([{ repository: '.', url: remote, branch: 'release/1' }]);
    expect(opened[0]).toMatchObject({ baseBranch: 'release/1', branch: 'baton/test' });
    expect(existsSync(join(directory, 'release.txt'))).toBe(true);
  });

  it('does not depend on the mirror afterwards, nor can change it', async () => {
    const { directory } = await lab.open(lab.remote(files));
    const mirrors = lab.path('worker/mirrors');
    const inodes = (folder: string): number[] =>
      readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
        const path = join(folder, entry.name);
        return entry.isDirectory() ? inodes(path) : [statSync(path).ino];
      });
    const shared = new Set(inodes(mirrors));
    expect(inodes(join(directory, '.git')).filter((ino) => shared.has(ino))).toEqual([]);
    expect(existsSync(join(directory, '.git/objects/info/alternates'))).toBe(false);
    rmSync(mirrors, { recursive: true });
    git(directory, 'fsck', '--full');
  });

  it('fetches once for many who open the same repository, and not at all when nothing is new', async () => {
    const remote = lab.remote(files);
    const { workspaces, fetches } = recording();
    await Promise.all(Array.from({ length: 5 }, () => lab.open(remote, { workspaces })));
    expect(fetches()).toBe(1);
    await lab.open(remote, { workspaces });
    expect(fetches()).toBe(1);
    write(remote, { 'a.txt': 'newer\n' });
    git(remote, 'commit', '--quiet', '--all', '--message=newer');
    const { directory } = await lab.open(remote, { workspaces });
    expect(fetches()).toBe(2);
    expect(readFileSync(join(directory, 'a.txt'), 'utf8')).toBe('newer\n');
  });

  it('shares mirrors with other processes', async () => {
    const remote = lab.remote(files);
    const program = lab.path('open.mts');
    writeFileSync(
      program,
      `import { createWorkspaces } from '${import.meta.dirname}/workspaces.ts';
       const [, , mirrors, name, remote] = process.argv;
       const workspaces = createWorkspaces({ blobs: null, mirrors });
       const signal = new AbortController().signal;
       await workspaces.open({ teamId: 'team_x', directory: name, state: name + '.state', repositories: [{ repository: '.', url: remote, branch: null }],
         workingBranch: 'baton/x', restoring: null, allowLocal: true, signal, onProgress: (detail) => process.send(detail) });`,
    );
    const said: string[] = [];
    const children = Array.from({ length: 3 }, (_, n) =>
      fork(program, [lab.path('mirrors'), lab.path(`child-${n}`), remote], {
        execArgv: ['--import', import.meta.resolve('tsx')],
      }),
    );
    for (const child of children) child.on('message', (detail) => said.push(String(detail)));
    expect((await Promise.all(children.map((child) => once(child, 'exit')))).map(([code]) => code as unknown)).toEqual([0, 0, 0]);
    expect(said.filter((detail) => detail === 'fetching remote')).toHaveLength(1);
    for (let n = 0; n < 3; n++) git(lab.path(`child-${n}`), 'fsck');
  });

  it('goes on fetching for the others when one gives up', async () => {
    const remote = lab.remote(files);
    const bothWait = told();
    const { workspaces, fetches } = recording('given-up-mirrors', bothWait.promise);
    const request = {
      teamId: lab.teamId,
      repositories: [{ repository: '.', url: remote, branch: null }],
      workingBranch: 'baton/x',
      restoring: null,
      allowLocal: true,
    };
    const open = (name: string, signal: AbortSignal) => {
      const fetching = told();
      const onProgress = (detail: string) => detail.startsWith('fetching remote') && fetching.tell();
      const directory = lab.path(name);
      return {
        opening: workspaces.open({ ...request, directory, state: `${directory}.state`, signal, onProgress }),
        fetching: fetching.promise,
      };
    };
    const controller = new AbortController();
    const first = open('given-up', controller.signal);
    await first.fetching;
    const second = open('goes-on', lab.signal);
    await second.fetching;
    controller.abort(new Error('given up'));
    await expect(first.opening).rejects.toThrow('given up');
    bothWait.tell();
    await second.opening;
    git(lab.path('goes-on'), 'fsck');
    expect(fetches()).toBe(1);
    // The one who gave up can come back.
    expect(await open('given-up', lab.signal).opening).toHaveLength(1);
  });

  it('removes the mirrors that were not used for longest when they take too much room', async () => {
    // Bytes that no compression makes fewer.
    const remotes = [1, 2, 3].map((n) => lab.remote({ 'noise.bin': randomBytes(50_000) }, `remote-${n}`));
    const workspaces = createWorkspaces({ blobs: lab.blobs, mirrors: lab.path('small'), mostMirrorBytes: 120_000 });
    const team = lab.path(`small/${lab.teamId}`);
    const mirrors = () => readdirSync(team).map((name) => name.split('-').slice(0, 2).join('-'));
    const unused = (name: string, hours: number) => {
      const at = Date.now() / 1_000 - hours * 3_600;
      const mirror = readdirSync(team).find((other) => other.startsWith(name)) ?? '';
      utimesSync(join(team, mirror, 'HEAD'), at, at);
    };
    for (const remote of remotes.slice(0, 2)) await lab.open(remote, { workspaces });
    unused('remote-1', 2);
    unused('remote-2', 3);
    await lab.open(remotes[2] ?? '', { workspaces });
    expect(mirrors().sort()).toEqual(['remote-1', 'remote-3']);
    // One that was used lately stays, for someone may be copying it; the one that went is fetched again.
    const { directory } = await lab.open(remotes[1] ?? '', { workspaces });
    git(directory, 'fsck');
    expect(mirrors().sort()).toEqual(['remote-2', 'remote-3']);
  });

  it('throws a damaged mirror away and fetches it again', async () => {
    const remote = lab.remote({
      ...files,
      'large.bin': Buffer.from(Array.from({ length: 200_000 }, (_, n) => (n * 2_654_435_761) >>> 9)),
    });
    await lab.open(remote);
    const teamMirrors = lab.path(`worker/mirrors/${lab.teamId}`);
    const mirror = () => join(teamMirrors, readdirSync(teamMirrors).find((name) => name.endsWith('.git')) ?? '');
    const packs = () => readdirSync(join(mirror(), 'objects/pack')).map((name) => join(mirror(), 'objects/pack', name));
    const damages: Record<string, () => void> = {
      'a pack that is cut short': () =>
        packs()
          .filter((name) => name.endsWith('.pack'))
          .forEach((name) => truncateSync(name, 1000)),
      'an index that is nonsense': () =>
        packs()
          .filter((name) => name.endsWith('.idx'))
          .forEach((name) => {
            rmSync(name);
            writeFileSync(name, 'nonsense');
          }),
      'packs that are gone': () => packs().forEach((name) => rmSync(name)),
      'a directory that is no repository': () => rmSync(join(mirror(), 'HEAD')),
    };
    for (const [damage, inflict] of Object.entries(damages)) {
      inflict();
      const { directory } = await lab.open(remote);
      expect({ damage, found: git(directory, 'fsck', '--full') + git(directory, 'status', '--porcelain') }).toEqual({
        damage,
        found: '',
      });
    }
    expect(readdirSync(teamMirrors)).toHaveLength(1);
  });

  it('takes over from a process that died while it fetched', async () => {
    const remote = lab.remote(files);
    await lab.open(remote);
    const teamMirrors = lab.path(`worker/mirrors/${lab.teamId}`);
    const mirror = join(teamMirrors, readdirSync(teamMirrors)[0] ?? '');
    mkdirSync(`${mirror}.new-0123456789ab/objects`, { recursive: true });
    mkdirSync(`${mirror}.lock`);
    execFileSync('touch', ['-d', '5 minutes ago', `${mirror}.lock`]);
    rmSync(mirror, { recursive: true });
    const { directory } = await lab.open(remote);
    git(directory, 'fsck');
    expect(readdirSync(teamMirrors)).toEqual([mirror.slice(teamMirrors.length + 1)]);
  });

  it('gives the same again for the same request, and begins anew what was not finished', async () => {
    const remote = lab.remote(files);
    const request = {
      teamId: lab.teamId,
      directory: lab.path('twice'),
      state: lab.path('twice.state'),
      repositories: [{ repository: '.', url: remote, branch: null }],
      workingBranch: 'baton/x',
      restoring: null,
      allowLocal: true,
      signal: lab.signal,
      onProgress: () => {},
    };
    const opened = await lab.workspaces.open(request);
    write(request.directory, { 'a.txt': 'work\n' });
    expect(await lab.workspaces.open(request)).toEqual(opened);
    expect(readFileSync(join(request.directory, 'a.txt'), 'utf8')).toBe('work\n');
    rmSync(join(request.state, 'opened.json'));
    expect(await lab.workspaces.open(request)).toEqual(opened);
    expect(git(request.directory, 'status', '--porcelain')).toBe('');
  });

  it('never takes a directory that has something else in it', async () => {
    const remote = lab.remote(files);
    write(lab.root, { 'workspace-1/precious.txt': 'precious' });
    await expect(lab.open(remote)).rejects.toThrow('is not empty');
    expect(readFileSync(lab.path('workspace-1/precious.txt'), 'utf8')).toBe('precious');
  });

  it('opens a repository without commits', async () => {
    const remote = lab.path('empty');
    mkdirSync(remote);
    git(remote, 'init', '--quiet', '--bare');
    const from = await lab.open(remote);
    expect(from.opened[0]).toMatchObject({ baseBranch: 'main', base: '0'.repeat(40) });
    write(from.directory, { 'first.txt': 'first\n' });
    git(from.directory, 'add', '--all');
    const captured = await lab.capture(from);
    expect(captured.summary.repositories).toMatchObject([{ branch: 'baton/test', head: null, base: null }]);
    git(from.directory, 'commit', '--quiet', '--message=first');
    write(from.directory, { 'first.txt': 'changed\n', 'second.txt': 'second\n' });
    const { to, report } = await lab.carry(from, remote);
    expect(report.entries.filter(({ status }) => status !== 'APPLIED')).toEqual([]);
    expect(git(to.directory, 'status', '--porcelain')).toBe(' M first.txt\n?? second.txt\n');
    expect(git(to.directory, 'log', '--format=%s')).toBe('first\n');
  });

  it('opens a repository with SHA-256 ids', async () => {
    const remote = lab.remote(files, 'sha256', '--object-format=sha256');
    const from = await lab.open(remote);
    write(from.directory, { 'a.txt': 'changed\n' });
    git(from.directory, 'commit', '--quiet', '--all', '--message=x');
    write(from.directory, { 'a.txt': 'again\n', 'new.txt': 'staged\n' });
    git(from.directory, 'add', 'new.txt');
    const { to, report } = await lab.carry(from, remote);
    expect(report).toMatchObject({ exact: true });
    expect(git(to.directory, 'rev-parse', 'HEAD')).toBe(git(from.directory, 'rev-parse', 'HEAD'));
  });
});

describe('opening a workspace fails with a reason', { timeout: 60_000 }, () => {
  it('when the branch does not exist', async () => {
    const remote = lab.remote(files);
    git(remote, 'branch', 'develop');
    const failure = await failureOf(lab.open([{ repository: '.', url: remote, branch: 'nope' }]));
    expect(failure).toMatchObject({ code: 'BRANCH_NOT_FOUND', origin: 'USER', retryable: false });
    expect(failure.message).toContain('no branch “nope”. It has: develop, main.');
  });

  it('when there is no repository at the address', async () => {
    const failure = await failureOf(lab.open(lab.path('nothing-here')));
    expect(failure).toMatchObject({ code: 'REPOSITORY_UNREACHABLE', retryable: true });
    expect(failure.message).toContain('nothing-here');
  });

  it('when the host refuses, without showing credentials', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const url = `http://someone:hunter2@127.0.0.1:${port}/example.git`;
    const failure = await failureOf(lab.open(url));
    expect(failure).toMatchObject({ code: 'REPOSITORY_UNREACHABLE' });
    expect(failure.message).toContain(`http://127.0.0.1:${port}/example.git`);
    expect(failure.message).not.toContain('hunter2');
    expect(failure.message).not.toContain('someone');
  });

  it('when the address is refused', async () => {
    for (const url of ['ext::sh -c true', '--upload-pack=x', 'file://relative'])
      expect(
        await failureOf(
          lab.workspaces.open({
            teamId: lab.teamId,
            directory: lab.path('x'),
            state: lab.path('x.state'),
            repositories: [{ repository: '.', url, branch: null }],
            workingBranch: 'b',
            restoring: null,
            allowLocal: false,
            signal: lab.signal,
            onProgress: () => {},
          }),
        ),
      ).toMatchObject({ code: 'REPOSITORY_REFUSED' });
    expect(existsSync(lab.path('x'))).toBe(false);
  });

  it('when the folders of its repositories cannot be', async () => {
    const remote = lab.remote(files);
    symlinkSync('/tmp', join(remote, 'door'));
    git(remote, 'add', '--all');
    git(remote, 'commit', '--quiet', '--message=door');
    const at = (...folders: string[]) =>
      failureOf(lab.open(folders.map((repository) => ({ repository, url: remote, branch: null }))));
    for (const folders of [['../x'], ['/x'], ['.git'], ['a', 'a'], ['.', 'src'], ['.', 'door/x'], ['.', 'a.txt']])
      expect({ folders, code: (await at(...folders)).code }).toEqual({ folders, code: 'REPOSITORY_REFUSED' });
    expect(existsSync('/tmp/x')).toBe(false);
  });
});

describe('git', { timeout: 60_000 }, () => {
  it('is stopped at its deadline, with all that it started', async () => {
    const slow = lab.path('slow.sh');
    writeFileSync(slow, `#!/bin/sh\necho $$ > ${lab.path('pid')}\nexec sleep 300\n`, { mode: 0o755 });
    const run = createGit(directGit());
    mkdirSync(lab.path('repository'));
    git(lab.path('repository'), 'init', '--quiet');
    const call = run(['-c', `alias.slow=!${slow}`, 'slow'], { cwd: lab.path('repository'), deadlineMs: 500 });
    await expect(call).rejects.toMatchObject({ name: 'GitError', timedOut: true });
    const pid = Number(readFileSync(lab.path('pid'), 'utf8'));
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('says so when it is not installed', async () => {
    const run = createGit(directGit({ program: 'no-such-git' }));
    await expect(run(['version'], { cwd: lab.root })).rejects.toMatchObject({ name: 'GitError', exitCode: null });
  });

  it('reads no settings but those of the repository, and none of the process’s environment', async () => {
    const seen: Record<string, string>[] = [];
    const spawn = directGit();
    const run = createGit((args, setting) => {
      seen.push({ ...setting.variables });
      return spawn(args, setting);
    });
    const { stdout } = await run(['config', '--list', '--show-origin'], { cwd: lab.root });
    expect(stdout.toString()).not.toMatch(/^file:(?!\/dev\/null)/m);
    expect(seen[0]).toMatchObject({
      GIT_TERMINAL_PROMPT: '0',
      GIT_ALLOW_PROTOCOL: '',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
    });
    expect(seen[0]).not.toHaveProperty('SSH_AUTH_SOCK');
  });
});
