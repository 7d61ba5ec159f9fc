import { execFileSync } from 'node:child_process';
import { expect, inject, test } from 'vitest';
import { runWorkflowId, sessionWorkflowId, type RunId } from '../../domain/ids.ts';
import { startPart } from '../support/part.ts';
import { ended, startTestSystem } from '../support/system.ts';
import { expectTrueLog } from '../support/truth.ts';
import { waitFor } from '../support/waitFor.ts';

function terminate(workflowId: string): void {
  const address = inject('temporalAddress');
  execFileSync(inject('temporalProgram'), ['workflow', 'terminate', '--workflow-id', workflowId, '--address', address]);
}

test('a run whose executions were terminated while no worker was up ends saying so, and goes on from its last snapshot', async () => {
  const system = await startTestSystem();
  try {
    const worker = await startPart('worker', system.settings);
    const environmentId = await system.createEnvironment();
    const runId = await system.createRun(environmentId, 'echo kept > kept.txt', { idleSeconds: 600 });
    await system.runUntil(runId, 'liveSession { state }', ({ liveSession }) => liveSession?.state === 'IDLE');
    await worker.kill();
    terminate(runWorkflowId(runId as RunId));
    terminate(sessionWorkflowId(runId as RunId, 1));
    expect(await system.runUntil(runId, 'failure { code retryable }', ended, 90_000)).toMatchObject({
      state: 'FAILED',
      failure: { code: 'EXECUTION_GONE', retryable: true },
    });
    await expectTrueLog(system.world.journal, runId);
    await system.startWorker();
    await system.mutate('sendFollowUp', { clientKey: 'again', runId, text: 'cat kept.txt' });
    await waitFor(
      'the second session to find the workspace',
      async () => (await system.transcript(runId)).some(({ sessionOrdinal, text }) => sessionOrdinal === 2 && text === 'kept\n'),
      40_000,
    );
  } finally {
    await system.stop();
  }
}, 150_000);
