import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { runWorkflowId, sessionWorkflowId, type RunId } from '../domain/ids.ts';
import { projectRoot } from '../stack/projectRoot.ts';
import { startPart, type Part } from './support/part.ts';
import { ended, startTestSystem, type Shown, type TestSystem } from './support/system.ts';
import { waitFor } from './support/waitFor.ts';

const run = promisify(execFile);

/** The commands of docs/operators.md, by the question above them. */
async function documented(): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(path.join(projectRoot, 'docs/operators.md'), 'utf8');
  const sections = text.split(/^### /m).slice(1);
  return new Map(sections.map((section) => [section.split('\n', 1)[0] ?? '', /```sh\n([\s\S]*?)```/.exec(section)?.[1] ?? '']));
}

vi.setConfig({ testTimeout: 120_000 });

let system: TestSystem;
let environmentId: string;
let team: string;
let programs: string;
let commands: ReadonlyMap<string, string>;
const parts: Part[] = [];
const startWorker = async (name: string) => {
  const home = path.join(system.settings.directory, name);
  const part = await startPart('worker', system.settings, { BATON_WORKER_NAME: name, BATON_WORKER_HOME: home });
  parts.push(part);
  return part;
};

beforeAll(async () => {
  commands = await documented();
  system = await startTestSystem();
  environmentId = await system.createEnvironment();
  programs = path.join(system.settings.directory, 'programs');
  await mkdir(programs);
  await symlink(inject('temporalProgram'), path.join(programs, 'temporal'));
  team = (await system.ask('{ viewer { memberships { team { slug } } } }')).viewer.memberships[0].team.slug;
  await startWorker('eu-1');
});
afterAll(async () => {
  await Promise.all(parts.map((part) => part.kill()));
  await system.stop();
});

const typed = new Set<string>();
/** Types the commands below a question, and gives what they print. */
async function type(question: string, variables: Record<string, string> = {}): Promise<string> {
  typed.add(question);
  const env = {
    PATH: `${programs}:${process.env['PATH']}`,
    HOME: system.settings.directory,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEAM: team,
    QUEUE: system.settings.environment['BATON_TASK_QUEUE'] ?? '',
    ...variables,
  };
  const { stdout, stderr } = await run('sh', ['-euc', commands.get(question) ?? 'false'], {
    env,
    cwd: system.settings.directory,
    maxBuffer: 10_000_000,
  });
  return stdout + stderr;
}

const fields = 'sessions { ordinal outcome } openPrompt { id } failure { code }';
const output = async (runId: string) =>
  (await system.transcript(runId)).map((event: Shown) => (event.__typename === 'ItemChunkEvent' ? event.text : '')).join('');

interface Working {
  readonly runId: string;
  readonly variables: { readonly RUN: string; readonly SESSION: string };
}
async function working(text = 'sleep 600', more: object = {}): Promise<Working> {
  const runId = await system.createRun(environmentId, `echo begun; ${text}`, more);
  await waitFor('the turn', async () => (await output(runId)).startsWith('begun'), 30_000);
  const variables = { RUN: runWorkflowId(runId as RunId), SESSION: sessionWorkflowId(runId as RunId, 1) };
  return { runId, variables };
}
const untilEnded = (runId: string) => system.runUntil(runId, fields, ended, 60_000);

let shared: Promise<Working> | null = null;
/** One run that works, for all who only look; the tests below are in an order in which the last ends it. */
const looking = (): Promise<Working> => (shared ??= working('sleep 600'));
const seen: readonly (readonly [question: string, shows: (given: Working) => string | RegExp])[] = [
  ['What runs now?', ({ variables }) => variables.RUN],
  ['What does one team run, and which harness?', ({ variables }) => variables.RUN],
  ['How many runs are there, by how they ended?', () => /total: \d+, values: Running/],
  ['What does this run do?', () => 'session 1 is open'],
  ['What does this session do?', () => 'working'],
  ['What would become of a message that is sent now?', () => 'joins it'],
  ['Why does this run wait?', () => 'runTurn'],
  ['On which worker is this session?', () => /eu-1@\d+/],
  ['What did it do, step by step?', () => 'ActivityTaskScheduled'],
  ['Where in the code does a workflow wait?', () => 'SessionExecution'],
  ['Who polls?', () => /eu-1@\d+[\s\S]*eu-1@\d+/],
  ['Is Temporal itself well, and does it know Baton’s search attributes?', () => /SERVING[\s\S]*BatonRunState/],
];
test.each(seen)('%s', async (question, shows) => {
  const given = await looking();
  const wanted = shows(given);
  // What Temporal lists follows what is, by moments.
  await waitFor(
    `${question}: ${String(wanted)}`,
    async () => {
      const printed = await type(question, given.variables);
      return typeof wanted === 'string' ? printed.includes(wanted) : wanted.test(printed);
    },
    20_000,
  );
});

test('What failed?', async () => {
  const { runId, variables } = await working('exit 3');
  expect(await untilEnded(runId)).toMatchObject({ state: 'FAILED' });
  await waitFor('it to be listed', async () => (await type('What failed?')).includes(variables.RUN));
});
test('Send a message to a run', async () => {
  const { runId, variables } = await working('sleep 0.1');
  await untilEnded(runId);
  const open = await working('sleep 2', { idleSeconds: 600 });
  expect(await type('Send a message to a run', open.variables)).toContain('next turn');
  await waitFor('its output', async () => (await output(open.runId)).includes('from an operator'), 30_000);
  await expect(type('Send a message to a run', variables)).rejects.toThrow(/completed|closed|not found/i);
  await system.mutate('endSession', { runId: open.runId });
  await untilEnded(open.runId);
});
test('Answer the question that a run is blocked on', async () => {
  const { runId, variables } = await working('ask "Go on?" --text');
  const { openPrompt } = await system.runUntil(runId, fields, (shown) => shown.openPrompt !== null);
  expect(await type('Answer the question that a run is blocked on', { ...variables, PROMPT: openPrompt.id })).toContain('answer');
  expect(await untilEnded(runId)).toMatchObject({ state: 'SUCCEEDED' });
  expect(await output(runId)).toContain('go on');
});
test('Cancel a run', async () => {
  const { runId, variables } = await working();
  await type('Cancel a run', variables);
  expect(await untilEnded(runId)).toMatchObject({ state: 'CANCELED' });
});
test('The run was not told', async () => {
  const { runId, variables } = await working('sleep 0.5', { idleSeconds: 600 });
  await type('The run was not told', variables);
  expect(await type('What does this run do?', variables)).toContain('session 1 is open');
  await system.mutate('endSession', { runId });
  await untilEnded(runId);
});
test('Begin a run’s execution anew', async () => {
  const { runId, variables } = await working('sleep 12; echo done');
  await type('Begin a run’s execution anew', variables);
  expect(await untilEnded(runId)).toMatchObject({ state: 'SUCCEEDED', sessions: [{ ordinal: 1, outcome: 'SUCCEEDED' }] });
  expect(await output(runId)).toBe('begun\ndone\n');
});
test('Give a session up that hangs', async () => {
  const { runId, variables } = await working();
  await type('Give a session up that hangs', variables);
  expect(await untilEnded(runId)).toMatchObject({ state: 'FAILED', sessions: [{ outcome: 'LOST' }] });
});
test('Take a history away, to be looked at or replayed', async () => {
  const { variables } = await looking();
  await type('Take a history away, to be looked at or replayed', variables);
  const history = JSON.parse(await readFile(path.join(system.settings.directory, 'history.json'), 'utf8')) as Shown;
  expect(history.events.length).toBeGreaterThan(5);
});
test('Cancel all that a team runs', async () => {
  const runs = await Promise.all([looking(), working()]);
  await waitFor('both to be listed', async () => {
    const listed = await type('What does one team run, and which harness?');
    return runs.every(({ variables }) => listed.includes(variables.RUN));
  });
  await type('Cancel all that a team runs');
  for (const { runId } of runs) expect(await untilEnded(runId)).toMatchObject({ state: 'CANCELED' });
});
test('Drain a worker, and roll a version out', async () => {
  const [old] = parts;
  const { runId } = await working('sleep 2; echo done', { idleSeconds: 600 });
  await startWorker('eu-2');
  const printed = await type('Drain a worker, and roll a version out', { WORKER_PID: String(old?.process.pid) });
  expect(await old?.exited).toBe(0);
  expect(printed).toContain('eu-2@');
  expect(await untilEnded(runId)).toMatchObject({ state: 'SUCCEEDED' });
  expect(await output(runId)).toBe('begun\ndone\n');
});

test('there are at least twenty questions with commands, and each of them was typed here', () => {
  expect([...commands.keys()].sort()).toEqual([...typed].sort());
  expect(commands.size).toBeGreaterThanOrEqual(20);
  for (const [question, command] of commands) expect([question, command]).toEqual([question, expect.stringMatching(/\S/)]);
});
