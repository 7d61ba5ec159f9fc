import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { Command } from 'commander';
import { stackConfig } from '../config/stack.ts';
import { readGatewayFile, type GatewayFile } from '../stack/gatewayFile.ts';
import { startBeside } from '../stack/startBeside.ts';
import { statePaths } from '../stack/state.ts';
import { DemoOutput } from './demo/output.ts';
import { demoRepository } from './demo/repository.ts';
import { followRun, type Followed } from './demo/transcript.ts';
import { firstWork, followUpWork, stateMark } from './demo/work.ts';
import { GatewayClient } from './gatewayClient.ts';
import { createSignInLink } from './link.ts';

/** `baton demo`: one run over two sessions, from its creation to the restored workspace. */
export function demoCommand(): Command {
  return new Command('demo')
    .description('show a run that is handed from one session to the next, on the running system or one that it starts')
    .option('--repo <path or address>', 'the repository to work on; a clone of the one it stands in when not given')
    .action(async ({ repo }: { repo?: string }) => {
      const output = new DemoOutput(process.stdout);
      const config = stackConfig();
      const running = await runningGateway(statePaths(config.BATON_HOME).gateway);
      const system = running ? null : await startBeside(config, process.stdout);
      try {
        const directory = path.join(statePaths(config.BATON_HOME).directory, 'demo', 'repository');
        const repository = await demoRepository(directory, repo, process.cwd());
        process.exitCode = await showDemo(running ?? (system as NonNullable<typeof system>).gateway, repository, output);
        if (system && process.stdout.isTTY) {
          output.plain('  The system goes on running, for you to look around. Ctrl-C stops it.');
          await system.stopRequested;
        } else if (system) {
          output.plain('  The system that this demo started stops now; npm start brings it back with the run.');
        }
      } finally {
        await system?.stop();
      }
    });
}

/** The gateway of this state directory, when one answers there. */
async function runningGateway(file: string): Promise<GatewayFile | null> {
  const gateway = await readGatewayFile(file);
  if (!gateway) return null;
  try {
    await new GatewayClient(gateway).ask('{ viewer { id } }');
    return gateway;
  } catch {
    return null;
  }
}

const runFields = `id title state origin branch creator { name } team { name } environment { name } usage { wallMs cpuMs }
  sessions { ordinal usage { wallMs } }`;

interface DemoRun {
  readonly id: string;
  readonly title: string;
  readonly state: string;
  readonly origin: string;
  readonly branch: string | null;
  readonly creator: { readonly name: string };
  readonly team: { readonly name: string };
  readonly environment: { readonly name: string };
  readonly usage: { readonly wallMs: number; readonly cpuMs: number };
  readonly sessions: readonly { readonly ordinal: number; readonly usage: { readonly wallMs: number } }[];
}

/** Shows the whole demo; the exit code: 0 when the second session found exactly what the first one left. */
async function showDemo(gateway: GatewayFile, repository: string, output: DemoOutput): Promise<number> {
  const client = new GatewayClient(gateway);
  try {
    const name = `Demo ${new Date().toISOString().slice(0, 19).replace('T', ' ')}`;
    const { environment } = await client.mutate<{ environment: { id: string } }>(
      'createEnvironment',
      { clientKey: randomUUID(), name, repositories: [{ url: repository }] },
      'environment { id }',
    );
    const { run } = await client.mutate<{ run: { id: string } }>(
      'createRun',
      {
        clientKey: randomUUID(),
        environmentId: environment.id,
        title: 'Demo: handed from one session to the next',
        text: firstWork,
        idleSeconds: 0,
      },
      'run { id }',
    );
    output.plain(`Run ${run.id} on a clone of ${repository}`);
    const first = await followRun(client, output, run.id, 0);
    const before = await readRun(client, run.id);

    output.heading('A follow-up to the ended run');
    await client.mutate('sendFollowUp', { clientKey: randomUUID(), runId: run.id, text: followUpWork }, 'run { id }');
    const second = await followRun(client, output, run.id, first.lastSeq);
    const after = await readRun(client, run.id);

    const { url } = await createSignInLink(gateway);
    return summarize(output, { first, second, before, after, page: `${gateway.url}/runs/${run.id}`, link: url });
  } finally {
    await client.close();
  }
}

async function readRun(client: GatewayClient, id: string): Promise<DemoRun> {
  return (await client.ask<{ run: DemoRun }>(`query ($id: ID!) { run(id: $id) { ${runFields} } }`, { id })).run;
}

interface Summary {
  readonly first: Followed;
  readonly second: Followed;
  readonly before: DemoRun;
  readonly after: DemoRun;
  readonly page: string;
  readonly link: string;
}

/** What was kept over the handoff, checked, and where to look at it. */
function summarize(output: DemoOutput, { first, second, before, after, page, link }: Summary): number {
  const stateOf = ({ printed }: Followed) => printed.slice(printed.lastIndexOf(stateMark));
  const identity = ({ id, creator, team, environment, origin, branch }: DemoRun) =>
    JSON.stringify({ id, creator, team, environment, origin, branch });
  const checks: [string, boolean][] = [
    ['both sessions succeeded', first.state === 'SUCCEEDED' && second.state === 'SUCCEEDED'],
    [
      'status, index, HEAD and every byte as session 1 left them',
      first.printed.includes(stateMark) && stateOf(first) === stateOf(second),
    ],
    [`run, creator, team, environment and origin unchanged, same branch (${after.branch})`, identity(before) === identity(after)],
    [
      `usage of both sessions rolled up: ${Math.round(after.usage.wallMs)} ms`,
      Math.abs(after.sessions.reduce((sum, { usage }) => sum + usage.wallMs, 0) - after.usage.wallMs) < 1,
    ],
  ];
  output.heading('What was kept');
  for (const [text, holds] of checks) output.plain(`  ${holds ? '✓' : '✗'} ${text}`);
  output.plain('');
  output.plain(`  The run’s page: ${page}`);
  output.plain(`  Signs a browser in, once: ${link}`);
  return checks.every(([, holds]) => holds) ? 0 : 1;
}
