import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { Problem } from '../../stack/problem.ts';
import {
  differenceBetween,
  isSame,
  type FileDifference,
  type FileState,
  type SnapshotDifference,
} from '../../workspace/difference.ts';
import { comparedBytes, filePatch, patchHeader, type FilePatch } from '../../workspace/filePatch.ts';
import { openSnapshotFile, type SnapshotFile } from '../../workspace/snapshotFile.ts';
import { contentIn, type ReadState } from './content.ts';
import { differenceJson, differenceText } from './differenceText.ts';
import { exitCodes } from './exitCodes.ts';
import { withScratch } from './scratch.ts';

interface Options {
  readonly patch?: boolean;
  readonly json?: boolean;
}

/** `baton snapshot diff FILE FILE` */
export function diffCommand(): Command {
  return new Command('diff')
    .description('say what differs between two snapshot files: commits, index and every file')
    .argument('<before>')
    .argument('<after>')
    .option('-p, --patch', 'show text files line by line')
    .option('--json', 'print the differences as JSON')
    .addHelpText('after', '\nExit codes, as those of diff: 0 they are the same, 1 they differ, 2 for errors.')
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : exitCodes.TROUBLE))
    .action(async (before: string, after: string, options: Options) => {
      try {
        if (await compare(before, after, options)) process.exitCode = exitCodes.DIFFERENT;
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        process.stderr.write(`${error.message}\n`);
        process.exitCode = exitCodes.TROUBLE;
      }
    });
}

/** Prints what differs; false when nothing does. */
function compare(before: string, after: string, { patch = false, json = false }: Options): Promise<boolean> {
  return withScratch(null, async ({ directory, git, signal }) => {
    const files: SnapshotFile[] = [];
    try {
      for (const name of [before, after]) files.push(await openSnapshotFile(name));
      const [old, now] = files as [SnapshotFile, SnapshotFile];
      const difference = differenceBetween(old.manifest, now.manifest, { complete: true });
      process.stdout.write(json ? `${JSON.stringify(differenceJson(difference))}\n` : differenceText(difference));
      if (patch && !json) {
        const contents: ReadState[] = [];
        for (const [n, file] of files.entries()) {
          const place = join(directory, String(n));
          await mkdir(place);
          contents.push(contentIn({ file, directory: place, git, signal }));
        }
        await writePatches(difference, contents as [ReadState, ReadState]);
      }
      return !isSame(difference);
    } finally {
      for (const file of files) await file.close();
    }
  });
}

async function writePatches(
  { repositories, outside }: SnapshotDifference,
  contents: readonly [ReadState, ReadState],
): Promise<void> {
  const all = [
    ...repositories.flatMap(({ repository, files }) => (files ?? []).map((file) => [repository, repository, file] as const)),
    ...outside.map((file) => [null, '.', file] as const),
  ];
  for (const [repository, folder, file] of all) process.stdout.write(await patchText(repository, folder, file, contents));
}

async function patchText(
  repository: string | null,
  folder: string,
  file: FileDifference,
  [old, now]: readonly [ReadState, ReadState],
): Promise<string> {
  const begin = (note: string) => `${[...patchHeader(folder, file, false), note].join('\n')}\n`;
  if (file.status === 'RENAMED' || file.status === 'MODE_CHANGED') return `${patchHeader(folder, file, false).join('\n')}\n`;
  const states = [file.before, file.after].filter((state): state is FileState => state !== null);
  if (states.some(({ bytes }) => (bytes ?? 0) > comparedBytes)) return begin('# It is too large to be shown line by line.');
  const before = file.before && (await old(repository, file.oldPath ?? file.path));
  const after = file.after && (await now(repository, file.path));
  const compared: FilePatch =
    before === 'MISSING' || after === 'MISSING' ? { kind: 'ELSEWHERE' } : filePatch(folder, file, [before, after]);
  switch (compared.kind) {
    case 'TEXT':
      return compared.patch;
    case 'BINARY':
      return begin('# It is no text.');
    case 'TOO_LARGE':
      return begin('# It differs in too much to be shown line by line.');
    case 'ELSEWHERE':
      return begin('# Its content is not in the snapshot file, which is damaged or leaves out what its remote has.');
  }
}
