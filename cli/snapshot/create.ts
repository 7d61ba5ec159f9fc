import { existsSync } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { Command } from 'commander';
import { Problem } from '../../stack/problem.ts';
import { adoptWorkspace } from '../../workspace/adopt.ts';
import { parseManifest, type Manifest } from '../../workspace/manifest.ts';
import { gatherPlainBlobs, noTeam } from '../../workspace/plainBlobs.ts';
import { writeSnapshotFile } from '../../workspace/snapshotFile.ts';
import { createWorkspaces } from '../../workspace/workspaces.ts';
import { exitCodes } from './exitCodes.ts';
import { findRepositories } from './findRepositories.ts';
import { withScratch } from './scratch.ts';
import { gapsOf, gapsText, isLeftOut, summaryText } from './summary.ts';
import { sizeText } from './text.ts';

interface Options {
  readonly out: string;
  readonly thin?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** `baton snapshot create DIR --out FILE` */
export function createCommand(): Command {
  return new Command('create')
    .description('write everything in a git repository, or a directory of several, to one file')
    .argument('<dir>', 'the repository; it is only read')
    .requiredOption('-o, --out <file>', 'the file to write, outside of the directory')
    .option('--thin', 'leave out commits that the remotes have; restore then needs --remote')
    .option('-f, --force', 'overwrite a file that is there')
    .option('--json', 'print what was captured as JSON')
    .addHelpText('after', '\nExit codes: 0 all of it is in the file, 3 some things are not and are named, 1 for errors.')
    .action(async (given: string, options: Options) => {
      const { directory, repositories } = await findRepositories(given);
      const out = await placeOf(options, directory);
      const thin = options.thin ?? false;
      if (thin && repositories.length > 1)
        throw new Problem(
          `--thin is for one repository, and ${given} has ${repositories.length}. Leave it out, or name one of them.`,
        );
      const manifest = await create({ directory, repositories, thin, out });
      const leftOut = gapsOf(manifest).filter(isLeftOut);
      const { size } = await stat(out);
      if (leftOut.length > 0) process.exitCode = exitCodes.NOT_EXACT;
      process.stdout.write(
        options.json
          ? `${JSON.stringify({ file: out, bytes: size, thin, complete: leftOut.length === 0, gaps: gapsOf(manifest) })}\n`
          : `Wrote ${options.out}, ${sizeText(size)}.\n\n${summaryText(manifest)}${gapsText(manifest)}`,
      );
    });
}

/** Where the file will be. In the directory it would be a part of what it holds. */
async function placeOf({ out, force }: Options, directory: string): Promise<string> {
  const folder = dirname(resolve(out));
  const real = await realpath(folder).catch(() => {
    throw new Problem(`There is no directory ${folder} to write ${basename(out)} to.`);
  });
  const way = relative(directory, real);
  if (way === '' || !(way === '..' || way.startsWith('../')))
    throw new Problem(`${out} would lie in the directory that is captured. Name a file elsewhere.`);
  const place = join(real, basename(out));
  if (!existsSync(place)) return place;
  if (!(await stat(place)).isFile()) throw new Problem(`${out} is there and is no file.`);
  if (!force) throw new Problem(`${out} is there already. Overwrite it with --force, or name another file.`);
  return place;
}

interface Create {
  readonly directory: string;
  readonly repositories: readonly string[];
  readonly thin: boolean;
  readonly out: string;
}

function create({ directory, repositories, thin, out }: Create): Promise<Manifest> {
  return withScratch(dirname(out), async ({ directory: scratch, git, spawnGit, signal }) => {
    const state = join(scratch, 'state');
    const blobDirectory = join(scratch, 'blobs');
    const blobs = await gatherPlainBlobs(blobDirectory);
    const opened = await adoptWorkspace(git, { directory, state, repositories, thin, signal });
    const workspaces = createWorkspaces({ blobs: blobs.store, mirrors: join(scratch, 'mirrors'), workspaceGit: spawnGit });
    const { summary } = await workspaces.capture({
      teamId: noTeam,
      directory,
      state,
      opened,
      previous: null,
      quiesced: false,
      signal,
    });
    const content = await blobs.store.get(noTeam, summary.manifest.hash);
    await writeSnapshotFile({ file: out, thin, blobs, directory: blobDirectory, manifest: summary.manifest, content });
    return parseManifest(content);
  });
}
