import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FaultPoint } from '../../journal/faultPoints.ts';
import { client, type Client } from '../support/gateway.ts';
import { startPart } from '../support/part.ts';
import { ended, startTestSystem, type TestSystem } from '../support/system.ts';
import { expectTrueLog } from '../support/truth.ts';

let system: TestSystem;
let environmentId: string;
beforeAll(async () => {
  system = await startTestSystem();
  await system.startWorker();
  environmentId = await system.createEnvironment();
});
afterAll(() => system.stop());

/** A gateway that dies at a point, asked through a client of its own. */
async function dying(point: FaultPoint): Promise<{ ask: Client; exited: Promise<unknown> }> {
  const gateway = await startPart('gateway', system.settings, { BATON_FAULT: `${point}:kill` });
  return { ask: client(gateway.url, system.token), exited: gateway.exited };
}

async function expectDeath({ ask, exited }: Awaited<ReturnType<typeof dying>>, name: string, input: object): Promise<void> {
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input`;
  await expect(ask(`mutation ($input: ${type}!) { ${name}(input: $input) { __typename } }`, { input })).rejects.toThrow(
    /fetch failed/,
  );
  expect(await exited).toBe('SIGKILL');
}

const runCount = async (title: string): Promise<number> => {
  const { rows } = await system.world.journal.pool.query('SELECT 1 FROM "Run" WHERE title = $1', [title]);
  return rows.length;
};

const messageCount = async (runId: string): Promise<number> => {
  const { rows } = await system.world.journal.pool.query('SELECT 1 FROM "Message" WHERE "runId" = $1', [runId]);
  return rows.length;
};

const output = async (runId: string): Promise<string> => (await system.transcript(runId)).map(({ text }) => text ?? '').join('');

const states = ['written', 'committed'] as const;

describe('a gateway that is killed', { timeout: 60_000 }, () => {
  test.each(states)(
    'when a run’s creation is %s: asked again with the same key, there is one run, and it is carried out',
    async (state) => {
      const title = `created ${state}`;
      const input = { clientKey: title, environmentId, text: 'echo once', title };
      await expectDeath(await dying(`createRun.${state}`), 'createRun', input);
      expect(await runCount(title)).toBe(state === 'committed' ? 1 : 0);
      const { run } = await system.mutate('createRun', input, 'run { id }');
      expect(await runCount(title)).toBe(1);
      expect((await system.runUntil(run.id, 'id', ended)).state).toBe('SUCCEEDED');
      expect(await output(run.id)).toBe('once\n');
      await expectTrueLog(system.world.journal, run.id);
    },
  );

  test('when a run’s creation is committed: the run starts though nobody asks again', async () => {
    const title = 'never asked again';
    await expectDeath(await dying('createRun.committed'), 'createRun', {
      clientKey: title,
      environmentId,
      text: 'echo alone',
      title,
    });
    const { rows } = await system.world.journal.pool.query('SELECT id FROM "Run" WHERE title = $1', [title]);
    expect((await system.runUntil(rows[0].id, 'id', ended, 30_000)).state).toBe('SUCCEEDED');
  });

  test.each(states)('when a follow-up is %s: asked again, it is delivered once', async (state) => {
    const runId = await system.createRun(environmentId, 'echo first');
    await system.runUntil(runId, 'id', ended);
    const input = { clientKey: `follow ${state}`, runId, text: 'echo second' };
    await expectDeath(await dying(`sendFollowUp.${state}`), 'sendFollowUp', input);
    expect(await messageCount(runId)).toBe(state === 'committed' ? 2 : 1);
    await system.mutate('sendFollowUp', input);
    expect((await system.runUntil(runId, 'lastSeq', ended)).state).toBe('SUCCEEDED');
    expect(await messageCount(runId)).toBe(2);
    expect(await output(runId)).toBe('first\nsecond\n');
    await expectTrueLog(system.world.journal, runId);
  });

  test.each(states)('when a continuation is %s: asked again, there is one more session', async (state) => {
    const runId = await system.createRun(environmentId, 'echo first');
    await system.runUntil(runId, 'id', ended);
    const input = { clientKey: `continue ${state}`, runId, text: 'echo second' };
    await expectDeath(await dying(`continueRun.${state}`), 'continueRun', input);
    await system.mutate('continueRun', input);
    const run = await system.runUntil(runId, 'sessions { outcome }', ended);
    expect(run.sessions).toHaveLength(2);
    expect(await output(runId)).toBe('first\nsecond\n');
    await expectTrueLog(system.world.journal, runId);
  });

  test.each(states)('when an answer is %s: the run goes on with it, asked again where it was not kept', async (state) => {
    const runId = await system.createRun(environmentId, 'ask "Which?" --option a=A --option b=B');
    const { openPrompt } = await system.runUntil(runId, 'openPrompt { id }', (run) => run.openPrompt);
    const input = { promptId: openPrompt.id, optionId: 'a' };
    await expectDeath(await dying(`answerPrompt.${state}`), 'answerPrompt', input);
    if (state === 'written') await system.mutate('answerPrompt', input);
    expect((await system.runUntil(runId, 'id', ended)).state).toBe('SUCCEEDED');
    expect(await output(runId)).toBe('a\n');
    await expectTrueLog(system.world.journal, runId);
  });

  test.each(states)('when a cancel is %s: the run is canceled, asked again where it was not kept', async (state) => {
    const runId = await system.createRun(environmentId, 'echo begun; sleep 600');
    await system.runUntil(runId, 'id', (run) => run.state === 'IN_PROGRESS');
    await expectDeath(await dying(`cancelRun.${state}`), 'cancelRun', { runId });
    if (state === 'written') await system.mutate('cancelRun', { runId });
    expect((await system.runUntil(runId, 'id', ended)).state).toBe('CANCELED');
    await expectTrueLog(system.world.journal, runId);
  });

  test.each(states)('when a withdrawal is %s: the message is withdrawn, asked again where it was not kept', async (state) => {
    const runId = await system.createRun(environmentId, 'sleep 600');
    await system.runUntil(runId, 'id', (run) => run.state === 'IN_PROGRESS');
    const { followUp } = await system.mutate(
      'sendFollowUp',
      { clientKey: `withdraw ${state}`, runId, text: 'echo no' },
      'followUp { id }',
    );
    await expectDeath(await dying(`withdrawMessage.${state}`), 'withdrawMessage', { messageId: followUp.id });
    if (state === 'written') await system.mutate('withdrawMessage', { messageId: followUp.id });
    await system.runUntil(runId, 'queuedMessages { id }', ({ queuedMessages }) => queuedMessages.length === 0);
    await system.mutate('cancelRun', { runId });
    await system.runUntil(runId, 'id', ended);
    expect(await output(runId)).toBe('');
    await expectTrueLog(system.world.journal, runId);
  });
});
