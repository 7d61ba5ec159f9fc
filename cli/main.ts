import { Command } from 'commander';
import { ConfigError } from '../config/read.ts';
import { Problem } from '../stack/problem.ts';
import { demoCommand } from './demo.ts';
import { exportCommand } from './export.ts';
import { gcCommand } from './gc.ts';
import { linkCommand } from './link.ts';
import { snapshotCommand } from './snapshot/command.ts';
import { startCommand } from './start.ts';

/** The commands, each in a file of its own, in the order of the help. */
const commands: readonly (() => Command)[] = [startCommand, demoCommand, linkCommand, exportCommand, snapshotCommand, gcCommand];

/** Runs the command line. What a person can mend is said in a sentence, with exit code 1. */
export async function main(argv: readonly string[]): Promise<void> {
  // A reader that went away (`| head`, a closed terminal) is no reason to fail.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const program = new Command('baton').description('Coding agents as durable, resumable runs.').showHelpAfterError();
  for (const command of commands) program.addCommand(command());
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (!(error instanceof Problem) && !(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
