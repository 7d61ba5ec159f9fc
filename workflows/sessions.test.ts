import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { runWorkflowId, type RunId } from '../domain/ids.ts';
import { newId } from '../journal/newId.ts';
import { commitFiles, git } from '../test/support/repository.ts';
import { ended, startTestSystem, type Shown, type TestSystem } from '../test/support/system.ts';
import { waitFor } from '../test/support/waitFor.ts';
import { wake } from './contract.ts';

let system: TestSystem;
let environmentId: string;

beforeAll(async () => {
  system = await startTestSystem();
  environmentId = await system.createEnvironment();
  await system.startWorker();
});
afterAll(() => system.stop());

const fields = `failure { origin code message retryable } branch waitingFor { for detail } creator { id } team { id } environment { id } origin usage { wallMs cpuMs }
  returnedMessages { text returnedReason } queuedMessages { id }
  sessions { ordinal cause state outcome worker branch usage { wallMs cpuMs } failure { code } restoredFrom { id } restoreReport { exact applied notApplied entries { subject path status reason detail } newerBase { repository branch state to conflicts merging keptBranch } }
    snapshot { id kind changes { path status additions deletions } patch { text } repositories { branch unpushedCommits } } }`;
const untilEnded = (runId: string, sessions = 1) =>
  system.runUntil(runId, fields, (run) => ended(run) && run.sessions.length === sessions);
const followUp = (runId: string, text: string) =>
  system.mutate('sendFollowUp', { clientKey: `f-${text}-${Math.random()}`, runId, text }, 'run { state } followUp { id }');
const output = async (runId: string, session: number) =>
  (await system.transcript(runId))
    .filter((event: Shown) => event.sessionOrdinal === session && event.__typename === 'ItemChunkEvent')
    .map((event: Shown) => event.text)
    .join('');

describe('a run', () => {
  test('is handed to a second session with the workspace exactly as the first one left it', async () => {
    const work = [
      'echo changed >> README.md',
      'git mv src/a.txt src/b.txt',
      'printf "new\\r\\n" > untracked.txt',
      'ln -s nowhere dangling',
      'mkdir -p deep && echo x > deep/x && chmod +x deep/x',
      'echo staged > staged.txt && git add staged.txt && echo and-more >> staged.txt',
      'git commit -q -m "Rename" src',
      'git status --porcelain=v2 --branch | sort; git ls-files -s; md5sum README.md untracked.txt staged.txt deep/x; git rev-parse HEAD',
    ].join('\n');
    const runId = await system.createRun(environmentId, work);
    const first = await untilEnded(runId);
    expect(first).toMatchObject({
      state: 'SUCCEEDED',
      sessions: [{ ordinal: 1, cause: 'START', outcome: 'SUCCEEDED', restoredFrom: null }],
    });
    expect(first.sessions[0].snapshot.changes.map((change: Shown) => `${change.status} ${change.path}`)).toEqual(
      expect.arrayContaining(['MODIFIED README.md', 'ADDED untracked.txt', 'ADDED deep/x', 'ADDED staged.txt']),
    );
    expect(first.sessions[0].snapshot.patch.text).toContain('+changed');
    expect(first.sessions[0].snapshot.repositories[0].unpushedCommits).toBe(1);

    const sent = await followUp(runId, work.split('\n').at(-1) ?? '');
    expect(sent.run.state).toBe('QUEUED');
    const second = await untilEnded(runId, 2);
    expect(second.sessions[1]).toMatchObject({
      ordinal: 2,
      cause: 'FOLLOW_UP',
      outcome: 'SUCCEEDED',
      restoredFrom: { id: first.sessions[0].snapshot.id },
      restoreReport: { exact: true, notApplied: 0 },
      branch: first.branch,
    });
    expect(await output(runId, 2)).toBe(
      (await output(runId, 1))
        .split('\n')
        .slice(-(await output(runId, 2)).split('\n').length)
        .join('\n'),
    );
    for (const kept of ['creator', 'team', 'environment', 'origin', 'branch']) expect(second[kept], kept).toEqual(first[kept]);
    const [one, two] = second.sessions;
    expect(second.usage.wallMs).toBeCloseTo(one.usage.wallMs + two.usage.wallMs);
    expect(second.usage.wallMs).toBeGreaterThan(first.usage.wallMs);
  });

  test('tells each step of a session in its transcript, in order, without a gap', async () => {
    const runId = await system.createRun(environmentId, 'echo out; echo err >&2; echo x > made.txt');
    await untilEnded(runId);
    const events = await system.transcript(runId);
    expect(events.at(-1).seq).toBe((await system.ask(`{ run(id: "${runId}") { lastSeq } }`)).run.lastSeq);
    const told = events.map(
      (event: Shown) => event.sessionTo ?? event.runTo ?? event.code ?? event.__typename.replace('Event', ''),
    );
    const milestones = [
      'RunCreated',
      'MessageAdded',
      'SessionOpened',
      'PROVISIONING',
      'IN_PROGRESS',
      'WorkspaceOpened',
      'SANDBOXED',
      'RUNNING',
      'MessageDelivered',
      'TurnStarted',
      'ItemStarted',
      'ItemChunk',
      'ItemEnded',
      'TurnEnded',
      'SNAPSHOTTING',
      'FilesChanged',
      'SnapshotCaptured',
      'ENDED',
      'SUCCEEDED',
    ];
    expect(
      told
        .filter((name: string) => milestones.includes(name))
        .filter((name: string, i: number, all: string[]) => all.indexOf(name) === i),
    ).toEqual(milestones);
    expect(events.find((event: Shown) => event.__typename === 'FilesChangedEvent')).toMatchObject({
      count: 1,
      files: [{ path: 'made.txt', status: 'ADDED' }],
    });
  });

  test('goes on with a new history once its execution has a long one', async () => {
    const connection = await Connection.connect({ address: inject('temporalAddress') });
    try {
      const runId = (await system.createRun(environmentId, 'sleep 100', {
        idleSeconds: 0,
      })) as RunId;
      await system.runUntil(runId, 'liveSession { state }', (run) => run.liveSession?.state === 'RUNNING');
      const handle = new Client({ connection }).workflow.getHandle(runWorkflowId(runId));
      const { runId: first } = await handle.describe();
      await waitFor(
        'a long history',
        async () => {
          await handle.signal(wake);
          return (await handle.describe()).historyLength > 320;
        },
        60_000,
      );
      await system.mutate('interruptTurn', { runId });
      await system.runUntil(runId, 'id', ended);
      await followUp(runId, 'echo again');
      await untilEnded(runId, 2);
      const firstOne = new Client({ connection }).workflow.getHandle(runWorkflowId(runId), first);
      expect((await firstOne.describe()).status.name).toBe('CONTINUED_AS_NEW');
    } finally {
      await connection.close();
    }
  });

  test('that fails says why, keeps what it did, and can be followed up', async () => {
    const runId = await system.createRun(environmentId, 'echo half > half.txt; exit 3');
    const failed = await untilEnded(runId);
    expect(failed).toMatchObject({
      state: 'FAILED',
      failure: { origin: 'USER', code: 'SCRIPT_FAILED', retryable: true },
      sessions: [{ outcome: 'FAILED', snapshot: { kind: 'FINAL' } }],
    });
    expect(failed.failure.message).toContain('3');
    await followUp(runId, 'cat half.txt');
    expect(await untilEnded(runId, 2)).toMatchObject({ state: 'SUCCEEDED', failure: null });
    expect(await output(runId, 2)).toBe('half\n');
  });

  test('works on a branch of its own, so that two runs on one repository never meet', async () => {
    const runs = await Promise.all(
      [1, 2].map((n) => system.createRun(environmentId, `git branch --show-current; echo ${n} > mine; git status --short`)),
    );
    const branches = await Promise.all(runs.map(async (runId) => (await untilEnded(runId)).branch));
    expect(new Set(branches).size).toBe(2);
    for (const branch of branches) expect(branch).toMatch(/^baton\/[0-9a-z]{10}$/);
    expect(git(system.repository, 'status', '--short')).toBe('');
    expect(git(system.repository, 'branch', '--format=%(refname:short)').trim()).toBe('main');
  });

  test('continues from the commit it started at, also when the branch has moved on', async () => {
    const runId = await system.createRun(environmentId, 'echo mine >> README.md');
    await untilEnded(runId);
    commitFiles(system.repository, { 'later.txt': 'later\n' }, 'Later');
    await followUp(runId, 'ls; tail -1 README.md');
    expect((await untilEnded(runId, 2)).sessions[1].restoreReport.exact).toBe(true);
    expect(await output(runId, 2)).not.toContain('later.txt');
  });

  test('continues from an earlier snapshot, or without a workspace, as chosen', async () => {
    const runId = await system.createRun(environmentId, 'echo 1 > step');
    const first = await untilEnded(runId);
    await followUp(runId, 'echo 2 > step');
    await untilEnded(runId, 2);
    await system.mutate('continueRun', {
      clientKey: `c1-${runId}`,
      runId,
      text: 'cat step',
      fromSnapshotId: first.sessions[0].snapshot.id,
    });
    await untilEnded(runId, 3);
    expect(await output(runId, 3)).toBe('1\n');
    await system.mutate('continueRun', { clientKey: `c2-${runId}`, runId, text: 'ls step || true', withoutWorkspace: true });
    await untilEnded(runId, 4);
    expect(await output(runId, 4)).toContain('No such file');
    const notice = (await system.transcript(runId)).find((event: Shown) => event.code === 'NO_WORKSPACE_RESTORED');
    expect(notice).toMatchObject({ level: 'WARNING', sessionOrdinal: 4, message: expect.stringContaining('as chosen') });
  });

  test('continues from the newest commit of its branch, as chosen, and the agent finds each conflict and the report', async () => {
    const runId = await system.createRun(environmentId, 'echo mine > README.md; echo own > own.txt; git add own.txt');
    await untilEnded(runId);
    commitFiles(system.repository, { 'README.md': 'theirs\n', 'newest.txt': 'newest\n' }, 'Newest');
    const newest = git(system.repository, 'rev-parse', 'main').trim();
    const script = 'git status --porcelain; cat README.md newest.txt; cat "$BATON_RESTORE_REPORT"';
    await system.mutate('continueRun', { clientKey: `n1-${runId}`, runId, text: script, base: 'NEWEST' });
    const { sessions } = await untilEnded(runId, 2);
    const said = await output(runId, 2);
    expect(said).toContain('UU README.md\nA  own.txt\n');
    expect(said).toContain('<<<<<<< run\nmine\n=======\ntheirs\n>>>>>>> newest\nnewest\n');
    expect(JSON.parse(said.slice(said.indexOf('\n{\n')))).toMatchObject({
      exact: false,
      newerBase: [{ state: 'MOVED', to: newest }],
    });
    expect(sessions[1].restoreReport).toMatchObject({
      exact: false,
      newerBase: [
        { repository: '.', branch: 'main', state: 'MOVED', to: newest, conflicts: 1, merging: false, keptBranch: null },
      ],
    });
    expect(sessions[1].restoreReport.entries[0]).toMatchObject({
      path: 'README.md',
      status: 'CONFLICT',
      reason: 'BOTH_CHANGED',
      detail: expect.stringContaining('conflict markers'),
    });
    const events = await system.transcript(runId);
    const { run } = await system.ask(
      'query ($id: ID!) { run(id: $id) { transcript(first: 1000) { edges { node { ... on RunContinuedEvent { base conflicts } } } } } }',
      { id: runId },
    );
    expect(run.transcript.edges.map(({ node }: Shown) => node)).toContainEqual({ base: 'NEWEST', conflicts: 'MARKERS' });
    // The report is told before the agent's first word.
    const at = (type: string) => events.findIndex((event: Shown) => event.__typename === type && event.sessionOrdinal === 2);
    expect(at('WorkspaceRestoredEvent')).toBeLessThan(at('TurnStartedEvent'));
  });

  test('leaves nothing of a session on the worker when it has ended', async () => {
    const runId = await system.createRun(environmentId, 'echo x > y; (setsid sleep 1000 >/dev/null 2>&1 &)');
    await untilEnded(runId);
    const sessions = path.join(system.settings.directory, 'worker', 'sessions');
    await waitFor('the session’s files to be removed', () => readdirSync(sessions).length === 0);
  });

  test('has what a killed worker left of it removed once it has ended, and not before', async () => {
    const idle = await system.createRun(environmentId, 'echo one', { origin: 'MANUAL', idleSeconds: 600 });
    await system.runUntil(idle, fields, (run) => run.sessions[0]?.state === 'IDLE');
    const over = await system.createRun(environmentId, 'echo two');
    await untilEnded(over);
    const sessionOf = async (runId: string) =>
      (await system.world.journal.pool.query('SELECT id FROM "Session" WHERE "runId" = $1', [runId])).rows[0].id;
    const live = await sessionOf(idle);
    const home = path.join(system.settings.directory, 'killed-worker');
    const left = [live, await sessionOf(over), `${newId('ses')}.removed`, 'not-a-session'];
    for (const name of left) {
      mkdirSync(path.join(home, 'sessions', name, 'workspace'), { recursive: true });
      writeFileSync(path.join(home, 'sessions', name, 'workspace/file'), 'left');
    }
    await system.startWorker({ BATON_WORKER_HOME: home });
    await waitFor('what is over to be removed', () => readdirSync(path.join(home, 'sessions')).length === 2);
    expect(readdirSync(path.join(home, 'sessions')).toSorted()).toEqual(['not-a-session', live].toSorted());
    await system.mutate('endSession', { runId: idle });
    await untilEnded(idle);
  });
});

describe('a live session', () => {
  test('takes a follow-up as its next turn while it idles, and ends when it is told to', async () => {
    const runId = await system.createRun(environmentId, 'echo one', { origin: 'MANUAL', idleSeconds: 600 });
    await system.runUntil(runId, fields, (run) => run.sessions[0]?.state === 'IDLE');
    const checkpoint = await system.runUntil(runId, fields, (run) => run.sessions[0]?.snapshot?.kind === 'CHECKPOINT');
    expect(checkpoint).toMatchObject({ state: 'IN_PROGRESS', waitingFor: { for: 'MESSAGE' } });
    expect((await followUp(runId, 'echo two')).run.state).toBe('IN_PROGRESS');
    await waitFor('the second turn', async () => (await output(runId, 1)).includes('two'));
    await system.runUntil(runId, fields, (run) => run.sessions[0]?.state === 'IDLE');
    await system.mutate('endSession', { runId });
    expect(await untilEnded(runId)).toMatchObject({ state: 'SUCCEEDED', sessions: [{ outcome: 'SUCCEEDED' }] });
  });

  test('takes messages in the order they came, while it works', async () => {
    const runId = await system.createRun(environmentId, 'echo 0; sleep 0.5');
    await system.runUntil(runId, fields, (run) => run.sessions[0]?.state === 'RUNNING');
    for (const n of [1, 2, 3]) await followUp(runId, `echo ${n}`);
    await untilEnded(runId);
    expect(await output(runId, 1)).toBe('0\n1\n2\n3\n');
  });

  test('opens idle when a run is continued without a message, and waits for one', async () => {
    const runId = await system.createRun(environmentId, 'echo x > kept');
    await untilEnded(runId);
    await system.mutate('continueRun', { clientKey: `idle-${runId}`, runId });
    await system.runUntil(runId, fields, (run) => run.sessions[1]?.state === 'IDLE');
    await followUp(runId, 'cat kept');
    await waitFor('its output', async () => (await output(runId, 2)) === 'x\n');
    await system.mutate('endSession', { runId });
    await untilEnded(runId, 2);
  });

  test('goes on with the next message after its turn was interrupted', async () => {
    const runId = await system.createRun(environmentId, 'echo begun; sleep 600', { idleSeconds: 600 });
    await waitFor('the turn', async () => (await output(runId, 1)) === 'begun\n');
    await system.mutate('interruptTurn', { runId });
    await system.runUntil(runId, fields, (run) => run.sessions[0]?.state === 'IDLE', 5_000);
    expect((await system.transcript(runId)).find((event: Shown) => event.__typename === 'TurnEndedEvent')).toMatchObject({
      turnReason: 'INTERRUPTED',
    });
    await followUp(runId, 'echo after');
    await waitFor('the next turn', async () => (await output(runId, 1)).endsWith('after\n'));
    await system.mutate('endSession', { runId });
    await untilEnded(runId);
  });
});

describe('canceling', () => {
  test('stops a running tool within a second, keeps what was done, and allows a follow-up', async () => {
    const runId = await system.createRun(environmentId, 'echo kept > kept; echo begun; sleep 600');
    await waitFor('the turn', async () => (await output(runId, 1)) === 'begun\n');
    const canceled = await system.mutate('cancelRun', { runId }, 'run { cancelRequestedAt }');
    expect(canceled.run.cancelRequestedAt).not.toBeNull();
    const run = await untilEnded(runId);
    expect(run).toMatchObject({
      state: 'CANCELED',
      failure: null,
      sessions: [{ outcome: 'CANCELED', snapshot: { kind: 'FINAL' } }],
    });
    const events = await system.transcript(runId);
    const time = (type: string) => new Date(events.find((event: Shown) => event.__typename === type).at).getTime();
    expect(time('TurnEndedEvent') - time('CancelRequestedEvent')).toBeLessThan(1_000);
    expect(events.find((event: Shown) => event.__typename === 'TurnEndedEvent')).toMatchObject({ turnReason: 'CANCELED' });
    await followUp(runId, 'cat kept');
    await untilEnded(runId, 2);
    expect(await output(runId, 2)).toBe('kept\n');
  });

  test('leaves the run open to a session that takes message after message, also in the execution that was canceled', async () => {
    const runId = await system.createRun(environmentId, 'echo begun; sleep 600', { idleSeconds: 600 });
    await waitFor('the turn', async () => (await output(runId, 1)) === 'begun\n');
    await system.mutate('cancelRun', { runId });
    await untilEnded(runId);
    await followUp(runId, 'echo second');
    await waitFor('the second turn', async () => (await output(runId, 2)) === 'second\n');
    await followUp(runId, 'echo third');
    await waitFor('the third turn', async () => (await output(runId, 2)) === 'second\nthird\n');
    await system.mutate('endSession', { runId });
    await untilEnded(runId, 2);
  });

  test('stops setup commands too', async () => {
    const slow = await system.createEnvironment({ setupCommands: ['echo setting up; sleep 600'] });
    const runId = await system.createRun(slow, 'echo never');
    await waitFor('the setup', async () => (await output(runId, 1)) === 'setting up\n');
    await system.mutate('cancelRun', { runId });
    expect(await untilEnded(runId)).toMatchObject({ state: 'CANCELED', sessions: [{ outcome: 'CANCELED' }] });
    expect(await output(runId, 1)).not.toContain('never');
  });
});

describe('what cannot start', () => {
  test.each<[string, object, string, RegExp]>([
    ['a repository that is not there', { repositories: [{ url: '/nowhere/at/all' }] }, 'REPOSITORY_UNREACHABLE', /nowhere/],
    [
      'a branch that does not exist',
      { repositories: [{ url: 'REPOSITORY', branch: 'no-such-branch' }] },
      'BRANCH_NOT_FOUND',
      /no-such-branch/,
    ],
    ['a setup command that fails', { setupCommands: ['echo trying', 'echo broken >&2; exit 7'] }, 'SETUP_COMMAND_FAILED', /7/],
  ])('%s fails the session with a code, and gives the message back', async (_what, environment, code, message) => {
    const input = JSON.parse(JSON.stringify(environment).replace('REPOSITORY"', `${system.repository}"`));
    const runId = await system.createRun(await system.createEnvironment(input), 'echo never');
    const run = await untilEnded(runId);
    expect(run).toMatchObject({
      state: 'FAILED',
      failure: { origin: 'USER', code, message: expect.stringMatching(message) },
      sessions: [{ state: 'ENDED', outcome: 'FAILED', failure: { code } }],
      returnedMessages: [{ text: 'echo never', returnedReason: expect.stringMatching(message) }],
    });
  });

  test('a setup command’s output is in the transcript, also when it fails', async () => {
    const broken = await system.createEnvironment({ setupCommands: ['echo fine', 'echo why it broke >&2; exit 1'] });
    const runId = await system.createRun(broken, 'echo never');
    await untilEnded(runId);
    expect(await output(runId, 1)).toBe('fine\nwhy it broke\n');
  });

  test('goes on from a run that could not start once what was wrong is mended', async () => {
    const runId = await system.createRun(await system.createEnvironment({ setupCommands: ['test -e fixed.txt'] }), 'echo never');
    await untilEnded(runId);
    commitFiles(system.repository, { 'fixed.txt': '' }, 'Fix');
    await followUp(runId, 'echo now');
    expect((await untilEnded(runId, 2)).state).toBe('SUCCEEDED');
    expect(await output(runId, 2)).toBe('now\n');
  });
});

describe('setup and variables', () => {
  test('prepare every session, before the snapshot is put back', async () => {
    const prepared = await system.createEnvironment({
      setupCommands: ['echo "made by setup: $GREETING" > setup.txt', 'echo setup >> README.md'],
      variables: [{ name: 'GREETING', value: 'hello there' }],
    });
    const runId = await system.createRun(prepared, 'cat setup.txt; echo "$GREETING"; git checkout README.md; rm setup.txt');
    await untilEnded(runId);
    expect(await output(runId, 1)).toContain('made by setup: hello there\nhello there\n');
    await followUp(runId, 'git status --short; tail -1 README.md');
    expect((await untilEnded(runId, 2)).sessions[1].restoreReport.exact).toBe(true);
    expect(await output(runId, 2)).not.toContain('setup');
  });
});
