import { splitNul, type BytePath } from './bytePath.ts';
import type { BaseVersion } from './manifest.ts';
import { compareEntries, noStat, serializeIndex, type IndexEntry } from './gitIndex.ts';
import type { ApartGit, SideGit } from './sideRepository.ts';
import type { Author } from './workingCopy.ts';

/** The files of a tree. */
export type TreeFiles = ReadonlyMap<BytePath, BaseVersion>;

/** What merge-tree calls the two sides, in markers and in the names of files that are in each other's way. */
export const runSide = 'run';
export const newestSide = 'newest';

/** A path that git could not merge by itself. */
export interface MergeConflict {
  readonly path: BytePath;
  /** By stage: what both came from, what the run has, what the newest base has. */
  readonly base: BaseVersion | null;
  readonly run: BaseVersion | null;
  readonly newest: BaseVersion | null;
  /** Git's own words for it, such as `CONFLICT (modify/delete)`. */
  readonly kinds: readonly string[];
}

export interface Merge {
  /** The merged files; what conflicts is in it as git leaves it in a worktree. */
  readonly tree: string;
  readonly conflicts: readonly MergeConflict[];
  /** Files that both had changed and that were merged by lines, with or without a conflict. */
  readonly autoMerged: readonly BytePath[];
}

const deadlineMs = 15 * 60_000;

/** Merges two commits as `git merge` does, in no worktree: https://git-scm.com/docs/git-merge-tree */
export async function mergeTree(git: SideGit, run: string, newest: string, signal: AbortSignal): Promise<Merge> {
  const refs = [
    [runSide, run],
    [newestSide, newest],
  ].map(([name, oid]) => `update refs/heads/${name} ${oid}\n`);
  await git.run(['update-ref', '--stdin'], { input: refs.join(''), signal });
  const { stdout } = await git.run(
    ['merge-tree', '--write-tree', '-z', '--messages', '--allow-unrelated-histories', runSide, newestSide],
    { answers: [0, 1], deadlineMs, signal },
  );
  return parseMerge(splitNul(stdout));
}

/** `<tree>`, then the staged entries up to an empty field, then the messages: a count, as many paths, a kind, a text. */
function parseMerge([tree = '', ...fields]: readonly string[]): Merge {
  const end = fields.indexOf('');
  const staged = end === -1 ? fields : fields.slice(0, end);
  const kinds = new Map<BytePath, string[]>();
  for (let at = end === -1 ? fields.length : end + 1; at < fields.length;) {
    const count = Number(fields[at]);
    const paths = fields.slice(at + 1, at + 1 + count);
    const kind = fields[at + 1 + count] ?? '';
    for (const path of paths) kinds.set(path, [...(kinds.get(path) ?? []), kind]);
    at += count + 3;
  }
  const stages = new Map<BytePath, Partial<Record<string, BaseVersion>>>();
  for (const line of staged) {
    const tab = line.indexOf('\t');
    const [mode = '', oid = '', stage = ''] = line.slice(0, tab).split(' ');
    const path = line.slice(tab + 1);
    stages.set(path, { ...stages.get(path), [stage]: { mode: Number.parseInt(mode, 8), oid } });
  }
  return {
    tree,
    conflicts: [...stages].map(([path, of]) => ({
      path,
      base: of['1'] ?? null,
      run: of['2'] ?? null,
      newest: of['3'] ?? null,
      kinds: kinds.get(path) ?? [],
    })),
    autoMerged: [...kinds].flatMap(([path, all]) => (all.includes('Auto-merging') ? [path] : [])),
  };
}

/** Every file of a commit or tree. */
export async function readTree(git: SideGit, tree: string, signal: AbortSignal): Promise<Map<BytePath, BaseVersion>> {
  const { stdout } = await git.run(['ls-tree', '-r', '-z', '--full-tree', tree], { deadlineMs, signal });
  return new Map(
    splitNul(stdout).map((line) => {
      const tab = line.indexOf('\t');
      const [mode = '', , oid = ''] = line.slice(0, tab).split(' ');
      return [line.slice(tab + 1), { mode: Number.parseInt(mode, 8), oid }] as const;
    }),
  );
}

/** Makes a tree of these files. Returns its id. */
export async function writeTree(git: ApartGit, files: TreeFiles, signal: AbortSignal): Promise<string> {
  const entries = [...files].map(([path, version]) => indexEntry(path, version));
  git.writeIndex(serializeIndex(entries.sort(compareEntries), git.format));
  const { stdout } = await git.run(['write-tree', '--missing-ok'], { deadlineMs, signal });
  return stdout.toString('latin1').trim();
}

/** An entry of an index that says nothing of the file in the worktree. */
export const indexEntry = (path: BytePath, { mode, oid }: BaseVersion, stage = 0): IndexEntry => ({
  path,
  mode,
  oid,
  stage,
  assumeValid: false,
  skipWorktree: false,
  intentToAdd: false,
  stat: noStat,
});

/** Makes a commit that only a merge looks at, or that a merge is kept as. Returns its id. */
export async function writeCommit(
  git: SideGit,
  { tree, parents, message, author, at }: NewCommit,
  signal: AbortSignal,
): Promise<string> {
  const variables = Object.fromEntries(
    ['AUTHOR', 'COMMITTER'].flatMap((who) => [
      [`GIT_${who}_NAME`, author.name],
      [`GIT_${who}_EMAIL`, author.email],
      [`GIT_${who}_DATE`, `@${at} +0000`],
    ]),
  );
  const args = ['commit-tree', ...parents.flatMap((parent) => ['-p', parent]), tree];
  const { stdout } = await git.run(args, { variables, input: message, signal });
  return stdout.toString('latin1').trim();
}

export interface NewCommit {
  readonly tree: string;
  readonly parents: readonly string[];
  readonly message: string;
  readonly author: Author;
  /** Seconds since 1970. */
  readonly at: number;
}
