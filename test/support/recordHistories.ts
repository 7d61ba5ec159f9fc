import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject, test } from 'vitest';
import { runWorkflowId, sessionWorkflowId, type RunId } from '../../domain/ids.ts';
import { ended, startTestSystem, type Shown } from './system.ts';
import { waitFor } from './waitFor.ts';

/**
 * Records the histories that workflows/replay.test.ts replays: `npm run histories`. They are kept over versions; new
 * ones are added beside them when the workflows learn something new.
 */
const root = fileURLToPath(new URL('../..', import.meta.url));
const directory = fileURLToPath(new URL('../../workflows/histories', import.meta.url));

test('record', async () => {
  const system = await startTestSystem();
  await system.startWorker();
  const environmentId = await system.createEnvironment();
  const broken = await system.createEnvironment({ setupCommands: ['exit 1'] });
  const fields = 'sessions { ordinal state }';

  const save = (workflowId: string, name: string) => {
    const history = execFileSync(
      inject('temporalProgram'),
      ['workflow', 'show', '--workflow-id', workflowId, '--output', 'json', '--address', inject('temporalAddress')],
      { encoding: 'utf8', env: { HOME: system.settings.directory }, maxBuffer: 50_000_000 },
    );
    // Stack traces name where the code was; where that is on this machine is nobody's business.
    const elsewhere = JSON.stringify(JSON.parse(history))
      .replaceAll(root, '/baton/')
      .replaceAll(system.settings.directory, '/tmp/baton');
    writeFileSync(path.join(directory, `${name}.json`), `${elsewhere}\n`);
  };
  const saveBoth = (runId: string, name: string, session = 1) => {
    save(runWorkflowId(runId as RunId), `run-${name}`);
    save(sessionWorkflowId(runId as RunId, session), `session-${name}`);
  };
  const untilClosed = (workflowId: string) =>
    waitFor('the execution to close', () => {
      const described = execFileSync(
        inject('temporalProgram'),
        ['workflow', 'describe', '--workflow-id', workflowId, '--output', 'json', '--address', inject('temporalAddress')],
        { encoding: 'utf8', env: { HOME: system.settings.directory } },
      );
      return !described.includes('WORKFLOW_EXECUTION_STATUS_RUNNING');
    });
  const finish = async (runId: string, sessions = 1) => {
    const run = await system.runUntil(runId, fields, (shown: Shown) => ended(shown) && shown.sessions.length === sessions);
    await untilClosed(runWorkflowId(runId as RunId));
    return run;
  };

  const one = await system.createRun(environmentId, 'echo one');
  await finish(one);
  saveBoth(one, 'succeeded');

  await system.mutate('sendFollowUp', { clientKey: 'a', runId: one, text: 'exit 2' });
  await finish(one, 2);
  saveBoth(one, 'failed-follow-up', 2);

  const idle = await system.createRun(environmentId, 'echo idle', { idleSeconds: 600 });
  await system.runUntil(idle, fields, (run: Shown) => run.sessions[0]?.state === 'IDLE');
  await system.mutate('sendFollowUp', { clientKey: 'b', runId: idle, text: 'echo joined' });
  await system.runUntil(
    idle,
    `${fields} queuedMessages { id }`,
    (run: Shown) => run.queuedMessages.length === 0 && run.sessions[0]?.state === 'IDLE',
  );
  await system.mutate('endSession', { runId: idle });
  await finish(idle);
  saveBoth(idle, 'idle-and-joined');

  const canceled = await system.createRun(environmentId, 'sleep 600');
  await system.runUntil(canceled, fields, (run: Shown) => run.sessions[0]?.state === 'RUNNING');
  await system.mutate('cancelRun', { runId: canceled });
  await finish(canceled);
  saveBoth(canceled, 'canceled');

  const unprepared = await system.createRun(broken, 'echo never');
  await finish(unprepared);
  saveBoth(unprepared, 'setup-failed');
  await system.stop();
}, 120_000);
