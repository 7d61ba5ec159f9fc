import { rename, writeFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startOwnPostgres, startOwnTemporal, type OwnServer } from '../support/ownServers.ts';
import { startPart } from '../support/part.ts';
import { ended, startTestSystem, type TestSystem } from '../support/system.ts';
import { expectTrueLog } from '../support/truth.ts';
import { waitFor } from '../support/waitFor.ts';

const lines = (count: number): string[] => Array.from({ length: count }, (_, i) => `line ${i + 1}.`);
/** A script that prints a line each tenth of a second. */
const printing = (count: number) => `for i in $(seq 1 ${count}); do echo "line $i."; sleep 0.1; done; echo kept > kept.txt`;

async function output(system: TestSystem, runId: string, session = 1): Promise<string> {
  const events = await system.transcript(runId);
  return events
    .filter(({ sessionOrdinal, text }) => sessionOrdinal === session && text)
    .map(({ text }) => text)
    .join('');
}

const says = (system: TestSystem, runId: string, text: string) =>
  waitFor(`the run to say ${text}`, async () => (await output(system, runId)).includes(text));

async function expectFollowUpFindsTheWorkspace(system: TestSystem, runId: string): Promise<void> {
  await system.mutate('sendFollowUp', { clientKey: 'afterwards', runId, text: 'cat kept.txt' });
  expect((await system.runUntil(runId, 'id', ended, 40_000)).state).toBe('SUCCEEDED');
  expect(await output(system, runId, 2)).toBe('kept\n');
}

describe('PostgreSQL that is killed', { timeout: 90_000 }, () => {
  let server: OwnServer;
  let system: TestSystem;
  beforeAll(async () => {
    server = await startOwnPostgres();
    system = await startTestSystem({ DATABASE_URL: server.address });
  }, 90_000);
  afterAll(async () => {
    await system.stop();
    await server.stop();
  });

  test('while a turn ends: the turn ends when it is back, once', async () => {
    const worker = await startPart('worker', system.settings, { BATON_FAULT: 'turnEnded.written:stop' });
    const runId = await system.createRun(await system.createEnvironment(), printing(3));
    await worker.stoppedItself();
    await server.kill();
    await server.start();
    worker.process.kill('SIGCONT');
    expect((await system.runUntil(runId, 'id', ended, 40_000)).state).toBe('SUCCEEDED');
    await expectTrueLog(system.world.journal, runId);
    await expectFollowUpFindsTheWorkspace(system, runId);
    await worker.kill('SIGTERM');
  });

  test('while an agent writes: what it wrote is all there, in order, once', async () => {
    await system.startWorker();
    const runId = await system.createRun(await system.createEnvironment(), printing(60));
    await says(system, runId, 'line 10.');
    await server.kill();
    await sleep(2_000);
    await server.start();
    expect((await system.runUntil(runId, 'id', ended, 40_000)).state).toBe('SUCCEEDED');
    expect((await output(system, runId)).split('\n').filter(Boolean)).toEqual(lines(60));
    await expectTrueLog(system.world.journal, runId);
  });

  test('is said to whoever asks for something then, in words, and what they ask later is done', async () => {
    await server.kill();
    const { errors } = await system.api('{ viewer { name } }');
    expect(errors?.[0]?.message).toMatch(/\S/);
    expect(JSON.stringify(errors)).not.toMatch(/ECONNREFUSED|stack/);
    await server.start();
    await waitFor('the gateway to answer again', async () => (await system.api('{ viewer { name } }')).data?.viewer?.name);
  });
});

describe('Temporal that is killed', { timeout: 120_000 }, () => {
  let server: OwnServer;
  let system: TestSystem;
  beforeAll(async () => {
    server = await startOwnTemporal();
    system = await startTestSystem({ TEMPORAL_ADDRESS: server.address });
    await system.startWorker();
  }, 90_000);
  afterAll(async () => {
    await system.stop();
    await server.stop();
  });

  test('while an agent works: the agent is not disturbed, and the session ends as it should', async () => {
    const runId = await system.createRun(await system.createEnvironment(), printing(60));
    await says(system, runId, 'line 5.');
    await server.kill();
    await sleep(3_000);
    await server.start();
    expect((await system.runUntil(runId, 'id', ended, 60_000)).state).toBe('SUCCEEDED');
    expect((await output(system, runId)).split('\n').filter(Boolean)).toEqual(lines(60));
    await expectFollowUpFindsTheWorkspace(system, runId);
    await expectTrueLog(system.world.journal, runId);
  });

  test('while runs are asked for: they are taken, say what they wait for, and start by themselves when it is back', async () => {
    await server.kill();
    const runId = await system.createRun(await system.createEnvironment(), 'echo at last');
    await system.runUntil(runId, 'waitingFor { for }', ({ waitingFor }) => waitingFor?.for === 'TEMPORAL');
    await server.start();
    expect((await system.runUntil(runId, 'id', ended, 60_000)).state).toBe('SUCCEEDED');
    expect(await output(system, runId)).toBe('at last\n');
  });

  test('and comes back with nothing: runs that it had are ended, saying so, and go on from their snapshots', async () => {
    const environmentId = await system.createEnvironment();
    const runId = await system.createRun(environmentId, 'echo kept > kept.txt', { idleSeconds: 600 });
    await system.runUntil(runId, 'liveSession { state }', ({ liveSession }) => liveSession?.state === 'IDLE');
    await server.kill();
    await server.start({ forgetful: true });
    const run = await system.runUntil(runId, 'failure { code origin retryable } sessions { outcome }', ended, 90_000);
    expect(run).toMatchObject({ state: 'FAILED', failure: { code: 'EXECUTION_GONE', origin: 'PLATFORM', retryable: true } });
    await expectTrueLog(system.world.journal, runId);
    await system.mutate('sendFollowUp', { clientKey: 'gone', runId, text: 'cat kept.txt' });
    await waitFor('the second session to find the workspace', async () => (await output(system, runId, 2)) === 'kept\n', 40_000);
  });
});

describe('a blob store that is away', { timeout: 60_000 }, () => {
  test('while a session ends: the snapshot is taken when it is back, and nothing is lost', async () => {
    const system = await startTestSystem();
    try {
      const worker = await startPart('worker', system.settings, { BATON_FAULT: 'turnEnded.committed:stop' });
      const runId = await system.createRun(await system.createEnvironment(), printing(3));
      await worker.stoppedItself();
      const store = system.settings.environment['BATON_BLOBS'] as string;
      await rename(store, `${store}-away`).catch(() => {});
      await writeFile(store, 'not a directory');
      worker.process.kill('SIGCONT');
      await sleep(3_000);
      expect((await system.runUntil(runId, 'liveSession { waitingFor { for } }', () => true)).liveSession.waitingFor.for).toBe(
        'CAPTURE',
      );
      await rm(store);
      await rename(`${store}-away`, store).catch(() => {});
      expect((await system.runUntil(runId, 'id', ended, 40_000)).state).toBe('SUCCEEDED');
      await expectFollowUpFindsTheWorkspace(system, runId);
      await worker.kill('SIGTERM');
    } finally {
      await system.stop();
    }
  });
});
