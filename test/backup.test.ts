import { randomBytes } from 'node:crypto';
import { cp, rm } from 'node:fs/promises';
import path from 'node:path';
import { Connection } from '@temporalio/client';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import type { RunId } from '../domain/ids.ts';
import { withClient } from '../stack/postgres/connect.ts';
import { ensureNamespace } from '../stack/temporal/namespace.ts';
import { registerSearchAttributes } from '../stack/temporal/register.ts';
import { createTestDatabase, type TestDatabase } from './support/database.ts';
import { client, createToken, removeSettings, testSettings, type Client, type TestSettings } from './support/gateway.ts';
import { createWorld, openTestJournal } from './support/journal.ts';
import { startPart, type Part } from './support/part.ts';
import { createRepository } from './support/repository.ts';
import { expectTrueLog } from './support/truth.ts';
import { waitFor } from './support/waitFor.ts';

let database: TestDatabase;
let settings: TestSettings;
let token: string;
let api: Client;
let parts: Part[];
let environmentId: string;

beforeEach(async () => {
  parts = [];
  database = await createTestDatabase();
  settings = await testSettings(database.url, { BATON_SANDBOX: 'process-group', BATON_WORKER_DRAIN_SECONDS: '0' });
  const journal = openTestJournal(database.url);
  token = await createToken(journal, (await createWorld(journal)).userId);
  await journal.close();
  await start();
  const url = createRepository(path.join(settings.directory, 'repository'));
  const created = await mutate(
    'createEnvironment',
    { clientKey: 'e', name: 'sample', repositories: [{ url }] },
    'environment { id }',
  );
  environmentId = created.environment.id;
});
afterEach(async () => {
  await stop('SIGKILL');
  await removeSettings(settings);
  await database.drop();
});

async function start(more: Record<string, string> = {}): Promise<void> {
  parts = await Promise.all([startPart('gateway', settings, more), startPart('worker', settings, more)]);
  api = client(parts[0]?.url ?? '', token);
}
const stop = async (signal: NodeJS.Signals) => void (await Promise.all(parts.map((part) => part.kill(signal))));

const mutate = async (name: string, input: object, payload: string) => {
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}`;
  const query = `mutation ($input: ${type}Input!) { ${name}(input: $input) { ... on Error { code message } ... on ${type}Payload { ${payload} } } }`;
  const { data, errors } = await api(query, { input });
  if (errors || data[name].code) throw new Error(JSON.stringify(errors ?? data[name]));
  return data[name];
};
let keys = 0;
const createRun = async (text: string): Promise<string> =>
  (await mutate('createRun', { clientKey: `r${++keys}`, environmentId, text }, 'run { id }')).run.id;
const followUp = (runId: string, text: string) => mutate('sendFollowUp', { clientKey: `f${++keys}`, runId, text }, 'run { id }');

const fields =
  'state failure { code } sessions { ordinal outcome restoreReport { exact applied notApplied entries { path status reason } } } transcript(last: 100) { edges { node { ... on ItemChunkEvent { sessionOrdinal text } } } }';
const runUntil = (runId: string, sessions: number) =>
  waitFor(
    `session ${sessions} of the run to end`,
    async () => {
      const { data } = await api(`query ($id: ID!) { run(id: $id) { ${fields} } }`, { id: runId });
      const over = ['SUCCEEDED', 'FAILED', 'CANCELED'].includes(data.run.state) && data.run.sessions.length === sessions;
      return over ? data.run : null;
    },
    90_000,
  );
const output = (run: Awaited<ReturnType<typeof runUntil>>, session: number): string =>
  run.transcript.edges
    .filter(({ node }: { node: { sessionOrdinal?: number } }) => node.sessionOrdinal === session)
    .map(({ node }: { node: { text: string } }) => node.text)
    .join('');

/** Copies a database as it is now, and puts a copy back. Whoever is connected is cut off. */
const copyDatabase = (from: string, to: string) =>
  withClient(inject('postgresUrl'), async (postgres) => {
    await postgres.query(`DROP DATABASE IF EXISTS ${to} WITH (FORCE)`);
    await postgres.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [from]);
    await postgres.query(`CREATE DATABASE ${to} TEMPLATE ${from}`);
  });
const nameOf = (url: string) => new URL(url).pathname.slice(1);
const blobs = () => settings.environment['BATON_BLOBS'] ?? '';

const expectTrue = async (runId: string) => {
  const journal = openTestJournal(database.url);
  try {
    await expectTrueLog(journal, runId as RunId);
  } finally {
    await journal.close();
  }
};

test('blobs from an earlier moment than the database: what is missing is named, and the run goes on with the rest', async () => {
  const runId = await createRun('echo one > first');
  await runUntil(runId, 1);
  await cp(blobs(), `${blobs()}.backup`, { recursive: true });
  await followUp(runId, 'echo two > second; echo changed > README.md');
  await runUntil(runId, 2);
  await stop('SIGTERM');
  await rm(blobs(), { recursive: true });
  await cp(`${blobs()}.backup`, blobs(), { recursive: true });
  await start();
  await followUp(runId, 'cat README.md; echo three');
  const run = await runUntil(runId, 3);
  expect(run.state).toBe('SUCCEEDED');
  const { restoreReport } = run.sessions[2];
  expect(restoreReport.exact).toBe(false);
  expect(restoreReport.notApplied).toBeGreaterThan(0);
  expect(restoreReport.entries.map(({ reason }: { reason: string }) => reason)).toContain('BLOB_MISSING');
  expect(output(run, 3)).toContain('three');
  // Without the key nothing of a snapshot can be read, which is said just so.
  await stop('SIGTERM');
  await start({ BATON_MASTER_KEY: randomBytes(32).toString('base64') });
  await followUp(runId, 'cat README.md');
  const keyless = await runUntil(runId, 4);
  expect(keyless).toMatchObject({ state: 'SUCCEEDED', sessions: [{}, {}, {}, { restoreReport: { exact: false } }] });
  expect(output(keyless, 4)).toBe('# Sample\n');
  await expectTrue(runId);
}, 180_000);

test('a database from an earlier moment than blobs and Temporal: what it does not know is gone, and what it knows goes on', async () => {
  const runId = await createRun('echo one > file');
  await runUntil(runId, 1);
  await stop('SIGTERM');
  const backup = `backup_${randomBytes(6).toString('hex')}`;
  await copyDatabase(nameOf(database.url), backup);
  await start();
  await followUp(runId, 'echo two >> file');
  await runUntil(runId, 2);
  const later = await createRun('echo later');
  await runUntil(later, 1);
  await stop('SIGTERM');
  await copyDatabase(backup, nameOf(database.url));
  await withClient(inject('postgresUrl'), (postgres) => postgres.query(`DROP DATABASE ${backup}`));
  await start();
  expect((await api('query ($id: ID!) { run(id: $id) { state } }', { id: later })).data.run).toBeNull();
  expect((await runUntil(runId, 1)).state).toBe('SUCCEEDED');
  await followUp(runId, 'cat file');
  const run = await runUntil(runId, 2);
  expect(run).toMatchObject({ state: 'SUCCEEDED', sessions: [{}, { restoreReport: { exact: true } }] });
  expect(output(run, 2)).toBe('one\n');
  await expectTrue(runId);
}, 180_000);

test('without Temporal’s database: runs that were open are said to have lost their execution, and every run goes on', async () => {
  const ended = await createRun('echo one > file');
  await runUntil(ended, 1);
  const open = await createRun('echo begun; sleep 600');
  await waitFor('the turn', async () => {
    const { data } = await api(`query ($id: ID!) { run(id: $id) { ${fields} } }`, { id: open });
    return output(data.run, 1) === 'begun\n';
  });
  await stop('SIGKILL');
  const namespace = `restored-${randomBytes(6).toString('hex')}`;
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  await ensureNamespace(connection, namespace);
  await registerSearchAttributes(connection, namespace);
  await connection.close();
  await start({ TEMPORAL_NAMESPACE: namespace });
  await followUp(ended, 'cat file');
  const run = await runUntil(ended, 2);
  expect([run.state, output(run, 2)]).toEqual(['SUCCEEDED', 'one\n']);
  expect(await runUntil(open, 1)).toMatchObject({ state: 'FAILED', failure: { code: 'EXECUTION_GONE' } });
  await followUp(open, 'echo again');
  expect(output(await runUntil(open, 2), 2)).toBe('again\n');
  await expectTrue(open);
}, 240_000);
