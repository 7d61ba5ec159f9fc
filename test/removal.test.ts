import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { runWorkflowId, sessionWorkflowId, type RunId } from '../domain/ids.ts';
import { directoryStore } from '../blobs/directoryStore.ts';
import { ended, startTestSystem, type TestSystem } from './support/system.ts';
import { waitFor } from './support/waitFor.ts';

/** What goes, on a whole system: Temporal, a worker, git, blobs. */
let system: TestSystem;
let connection: Connection;
let temporal: Client;
let environmentId: string;

beforeAll(async () => {
  system = await startTestSystem({ BATON_BLOB_GRACE_MINUTES: '0' });
  await system.world.journal.pool.query(`UPDATE "Membership" SET role = 'ADMIN' WHERE "userId" = $1`, [system.world.userId]);
  await system.startWorker();
  connection = await Connection.connect({ address: inject('temporalAddress') });
  temporal = new Client({ connection });
  environmentId = await system.createEnvironment();
});
afterAll(async () => {
  await connection?.close();
  await system?.stop();
});

const finish = async (text: string): Promise<string> => {
  const runId = await system.createRun(environmentId, text, { title: 'A run' });
  await system.runUntil(runId, 'id', ended);
  return runId;
};
const download = (url: string) => fetch(url, { headers: { authorization: `Bearer ${system.token}` } });
const blobStore = () => {
  const { BATON_BLOBS: directory = '', BATON_MASTER_KEY: key = '' } = system.settings.environment;
  return directoryStore({ directory, masterKey: Buffer.from(key, 'base64') });
};
const blobsOf = async () => {
  const found: string[] = [];
  for await (const { hash } of blobStore().list(system.world.teamId)) found.push(hash);
  return found;
};
const isForgotten = async (workflowId: string): Promise<boolean> => {
  try {
    await temporal.workflow.getHandle(workflowId).describe();
    return false;
  } catch (error) {
    if ((error as Error).name === 'WorkflowNotFoundError') return true;
    throw error;
  }
};

test('a run’s snapshot downloads as a bundle that git and tar put back', async () => {
  const runId = await finish('echo changed > note.txt; git add -A; git commit -qm "a note"; echo more > left.txt');
  const { run } = await system.ask('query ($id: ID!) { run(id: $id) { branch latestSnapshot { id bundleUrl } } }', { id: runId });
  const response = await download(run.latestSnapshot.bundleUrl);
  expect(response.status).toBe(200);
  const to = path.join(system.settings.directory, 'unpack');
  mkdirSync(to);
  writeFileSync(path.join(to, 'bundle.tar'), Buffer.from(await response.arrayBuffer()));
  execFileSync('tar', ['-xf', 'bundle.tar'], { cwd: to });
  execFileSync('sh', [`${run.latestSnapshot.id}/unpack.sh`, 'work'], { cwd: to, stdio: 'pipe' });
  const git = (...args: string[]) => execFileSync('git', args, { cwd: path.join(to, 'work'), encoding: 'utf8' }).trim();
  expect(git('log', '-1', '--format=%s')).toBe('a note');
  expect(git('branch', '--show-current')).toBe(run.branch);
  expect(git('status', '--porcelain')).toBe('?? left.txt');
  expect(readFileSync(path.join(to, 'work/left.txt'), 'utf8')).toBe('more\n');
});

test('deleting a run leaves nothing in Temporal and no blob that only it had', { timeout: 120_000 }, async () => {
  const kept = await finish('echo the same > same.txt');
  const before = await blobsOf();
  const runId = (await finish('echo the same > same.txt; echo only here > own.txt')) as RunId;
  const session = sessionWorkflowId(runId, 1);
  expect((await blobsOf()).length).toBeGreaterThan(before.length);
  expect(await isForgotten(session)).toBe(false);
  await system.mutate('deleteRun', { runId });
  await waitFor(
    'Temporal to forget it',
    async () => (await isForgotten(runWorkflowId(runId))) && (await isForgotten(session)),
    90_000,
  );
  await waitFor('its blobs to be gone', async () => (await blobsOf()).length === before.length, 30_000);
  expect((await blobsOf()).sort()).toEqual(before.sort());
  const { run } = await system.ask('query ($id: ID!) { run(id: $id) { latestSnapshot { bundleUrl } } }', { id: kept });
  expect((await download(run.latestSnapshot.bundleUrl)).status).toBe(200);
});

test('a run that ends as it is deleted stays away, whatever its workflow still does', { timeout: 120_000 }, async () => {
  const runId = (await system.createRun(environmentId, 'sleep 600')) as RunId;
  await system.runUntil(runId, 'liveSession { state }', (run) => run.liveSession?.state === 'RUNNING');
  await system.mutate('cancelRun', { runId });
  await system.runUntil(runId, 'liveSession { id }', (run) => ended(run) && run.liveSession === null);
  await system.mutate('deleteRun', { runId });
  await waitFor('Temporal to forget it', () => isForgotten(runWorkflowId(runId)), 90_000);
  expect((await system.ask('query ($id: ID!) { run(id: $id) { id } }', { id: runId })).run).toBeNull();
});

test('what is past its team’s time goes by itself, as the dry run said; the run stays, and says so', async () => {
  const { teamId, journal } = system.world;
  const old = await finish('echo an old secret; echo x > old.txt');
  const fresh = await finish('echo a fresh one');
  await journal.pool.query(`UPDATE "Run" SET "lastActivityAt" = now() - interval '40 days' WHERE id = $1`, [old]);
  const dryRun = async (transcripts: number | null, snapshots: number | null) =>
    (
      await system.ask(
        `query ($id: ID!, $t: Int, $s: Int) { node(id: $id) { ... on Team { retentionDryRun(keepTranscriptDays: $t, keepSnapshotDays: $s) { run { id } transcript snapshots } } } }`,
        { id: teamId, t: transcripts, s: snapshots },
      )
    ).node.retentionDryRun;
  expect(await dryRun(null, null)).toEqual([]);
  expect(await dryRun(90, 90)).toEqual([]);
  expect(await dryRun(30, null)).toEqual([{ run: { id: old }, transcript: true, snapshots: 0 }]);
  const [both] = await dryRun(30, 7);
  expect(both).toMatchObject({ run: { id: old }, transcript: true });
  expect(both.snapshots).toBeGreaterThan(0);
  await system.mutate('setRetention', { teamId, keepTranscriptDays: 30, keepSnapshotDays: 7 });
  await journal.pool.query('UPDATE "Team" SET "sweptAt" = NULL WHERE id = $1', [teamId]);
  await system.runUntil(
    old,
    'latestSnapshot { id } viewerCan { followUp { allowed code } }',
    (run) => run.latestSnapshot === null && !run.viewerCan.followUp.allowed,
  );
  const log = await (await download(`${system.gateway.url}/export/${old}.jsonl`)).text();
  expect(log).not.toContain('an old secret');
  expect(log).toContain('The team keeps transcripts for 30 days');
  const seqs = log
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => JSON.parse(line).seq);
  expect(seqs).toEqual(seqs.map((_, index) => index + 1));
  expect(await dryRun(30, 7)).toEqual([]);
  expect(await (await download(`${system.gateway.url}/export/${fresh}.jsonl`)).text()).toContain('a fresh one');
  const refused = await system.api(
    'mutation ($input: SendFollowUpInput!) { sendFollowUp(input: $input) { ... on Error { code } ... on RunNotContinuableError { reason } } }',
    { input: { clientKey: 'after', runId: old, text: 'go on' } },
  );
  expect(refused.data.sendFollowUp).toEqual({ code: 'RUN_NOT_CONTINUABLE', reason: 'NO_CONVERSATION' });
});

test('a snapshot that is damaged keeps all blobs, and is named', async () => {
  const { teamId, journal } = system.world;
  const runId = await finish('echo damaged > damaged.txt');
  const { rows } = await journal.pool.query<{ hash: string }>(
    `SELECT summary->'manifest'->>'hash' AS hash FROM "Snapshot" WHERE "runId" = $1`,
    [runId],
  );
  await journal.pool.query('DELETE FROM "ManifestBlobs" WHERE "teamId" = $1', [teamId]);
  for (const { hash } of rows) await blobStore().delete(teamId, hash);
  const { data } = await system.api(
    'mutation ($input: CollectGarbageInput!) { collectGarbage(input: $input) { ... on Error { code message } ... on SnapshotUnreadableError { runId } } }',
    { input: { teamId, dryRun: false } },
  );
  expect(data.collectGarbage).toMatchObject({ code: 'SNAPSHOT_UNREADABLE', runId });
  expect(data.collectGarbage.message).toContain('Put the blob back from a backup');
  await system.mutate('deleteRun', { runId });
  const releases = async () => (await journal.pool.query('SELECT 1 FROM "SnapshotRelease"')).rowCount;
  await waitFor('what the run had to be let go of', async () => (await releases()) === 0, 30_000);
  expect((await system.mutate('collectGarbage', { teamId, dryRun: true }, 'kept')).kept).toBeGreaterThan(0);
});

test('settings and garbage are for admins', async () => {
  const { teamId, journal, userId } = system.world;
  const garbage = await system.mutate('collectGarbage', { teamId, dryRun: true }, 'blobs young kept');
  expect(garbage.blobs + garbage.kept + garbage.young).toBe((await blobsOf()).length);
  await expect(system.mutate('setRetention', { teamId, keepTranscriptDays: 0 })).rejects.toThrow('INVALID_INPUT');
  await journal.pool.query(`UPDATE "Membership" SET role = 'MEMBER' WHERE "userId" = $1`, [userId]);
  await expect(system.mutate('setRetention', { teamId })).rejects.toThrow('FORBIDDEN');
  await expect(system.mutate('collectGarbage', { teamId, dryRun: true })).rejects.toThrow('FORBIDDEN');
});
