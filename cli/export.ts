import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Command, Option } from 'commander';
import { Problem } from '../stack/problem.ts';
import { GatewayClient } from './gatewayClient.ts';
import { readOwnGateway } from './ownGateway.ts';

export const formats = ['jsonl', 'markdown', 'bundle'] as const;
export type Format = (typeof formats)[number];

interface Exported {
  readonly run: {
    readonly exports: { readonly jsonl: string; readonly markdown: string };
    readonly latestSnapshot: { readonly bundleUrl: string } | null;
  } | null;
}

/** `baton export <run>`: downloads a run's transcript or its latest snapshot. */
export function exportCommand(): Command {
  return new Command('export')
    .description('download a run: its transcript, or its latest snapshot as a bundle')
    .argument('<run>', 'the run’s id')
    .addOption(new Option('--format <format>', 'what to download').choices(formats).default('jsonl'))
    .option('-o, --output <file>', 'the file to write; standard output when not given')
    .action(async (run: string, { format, output }: { format: Format; output?: string }) => {
      if (output === undefined && format === 'bundle' && process.stdout.isTTY)
        throw new Problem('A bundle is a tar archive. Name a file for it with -o, or pass it on to another program.');
      const client = new GatewayClient(await readOwnGateway());
      const bytes = await openExport(client, run, format);
      await (output === undefined
        ? pipeline(Readable.fromWeb(bytes as never), process.stdout, { end: false })
        : writeWhole(bytes, output));
    });
}

/** The bytes of an export. Throws a Problem when there is nothing to export. */
export async function openExport(client: GatewayClient, run: string, format: Format): Promise<ReadableStream<Uint8Array>> {
  const found = await client.ask<Exported>(
    'query Export($id: ID!) { run(id: $id) { exports { jsonl markdown } latestSnapshot { bundleUrl } } }',
    { id: run },
  );
  if (found.run === null) throw new Problem(`There is no run ${run}, or it belongs to a team you are not in.`);
  if (format !== 'bundle') return client.download(found.run.exports[format]);
  if (found.run.latestSnapshot === null) throw new Problem(`The run ${run} has no snapshot.`);
  return client.download(found.run.latestSnapshot.bundleUrl);
}

/** Writes a file that is there whole or not at all. Throws a Problem when the download is cut off. */
export async function writeWhole(bytes: ReadableStream<Uint8Array>, file: string): Promise<void> {
  const part = `${file}.part`;
  try {
    await pipeline(Readable.fromWeb(bytes as never), createWriteStream(part));
  } catch (error) {
    await rm(part, { force: true });
    throw new Problem(`${file} could not be written: ${(error as Error).message}`, { cause: error });
  }
  await rename(part, file);
}
