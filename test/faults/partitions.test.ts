import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { startGate, type Gate } from '../support/gate.ts';
import { startPart } from '../support/part.ts';
import { processesWith } from '../support/processes.ts';
import { ended, startTestSystem, type TestSystem } from '../support/system.ts';
import { expectTrueLog, noteRun, timesRun } from '../support/truth.ts';
import { waitFor } from '../support/waitFor.ts';

/** A system whose worker reaches PostgreSQL or Temporal through a gate, and a run at work on it. */
async function cutOff(
  what: 'DATABASE_URL' | 'TEMPORAL_ADDRESS',
  script: string,
  test_: (scene: { system: TestSystem; gate: Gate; runId: string; notes: string }) => Promise<void>,
): Promise<void> {
  const system = await startTestSystem({ BATON_SANDBOX: 'process-group' });
  const address = system.settings.environment[what] as string;
  const target = what === 'DATABASE_URL' ? new URL(address).host : address;
  const gate = await startGate(target);
  const notes = join(system.settings.directory, 'notes');
  await mkdir(notes);
  const worker = await startPart('worker', system.settings, { [what]: address.replace(target, gate.address) });
  try {
    const text = `${noteRun(notes, 'first')}\necho begun; ${script}`;
    const runId = await system.createRun(await system.createEnvironment(), text);
    await waitFor('the script to begin', async () =>
      (await system.transcript(runId)).some(({ text: told }) => told?.includes('begun')),
    );
    await test_({ system, gate, runId, notes });
    expect(timesRun(notes, 'first')).toBe(1);
    await expectTrueLog(system.world.journal, runId);
    gate.open();
    await system.mutate('sendFollowUp', { clientKey: 'afterwards', runId, text: 'echo goes on' });
    expect((await system.runUntil(runId, 'id', ended, 60_000)).state).toBe('SUCCEEDED');
    await expectTrueLog(system.world.journal, runId);
  } finally {
    await worker.kill();
    await gate.stop();
    await system.stop();
  }
}

/** How many processes an agent has; its command is one that nothing else runs. */
const agents = (command: string): number => processesWith(command.replace(' ', '\0')).length;

describe.concurrent('a worker that is cut off', { timeout: 180_000 }, () => {
  test('from PostgreSQL for less than its lease goes on as if nothing had been', () =>
    cutOff('DATABASE_URL', 'sleep 3; echo ends', async ({ system, gate, runId }) => {
      gate.close();
      await sleep(6_000);
      gate.open();
      expect((await system.runUntil(runId, 'id', ended, 30_000)).state).toBe('SUCCEEDED');
    }));

  test('from PostgreSQL for longer kills its agent before anyone else may take the session, and the run says that it was lost', () =>
    cutOff('DATABASE_URL', 'sleep 301', async ({ system, gate, runId }) => {
      expect(agents('sleep 301')).toBeGreaterThan(0);
      gate.close();
      await waitFor('the worker to kill the agent', () => agents('sleep 301') === 0, 45_000);
      expect((await system.runUntil(runId, 'id', () => true)).state).toBe('IN_PROGRESS');
      gate.open();
      expect(await system.runUntil(runId, 'failure { code }', ended, 60_000)).toMatchObject({
        state: 'FAILED',
        failure: { code: 'WORKER_LOST' },
      });
    }));

  test('from Temporal for a moment goes on as if nothing had been', () =>
    cutOff('TEMPORAL_ADDRESS', 'sleep 3; echo ends', async ({ system, gate, runId }) => {
      gate.close();
      await sleep(5_000);
      gate.open();
      expect((await system.runUntil(runId, 'id', ended, 60_000)).state).toBe('SUCCEEDED');
    }));

  test('from Temporal for long loses the session, stops its agent, and takes the next one', () =>
    cutOff('TEMPORAL_ADDRESS', 'sleep 302', async ({ system, gate, runId }) => {
      expect(agents('sleep 302')).toBeGreaterThan(0);
      gate.close();
      await system.startWorker({ BATON_WORKER_NAME: 'other' });
      expect(await system.runUntil(runId, 'failure { code }', ended, 90_000)).toMatchObject({
        state: 'FAILED',
        failure: { code: 'WORKER_LOST' },
      });
      await waitFor('the worker to stop the agent', () => agents('sleep 302') === 0, 20_000);
    }));
});
