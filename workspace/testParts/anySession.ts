import { chmodSync, existsSync, lstatSync, mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { gitSeries } from './lab.ts';

/** One thing that an agent does in a repository. Those that do not apply to what is there do nothing. */
type Act =
  | { readonly do: 'write'; readonly path: string; readonly content: keyof typeof contents }
  | { readonly do: 'rules'; readonly path: string; readonly lines: readonly string[] }
  | { readonly do: 'remove'; readonly path: string }
  | { readonly do: 'move'; readonly path: string; readonly to: string }
  | { readonly do: 'link'; readonly path: string; readonly to: string }
  | { readonly do: 'mkdir'; readonly path: string }
  | { readonly do: 'chmod'; readonly path: string; readonly mode: number }
  | { readonly do: 'touch'; readonly path: string; readonly time: number }
  | { readonly do: 'git'; readonly args: readonly string[] };

type FileAct = Exclude<Act, { do: 'git' }>;

/** An act in one of the workspace's repositories. */
export interface Step {
  readonly in: string;
  readonly act: Act;
}

/** What happens in one session: turns, each captured at its end, and the turn whose snapshot the next session restores. */
export interface AnySession {
  readonly turns: readonly (readonly Step[])[];
  readonly goesOnFrom: number;
}

/** The folders of a workspace's repositories, and the sessions in it, one after another. */
export interface AnyRun {
  readonly folders: readonly string[];
  readonly sessions: readonly AnySession[];
}

const noise = (bytes: number): Buffer =>
  Buffer.from(Uint32Array.from({ length: bytes / 4 }, (_, n) => (n * 2_654_435_761) >>> 3).buffer);

// By name, so that what a failure prints can be read.
const contents = {
  empty: Buffer.from(''),
  one: Buffer.from('one\n'),
  two: Buffer.from('two\n'),
  crlf: Buffer.from('one\r\ntwo\r\n'),
  mixed: Buffer.from('one\r\ntwo\nthree\r'),
  lines: Buffer.from('one\ntwo\nthree\n'),
  binary: Buffer.from('\0binary\u0001', 'latin1'),
  ident: Buffer.from('$Id$\nand\n$Id: 0123456789012345678901234567890123456789 $\n'),
  utf16: Buffer.from('\ufeffone\r\ntwo\n', 'utf16le'),
  'cut utf16': Buffer.from('\ufeffone\n', 'utf16le').subarray(0, -1),
  'large text': Buffer.alloc(300_000, 'a line of it\n'),
  'large noise': noise(400_000),
  'several chunks': Buffer.alloc(9 * 1024 * 1024 + 1, noise(65_536)),
} as const;

const plain = { noNullPrototype: true } as const;

// Few names, so that steps meet: files where folders were, changes of what was staged, deletions of what was changed.
const name = fc.constantFrom('a', 'A', 'b', 'c.txt', 'C.txt', 'd.crlf', 'e.log', 'n\n"m', 'ünï', '\u00ff');
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
const branch = fc.constantFrom('one', 'two/three', 'baton/test');

const content = fc.oneof(
  { weight: 24, arbitrary: fc.constantFrom('empty', 'one', 'two', 'crlf', 'mixed', 'lines', 'binary') },
  { weight: 6, arbitrary: fc.constantFrom('ident', 'utf16', 'cut utf16') },
  { weight: 3, arbitrary: fc.constantFrom('large text', 'large noise') },
  { weight: 1, arbitrary: fc.constant('several chunks') },
) satisfies fc.Arbitrary<keyof typeof contents>;

const attributes = fc.constantFrom(
  '* text=auto',
  '* text=auto eol=crlf',
  '* -text',
  '*.txt text eol=crlf',
  '*.txt eol=lf',
  '*.txt working-tree-encoding=UTF-16',
  '*.txt working-tree-encoding=nonsense',
  '*.txt ident',
  'a filter=lfs diff=lfs merge=lfs -text',
  'b binary export-ignore',
  '[attr]own -diff merge=union',
  '* own',
);
const ignores = fc.constantFrom('a', '/b/', '*.txt', '!c.txt', '*', '!*/', 'e.log');

const rules = fc.oneof(
  fc.record(
    {
      do: fc.constant('rules' as const),
      path: fc.constantFrom('.gitattributes', 'b/.gitattributes', '.git/info/attributes'),
      lines: fc.array(attributes, { maxLength: 3 }),
    },
    plain,
  ),
  fc.record(
    {
      do: fc.constant('rules' as const),
      path: fc.constantFrom('.gitignore', 'b/.gitignore', '.git/info/exclude'),
      lines: fc.array(ignores, { maxLength: 2 }),
    },
    plain,
  ),
);

const gitAct = fc
  .oneof(
    path.map((path) => ['add', '--force', '--', path]),
    fc.constant(['add', '--all']),
    fc.constant(['add', '--renormalize', '.']),
    path.map((path) => ['add', '--intent-to-add', '--', path]),
    path.map((path) => ['rm', '-r', '--quiet', '--cached', '--', path]),
    path.map((path) => ['checkout', '--quiet', 'HEAD', '--', path]),
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
    fc.constant(['stash', 'pop', '--quiet', '--index']),
    fc.constant(['reset', '--quiet', '--soft', 'HEAD~1']),
    branch.map((branch) => ['merge', '--quiet', '--no-edit', branch]),
    branch.map((branch) => ['cherry-pick', branch]),
    branch.map((branch) => ['rebase', branch]),
    branch.map((branch) => ['bisect', 'start', 'HEAD', branch]),
    fc.constant(['reset', '--quiet', '--hard', 'origin/main']),
    fc.constantFrom('true', 'input', 'false').map((value) => ['config', 'core.autocrlf', value]),
    fc.constant(['notes', 'add', '--force', '--message=a note']),
    fc.constant(['pack-refs', '--all']),
    fc.constant(['gc', '--quiet']),
    fc.constantFrom('2', '4').map((version) => ['update-index', '--index-version', version]),
    fc.constant(['status']),
  )
  .map((args): Act => ({ do: 'git', args }));

const fileAct: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('write' as const), path, content }, plain) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), path }, plain) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('move' as const), path, to: path }, plain) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('link' as const), path, to: fc.constantFrom('a', '../b', '/nowhere', '.') }, plain),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('mkdir' as const), path }, plain) },
  {
    weight: 1,
    arbitrary: fc.record(
      {
        do: fc.constant('chmod' as const),
        path,
        mode: fc.constantFrom(0o600, 0o644, 0o755, 0o444, 0o111, 0o640, 0o777, 0o000),
      },
      plain,
    ),
  },
  {
    weight: 1,
    arbitrary: fc.record(
      {
        do: fc.constant('touch' as const),
        path,
        time: fc.constantFrom(1, 1_000_000_000.5, 1_700_000_000, 4_000_000_000),
      },
      plain,
    ),
  },
  { weight: 1, arbitrary: rules },
);

const act = fc.oneof({ weight: 3, arbitrary: fileAct }, { weight: 2, arbitrary: gitAct });

/** A run in a workspace of one repository, mostly, or of two. */
export const anyRun: fc.Arbitrary<AnyRun> = fc
  .oneof({ weight: 7, arbitrary: fc.constant(['.']) }, { weight: 1, arbitrary: fc.constant(['api', 'web/app']) })
  .chain((folders) => {
    const step: fc.Arbitrary<Step> = fc.record({ in: fc.constantFrom(...folders), act }, plain);
    const turn = fc.array(step, { minLength: 1, maxLength: 14 });
    const session = fc
      .record({ turns: fc.array(turn, { minLength: 1, maxLength: 2 }), goesOnFrom: fc.nat(1) }, plain)
      .map(({ turns, goesOnFrom }): AnySession => ({ turns, goesOnFrom: Math.min(goesOnFrom, turns.length - 1) }));
    const sessions = fc.oneof(
      { weight: 6, arbitrary: fc.array(session, { minLength: 1, maxLength: 1 }) },
      { weight: 1, arbitrary: fc.array(session, { minLength: 2, maxLength: 3 }) },
    );
    return fc.record({ folders: fc.constant(folders), sessions }, plain);
  });

/** What the remotes of the repositories have. */
export const baseFiles = {
  a: 'one\n',
  'b/a': 'one\ntwo\nthree\n',
  'b/c.txt': 'two\n',
  'c.txt/a': 'deep\n',
  'd.crlf': 'one\ntwo\n',
  'ünï/noise': noise(300_000),
  '.gitattributes': '*.crlf text eol=crlf\n',
  '.gitignore': '*.log\n',
};

/** Carries out what happens in one turn, in order. */
export function takeTurn(workspace: string, turn: readonly Step[]): void {
  for (let at = 0; at < turn.length;) {
    const { in: folder, act } = turn[at] as Step;
    const directory = join(workspace, folder);
    if (act.do === 'git') {
      // Git may have a reason to refuse: the branch exists, the path does not …
      const calls: (readonly string[])[] = [];
      for (let next = turn[at]; next?.act.do === 'git' && next.in === folder; next = turn[++at]) calls.push(next.act.args);
      gitSeries(directory, calls);
    } else {
      at++;
      takeInFiles(directory, act);
    }
  }
}

function takeInFiles(directory: string, act: FileAct): void {
  try {
    changeFiles(directory, act);
  } catch (error) {
    // A file where a folder would be, a name that is taken: the act does nothing.
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  }
}

function changeFiles(directory: string, act: FileAct): void {
  const at = join(directory, act.path);
  const isFile = () => existsSync(at) && lstatSync(at).isFile();
  switch (act.do) {
    case 'write':
      mkdirSync(dirname(at), { recursive: true });
      return writeFileSync(at, contents[act.content]);
    case 'rules':
      mkdirSync(dirname(at), { recursive: true });
      return writeFileSync(at, act.lines.map((line) => `${line}\n`).join(''));
    case 'remove':
      return rmSync(at, { recursive: true });
    case 'move':
      mkdirSync(dirname(join(directory, act.to)), { recursive: true });
      return renameSync(at, join(directory, act.to));
    case 'link':
      mkdirSync(dirname(at), { recursive: true });
      return symlinkSync(act.to, at);
    case 'mkdir':
      mkdirSync(at, { recursive: true });
      return;
    case 'chmod':
      return isFile() ? chmodSync(at, act.mode) : undefined;
    case 'touch':
      return isFile() ? utimesSync(at, act.time, act.time) : undefined;
  }
}
