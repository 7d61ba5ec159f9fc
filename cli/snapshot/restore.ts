import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import { machine } from '../../config/machine.ts';
import type { SnapshotId } from '../../domain/ids.ts';
import type { RestoreReport } from '../../domain/snapshot.ts';
import { Problem } from '../../stack/problem.ts';
import { openCarried } from '../../workspace/openCarried.ts';
import { noTeam } from '../../workspace/plainBlobs.ts';
import { openSnapshotFile, type SnapshotFile } from '../../workspace/snapshotFile.ts';
import { createWorkspaces } from '../../workspace/workspaces.ts';
import { exitCodes } from './exitCodes.ts';
import { reportText } from './report.ts';
import { explain, withScratch, type Scratch } from './scratch.ts';

interface Options {
  readonly remote?: string;
  readonly json?: boolean;
}

/** A report names the snapshot that was restored; one in a file has no id. */
const noSnapshot = `snp_${'0'.repeat(26)}` as SnapshotId;

/** `baton snapshot restore FILE DIR` */
export function restoreCommand(): Command {
  return new Command('restore')
    .description('put a snapshot back into an empty directory, and check all of it')
    .argument('<file>')
    .argument('<dir>', 'where to; empty, or not there yet')
    .option('--remote <url>', 'where origin leads; a thin snapshot takes from there what it left out')
    .option('--json', 'print the report as JSON')
    .addHelpText(
      'after',
      '\nExit codes: 0 all is exactly as it was captured, 3 it is not and the report names what is not, 1 for errors.',
    )
    .action(async (name: string, given: string, options: Options) => {
      const file = await openSnapshotFile(name).catch((error: unknown) => {
        throw explain(error);
      });
      try {
        const report = await restore(file, name, resolve(given), options.remote);
        if (!report.exact) process.exitCode = exitCodes.NOT_EXACT;
        const { snapshotId: _, ...rest } = report;
        process.stdout.write(options.json ? `${JSON.stringify(rest)}\n` : reportText(report, given, file));
      } finally {
        await file.close();
      }
    });
}

async function restore(file: SnapshotFile, name: string, directory: string, remote: string | undefined): Promise<RestoreReport> {
  const first = file.manifest.repositories[0];
  if (file.head.thin && remote === undefined)
    throw new Problem(
      `${name} is thin: it leaves out commits that its remote has. Say where that is: --remote ${first?.url || 'URL'}`,
    );
  const isNew = await refuseOccupied(directory);
  return withScratch(dirname(directory), async (scratch) => {
    await mkdir(directory, { recursive: true });
    try {
      return await putBack(file, directory, remote === undefined ? null : addressOf(remote), scratch);
    } catch (error) {
      // What is there is ours: the directory was empty.
      if (isNew) await rm(directory, { recursive: true, force: true });
      else for (const left of await readdir(directory)) await rm(join(directory, left), { recursive: true, force: true });
      throw error;
    }
  });
}

/** Whether the directory is not there yet. Throws a Problem when something is in it. */
async function refuseOccupied(directory: string): Promise<boolean> {
  const found = await stat(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw explain(error);
  });
  if (found === null) return true;
  if (!found.isDirectory()) throw new Problem(`${directory} is there and is no directory.`);
  if ((await readdir(directory)).length > 0)
    throw new Problem(`${directory} is not empty, and was left as it is. Name a directory that is empty, or not there yet.`);
  return false;
}

/** A path on this machine is made absolute, as git would not know from where it is meant. */
const addressOf = (remote: string): string => (existsSync(remote) ? resolve(remote) : remote);

async function putBack(
  file: SnapshotFile,
  directory: string,
  remote: string | null,
  { directory: scratch, git, spawnGit, signal }: Scratch,
): Promise<RestoreReport> {
  const { manifest, manifestRef, blobs, head } = file;
  const state = join(scratch, 'state');
  const workspaces = createWorkspaces({
    blobs,
    mirrors: join(scratch, 'mirrors'),
    remoteGit: spawnGit,
    workspaceGit: spawnGit,
    remoteVariables: networkVariables(),
  });
  const opened = head.thin
    ? await workspaces.open({
        teamId: noTeam,
        directory,
        state,
        repositories: manifest.repositories.map(({ repository }) => ({ repository, url: remote ?? '', branch: null })),
        workingBranch: manifest.repositories[0]?.branch ?? 'main',
        restoring: manifestRef,
        allowLocal: true,
        signal,
        onProgress: (detail) => process.stderr.isTTY && process.stderr.write(`${detail}\n`),
      })
    : await openCarried(git, {
        blobs,
        teamId: noTeam,
        directory,
        state,
        manifest,
        originOf: ({ url }) => remote ?? (url === '' ? null : url),
        signal,
      });
  return workspaces.restore({
    teamId: noTeam,
    directory,
    state,
    manifest: manifestRef,
    snapshotId: noSnapshot,
    opened,
    untouched: true,
    signal,
  });
}

/** What git needs to reach a remote as the person does: keys, proxies, certificates. */
function networkVariables(): Record<string, string> {
  const wanted =
    /^(?:HOME|USER|LOGNAME|SSH_AUTH_SOCK|SSH_AGENT_PID|GIT_SSL_CAINFO|SSL_CERT_FILE|SSL_CERT_DIR|(?:https?|all|no)_proxy)$/i;
  return Object.fromEntries(
    Object.entries(machine().environment).flatMap(([key, value]) =>
      wanted.test(key) && value !== undefined ? [[key, value]] : [],
    ),
  );
}
