import path from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startGate } from './support/gate.ts';
import { startTestGateway } from './support/gateway.ts';
import { ended, startTestSystem, type TestSystem } from './support/system.ts';
import { waitFor } from './support/waitFor.ts';

let system: TestSystem;
let worker: Awaited<ReturnType<TestSystem['startWorker']>>;
beforeAll(async () => {
  system = await startTestSystem({ BATON_GATEWAY_INTERNAL_PORT: '0' });
  worker = await system.startWorker({ BATON_WORKER_INTERNAL_PORT: '0' });
});
afterAll(() => system.stop());

const get = async (port: number | null, path: string) => {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: response.status, text: await response.text() };
};
/** The value of one sample. */
const valueOf = (metrics: string, sample: string): number => {
  const line = metrics.split('\n').find((candidate) => candidate.startsWith(`${sample} `));
  return Number(line?.slice(sample.length + 1) ?? Number.NaN);
};

test('gateway and worker say that they are alive and ready, on the public port and on the internal ones', async () => {
  for (const port of [system.gateway.port, system.gateway.internalPort, worker.internalPort]) {
    expect(await get(port, '/healthz')).toMatchObject({ status: 200 });
    const { status, text } = await get(port, '/readyz');
    expect({ status, ...(JSON.parse(text) as object) }).toMatchObject({
      status: 'ready',
      parts: { database: 'ready', temporal: 'ready', blobs: 'ready' },
    });
  }
  expect((await get(system.gateway.port, '/metrics')).text).not.toContain('baton_');
});

test('a gateway whose parts are away is alive and not ready, and names each part with its reason', async () => {
  const database = new URL(system.settings.environment['DATABASE_URL'] ?? '');
  const [toDatabase, toTemporal] = [await startGate(database.host), await startGate(inject('temporalAddress'))];
  database.host = toDatabase.address;
  const gateway = await startTestGateway(system.settings, {
    DATABASE_URL: database.href,
    TEMPORAL_ADDRESS: toTemporal.address,
    BATON_BLOBS: path.join(system.settings.directory, 'index.html', 'blobs'),
  });
  try {
    expect(await get(gateway.port, '/readyz')).toMatchObject({ status: 503 });
    await Promise.all([toDatabase.stop(), toTemporal.stop()]);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const { status, text } = await get(gateway.port, '/readyz');
    expect(status).toBe(503);
    expect(JSON.parse(text)).toEqual({
      status: 'not ready',
      parts: {
        database: 'the connection was refused',
        temporal: expect.stringMatching(/answer/),
        blobs: 'it is not in a directory',
      },
    });
    expect(text).not.toContain('127.0.0.1');
    expect(await get(gateway.port, '/healthz')).toMatchObject({ status: 200 });
  } finally {
    await gateway.stop();
  }
});

test('the numbers an operator asks for are there, and move', async () => {
  const environmentId = await system.createEnvironment();
  const runId = await system.createRun(environmentId, 'echo one > a; echo hi');
  await system.runUntil(runId, '', ended);
  const gateway = (await get(system.gateway.internalPort, '/metrics')).text;
  expect(valueOf(gateway, 'baton_runs{state="SUCCEEDED"}')).toBe(1);
  expect(valueOf(gateway, 'baton_runs{state="QUEUED"}')).toBe(0);
  expect(valueOf(gateway, 'baton_sessions{state="RUNNING"}')).toBe(0);
  for (const zero of ['prompts_waiting', 'prompts_oldest_seconds', 'intents_waiting', 'intents_oldest_seconds']) {
    expect(valueOf(gateway, `baton_${zero}`)).toBe(0);
  }
  expect(valueOf(gateway, 'baton_appends_total')).toBeGreaterThan(5);
  expect(valueOf(gateway, 'baton_subscribers{to="transcript"}')).toBe(0);
  expect(valueOf(gateway, 'baton_postgres_pool{is="open"}')).toBeGreaterThan(0);
  expect(gateway).toContain('process_cpu_user_seconds_total');
  const ofWorker = await waitFor('the session to be released', async () => {
    const { text } = await get(worker.internalPort, '/metrics');
    return valueOf(text, 'baton_worker_sessions') === 0 && text;
  });
  expect(valueOf(ofWorker, 'baton_worker_capacity')).toBe(10);
  expect(valueOf(ofWorker, 'baton_captures_total{kind="FINAL",outcome="captured"}')).toBe(1);
  expect(valueOf(ofWorker, 'baton_capture_bytes_total')).toBeGreaterThan(0);
  expect(valueOf(ofWorker, 'baton_capture_stored_bytes_total')).toBeGreaterThan(0);
  expect(valueOf(ofWorker, 'baton_handoff_seconds_count{cause="START"}')).toBe(1);
});
