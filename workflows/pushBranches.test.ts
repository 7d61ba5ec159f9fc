import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRepository, git } from '../test/support/repository.ts';
import { ended, startTestSystem, type Shown, type TestSystem } from '../test/support/system.ts';
import { waitFor } from '../test/support/waitFor.ts';

let system: TestSystem;
let remote: string;
let environmentId: string;
let remotes = 0;

beforeAll(async () => {
  system = await startTestSystem();
  await system.startWorker();
});
afterAll(() => system.stop());

function makeRemote(): string {
  const source = createRepository(path.join(system.settings.directory, `source-${++remotes}`));
  const made = path.join(system.settings.directory, `remote-${remotes}.git`);
  git(source, 'clone', '-q', '--bare', source, made);
  return made;
}

beforeEach(async () => {
  remote = makeRemote();
  environmentId = await system.createEnvironment({ repositories: [{ url: remote, push: true }] });
});

const fields = `failure { code } branch sessions { ordinal outcome snapshot { repositories { head } } }
  artifacts { __typename kind sessionOrdinal at ... on BranchArtifact { repository url branch commit commits } }`;
const untilEnded = (runId: string, sessions = 1) =>
  system.runUntil(runId, fields, (run) => ended(run) && run.sessions.length === sessions);
const commit = (file: string) => `echo ${file} > ${file} && git add ${file} && git commit -q -m ${file}`;
const branchesOf = (repository: string): string[] => git(repository, 'branch', '--format=%(refname:short)').trim().split('\n');
const at = (repository: string, name: string): string => git(repository, 'rev-parse', `refs/heads/${name}`).trim();
const followUp = (runId: string, text: string) => system.mutate('sendFollowUp', { clientKey: `f-${runId}-${text}`, runId, text });

/** What the run's log says of pushes. */
async function pushes(runId: string): Promise<Shown[]> {
  const { run } = await system.ask(
    `query ($id: ID!) { run(id: $id) { transcript(first: 1000) { edges { node { __typename seq sessionOrdinal redaction { reason }
       ... on BranchPushedEvent { repository url branch commit commits }
       ... on BranchNotPushedEvent { repository url branch notPushed: commit reason detail } } } } } }`,
    { id: runId },
  );
  return run.transcript.edges
    .map(({ node }: { node: Shown }) => node)
    .filter(({ __typename }: Shown) => __typename.startsWith('Branch'));
}

function decline(words: string): void {
  const hook = path.join(remote, 'hooks/pre-receive');
  writeFileSync(hook, `#!/bin/sh\necho '${words}' >&2\nexit 1\n`);
  chmodSync(hook, 0o755);
}

describe('the branch of a run whose environment has it pushed', () => {
  test('is at the remote after each session, and is an artifact of the run', async () => {
    const runId = await system.createRun(environmentId, `${commit('one')} && ${commit('two')}`);
    const first = await untilEnded(runId);
    const tip = at(remote, first.branch);
    expect(first).toMatchObject({ state: 'SUCCEEDED', sessions: [{ snapshot: { repositories: [{ head: tip }] } }] });
    expect(await pushes(runId)).toMatchObject([
      {
        __typename: 'BranchPushedEvent',
        sessionOrdinal: 1,
        repository: '.',
        url: remote,
        branch: first.branch,
        commit: tip,
        commits: 2,
      },
    ]);
    expect(first.artifacts).toMatchObject([
      {
        __typename: 'BranchArtifact',
        kind: 'BRANCH',
        sessionOrdinal: 1,
        repository: '.',
        url: remote,
        branch: first.branch,
        commit: tip,
        commits: 2,
      },
    ]);

    await followUp(runId, 'git log --oneline');
    expect((await untilEnded(runId, 2)).artifacts).toEqual(first.artifacts);
    await followUp(runId, commit('three'));
    const third = await untilEnded(runId, 3);
    expect(third.artifacts).toMatchObject([{ sessionOrdinal: 3, commit: at(remote, first.branch), commits: 3 }]);
    expect(third.artifacts).toHaveLength(1);
    expect(git(remote, 'rev-list', '--count', `${tip}..${first.branch}`).trim()).toBe('1');
    expect((await pushes(runId)).map(({ sessionOrdinal, commits }) => [sessionOrdinal, commits])).toEqual([
      [1, 2],
      [3, 1],
    ]);
  });

  test('is pushed of those repositories alone that say so', async () => {
    const other = makeRemote();
    environmentId = await system.createEnvironment({
      repositories: [
        { url: remote, path: 'mine', push: true },
        { url: other, path: 'other' },
      ],
    });
    const runId = await system.createRun(environmentId, `(cd mine && ${commit('x')}) && (cd other && ${commit('y')})`);
    const { branch } = await untilEnded(runId);
    expect(await pushes(runId)).toMatchObject([{ repository: 'mine', url: remote, commits: 1 }]);
    expect(branchesOf(remote)).toContain(branch);
    expect(branchesOf(other)).toEqual(['main']);
  });

  test('is not there when nothing was committed', async () => {
    const runId = await system.createRun(environmentId, 'echo x > not-committed');
    expect(await untilEnded(runId)).toMatchObject({ state: 'SUCCEEDED', artifacts: [] });
    expect(await pushes(runId)).toEqual([]);
    expect(branchesOf(remote)).toEqual(['main']);
  });

  test('has what a failed run had committed', async () => {
    const runId = await system.createRun(environmentId, `${commit('half')}; exit 3`);
    expect(await untilEnded(runId)).toMatchObject({ state: 'FAILED', artifacts: [{ commits: 1 }] });
  });

  test('has what a canceled run had committed', async () => {
    const runId = await system.createRun(environmentId, `${commit('half')}; echo committed; sleep 600`);
    await waitFor('the commit', async () => (await system.transcript(runId)).some(({ text }) => text?.includes('committed')));
    await system.mutate('cancelRun', { runId });
    expect(await untilEnded(runId)).toMatchObject({ state: 'CANCELED', artifacts: [{ commits: 1 }] });
  });

  test('goes from the artifacts with the run', async () => {
    const runId = await system.createRun(environmentId, commit('x'));
    await untilEnded(runId);
    const rows = async () =>
      (await system.world.journal.pool.query('SELECT commit FROM "Artifact" WHERE "runId" = $1', [runId])).rowCount;
    expect(await rows()).toBe(1);
    await system.world.journal.pool.query(`UPDATE "Membership" SET role = 'ADMIN' WHERE "userId" = $1`, [system.world.userId]);
    await system.mutate('deleteRun', { runId });
    expect(await rows()).toBe(0);
  });
});

describe('a push that is refused', () => {
  test('is told with the words of the remote’s hook, and the run has succeeded', async () => {
    decline('No ticket: https://me:s3cret@tickets.example');
    const runId = await system.createRun(environmentId, commit('x'));
    const run = await untilEnded(runId);
    expect(run).toMatchObject({ state: 'SUCCEEDED', failure: null, artifacts: [], sessions: [{ outcome: 'SUCCEEDED' }] });
    const [told] = await pushes(runId);
    expect(told).toMatchObject({
      __typename: 'BranchNotPushedEvent',
      repository: '.',
      url: remote,
      branch: run.branch,
      notPushed: run.sessions[0].snapshot.repositories[0].head,
      reason: 'REJECTED',
      detail: expect.stringContaining('No ticket: https://***@tickets.example'),
    });

    // What the remote said can be taken away.
    await system.mutate('redactEvent', { runId, seq: told.seq, reason: 'a name' });
    expect(await pushes(runId)).toMatchObject([{ reason: 'REJECTED', detail: '', redaction: { reason: 'a name' } }]);

    rmSync(path.join(remote, 'hooks/pre-receive'));
    await followUp(runId, 'true');
    expect((await untilEnded(runId, 2)).artifacts).toMatchObject([{ sessionOrdinal: 2, commits: 1 }]);
  });

  test('does not overwrite what somebody else pushed to the branch', async () => {
    const runId = await system.createRun(environmentId, commit('one'));
    const { branch } = await untilEnded(runId);
    const theirs = git(remote, 'commit-tree', '-p', 'main', '-m', 'theirs', 'main^{tree}').trim();
    git(remote, 'update-ref', `refs/heads/${branch}`, theirs);
    await followUp(runId, commit('two'));
    expect(await untilEnded(runId, 2)).toMatchObject({ state: 'SUCCEEDED', artifacts: [{ sessionOrdinal: 1 }] });
    expect((await pushes(runId))[1]).toMatchObject({ sessionOrdinal: 2, reason: 'NOT_FAST_FORWARD' });
    expect(at(remote, branch)).toBe(theirs);
  });
});

describe('a push in an export', () => {
  test('is a line for people, and every field for programs', async () => {
    const runId = await system.createRun(environmentId, commit('x'));
    const { branch } = await untilEnded(runId);
    const { run } = await system.ask(`{ run(id: "${runId}") { exports { jsonl markdown } } }`);
    const read = async (address: string) =>
      (await fetch(address, { headers: { authorization: `Bearer ${system.token}` } })).text();
    expect(await read(run.exports.markdown)).toMatch(new RegExp(`Pushed \`${branch}\` to .*: 1 commit, \`[0-9a-f]{7}\``));
    expect(await read(run.exports.jsonl)).toContain(`"type":"branch.pushed","url":"${remote}"`);
  });
});
