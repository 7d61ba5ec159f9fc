import { expect, test } from 'vitest';
import { ModelServer } from '../support/models/modelServer.ts';
import { startPart } from '../support/part.ts';
import { ended, startTestSystem, type Shown } from '../support/system.ts';
import { expectTrueLog } from '../support/truth.ts';
import { waitFor } from '../support/waitFor.ts';

test(
  'an agent whose worker is killed does the turn again, with the conversation of the turn before',
  { timeout: 240_000 },
  async () => {
    const server = await ModelServer.start();
    const system = await startTestSystem();
    const model = {
      BATON_MODEL_PROVIDER: 'openai',
      BATON_MODEL: 'scripted',
      BATON_MODEL_API_KEY: 'the-key',
      BATON_MODEL_BASE_URL: server.url,
    };
    const worker = await startPart('worker', system.settings, { ...model, BATON_WORKER_NAME: 'dying' });
    try {
      const environmentId = await system.createEnvironment({ defaultHarness: 'BUILT_IN', permissions: 'ALLOW_ALL' });
      server.will({ calls: [{ name: 'write', input: { path: 'kept.txt', content: 'kept\n' } }] }, { text: 'Written.' });
      const runId = await system.createRun(environmentId, 'the first turn', { idleSeconds: 600 });
      const captured = async () =>
        (await system.transcript(runId)).some(({ __typename }) => __typename === 'SnapshotCapturedEvent');
      await waitFor('the checkpoint', captured, 60_000);

      server.will({ text: 'half of an answer that nobody will remember, '.repeat(40), pieceMs: 200 });
      await system.mutate('sendFollowUp', { clientKey: 'second', runId, text: 'the second turn' });
      const output = async () => (await system.transcript(runId)).map(({ text }) => text ?? '').join('');
      await waitFor('half of the answer', async () => (await output()).includes('half of an answer'), 60_000);
      await worker.kill('SIGKILL');
      server.reset();
      server.will({ calls: [{ name: 'shell', input: { command: 'cat kept.txt' } }] }, { text: 'Done again.' });
      await system.startWorker(model);
      const run = await system.runUntil(
        runId,
        'sessions { ordinal cause outcome state }',
        ({ sessions }: Shown) => sessions.at(-1).cause === 'RECOVERY' && sessions.at(-1).state === 'IDLE',
        180_000,
      );
      expect(run.sessions).toMatchObject([{ outcome: 'LOST' }, { cause: 'RECOVERY' }]);
      expect(server.last.turns.map(({ by, text }) => [by, text])).toEqual([
        ['USER', 'the first turn'],
        ['TOOL', 'kept.txt is written.'],
        ['MODEL', 'Written.'],
        ['USER', 'the second turn'],
        ['TOOL', 'kept\n\nExit code 0.'],
      ]);
      await system.mutate('endSession', { runId });
      expect((await system.runUntil(runId, '', ended, 60_000)).state).toBe('SUCCEEDED');
      await expectTrueLog(system.world.journal, runId);
    } finally {
      await worker.kill();
      await system.stop();
      await server.stop();
    }
  },
);
