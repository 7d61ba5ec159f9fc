import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { directoryStore } from '../../blobs/directoryStore.ts';
import type { OpenedRepository } from '../../domain/events.ts';
import type { SnapshotId, TeamId } from '../../domain/ids.ts';
import type { BlobRef, RestoreReport } from '../../domain/snapshot.ts';
import { detectSandbox } from '../../harnesses/detectSandbox.ts';
import { sandboxedGit } from '../../workflows/sandboxedGit.ts';
import type { Captured } from '../../workspace/capture.ts';
import { createWorkspaces, type Workspaces } from '../../workspace/workspaces.ts';
import { makeSampleRepository, type SampleRepository } from '../parts/sampleRepository.ts';

const run = promisify(execFile);

/** A workspace that a bench has opened. */
export interface BenchWorkspace {
  readonly directory: string;
  readonly state: string;
  readonly opened: readonly OpenedRepository[];
}

/** Workspaces as a worker has them, git in its sandbox included, over one repository and a store of their own. */
export interface Workbench {
  readonly directory: string;
  readonly repository: string;
  readonly workspaces: Workspaces;
  open(name: string, restoring?: BlobRef | null): Promise<BenchWorkspace>;
  capture(workspace: BenchWorkspace, previous?: BlobRef | null): Promise<Captured>;
  restore(workspace: BenchWorkspace, manifest: BlobRef): Promise<RestoreReport>;
  remove(workspace: BenchWorkspace): Promise<void>;
}

const teamId = 'team_01h455vb4pex5vsknk084sn02q' as TeamId;
const snapshotId = 'snp_01h455vb4pex5vsknk084sn02q' as SnapshotId;

/** The repository that the bounds are for. */
export const largeRepository: SampleRepository = { files: 25_500, commits: 10, fileBytes: 4_000 };
export const quickRepository: SampleRepository = { files: 500, commits: 2, fileBytes: 4_000 };

/** Makes the repository, lets the bench measure, and removes everything. */
export async function withWorkbench<T>(
  sample: SampleRepository,
  signal: AbortSignal,
  { ready = false }: { readonly ready?: boolean },
  measure: (bench: Workbench) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(path.join(tmpdir(), 'baton-bench-'));
  try {
    const repository = path.join(directory, 'repository');
    await makeSampleRepository(repository, sample);
    const nothing = path.join(directory, 'nothing');
    await mkdir(nothing, { mode: 0o755 });
    const { sandbox } = await detectSandbox('auto');
    const onTrouble = (error: unknown) => {
      throw error;
    };
    const workspaces = createWorkspaces({
      blobs: directoryStore({ directory: path.join(directory, 'blobs'), masterKey: randomBytes(32) }),
      mirrors: path.join(directory, 'mirrors'),
      workspaceGit: sandboxedGit({ sandbox, nothing }),
      ...(ready && { ready: { directory: path.join(directory, 'ready'), most: 1, restMs: 0, onTrouble } }),
    });
    try {
      return await measure(onBench(directory, repository, workspaces, signal));
    } finally {
      await workspaces.close();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function onBench(directory: string, repository: string, workspaces: Workspaces, signal: AbortSignal): Workbench {
  const common = { teamId, signal };
  return {
    directory,
    repository,
    workspaces,
    open: async (name, restoring = null) => {
      const place = { directory: path.join(directory, name), state: path.join(directory, `${name}.state`) };
      const opened = await workspaces.open({
        ...common,
        ...place,
        repositories: [{ repository: '.', url: repository, branch: null }],
        workingBranch: 'baton/bench',
        restoring,
        allowLocal: true,
        onProgress: () => {},
      });
      return { ...place, opened };
    },
    capture: (workspace, previous = null) => workspaces.capture({ ...common, ...workspace, previous, quiesced: true }),
    restore: (workspace, manifest) => workspaces.restore({ ...common, ...workspace, manifest, snapshotId, untouched: true }),
    remove: async (workspace) => {
      for (const each of [workspace.directory, workspace.state]) await rm(each, { recursive: true, force: true });
    },
  };
}

/** How many files a bench changes in each way. */
export interface Changes {
  readonly modified: number;
  readonly added: number;
  readonly deleted: number;
  readonly moved: number;
  /** Of a new file that no compression makes smaller; null for none. */
  readonly binaryBytes: number | null;
}

/** About 200 changes of an ordinary session. */
export const ordinaryChanges: Changes = { modified: 150, added: 30, deleted: 10, moved: 10, binaryBytes: null };
export const binaryBytes = 50 * 1024 * 1024;

/** Edits, adds, removes and moves files; what is written was never there before. The second time it is the same files once more. */
export async function changeFiles({ directory }: BenchWorkspace, changes: Changes): Promise<void> {
  const { stdout } = await run('git', ['-C', directory, 'ls-tree', '-r', '--name-only', 'HEAD'], { maxBuffer: 1 << 27 });
  const tracked = stdout.trimEnd().split('\n');
  const { modified, added, deleted, moved } = changes;
  const every = Math.max(1, Math.floor(tracked.length / (modified + deleted + moved)));
  const picked = tracked.filter((_, n) => n % every === 0);
  const at = (name: string) => path.join(directory, name);
  for (const name of picked.slice(0, modified)) await writeFile(at(name), edited(await readFile(at(name), 'utf8')));
  for (const name of picked.slice(modified, modified + deleted)) await rm(at(name), { force: true });
  for (const name of picked.slice(modified + deleted, modified + deleted + moved)) {
    // The second time it has been moved already.
    await rename(at(name), at(`${name}.moved`)).catch(() => {});
  }
  for (let n = 0; n < added; n++) {
    await mkdir(at(`added/part${n % 5}`), { recursive: true });
    await writeFile(at(`added/part${n % 5}/file${n}.ts`), newText());
  }
  if (changes.binaryBytes !== null) await writeFile(at('asset.bin'), randomBytes(changes.binaryBytes));
}

/** The text with every tenth line rewritten. */
const edited = (text: string): string =>
  text
    .split('\n')
    .map((line, n) => (n % 10 === 3 ? `${line.slice(0, 20)} ${randomBytes(6).toString('hex')}` : line))
    .join('\n');

/** About 4 KB that compress as source code does. */
function newText(): string {
  let text = '';
  while (text.length < 4_000) {
    const word = `word${randomBytes(1)[0]}`;
    text += `${word}${text.length % 7 === 0 ? `${randomBytes(3).toString('hex')}\n` : ' '}`;
  }
  return text;
}

/** What a careful person would type instead of a capture: `git status`, and all that it names packed by tar and zstd. */
export async function statusAndTar({ directory }: BenchWorkspace, archive: string, signal: AbortSignal): Promise<void> {
  const names = `${archive}.names`;
  await writeFile(names, (await changedPaths(directory, signal)).map((name) => `${name}\0`).join(''));
  await run('tar', ['--create', '--zstd', '--file', archive, '--null', '--files-from', names], { cwd: directory, signal });
}

/** The paths that `git status` names and that are there. */
async function changedPaths(directory: string, signal: AbortSignal): Promise<string[]> {
  const { stdout } = await run('git', ['status', '--porcelain=v2', '-z', '--untracked-files=all'], {
    cwd: directory,
    signal,
    maxBuffer: 1 << 27,
  });
  return stdout.split('\0').flatMap((record) => {
    if (record.startsWith('? ')) return [record.slice(2)];
    // https://git-scm.com/docs/git-status#_changed_tracked_entries: the path is the ninth field.
    if (record.startsWith('1 ') && record[3] !== 'D') return [record.split(' ').slice(8).join(' ')];
    return [];
  });
}
