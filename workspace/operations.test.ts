import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serializeManifest, type GitManifest } from './manifest.ts';
import { describeRepository, git, Lab, write, type LabWorkspace } from './testParts/lab.ts';

let lab: Lab;
beforeEach(() => {
  lab = new Lab();
});
afterEach(() => lab.close());

const files = { 'a.txt': 'base\n', 'b.txt': 'base\n', 'c.txt': 'base\n' };

function commit(directory: string, name: string, content: string, path = 'a.txt'): string {
  write(directory, { [path]: content });
  git(directory, 'add', '--all');
  git(directory, 'commit', '--quiet', `--message=${name}`);
  return git(directory, 'rev-parse', 'HEAD').trim();
}

/** A branch `theirs` and the run's own, which do not fit together. */
function diverge(directory: string): void {
  git(directory, 'switch', '--quiet', '--create', 'theirs');
  commit(directory, 'theirs 1', 'theirs\n');
  commit(directory, 'theirs 2', 'theirs\n', 'b.txt');
  commit(directory, 'theirs 3', 'theirs, again\n');
  git(directory, 'switch', '--quiet', 'baton/test');
  commit(directory, 'ours 1', 'ours\n');
  commit(directory, 'ours 2', 'ours\n', 'c.txt');
}

/** Runs git where it stops half-way. */
function stops(directory: string, ...args: readonly string[]): void {
  expect(() => git(directory, ...args), args.join(' ')).toThrow('Command failed');
}

/** Resolves what is in conflict, and goes on. */
function goOn(directory: string, ...args: readonly string[]): void {
  write(directory, { 'a.txt': 'resolved\n' });
  git(directory, 'add', 'a.txt');
  git(directory, '-c', 'core.editor=true', ...args);
}

const notState = new Set([
  'HEAD',
  'config',
  'description',
  'index',
  'objects',
  'refs',
  'packed-refs',
  'logs',
  'info',
  'hooks',
  'branches',
  'COMMIT_EDITMSG',
]);

/** What git keeps of an operation: every file, but for an index that it makes anew. */
function stateOf(directory: string): Record<string, string> {
  const state: Record<string, string> = {};
  const walk = (path: string) => {
    for (const entry of readdirSync(join(directory, '.git', path), { withFileTypes: true })) {
      const child = path === '' ? entry.name : `${path}/${entry.name}`;
      if (notState.has(child) || entry.name === 'patch-merge-index') continue;
      if (entry.isDirectory()) walk(child);
      else state[child] = readFileSync(join(directory, '.git', child), 'latin1');
    }
  };
  walk('');
  return state;
}

/** What a person sees of a repository, its operation and its history. */
const seen = (directory: string) => ({
  ...describeRepository(directory),
  state: stateOf(directory),
  told: git(directory, 'status'),
  log: git(directory, 'log', '--format=%H %P %an %ad %s', '--all'),
  reflog: git(directory, 'reflog', '--format=%H %gd %gs'),
});

interface Case {
  readonly does: (directory: string) => void;
  /** What is done first on the other worker, and then here, with the same outcome. */
  readonly next: readonly ((directory: string) => void)[];
  /** What git says of it. */
  readonly says: string;
}

const cases: Record<string, Case> = {
  'a merge with conflicts': {
    does: (dir) => stops(dir, 'merge', '--no-ff', '--message=a merge', 'theirs'),
    says: 'You have unmerged paths',
    next: [(dir) => goOn(dir, 'merge', '--continue')],
  },
  'a merge that is resolved and not committed': {
    does: (dir) => {
      stops(dir, 'merge', 'theirs');
      write(dir, { 'a.txt': 'resolved\n' });
      git(dir, 'add', 'a.txt');
    },
    says: 'All conflicts fixed but you are still merging',
    next: [(dir) => git(dir, 'commit', '--quiet', '--no-edit')],
  },
  'a merge that is given up elsewhere': {
    does: (dir) => stops(dir, 'merge', 'theirs'),
    says: 'You have unmerged paths',
    next: [(dir) => git(dir, 'merge', '--abort')],
  },
  'a merge of three': {
    does: (dir) => {
      git(dir, 'branch', 'third', 'theirs~2');
      git(dir, 'switch', '--quiet', 'third');
      commit(dir, 'third', 'third\n', 'third.txt');
      git(dir, 'switch', '--quiet', '--create', 'fourth', 'HEAD~2');
      commit(dir, 'fourth', 'fourth\n', 'fourth.txt');
      git(dir, 'switch', '--quiet', 'baton/test');
      git(dir, 'reset', '--quiet', '--hard', 'HEAD~2');
      git(dir, 'merge', '--quiet', '--no-commit', '--no-ff', 'third', 'fourth');
    },
    says: 'All conflicts fixed but you are still merging',
    next: [(dir) => git(dir, 'commit', '--quiet', '--no-edit')],
  },
  'a merge of changes that were put aside first': {
    does: (dir) => {
      write(dir, { 'c.txt': 'not committed\n' });
      stops(dir, 'merge', '--autostash', 'theirs');
    },
    says: 'You have unmerged paths',
    next: [(dir) => goOn(dir, 'merge', '--continue'), (dir) => expect(git(dir, 'diff', 'c.txt')).toContain('+not committed')],
  },
  'a squashed merge': {
    does: (dir) => {
      git(dir, 'reset', '--quiet', '--hard', 'HEAD~2');
      git(dir, 'merge', '--quiet', '--squash', 'theirs');
    },
    says: 'Changes to be committed',
    next: [(dir) => git(dir, 'commit', '--quiet', '--no-edit')],
  },
  'a cherry-pick': {
    does: (dir) => stops(dir, 'cherry-pick', '-x', 'theirs~2'),
    says: 'You are currently cherry-picking commit',
    next: [(dir) => goOn(dir, 'cherry-pick', '--continue')],
  },
  'a series of cherry-picks, of commits that no branch has': {
    does: (dir) => {
      const tip = git(dir, 'rev-parse', 'theirs').trim();
      git(dir, 'branch', '-D', 'theirs');
      stops(dir, 'cherry-pick', `${tip}~3..${tip}~1`);
    },
    says: 'Cherry-pick currently in progress',
    next: [(dir) => goOn(dir, 'cherry-pick', '--continue')],
  },
  'a series of cherry-picks that is given up elsewhere': {
    does: (dir) => stops(dir, 'cherry-pick', 'theirs~2', 'theirs~1'),
    says: 'Cherry-pick currently in progress',
    next: [(dir) => git(dir, 'cherry-pick', '--abort')],
  },
  'a revert': {
    does: (dir) => {
      commit(dir, 'ours 3', 'ours, again\n');
      stops(dir, 'revert', 'HEAD~2');
    },
    says: 'You are currently reverting commit',
    next: [(dir) => goOn(dir, 'revert', '--continue')],
  },
  'a rebase': {
    does: (dir) => stops(dir, 'rebase', 'theirs'),
    says: 'You are currently rebasing branch',
    next: [(dir) => goOn(dir, 'rebase', '--continue')],
  },
  'a rebase that is given up elsewhere': {
    does: (dir) => stops(dir, 'rebase', 'theirs'),
    says: 'You are currently rebasing branch',
    next: [(dir) => git(dir, 'rebase', '--abort')],
  },
  'a rebase of changes that were put aside first': {
    does: (dir) => {
      write(dir, { 'b.txt': 'base\nnot committed\n' });
      stops(dir, 'rebase', '--autostash', 'HEAD~1', '--onto', 'theirs~2', '--exec=false');
    },
    says: 'rebasing branch',
    next: [(dir) => git(dir, '-c', 'core.editor=true', 'rebase', '--continue')],
  },
  'a rebase that stopped to edit, with a program to run': {
    does: (dir) => {
      git(
        dir,
        '-c',
        'sequence.editor=sed -i -e "1s/^pick/edit/" -e "1a exec echo ran > ran.txt"',
        'rebase',
        '--interactive',
        'HEAD~2',
      );
      write(dir, { 'b.txt': 'amended\n' });
      git(dir, 'add', 'b.txt');
    },
    says: 'You are currently editing a commit',
    next: [
      (dir) => git(dir, '-c', 'core.editor=true', 'rebase', '--continue'),
      (dir) => expect(readFileSync(join(dir, 'ran.txt'), 'utf8')).toBe('ran\n'),
    ],
  },
  'a rebase of merges, with labels': {
    does: (dir) => {
      git(dir, 'switch', '--quiet', '--create', 'side', 'HEAD~1');
      commit(dir, 'side', 'side\n', 'side.txt');
      git(dir, 'switch', '--quiet', 'baton/test');
      git(dir, 'merge', '--quiet', '--no-ff', '--no-edit', 'side');
      git(
        dir,
        '-c',
        'sequence.editor=sed -i "/^merge/ i break"',
        'rebase',
        '--interactive',
        '--rebase-merges',
        '--force-rebase',
        'HEAD~2',
      );
      expect(git(dir, 'for-each-ref', 'refs/rewritten')).toContain('refs/rewritten/onto');
    },
    says: 'rebasing branch',
    next: [
      (dir) => git(dir, '-c', 'core.editor=true', 'rebase', '--continue'),
      (dir) => expect(git(dir, 'for-each-ref', 'refs/rewritten')).toBe(''),
    ],
  },
  'a rebase by patches': {
    does: (dir) => stops(dir, 'rebase', '--apply', 'theirs'),
    says: 'You are currently rebasing branch',
    next: [(dir) => goOn(dir, 'rebase', '--continue')],
  },
  'a series of patches': {
    does: (dir) => {
      git(dir, 'format-patch', '--quiet', '--output-directory=.git/patches', 'theirs~3..theirs~1');
      const patches = readdirSync(join(dir, '.git/patches')).map((name) => `.git/patches/${name}`);
      stops(dir, 'am', '--quiet', '--3way', ...patches.sort());
      rmSync(join(dir, '.git/patches'), { recursive: true });
    },
    says: 'You are in the middle of an am session',
    next: [(dir) => goOn(dir, 'am', '--continue')],
  },
  'a bisect': {
    does: (dir) => {
      for (let n = 0; n < 8; n++) commit(dir, `step ${n}`, `step ${n}\n`, 'step.txt');
      git(dir, 'bisect', 'start', 'HEAD', 'HEAD~8');
      git(dir, 'bisect', 'good');
    },
    says: 'You are currently bisecting',
    next: [
      (dir) => git(dir, 'bisect', 'good'),
      (dir) => git(dir, 'bisect', 'bad'),
      (dir) => expect(git(dir, 'bisect', 'log')).toContain('first bad commit: ['),
      (dir) => git(dir, 'bisect', 'reset'),
      (dir) => expect(git(dir, 'for-each-ref', 'refs/bisect')).toBe(''),
    ],
  },
  'a bisect by words of one’s own, without a checkout': {
    does: (dir) => {
      for (let n = 0; n < 4; n++) commit(dir, `step ${n}`, `step ${n}\n`, 'step.txt');
      git(
        dir,
        'bisect',
        'start',
        '--no-checkout',
        '--first-parent',
        '--term-old=slow',
        '--term-new=fast',
        'HEAD',
        'HEAD~4',
        '--',
        'step.txt',
      );
    },
    says: 'You are currently bisecting',
    next: [(dir) => git(dir, 'bisect', 'slow'), (dir) => git(dir, 'bisect', 'reset')],
  },
};

async function carryElsewhere(remote: string, from: LabWorkspace) {
  const elsewhere = lab.worker('elsewhere');
  const captured = await lab.capture(from);
  const to = await lab.open(remote, { restoring: captured.summary.manifest, workspaces: elsewhere });
  const report = await lab.restore(to, captured.summary.manifest, elsewhere);
  return { elsewhere, captured, to, report };
}

describe('an operation that git has under way goes on elsewhere:', { timeout: 60_000 }, () => {
  for (const [name, { does, next, says }] of Object.entries(cases)) {
    it(`${name}`, async () => {
      const remote = lab.remote(files);
      const from = await lab.open(remote);
      diverge(from.directory);
      does(from.directory);
      const { captured, to, report, elsewhere } = await carryElsewhere(remote, from);
      expect(captured.summary.gaps).toEqual([]);
      expect(report.entries.filter(({ status }) => status !== 'APPLIED')).toEqual([]);
      expect(report.exact).toBe(true);
      const wanted = seen(from.directory);
      expect(wanted.told).toContain(says);
      expect(seen(to.directory)).toEqual(wanted);
      git(to.directory, 'fsck', '--strict', '--no-dangling');
      // Again gives the same, and so does a capture of what was restored.
      expect(await lab.restore(to, captured.summary.manifest, elsewhere)).toMatchObject({ exact: true });
      expect(seen(to.directory)).toEqual(wanted);
      const again = await lab.capture(to, captured.summary.manifest, elsewhere);
      const filesOf = async (ref: typeof captured.summary.manifest) => (await lab.manifest(ref)).repositories[0]?.git?.files;
      expect(await filesOf(again.summary.manifest)).toEqual(await filesOf(captured.summary.manifest));
      for (const step of next) {
        step(to.directory);
        step(from.directory);
        const outcome = seen(from.directory);
        expect(seen(to.directory)).toEqual(outcome);
        expect(outcome).not.toEqual(wanted);
      }
    });
  }
});

/** A workspace with a merge, a rebase or a series of picks under way. */
async function underWay(...args: readonly string[]): Promise<{ remote: string; from: LabWorkspace }> {
  const remote = lab.remote(files);
  const from = await lab.open(remote);
  diverge(from.directory);
  stops(from.directory, ...args);
  return { remote, from };
}

const problems = (entries: readonly { status: string; path: string | null; reason: string | null }[]) =>
  entries.filter(({ status }) => status !== 'APPLIED').map(({ path, reason }) => `${path} ${reason}`);
const gaps = (all: readonly { path: string; reason: string }[]) => all.map(({ path, reason }) => `${path} ${reason}`);

/** Captures a workspace, changes what the manifest says of git, and restores that. */
async function carryChanged(remote: string, from: LabWorkspace, change: (git: GitManifest) => void) {
  const captured = await lab.capture(from);
  const manifest = structuredClone(await lab.manifest(captured.summary.manifest));
  const held = manifest.repositories[0]?.git;
  if (!held) throw new Error('the repository was captured');
  change(held);
  const { hash, bytes } = await lab.blobs.put(lab.teamId, serializeManifest(manifest));
  const to = await lab.open(remote, { restoring: { hash, bytes } });
  const report = await lab.restore(to, { hash, bytes });
  return { to, report };
}

const conflict = ['u UU', 'a.txt'];

it('a rebase and a series of picks go on in a repository of SHA-256', { timeout: 60_000 }, async () => {
  const remote = lab.remote(files, 'remote', '--object-format=sha256');
  const from = await lab.open(remote);
  diverge(from.directory);
  for (const [start, command] of [
    [['cherry-pick', 'theirs~2', 'theirs~1'], 'cherry-pick'],
    [['rebase', 'theirs'], 'rebase'],
  ] as const) {
    git(from.directory, 'switch', '--quiet', '--create', command, 'baton/test');
    stops(from.directory, ...start);
    const { manifest } = (await lab.capture(from)).summary;
    const to = await lab.open(remote, { restoring: manifest });
    expect((await lab.restore(to, manifest)).exact).toBe(true);
    expect(seen(to.directory)).toEqual(seen(from.directory));
    for (const directory of [to.directory, from.directory]) goOn(directory, command, '--continue');
    expect(seen(to.directory)).toEqual(seen(from.directory));
  }
});

describe('an operation that cannot go on elsewhere', { timeout: 60_000 }, () => {
  it('is named when a commit that it needs is missing, and the conflict is there all the same', async () => {
    const { remote, from } = await underWay('merge', 'theirs');
    const theirs = git(from.directory, 'rev-parse', 'theirs').trim();
    rmSync(join(from.directory, '.git/objects', theirs.slice(0, 2), theirs.slice(2)));
    const { captured, to, report } = await carryElsewhere(remote, from);
    expect(gaps(captured.summary.gaps)).toContain('.git/MERGE_HEAD OPERATION_IN_PROGRESS');
    expect(captured.summary.gaps.map(({ detail }) => detail).join()).toContain(theirs);
    expect(problems(report.entries)).toEqual(['.git/MERGE_HEAD OPERATION_IN_PROGRESS']);
    expect(Object.keys(stateOf(to.directory))).toEqual(['ORIG_HEAD']);
    const status = git(to.directory, 'status', '--porcelain=v2');
    for (const part of conflict) expect(status).toContain(part);
  });

  it('is named when its todo list has a commit that nobody knows', async () => {
    const { remote, from } = await underWay('cherry-pick', 'theirs~2', 'theirs~1');
    const todo = join(from.directory, '.git/sequencer/todo');
    writeFileSync(todo, `${readFileSync(todo, 'utf8')}pick 0123abc nobody knows\n`);
    const { captured, to } = await carryElsewhere(remote, from);
    expect(gaps(captured.summary.gaps)).toEqual([
      '.git/CHERRY_PICK_HEAD OPERATION_IN_PROGRESS',
      '.git/sequencer OPERATION_IN_PROGRESS',
    ]);
    expect(captured.summary.gaps[0]?.detail).toContain('.git/sequencer/todo names 0123abc');
    expect(Object.keys(stateOf(to.directory))).toEqual([]);
  });

  it('is named when its commits were lost on the way', async () => {
    const { remote, from } = await underWay('rebase', 'theirs');
    const { to, report } = await carryChanged(remote, from, (held) => {
      held.commits.packs = [];
    });
    expect(problems(report.entries)).toContain('.git/rebase-merge OBJECT_MISSING');
    expect(existsSync(join(to.directory, '.git/rebase-merge'))).toBe(false);
  });

  it('is left out, and said to be, where the index is not as it was', async () => {
    const { remote, from } = await underWay('merge', 'theirs');
    const { to, report } = await carryChanged(remote, from, (held) => {
      held.index = null;
    });
    expect(problems(report.entries)).toEqual(expect.arrayContaining(['.git/MERGE_HEAD OPERATION_STOPPED', 'null NOT_CAPTURED']));
    expect(existsSync(join(to.directory, '.git/MERGE_HEAD'))).toBe(false);
    expect(readFileSync(join(to.directory, '.git/ORIG_HEAD'), 'utf8')).toContain(git(from.directory, 'rev-parse', 'HEAD').trim());
  });

  it('is left out, and said to be, where HEAD is not as it was', async () => {
    const { remote, from } = await underWay('merge', 'theirs');
    const { to, report } = await carryChanged(remote, from, (held) => {
      held.head = null;
    });
    expect(problems(report.entries)).toEqual(expect.arrayContaining(['.git/MERGE_HEAD OPERATION_STOPPED', 'null HEAD_MISSING']));
    expect(existsSync(join(to.directory, '.git/MERGE_HEAD'))).toBe(false);
  });

  it('is named when a file of it is too large, but for the diff to look at', async () => {
    const large = Buffer.alloc(1024 * 1024 + 1, 'x');
    const { remote, from } = await underWay('rebase', 'theirs');
    write(from.directory, { '.git/rebase-merge/patch': large });
    const { captured, to } = await carryElsewhere(remote, from);
    expect(gaps(captured.summary.gaps)).toEqual(['.git/rebase-merge/patch GIT_FILE']);
    goOn(to.directory, 'rebase', '--continue');
    expect(git(to.directory, 'log', '--format=%s', '-2')).toBe('ours 2\nours 1\n');
    write(from.directory, { '.git/rebase-merge/message': large });
    const { summary } = await lab.capture(from);
    expect(gaps(summary.gaps)).toEqual([
      '.git/rebase-merge OPERATION_IN_PROGRESS',
      '.git/rebase-merge/message GIT_FILE',
      '.git/rebase-merge/patch GIT_FILE',
    ]);
  });

  it('is named when it has more in it than a snapshot takes', async () => {
    const { from } = await underWay('rebase', '--apply', 'theirs');
    for (let n = 10; n < 16; n++) write(from.directory, { [`.git/rebase-apply/00${n}`]: Buffer.alloc(1024 * 1024) });
    const { summary } = await lab.capture(from);
    expect(gaps(summary.gaps)).toEqual(['.git/rebase-apply OPERATION_IN_PROGRESS']);
  });

  it('does not keep a bisect beside it from going on', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    for (let n = 0; n < 4; n++) commit(from.directory, `step ${n}`, `step ${n}\n`);
    git(from.directory, 'bisect', 'start', 'HEAD', 'HEAD~4');
    stops(from.directory, 'cherry-pick', 'baton/test');
    mkdirSync(join(from.directory, '.git/sequencer'));
    const { captured, to } = await carryElsewhere(remote, from);
    expect(gaps(captured.summary.gaps)).toEqual([
      '.git/CHERRY_PICK_HEAD OPERATION_IN_PROGRESS',
      '.git/sequencer GIT_FILE',
      '.git/sequencer OPERATION_IN_PROGRESS',
    ]);
    expect(git(to.directory, 'status')).toContain('You are currently bisecting');
    expect(existsSync(join(to.directory, '.git/CHERRY_PICK_HEAD'))).toBe(false);
  });

  it('that a setup command left behind is not there any more', async () => {
    const { remote, from } = await underWay('merge', 'theirs');
    git(from.directory, 'merge', '--abort');
    const { manifest } = (await lab.capture(from)).summary;
    const to = await lab.open(remote, { restoring: manifest });
    diverge(to.directory);
    stops(to.directory, 'rebase', 'theirs');
    git(to.directory, 'bisect', 'start');
    expect((await lab.restore(to, manifest)).exact).toBe(true);
    expect(seen(to.directory)).toEqual(seen(from.directory));
  });
});

describe('an operation written by someone hostile', { timeout: 60_000 }, () => {
  it.each([
    ['MERGE_HEAD', 'MERGE_HEAD'],
    ['rebase-merge', 'rebase-merge'],
    ['rebase-merge/onto', 'rebase-merge'],
    ['sequencer/todo', 'sequencer'],
    ['BISECT_LOG', 'BISECT_LOG'],
  ])('gets nothing by a link for .git/%s', async (name, marker) => {
    const secret = lab.path('secret');
    write(secret, { onto: 'the other team’s secret', 'git-rebase-todo': 'exec secret' });
    const from = await lab.open(lab.remote(files));
    const path = join(from.directory, '.git', name);
    mkdirSync(join(path, '..'), { recursive: true });
    symlinkSync(name === 'rebase-merge' ? secret : join(secret, 'onto'), path);
    const { summary } = await lab.capture(from);
    expect(gaps(summary.gaps)).toContain(`.git/${name} GIT_FILE`);
    expect(gaps(summary.gaps)).toContain(`.git/${marker} OPERATION_IN_PROGRESS`);
    expect((await lab.manifest(summary.manifest)).repositories[0]?.git?.files).toEqual([]);
  });

  it.each(['rebase-merge/deep/file', 'rebase-merge/-dash', 'rebase-merge/two words', 'sequencer/ünï'])(
    'brings nothing with .git/%s',
    async (name) => {
      const from = await lab.open(lab.remote(files));
      write(from.directory, { [`.git/${name}`]: 'x' });
      const { summary } = await lab.capture(from);
      expect(summary.gapCount).toBe(2);
      expect((await lab.manifest(summary.manifest)).repositories[0]?.git?.files).toEqual([]);
    },
  );

  it('gets no commits of others by their ids', async () => {
    const secret = lab.remote({ 'secret.txt': 'the other team’s secret' }, 'other-team');
    const stolen = git(secret, 'rev-parse', 'HEAD').trim();
    const from = await lab.open(lab.remote(files));
    for (const name of ['MERGE_HEAD', 'ORIG_HEAD', 'AUTO_MERGE']) write(from.directory, { [`.git/${name}`]: `${stolen}\n` });
    write(from.directory, { '.git/objects/info/alternates': `${join(secret, '.git/objects')}\n` });
    const { summary } = await lab.capture(from);
    const held = (await lab.manifest(summary.manifest)).repositories[0]?.git;
    expect(held?.files).toEqual([]);
    expect(held?.commits.packs).toEqual([]);
    expect(gaps(summary.gaps)).toContain('.git/MERGE_HEAD OPERATION_IN_PROGRESS');
  });

  it('cannot make a manifest write elsewhere, or anything that git does not write there', async () => {
    const { remote, from } = await underWay('merge', 'theirs');
    const text = Buffer.from('#!/bin/sh\n').toString('base64');
    const names = [
      '../outside',
      '/tmp/outside',
      'rebase-merge/../hooks/post-checkout',
      'rebase-merge/../../outside',
      'rebase-merge/..',
      'rebase-merge/deep/file',
      'rebase-merge/',
      'rebase-merge',
      'sequencer/todo.lock',
      'hooks/post-checkout',
      'modules/x/config',
      'MERGE_HEAD/x',
      'REVERT_HEAD',
      'BISECT_EXPECTED_REV',
      'constructor',
    ];
    const { to, report } = await carryChanged(remote, from, (held) => {
      for (const name of names) held.files.push([name, text]);
      held.files.push(['rebase-apply/0001', Buffer.alloc(1024 * 1024 + 1).toString('base64')]);
    });
    for (const name of names) expect(problems(report.entries)).toContain(`.git/${name} GIT_FILE`);
    // What is not whole is left out as a whole.
    expect(problems(report.entries)).toContain('.git/MERGE_HEAD OPERATION_STOPPED');
    expect(existsSync(join(to.directory, '.git/MERGE_HEAD'))).toBe(false);
    expect(existsSync(lab.path('outside'))).toBe(false);
    for (const name of ['hooks', 'modules', 'rebase-merge', 'sequencer', 'rebase-apply', 'REVERT_HEAD'])
      expect(existsSync(join(to.directory, '.git', name)), name).toBe(false);
  });

  it('is not restored through a link that a setup command made', async () => {
    const outside = lab.path('outside');
    mkdirSync(outside);
    const { remote, from } = await underWay('rebase', 'theirs');
    const { manifest } = (await lab.capture(from)).summary;
    const to = await lab.open(remote, { restoring: manifest });
    symlinkSync(outside, join(to.directory, '.git/rebase-merge'));
    symlinkSync(join(outside, 'head'), join(to.directory, '.git/ORIG_HEAD'));
    expect((await lab.restore(to, manifest)).exact).toBe(true);
    expect(readdirSync(outside)).toEqual([]);
    expect(seen(to.directory)).toEqual(seen(from.directory));
  });
});
