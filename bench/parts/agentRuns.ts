import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import type { GatewayClient } from '../../cli/gatewayClient.ts';
import { unlessAborted } from '../measure.ts';
import { untilOutput } from './untilOutput.ts';

/** What the first session leaves behind, so that there is something to restore. */
const leave = `set -e
for file in $(git ls-files | head -20); do echo changed >> "$file"; done
for n in 1 2 3 4 5; do echo "new $n" > "new-$n.txt"; done
echo left`;

/** A run whose session has ended, and the end of its log. */
export interface HandedRun {
  readonly runId: string;
  after: number;
}

/** An environment of one repository. */
export async function createEnvironment(client: GatewayClient, repository: string): Promise<string> {
  const { environment } = await client.mutate<{ environment: { id: string } }>(
    'createEnvironment',
    { clientKey: randomUUID(), name: path.basename(repository), repositories: [{ url: repository }] },
    'environment { id }',
  );
  return environment.id;
}

/** A run whose first session has changed the workspace and ended. */
export async function createHandedRun(client: GatewayClient, environmentId: string, signal: AbortSignal): Promise<HandedRun> {
  const { run } = await client.mutate<{ run: { id: string } }>(
    'createRun',
    { clientKey: randomUUID(), environmentId, title: 'Bench', text: leave, idleSeconds: 0 },
    'run { id }',
  );
  const { lastSeq } = await unlessAborted(signal, untilOutput(client, { runId: run.id, after: 0 }).ended);
  return { runId: run.id, after: lastSeq };
}

/** Hands the run on, and waits until its new session has ended. From the follow-up to that session's first output, in milliseconds. */
export async function handOn(client: GatewayClient, run: HandedRun): Promise<number> {
  const watched = untilOutput(client, run);
  const began = performance.now();
  await followUp(client, run.runId, 'echo here');
  const took = (await watched.output) - began;
  run.after = (await watched.ended).lastSeq;
  return took;
}

/** Sends the run a message. */
export async function followUp(client: GatewayClient, runId: string, text: string): Promise<void> {
  await client.mutate('sendFollowUp', { clientKey: randomUUID(), runId, text }, 'run { id }');
}
