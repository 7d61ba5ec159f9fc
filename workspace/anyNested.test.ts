import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinBytes, parentOf, type BytePath } from './bytePath.ts';
import { describeRepository, git, Lab } from './testParts/lab.ts';

/** One thing that an agent does in its workspace. Those that do not apply to what is there do nothing. */
type Step =
  | { readonly do: 'write'; readonly path: string; readonly content: string }
  | { readonly do: 'remove'; readonly path: string }
  | { readonly do: 'move'; readonly path: string; readonly to: string }
  | { readonly do: 'link'; readonly path: string; readonly to: string }
  | { readonly do: 'mkdir'; readonly path: string }
  | { readonly do: 'chmod'; readonly path: string; readonly mode: number }
  | { readonly do: 'touch'; readonly path: string; readonly time: number }
  /** In the workspace, or in a folder of it, which may be a repository of its own. */
  | { readonly do: 'git'; readonly args: readonly string[]; readonly in?: string };

// Few names, so that steps meet: files where folders were, changes of what was staged, deletions of what was changed.
const name = fc.constantFrom('a', 'b', 'c.txt', 'd.crlf', 'e.log', 'n\n"m', 'ünï', '\u00ff');
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
const content = fc.constantFrom(
  '',
  'one\n',
  'two\n',
  'one\r\ntwo\r\n',
  'one\ntwo\nthree\n',
  '\0binary\u0001',
  'x'.repeat(300_000),
);
const branch = fc.constantFrom('one', 'two/three', 'baton/test');

const gitStep = fc
  .oneof(
    path.map((path) => ['add', '--force', '--', path]),
    fc.constant(['add', '--all']),
    path.map((path) => ['add', '--intent-to-add', '--', path]),
    path.map((path) => ['rm', '-r', '--quiet', '--cached', '--', path]),
    path.map((path) => ['update-index', '--assume-unchanged', '--', path]),
    path.map((path) => ['update-index', '--skip-worktree', '--', path]),
    path.map((path) => ['update-index', '--chmod=+x', '--', path]),
    fc.constant(['commit', '--quiet', '--allow-empty', '--message=a commit']),
    fc.constant(['commit', '--quiet', '--all', '--amend', '--message=another']),
    branch.map((branch) => ['switch', '--quiet', '--create', branch]),
    branch.map((branch) => ['switch', '--quiet', '--force', branch]),
    branch.map((branch) => ['branch', '-D', branch]),
    fc.constant(['checkout', '--quiet', '--detach']),
    fc.constant(['switch', '--quiet', '--orphan', 'fresh']),
    fc.constantFrom('light', 'v1').map((tag) => ['tag', '--force', tag]),
    fc.constant(['tag', '--force', '--annotate', '--message=tag', 'annotated']),
    fc.constant(['stash', '--quiet', '--include-untracked']),
    fc.constant(['reset', '--quiet', '--soft', 'HEAD~1']),
    branch.map((branch) => ['merge', '--quiet', '--no-edit', branch]),
    branch.map((branch) => ['cherry-pick', branch]),
    branch.map((branch) => ['rebase', branch]),
    branch.map((branch) => ['bisect', 'start', 'HEAD', branch]),
    fc.constant(['reset', '--quiet', '--hard', 'origin/main']),
    fc.constantFrom('true', 'input', 'false').map((value) => ['config', 'core.autocrlf', value]),
    fc.constant(['pack-refs', '--all']),
    fc.constant(['gc', '--quiet']),
    fc.constantFrom('2', '4').map((version) => ['update-index', '--index-version', version]),
    fc.constant(['status']),
  )
  .map((args): Step => ({ do: 'git', args }));

const fileStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('write' as const), path, content }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), path }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('move' as const), path, to: path }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('link' as const), path, to: fc.constantFrom('a', '../b', '/nowhere', '.') }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('mkdir' as const), path }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('chmod' as const), path, mode: fc.constantFrom(0o600, 0o644, 0o755, 0o444) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('touch' as const), path, time: fc.constantFrom(1, 1_000_000_000.5, 1_700_000_000) }),
  },
);

/** What makes repositories in the workspace, and works in them; `REMOTE` is the workspace's own remote. */
const place = fc.constantFrom('in', 'in/in', 'b/in', 'module', 'in/module', 'b', 'tree', 'in/tree');
const local = ['-c', 'protocol.file.allow=always'];
const nestedStep = fc.oneof(
  place.map((path): Step => ({ do: 'git', args: ['init', '--quiet', '--', path] })),
  place.map((path): Step => ({ do: 'git', args: ['clone', '--quiet', '--', 'REMOTE', path] })),
  place.map((path): Step => ({ do: 'git', args: ['clone', '--quiet', '--depth=1', '--', 'file://REMOTE', path] })),
  fc.constantFrom('.', 'in').map((folder): Step => ({
    do: 'git',
    in: folder,
    args: [...local, 'submodule', '--quiet', 'add', '--', 'REMOTE', 'module'],
  })),
  fc
    .constantFrom('.', 'in')
    .map((folder): Step => ({ do: 'git', in: folder, args: ['submodule', '--quiet', 'deinit', '--force', '--all'] })),
  fc
    .constantFrom('.', 'in')
    .map((folder): Step => ({ do: 'git', in: folder, args: ['worktree', 'add', '--quiet', '--force', '--detach', 'tree'] })),
  fc.constantFrom('.', 'in').map((folder): Step => ({ do: 'git', in: folder, args: ['worktree', 'remove', '--force', 'tree'] })),
  fc.constantFrom('.', 'in').map((folder): Step => ({ do: 'git', in: folder, args: ['worktree', 'lock', 'tree'] })),
);
const inNested = fc.tuple(place, fc.oneof(gitStep, fileStep)).map(([folder, step]): Step =>
  step.do === 'git'
    ? { ...step, in: folder }
    : ({
        ...step,
        path: `${folder}/${step.path}`,
        ...('to' in step && step.do === 'move' ? { to: `${folder}/${step.to}` } : {}),
      } as Step),
);
const nestedSteps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: nestedStep },
    { weight: 4, arbitrary: inNested },
    { weight: 1, arbitrary: gitStep },
    { weight: 1, arbitrary: fileStep },
  ),
  { minLength: 2, maxLength: 16 },
);

function take(directory: string, step: Step): void {
  if (step.do === 'git') {
    try {
      git(join(directory, step.in ?? '.'), ...step.args);
    } catch {
      // Git had a reason to refuse: the branch exists, the path does not …
    }
    return;
  }
  const at = join(directory, step.path);
  try {
    switch (step.do) {
      case 'write':
        mkdirSync(dirname(at), { recursive: true });
        writeFileSync(at, Buffer.from(step.content, 'latin1'));
        break;
      case 'remove':
        rmSync(at, { recursive: true });
        break;
      case 'move':
        mkdirSync(dirname(join(directory, step.to)), { recursive: true });
        renameSync(at, join(directory, step.to));
        break;
      case 'link':
        mkdirSync(dirname(at), { recursive: true });
        symlinkSync(step.to, at);
        break;
      case 'mkdir':
        mkdirSync(at, { recursive: true });
        break;
      case 'chmod':
        if (existsSync(at) && lstatSync(at).isFile()) chmodSync(at, step.mode);
        break;
      case 'touch':
        if (existsSync(at) && lstatSync(at).isFile()) utimesSync(at, step.time, step.time);
        break;
    }
  } catch (error) {
    // A file where a folder would be, a name that is taken: the step does nothing.
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  }
}

/** Removes a file, and folders that are empty without it. A folder's own files git has removed. */
function removeWithFolders(directory: string, path: BytePath): void {
  if (!path.endsWith('/')) rmSync(joinBytes(directory, path), { recursive: true, force: true });
  for (let parent = parentOf(path.replace(/\/$/, '')); parent !== ''; parent = parentOf(parent)) {
    const folder = joinBytes(directory, parent);
    if (!existsSync(folder) || readdirSync(folder).length > 0) return;
    rmdirSync(folder);
  }
}

const base = {
  a: 'one\n',
  'b/a': 'one\ntwo\nthree\n',
  'b/c.txt': 'two\n',
  'c.txt/a': 'deep\n',
  'd.crlf': 'one\ntwo\n',
  '.gitattributes': '*.crlf text eol=crlf\n',
  '.gitignore': '*.log\n',
};

/** Everything of the workspace's repositories, and of those in them that are not ignored. */
function describeAll(directory: string): Record<string, unknown> {
  const all: Record<string, unknown> = {};
  const walk = (folder: string, top: string) => {
    const names = readdirSync(folder, { withFileTypes: true });
    let repository = top;
    if (names.some(({ name }) => name === '.git')) {
      repository = folder;
      const gitDirectory = git(folder, 'rev-parse', '--absolute-git-dir').trim();
      all[folder.slice(directory.length)] = {
        ...describeRepository(folder, gitDirectory),
        place: gitDirectory.slice(directory.length),
        history: git(folder, 'log', '--all', '--format=%H %D'),
        submodules: attempt(() => git(folder, 'submodule', 'status')),
      };
    }
    for (const entry of names) if (entry.isDirectory() && entry.name !== '.git') walk(join(folder, entry.name), repository);
  };
  walk(directory, directory);
  return all;
}

/** What git says, or that it has nothing to say: a gitlink without an address, for example. */
function attempt(ask: () => string): string {
  try {
    return ask();
  } catch (error) {
    return String((error as { status?: number }).status);
  }
}

/** Carries turns of work from one workspace to another, and says that nothing is other there. Gives back how many repositories lay in it. */
async function expectCarried(lab: Lab, remote: string, turns: readonly (readonly Step[])[]): Promise<number> {
  const from = await lab.open(remote);
  let previous = null;
  let summary = null;
  for (const turn of turns) {
    for (const step of turn) take(from.directory, step);
    ({ summary } = await lab.capture(from, previous));
    previous = summary.manifest;
  }
  if (summary === null || previous === null) return 0;
  // What a capture left out by rule, and said so, is no part of the comparison.
  const { repositories, nested } = await lab.manifest(previous);
  removeIgnored(from.directory, repositories[0]?.ignored ?? []);
  for (const { path, repository } of nested) removeIgnored(join(from.directory, path), repository.ignored);
  const wanted = describeAll(from.directory);
  const to = await lab.open(remote, { restoring: previous });
  const report = await lab.restore(to, previous);
  const named = new Set(['NESTED_REPOSITORY', 'SUBMODULE', 'LINKED_WORKTREE']);
  const problems = report.entries.filter(({ status, reason }) => status !== 'APPLIED' && !named.has(reason ?? ''));
  expect(problems).toEqual([]);
  expect(describeAll(to.directory)).toEqual(wanted);
  if (report.entries.every(({ status }) => status === 'APPLIED')) expect(report.exact).toBe(true);
  return nested.length;
}

function removeIgnored(directory: string, ignored: readonly BytePath[]): void {
  git(directory, 'clean', '-fdXq');
  for (const path of ignored) removeWithFolders(directory, path);
}

const withRemote = (step: Step, remote: string): Step =>
  step.do === 'git' ? { ...step, args: step.args.map((arg) => arg.replace('REMOTE', remote)) } : step;

describe('whatever an agent does with repositories in its workspace', { timeout: 480_000 }, () => {
  it('is captured step by step, and restored elsewhere exactly', async () => {
    const lab = new Lab();
    try {
      const remote = lab.remote(base);
      let repositories = 0;
      const turns = fc.array(nestedSteps, { minLength: 1, maxLength: 2 });
      await fc.assert(
        fc.asyncProperty(turns, async (some) => {
          const withUrl = some.map((turn) => turn.map((step) => withRemote(step, remote)));
          repositories += await expectCarried(lab, remote, withUrl);
        }),
        { numRuns: 25, seed: 20_240_817, endOnFailure: false },
      );
      expect(repositories).toBeGreaterThanOrEqual(20);
    } finally {
      lab.close();
    }
  });
});
