import { Command } from 'commander';
import { stackConfig } from '../config/stack.ts';
import { runLocalSystem } from '../stack/start.ts';

/** `baton start`: runs the local system until Ctrl-C. */
export function startCommand(): Command {
  return new Command('start')
    .description('run the whole system on this machine, until Ctrl-C')
    .addHelpText('after', '\nSettings are environment variables: docs/configuration.md.')
    .action(async () => {
      // What is left of a part that could not be ended must not keep this process.
      process.exit(await runLocalSystem({ config: stackConfig(), output: process.stdout }));
    });
}
