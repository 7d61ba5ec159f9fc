import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { startGate } from './support/gate.ts';
import { client, startTestGateway } from './support/gateway.ts';
import { ended, startTestSystem, type Shown, type TestSystem } from './support/system.ts';

let system: TestSystem;
beforeEach(async () => {
  system = await startTestSystem();
});
afterEach(() => system.stop());

const fields =
  'waitingFor { for detail } sessions { ordinal outcome } failure { code message } queuedMessages { text } returnedMessages { text }';

test('with all workers down, a run and its follow-ups are accepted at once, say what they wait for, and run once when a worker comes', async () => {
  const environmentId = await system.createEnvironment();
  const began = performance.now();
  const runId = await system.createRun(environmentId, 'echo first >> log');
  await system.mutate('sendFollowUp', { clientKey: 'f', runId, text: 'echo second >> log; cat log' });
  expect(performance.now() - began).toBeLessThan(2_000);
  const waiting = await system.runUntil(runId, fields, ({ waitingFor }) => waitingFor?.for === 'WORKER');
  expect(waiting).toMatchObject({
    state: 'QUEUED',
    queuedMessages: [{ text: 'echo first >> log' }, { text: 'echo second >> log; cat log' }],
  });
  await system.startWorker();
  expect(await system.runUntil(runId, fields, ended)).toMatchObject({
    state: 'SUCCEEDED',
    sessions: [{ ordinal: 1, outcome: 'SUCCEEDED' }],
  });
  const output = (await system.transcript(runId))
    .map((event: Shown) => (event.__typename === 'ItemChunkEvent' ? event.text : ''))
    .join('');
  expect(output).toBe('first\nsecond\n');
});

test('with Temporal away, a run says so, and starts by itself when it is back', async () => {
  const gate = await startGate(inject('temporalAddress'));
  const gateway = await startTestGateway(system.settings, { TEMPORAL_ADDRESS: gate.address });
  try {
    const api = client(gateway.url, system.token);
    const environmentId = await system.createEnvironment();
    gate.close();
    const created = await api(
      'mutation ($input: CreateRunInput!) { createRun(input: $input) { ... on CreateRunPayload { run { id state } } } }',
      { input: { clientKey: 'k', environmentId, text: 'echo hi' } },
    );
    const { id } = created.data.createRun.run;
    expect(created.data.createRun.run.state).toBe('QUEUED');
    const waiting = await system.runUntil(id, fields, ({ waitingFor }) => waitingFor?.for === 'TEMPORAL');
    expect(waiting.waitingFor.detail).toContain('by itself');
    await system.startWorker();
    gate.open();
    expect((await system.runUntil(id, fields, ended, 25_000)).state).toBe('SUCCEEDED');
  } finally {
    await gateway.stop();
    await gate.stop();
  }
});

test('a run that no worker takes before its deadline fails, says why, and gives its message back', async () => {
  const impatient = await startTestSystem({ BATON_START_DEADLINE_HOURS: '0.0001' });
  try {
    const runId = await impatient.createRun(await impatient.createEnvironment(), 'echo never');
    const run = await impatient.runUntil(runId, fields, ended, 25_000);
    expect(run).toMatchObject({
      state: 'FAILED',
      failure: { code: 'NO_WORKER', message: expect.stringContaining('Start a worker') },
      returnedMessages: [{ text: 'echo never' }],
    });
    // The worker that comes later finds nothing to do.
    await impatient.startWorker();
    expect((await impatient.runUntil(runId, fields, () => true)).sessions).toEqual([]);
  } finally {
    await impatient.stop();
  }
});

test('a canceled run that no worker has is canceled at once', async () => {
  const runId = await system.createRun(await system.createEnvironment(), 'echo never');
  const { run } = await system.mutate('cancelRun', { runId }, 'run { state returnedMessages { text } }');
  expect(run).toEqual({ state: 'CANCELED', returnedMessages: [{ text: 'echo never' }] });
});
