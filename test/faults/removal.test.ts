import { Client as TemporalClient, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { directoryStore } from '../../blobs/directoryStore.ts';
import { runWorkflowId, type RunId } from '../../domain/ids.ts';
import type { FaultPoint } from '../../journal/faultPoints.ts';
import { client } from '../support/gateway.ts';
import { startPart } from '../support/part.ts';
import { ended, startTestSystem, type TestSystem } from '../support/system.ts';
import { expectTrueLog } from '../support/truth.ts';
import { waitFor } from '../support/waitFor.ts';

let system: TestSystem;
let environmentId: string;
beforeAll(async () => {
  system = await startTestSystem({ BATON_BLOB_GRACE_MINUTES: '0' });
  await system.startWorker();
  environmentId = await system.createEnvironment();
});
afterAll(() => system.stop());

/** Asks a gateway that dies at a point. */
async function expectDeath(point: FaultPoint, name: string, input: object): Promise<void> {
  const gateway = await startPart('gateway', system.settings, { BATON_FAULT: `${point}:kill` });
  const ask = client(gateway.url, system.token);
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input`;
  await expect(ask(`mutation ($input: ${type}!) { ${name}(input: $input) { __typename } }`, { input })).rejects.toThrow(
    'fetch failed',
  );
  expect(await gateway.exited).toBe('SIGKILL');
}

const finish = async (text: string): Promise<RunId> => {
  const runId = await system.createRun(environmentId, text, { title: 'A run' });
  await system.runUntil(runId, 'id', ended);
  return runId as RunId;
};
const exists = async (runId: string): Promise<boolean> =>
  (await system.ask('query ($id: ID!) { run(id: $id) { id } }', { id: runId })).run !== null;
const blobCount = async (): Promise<number> => {
  const { BATON_BLOBS: directory = '', BATON_MASTER_KEY: key = '' } = system.settings.environment;
  let count = 0;
  for await (const _ of directoryStore({ directory, masterKey: Buffer.from(key, 'base64') }).list(system.world.teamId))
    count += 1;
  return count;
};

describe('a gateway that is killed', { timeout: 120_000 }, () => {
  test.each(['written', 'committed'] as const)(
    'when a deletion is %s: the run is there whole, or goes with its blobs and executions by another gateway',
    async (state) => {
      const before = await blobCount();
      const runId = await finish(`echo ${state} > ${state}.txt`);
      await expectDeath(`deleteRun.${state}`, 'deleteRun', { runId });
      expect(await exists(runId)).toBe(state === 'written');
      if (state === 'written') {
        await expectTrueLog(system.world.journal, runId);
        await system.mutate('deleteRun', { runId });
      }
      await waitFor('its blobs to be gone', async () => (await blobCount()) === before, 30_000);
      const connection = await Connection.connect({ address: inject('temporalAddress') });
      const { workflow } = new TemporalClient({ connection });
      await waitFor(
        'Temporal to forget it',
        () =>
          workflow
            .getHandle(runWorkflowId(runId))
            .describe()
            .then(
              () => false,
              (error: Error) => error.name === 'WorkflowNotFoundError',
            ),
        // Temporal deletes in the background, as its own queues allow.
        90_000,
      );
      await connection.close();
    },
  );

  test.each(['written', 'committed'] as const)('when a redaction is %s: all of it is done, or nothing', async (state) => {
    const runId = await finish('echo a secret');
    const seq = (await system.transcript(runId)).find(({ __typename }) => __typename === 'ItemChunkEvent').seq;
    const input = { runId, seq, reason: 'a secret' };
    await expectDeath(`redactEvent.${state}`, 'redactEvent', input);
    const shown = async () => JSON.stringify(await system.transcript(runId));
    expect((await shown()).includes('a secret\\n')).toBe(state === 'written');
    await system.mutate('redactEvent', input);
    expect(await shown()).not.toContain('a secret\\n');
    expect((await shown()).match(/EventRedactedEvent/g)).toHaveLength(1);
    await expectTrueLog(system.world.journal, runId);
  });
});
