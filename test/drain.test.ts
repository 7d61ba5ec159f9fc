import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RunId } from '../domain/ids.ts';
import { liveClient } from './support/live.ts';
import { startPart, type Part } from './support/part.ts';
import { ended, startTestSystem, type Shown, type TestSystem } from './support/system.ts';
import { expectTrueLog } from './support/truth.ts';
import { waitFor } from './support/waitFor.ts';

let system: TestSystem;
let parts: Part[];
beforeEach(async () => {
  parts = [];
  system = await startTestSystem();
});
afterEach(async () => {
  await Promise.all(parts.map((part) => part.kill()));
  await system.stop();
});

const start = async (kind: 'gateway' | 'worker', more: Record<string, string>): Promise<Part> => {
  const part = await startPart(kind, system.settings, more);
  parts.push(part);
  return part;
};
const startWorker = (name: string, seconds: number) =>
  start('worker', {
    BATON_WORKER_NAME: name,
    BATON_WORKER_HOME: `${system.settings.directory}/${name}`,
    BATON_WORKER_DRAIN_SECONDS: String(seconds),
  });
const fields = 'sessions { ordinal outcome worker failure { code } } failure { code }';
const output = (events: readonly Shown[], session: number) =>
  events
    .filter(({ __typename, sessionOrdinal }) => __typename === 'ItemChunkEvent' && sessionOrdinal === session)
    .map(({ text }) => text)
    .join('');
const begun = (runId: string) =>
  waitFor('the turn', async () => output(await system.transcript(runId), 1).includes('begun'), 20_000);
const followUp = (runId: string, text: string) => system.mutate('sendFollowUp', { clientKey: text, runId, text });

describe('a worker that is asked to stop', { timeout: 90_000 }, () => {
  test('lets the turn end, captures, and another worker goes on without loss', async () => {
    const first = await startWorker('first', 60);
    const runId = await system.createRun(await system.createEnvironment(), 'echo begun; sleep 15; echo kept > file', {
      idleSeconds: 600,
    });
    await begun(runId);
    await startWorker('second', 60);
    const exited = first.kill('SIGTERM');
    await waitFor('the worker to say so', async () =>
      (await system.transcript(runId)).some(({ code }) => code === 'WORKER_STOPPING'),
    );
    await followUp(runId, 'cat file');
    expect(await exited).toBe(0);
    const twice = ({ sessions }: Shown) => sessions.length === 2;
    expect(await system.runUntil(runId, fields, twice)).toMatchObject({
      sessions: [{ outcome: 'SUCCEEDED', worker: 'first' }, { ordinal: 2 }],
    });
    await waitFor('the second turn', async () => output(await system.transcript(runId), 2).includes('kept'), 30_000);
    expect(await system.runUntil(runId, fields, twice)).toMatchObject({ sessions: [{}, { worker: 'second' }] });
    await expectTrueLog(system.world.journal, runId as RunId);
  });

  test('interrupts a turn that takes too long, captures what it did, and another worker goes on from there', async () => {
    const first = await startWorker('first', 1);
    const runId = await system.createRun(await system.createEnvironment(), 'echo kept > file; echo begun; sleep 600');
    await begun(runId);
    await followUp(runId, 'cat file');
    await startWorker('second', 1);
    expect(await first.kill('SIGTERM')).toBe(0);
    expect(await system.runUntil(runId, fields, ended, 40_000)).toMatchObject({
      state: 'SUCCEEDED',
      sessions: [
        { outcome: 'FAILED', worker: 'first', failure: { code: 'WORKER_STOPPED' } },
        { outcome: 'SUCCEEDED', worker: 'second' },
      ],
    });
    expect(output(await system.transcript(runId), 2)).toBe('kept\n');
    await expectTrueLog(system.world.journal, runId as RunId);
  });

  test('ends a session that is idle, and exits at once', async () => {
    const first = await startWorker('first', 60);
    const runId = await system.createRun(await system.createEnvironment(), 'echo begun', { idleSeconds: 600 });
    await system.runUntil(runId, 'waitingFor { for }', ({ waitingFor }) => waitingFor?.for === 'MESSAGE');
    const began = performance.now();
    expect(await first.kill('SIGTERM')).toBe(0);
    expect(performance.now() - began).toBeLessThan(15_000);
    expect(await system.runUntil(runId, fields, ended)).toMatchObject({
      state: 'SUCCEEDED',
      sessions: [{ outcome: 'SUCCEEDED' }],
    });
  });
});

test('a gateway that is asked to stop answers what was asked, closes its sockets with 1001, cuts its streams, and exits with 0', async () => {
  const gateway = await start('gateway', {});
  const runId = await system.createRun(await system.createEnvironment(), 'echo never');
  const live = liveClient(gateway.url, system.token);
  const subscription = live.subscribe('subscription ($runId: ID!) { transcript(runId: $runId, after: 0) { __typename } }', {
    runId,
  });
  await subscription.atLeast(1);
  const post = (query: string, variables: object, accept: string) =>
    fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept, authorization: `Bearer ${system.token}` },
      body: JSON.stringify({ query, variables }),
    });
  const stream = await post('subscription { runChanged { __typename } }', {}, 'text/event-stream');
  const cut = stream.text().then(
    () => 'ended',
    () => 'cut',
  );
  // A mutation that waits for the run's lock is under way while the gateway stops.
  const lock = await system.world.journal.pool.connect();
  await lock.query('BEGIN');
  await lock.query('SELECT 1 FROM "RunHead" WHERE "runId" = $1 FOR UPDATE', [runId]);
  const answer = post(
    'mutation ($input: SendFollowUpInput!) { sendFollowUp(input: $input) { __typename } }',
    { input: { clientKey: 'f', runId, text: 'echo too' } },
    'application/json',
  );
  await waitFor('the mutation to wait', async () => {
    const { rows } = await system.world.journal.pool.query(
      `SELECT 1 FROM pg_stat_activity WHERE application_name = 'baton-gateway' AND wait_event_type = 'Lock' AND datname = current_database()`,
    );
    return rows.length > 0;
  });
  const exited = gateway.kill('SIGTERM');
  expect(await live.closed()).toBe(1001);
  expect(await cut).toMatch(/cut|ended/);
  await expect(fetch(`${gateway.url}/healthz`)).rejects.toThrow('fetch failed');
  await lock.query('COMMIT');
  lock.release();
  expect(await (await answer).json()).toEqual({ data: { sendFollowUp: { __typename: 'SendFollowUpPayload' } } });
  expect(await exited).toBe(0);
  await live.dispose();
});
