import type { ConflictWay } from '../domain/snapshot.ts';
import { displayPath, isWithin, parentOf, type BytePath } from './bytePath.ts';
import { isGitlink } from './baseTree.ts';
import type { IndexEntry } from './gitIndex.ts';
import type { BaseVersion } from './manifest.ts';
import { indexEntry, newestSide, runSide, type MergeConflict } from './mergeTree.ts';
import type { RestoreProblem } from './restoreLog.ts';

/** What a merge comes to in the worktree and in the index; conflicts are still to be laid out in both. */
export interface Laid {
  /** Files of the worktree, by path. */
  readonly work: Map<BytePath, BaseVersion>;
  /** The index's entries without conflicts. */
  readonly index: Map<BytePath, BaseVersion>;
  /** The index's entries of conflicts. */
  readonly stages: IndexEntry[];
  /** Files that lie beside others, of which git knows nothing. */
  readonly beside: Map<BytePath, BaseVersion>;
}

export interface ConflictsRequest {
  readonly laid: Laid;
  readonly way: ConflictWay;
  /** The branch of the newer base, for people. */
  readonly branch: string;
  /** What the names of files that lie beside others end with. */
  readonly suffix: string;
  /** Whether something else of the workspace is at the path. */
  readonly isTaken: (path: BytePath) => boolean;
  readonly problem: (problem: RestoreProblem) => void;
}

/** Lays out what git could not merge, each path by itself and each in the report. */
export function layConflicts(conflicts: readonly MergeConflict[], request: ConflictsRequest): void {
  for (const conflict of request.way === 'BESIDE' ? together(conflicts, request.laid) : conflicts) {
    const reason = reasonOf(conflict);
    const detail = request.way === 'MARKERS' ? leave(conflict, reason, request) : layBeside(conflict, request);
    request.problem({ subject: 'FILE', path: conflict.path, status: 'CONFLICT', reason, detail });
  }
}

/** Two kinds of file at one path, of which git gives one another name: as one conflict, at its own path. */
function together(conflicts: readonly MergeConflict[], { work, index }: Laid): MergeConflict[] {
  const joined = new Map<BytePath, MergeConflict>();
  for (const conflict of conflicts) {
    const path = reasonOf(conflict) === 'BOTH_CHANGED_KIND' ? placeOf(conflict) : conflict.path;
    if (path !== conflict.path) for (const files of [work, index]) files.delete(conflict.path);
    const other = joined.get(path);
    joined.set(path, {
      ...conflict,
      path,
      base: conflict.base ?? other?.base ?? null,
      run: conflict.run ?? other?.run ?? null,
      newest: conflict.newest ?? other?.newest ?? null,
    });
  }
  return [...joined.values()];
}

/** The stable words for conflicts, by what git calls them. */
const reasons: readonly (readonly [RegExp, string])[] = [
  [/submodule/i, 'BOTH_CHANGED_SUBMODULE'],
  [/file\/directory/, 'FILE_AND_FOLDER'],
  [/distinct/, 'BOTH_CHANGED_KIND'],
  [/rename/, 'RENAMED'],
  [/modify\/delete/, 'CHANGED_AND_DELETED'],
  [/binary/, 'BOTH_CHANGED_BINARY'],
];

function reasonOf({ base, run, newest, kinds }: MergeConflict): string {
  const all = kinds.filter((kind) => kind.startsWith('CONFLICT'));
  const known = reasons.find(([pattern]) => all.some((kind) => pattern.test(kind)));
  if (known) return known[1];
  if (run && newest && run.oid === newest.oid) return 'BOTH_CHANGED_MODE';
  return base === null ? 'BOTH_ADDED' : 'BOTH_CHANGED';
}

const sameVersion = (a: BaseVersion | null | undefined, b: BaseVersion | null): boolean =>
  a?.oid === b?.oid && a?.mode === b?.mode;

/** Leaves the path as git does: the worktree has it as merged, the index has all sides. Says what is there and what to do. */
function leave({ path, base, run, newest }: MergeConflict, reason: string, { laid, branch }: ConflictsRequest): string {
  laid.index.delete(path);
  for (const [stage, version] of [base, run, newest].entries())
    if (version !== null) laid.stages.push(indexEntry(path, version, stage + 1));
  const there = laid.work.get(path);
  const end = 'Then git add it.';
  if (reason === 'FILE_AND_FOLDER')
    return `One side has a file where the other has a folder: ${run ? 'the run’s' : `that of ${branch}`} file lies here, beside the folder. Put it where it belongs. ${end}`;
  if (reason === 'BOTH_CHANGED_KIND')
    return `The run and ${branch} have each made it another kind of file: ${run ? 'the run’s' : `that of ${branch}`} lies here. Keep the one that is right. ${end}`;
  if (run === null && newest === null)
    return `The run and ${branch} have each moved it elsewhere. Keep the one that is right, then git rm the others.`;
  if (run === null)
    return `The run had deleted or moved it, and ${branch} has changed it since: the file of ${branch} is here. Keep it with git add, or delete it with git rm.`;
  if (newest === null)
    return `${branch} has deleted or moved it, and the run had changed it: the run’s file is here. Keep it with git add, or delete it with git rm.`;
  if (sameVersion(there, run))
    return `The run and ${branch} have both changed it, and it cannot be merged by lines: the run’s is here. git checkout --theirs takes that of ${branch}. ${end}`;
  if (sameVersion(there, newest))
    return `The run and ${branch} have both changed it, and it cannot be merged by lines: that of ${branch} is here. git checkout --ours takes the run’s. ${end}`;
  return `The run and ${branch} have both ${base === null ? 'added it' : 'changed the same lines'}: both are in the file, between conflict markers. Make it what it should be. ${end}`;
}

/** Puts the newer base's version in place and the run's beside it. Says where it lies and what to do. */
function layBeside(conflict: MergeConflict, request: ConflictsRequest): string {
  const { laid, branch } = request;
  const { path, run, newest } = conflict;
  laid.work.delete(path);
  laid.index.delete(path);
  const place = placeOf(conflict);
  if (place !== path && newest !== null) return layFolderBeside(place, newest, request);
  if (newest !== null) {
    laid.work.set(path, newest);
    laid.index.set(path, newest);
  }
  const now = newest === null ? `${branch} does not have it any more` : `That of ${branch} is here`;
  if (run === null || isGitlink(run)) return `${now}; the run had deleted or moved it. Delete it if it is not wanted.`;
  const name = putBeside(place, run, request);
  return `The run and ${branch} have both changed it. ${now}; the run’s lies beside as ${displayPath(name)}: take over what is still wanted, then delete that.`;
}

/** Lays a file of the run beside its place, under a name that nothing has. */
export function putBeside(place: BytePath, version: BaseVersion, { laid, suffix, isTaken }: ConflictsRequest): BytePath {
  const name = freeName(`${place}${suffix}`, (other) => isTaken(other) || laid.work.has(other) || laid.beside.has(other));
  laid.beside.set(name, version);
  return name;
}

function freeName(wanted: BytePath, isTaken: (name: BytePath) => boolean): BytePath {
  for (let count = 1; ; count++) {
    const name = count === 1 ? wanted : `${wanted}-${count}`;
    if (!isTaken(name)) return name;
  }
}

/** Where the path was before git moved it out of a folder's way. */
function placeOf({ path, run, newest, kinds }: MergeConflict): BytePath {
  if (!kinds.some((kind) => /file\/directory|distinct/.test(kind))) return path;
  const side = run ? runSide : newest ? newestSide : null;
  const at = side === null ? -1 : path.lastIndexOf(`~${side}`);
  return at === -1 ? path : path.slice(0, at);
}

/** The newer base has a file where the run has a folder: the folder lies beside. */
function layFolderBeside(place: BytePath, newest: BaseVersion, request: ConflictsRequest): string {
  const { laid, suffix, branch, isTaken } = request;
  const inside = [...laid.work.keys()].filter((path) => path !== place && isWithin(place, path));
  const folder = freeName(`${place}${suffix}`, isTaken);
  for (const path of inside) {
    const version = laid.work.get(path);
    if (version) laid.beside.set(`${folder}${path.slice(place.length)}`, version);
    laid.work.delete(path);
    laid.index.delete(path);
  }
  laid.work.set(place, newest);
  laid.index.set(place, newest);
  return `${branch} has a file where the run had the folder ${displayPath(place)}: the file is there; what the run had in the folder lies in ${displayPath(folder)}. Put it where it belongs.`;
}

/** Every folder above a path. */
export function foldersAbove(path: BytePath): BytePath[] {
  const folders: BytePath[] = [];
  for (let folder = parentOf(path); folder !== ''; folder = parentOf(folder)) folders.push(folder);
  return folders;
}
