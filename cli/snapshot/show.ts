import { Command } from 'commander';
import { serializeManifest } from '../../workspace/manifest.ts';
import { damagedBlobs, openSnapshotFile } from '../../workspace/snapshotFile.ts';
import { exitCodes } from './exitCodes.ts';
import { explain } from './scratch.ts';
import { gapsText, summaryText } from './summary.ts';
import { plural, sizeText } from './text.ts';

/** `baton snapshot show FILE` */
export function showCommand(): Command {
  return new Command('show')
    .description('say what a snapshot file holds, and whether all of it can be read')
    .argument('<file>')
    .option('--json', 'print the manifest, which names every entry')
    .addHelpText('after', '\nExit codes: 0 the file is whole, 3 it is damaged, 1 for errors.')
    .action(async (name: string, { json = false }: { json?: boolean }) => {
      const file = await openSnapshotFile(name).catch((error: unknown) => {
        throw explain(error);
      });
      try {
        const damaged = await damagedBlobs(file);
        if (damaged > 0) {
          process.exitCode = exitCodes.NOT_EXACT;
          process.stderr.write(
            `${name} is damaged: ${damaged} of its ${plural(file.manifest.blobs.length, 'blob')} cannot be read. A restore puts back the rest, and names what is missing.\n`,
          );
        }
        const { createdAt, thin } = file.head;
        const commits = thin ? 'without the commits that its remotes have' : 'with all commits';
        process.stdout.write(
          json
            ? `${serializeManifest(file.manifest).toString()}\n`
            : `Snapshot of ${createdAt}, ${sizeText(file.bytes)}, ${commits}\n\n${summaryText(file.manifest)}${gapsText(file.manifest)}`,
        );
      } finally {
        await file.close();
      }
    });
}
