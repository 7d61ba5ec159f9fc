import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { everythingOf } from '../test/support/everything.ts';
import { git } from '../test/support/repository.ts';
import { ended, startTestSystem, type Shown, type TestSystem } from '../test/support/system.ts';
import { startTestWorker } from '../test/support/worker.ts';
import { startGitHttpServer, type GitHttpServer } from '../workspace/testParts/gitHttpServer.ts';
import type { BatonWorker } from './worker.ts';

let system: TestSystem;
let worker: BatonWorker;
let http: GitHttpServer;
let remote: string;
const lines: string[] = [];
const token = `ghp_${randomBytes(15).toString('hex')}`;

beforeAll(async () => {
  system = await startTestSystem();
  worker = await startTestWorker(system.settings, { BATON_WORKER_NAME: 'worker' }, lines);
  remote = path.join(system.settings.directory, 'served/team/private.git');
  git(system.repository, 'clone', '-q', '--bare', system.repository, remote);
  http = await startGitHttpServer(path.join(system.settings.directory, 'served'));
  http.tokens.add(token);
});
afterAll(async () => {
  await worker.stop();
  await http.close();
  await system.stop();
});

const set = (environmentId: string, value: string) =>
  system.mutate('setEnvironmentSecret', {
    clientKey: randomBytes(8).toString('hex'),
    environmentId,
    name: 'GIT_TOKEN',
    value,
    use: 'GIT_HTTPS_TOKEN',
    host: http.host,
  });
const privateEnvironment = (more: object = {}) =>
  system.createEnvironment({ repositories: [{ url: `${http.url}/team/private.git`, push: true }], ...more });
const untilEnded = (runId: string, sessions = 1): Promise<Shown> =>
  system.runUntil(
    runId,
    'branch failure { code message } sessions { ordinal outcome failure { code } }',
    (run) => ended(run) && run.sessions.length === sessions,
    60_000,
  );
const commit = (name: string) => `echo ${name} > ${name} && git add ${name} && git commit -q -m ${name}`;
const outcomeOf = async (runId: string): Promise<Shown[]> => {
  const { run } = await system.ask(
    `query ($id: ID!) { run(id: $id) { transcript(first: 1000) { edges { node { __typename
       ... on BranchPushedEvent { commits } ... on BranchNotPushedEvent { reason detail } } } } } }`,
    { id: runId },
  );
  return run.transcript.edges
    .map(({ node }: { node: Shown }) => node)
    .filter(({ __typename }: Shown) => __typename.startsWith('Branch'));
};

describe('a run in an environment with a Git token', { timeout: 120_000 }, () => {
  test('clones, fetches and pushes its private repository; the token is nowhere', async () => {
    const environmentId = await privateEnvironment({ setupCommands: ['env; cat .git/config'] });
    await set(environmentId, token);
    const runId = await system.createRun(environmentId, `env; ${commit('one')}`);
    expect(await untilEnded(runId)).toMatchObject({ state: 'SUCCEEDED' });
    await system.mutate('sendFollowUp', { clientKey: `f-${runId}`, runId, text: `git remote -v; ${commit('two')}` });
    const second = await untilEnded(runId, 2);
    expect(second).toMatchObject({ state: 'SUCCEEDED' });
    expect(git(remote, 'log', '--format=%s', '-2', second.branch).trim().split('\n')).toEqual(['two', 'one']);
    expect(await outcomeOf(runId)).toEqual([
      { __typename: 'BranchPushedEvent', commits: 1 },
      { __typename: 'BranchPushedEvent', commits: 1 },
    ]);

    expect(http.shown).toContain(`x-access-token:${token}`);
    const basic = Buffer.from(`x-access-token:${token}`).toString('base64');
    const told = await everythingOf(system, runId, 2);
    expect(told).toContain('BATON_RUN_ID');
    for (const form of [token, basic]) {
      expect(told).not.toContain(form);
      expect(lines.join('\n')).not.toContain(form);
    }
    const files = readdirSync(system.settings.environment['BATON_WORKER_HOME'] ?? '', { recursive: true, withFileTypes: true });
    for (const file of files.filter((entry) => entry.isFile()))
      expect(readFileSync(path.join(file.parentPath, file.name)).includes(token), file.name).toBe(false);
  });

  test('does not open it by what another environment’s token has brought here', async () => {
    const absent = await system.createRun(await privateEnvironment(), 'ls');
    const failed = await untilEnded(absent);
    expect(failed).toMatchObject({ state: 'FAILED', failure: { code: 'REPOSITORY_UNAUTHORIZED' } });
    expect(failed.failure.message).toContain(`Set a Git token for ${http.host}`);
    const environmentId = await privateEnvironment();
    await set(environmentId, 'ghp_not-the-right-one');
    const wrong = await system.createRun(environmentId, 'ls');
    expect(await untilEnded(wrong)).toMatchObject({ state: 'FAILED', failure: { code: 'REPOSITORY_UNAUTHORIZED' } });
    await set(environmentId, token);
    await system.mutate('sendFollowUp', { clientKey: `f-${wrong}`, runId: wrong, text: 'ls' });
    expect(await untilEnded(wrong, 2)).toMatchObject({ state: 'SUCCEEDED' });
  });

  test('tells in the transcript that a token was revoked before the push, and ends as it would have', async () => {
    const environmentId = await privateEnvironment();
    const revoked = `ghp_${randomBytes(15).toString('hex')}`;
    http.tokens.add(revoked);
    await set(environmentId, revoked);
    const runId = await system.createRun(environmentId, `${commit('three')}; sleep 3`);
    await system.runUntil(runId, 'waitingFor { for }', (run) => run.waitingFor?.for === 'TURN', 60_000);
    http.tokens.delete(revoked);
    expect(await untilEnded(runId)).toMatchObject({ state: 'SUCCEEDED' });
    const [push] = await outcomeOf(runId);
    expect(push).toMatchObject({ __typename: 'BranchNotPushedEvent', reason: 'FORBIDDEN' });
    expect(await everythingOf(system, runId)).not.toContain(revoked);
  });
});
