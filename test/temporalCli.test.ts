import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { runWorkflowId, sessionWorkflowId, type RunId } from '../domain/ids.ts';
import { ended, startTestSystem, type Shown, type TestSystem } from './support/system.ts';
import { waitFor } from './support/waitFor.ts';

let system: TestSystem;
let environmentId: string;
beforeAll(async () => {
  system = await startTestSystem();
  environmentId = await system.createEnvironment();
  await system.startWorker({ BATON_WORKER_NAME: 'eu-3' });
});
afterAll(() => system.stop());

const run = promisify(execFile);
/** What an operator types; gives what the real command line prints. */
const temporal = async (...args: string[]): Promise<string> => {
  const { stdout } = await run(inject('temporalProgram'), [...args, '--address', inject('temporalAddress')], {
    env: { HOME: system.settings.directory },
    maxBuffer: 10_000_000,
  });
  return stdout;
};
const fields = 'sessions { ordinal state outcome } cancelRequestedAt';
const output = async (runId: string) =>
  (await system.transcript(runId)).map((event: Shown) => (event.__typename === 'ItemChunkEvent' ? event.text : '')).join('');
const startRun = async (text: string, more: object = {}) => {
  const runId = (await system.createRun(environmentId, `echo begun; ${text}`, more)) as RunId;
  await waitFor('the turn', async () => (await output(runId)).startsWith('begun'));
  return runId;
};

describe('with the temporal command line', () => {
  test('an operator lists runs by what Baton says of them', async () => {
    const runId = await startRun('sleep 600');
    const team = (await system.ask('{ viewer { memberships { team { slug } } } }')).viewer.memberships[0].team.slug;
    const query = `BatonTeam = "${team}" AND BatonHarness = "SCRIPT" AND BatonOrigin = "API" AND ExecutionStatus = "Running" AND WorkflowType = "run"`;
    const listed = await waitFor('the run to be listed', async () => {
      const found = JSON.parse(await temporal('workflow', 'list', '--query', query, '--output', 'json')) as Shown[];
      return found.some((execution) => execution.execution.workflowId === runWorkflowId(runId)) ? found : null;
    });
    expect(listed).toHaveLength(1);
    await system.mutate('cancelRun', { runId });
    await system.runUntil(runId, fields, ended);
  });

  test('an operator sees what a run is doing, on which worker, and finds no text of people in it', async () => {
    const runId = await startRun('echo secret-word; sleep 600');
    const described = await temporal('workflow', 'describe', '--workflow-id', runWorkflowId(runId));
    expect(described).toContain('BatonRunState');
    expect(described).toContain(`Run ${runId}`);
    expect(await temporal('workflow', 'query', '--workflow-id', runWorkflowId(runId), '--name', 'status')).toContain(
      'session 1 is open',
    );
    expect(await temporal('workflow', 'query', '--workflow-id', runWorkflowId(runId), '--name', 'pending')).toContain('joins it');
    expect(await temporal('workflow', 'query', '--workflow-id', sessionWorkflowId(runId, 1), '--name', 'status')).toContain(
      'working',
    );
    expect(await temporal('workflow', 'metadata', '--workflow-id', sessionWorkflowId(runId, 1))).toContain('working');
    for (const workflowId of [runWorkflowId(runId), sessionWorkflowId(runId, 1)]) {
      const history = await temporal('workflow', 'show', '--workflow-id', workflowId, '--output', 'json');
      expect(Buffer.from(history).toString()).not.toMatch(/secret-word|begun/);
      // Payloads are base64.
      expect(history).not.toContain(Buffer.from('secret-word').toString('base64').slice(0, 12));
    }
    await system.mutate('cancelRun', { runId });
    await system.runUntil(runId, fields, ended);
  });

  test('an operator cancels a run; the API shows it and the agent is stopped', async () => {
    const runId = await startRun('sleep 600');
    await temporal('workflow', 'cancel', '--workflow-id', runWorkflowId(runId));
    await system.runUntil(runId, fields, ended);
    const events = await system.transcript(runId);
    const requested = events.find((event: Shown) => event.__typename === 'CancelRequestedEvent');
    expect(requested).toBeDefined();
    expect(await system.runUntil(runId, fields, ended)).toMatchObject({ state: 'CANCELED', sessions: [{ outcome: 'CANCELED' }] });
    await waitFor('the execution to be canceled', async () =>
      (await temporal('workflow', 'describe', '--workflow-id', runWorkflowId(runId))).includes('CANCELED'),
    );
  });

  test('an operator sends a follow-up and cancels by update, as the API would', async () => {
    const runId = await startRun('sleep 0.2', { idleSeconds: 600 });
    const update = (name: string, ...input: string[]) =>
      temporal(
        'workflow',
        'update',
        'execute',
        '--workflow-id',
        runWorkflowId(runId),
        '--name',
        name,
        ...input.flatMap((value) => ['--input', value]),
      );
    expect(await update('sendFollowUp', JSON.stringify({ text: 'echo from the operator' }))).toContain('next turn');
    await waitFor('its output', async () => (await output(runId)).includes('from the operator'));
    expect(await update('sendFollowUp', JSON.stringify({ text: ' ' }))).toContain('Refused');
    expect(await update('cancel')).toContain('being canceled');
    expect(await system.runUntil(runId, fields, ended)).toMatchObject({ state: 'CANCELED' });
  });

  test('an operator who terminates a session’s execution finds the run ended, not hanging', async () => {
    const runId = await startRun('sleep 600');
    await temporal('workflow', 'terminate', '--workflow-id', sessionWorkflowId(runId, 1));
    expect(await system.runUntil(runId, `${fields} failure { code origin }`, ended, 60_000)).toMatchObject({
      state: 'FAILED',
      failure: { code: 'WORKER_LOST', origin: 'PLATFORM' },
      sessions: [{ outcome: 'LOST' }],
    });
  });
}, 90_000);
