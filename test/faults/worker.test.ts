import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { FaultPoint } from '../../journal/faultPoints.ts';
import { startPart } from '../support/part.ts';
import { processesWith } from '../support/processes.ts';
import { ended, startTestSystem, type TestSystem } from '../support/system.ts';
import { expectTrueLog, noteRun, timesRun } from '../support/truth.ts';
import { waitFor } from '../support/waitFor.ts';

/** A system whose one worker dies at a point, and what the test needs to look at afterwards. */
interface Scene {
  readonly system: TestSystem;
  /** Where the scripts note, outside their workspaces, that they run. */
  readonly notes: string;
  readonly environmentId: string;
}

async function scene(): Promise<Scene> {
  const system = await startTestSystem({ BATON_SANDBOX: 'process-group' });
  const notes = join(system.settings.directory, 'notes');
  await mkdir(notes);
  return { system, notes, environmentId: await system.createEnvironment() };
}

const dying = ({ system }: Scene, point: string) =>
  startPart('worker', system.settings, { BATON_FAULT: `${point}:kill`, BATON_WORKER_NAME: 'dying' });

const first = ({ notes }: Scene) => `${noteRun(notes, 'first')}\necho first >> log.txt\necho done`;

const seen = 'failure { code } openPrompt { id } sessions { outcome }';

const messageStates = async ({ system }: Scene): Promise<string[]> =>
  (await system.world.journal.pool.query<{ state: string }>('SELECT state FROM "Message" ORDER BY seq')).rows.map(
    ({ state }) => state,
  );

/** After a fault: the run ends, its log is true, and a follow-up works on what is known to be there. */
async function expectItGoesOn({ system, notes }: Scene, runId: string, log: readonly string[]): Promise<void> {
  await system.mutate('sendFollowUp', { clientKey: 'afterwards', runId, text: 'touch log.txt; cat log.txt' });
  const run = await system.runUntil(runId, seen, ended, 60_000);
  expect(run.state).toBe('SUCCEEDED');
  const told = await system.transcript(runId);
  const last = Math.max(...told.map(({ sessionOrdinal }) => sessionOrdinal ?? 0));
  const output = told.filter(({ sessionOrdinal, text }) => sessionOrdinal === last && text).map(({ text }) => text);
  expect(output.join('')).toBe(log.map((line) => `${line}\n`).join(''));
  await expectTrueLog(system.world.journal, runId);
  await waitFor('every process to be gone', () => processesWith(notes).length === 0, 10_000);
}

/**
 * What becomes of a run whose worker dies at each point of its first session.
 * `again`: the message was not taken, or all of it was kept: it is carried out once and the run succeeds by itself.
 * `returned`: the script was at work, or what it did was in no snapshot: it is never run twice by itself; the run fails,
 * says why, and its message is back with its author.
 */
const points = {
  'nextWork.written': 'again',
  'nextWork.committed': 'again',
  'hosted.written': 'again',
  'hosted.committed': 'again',
  'record.written': 'again',
  'record.committed': 'again',
  'nextTurn.written': 'again',
  'nextTurn.committed': 'returned',
  'appendEvents.written': 'returned',
  'appendEvents.committed': 'returned',
  'turnEnded.written': 'returned',
  'turnEnded.committed': 'returned',
  'beginClose.written': 'returned',
  'beginClose.committed': 'returned',
  'captured.written': 'returned',
  'captured.committed': 'again',
  'sessionEnded.written': 'again',
  'sessionEnded.committed': 'again',
} satisfies Partial<Record<FaultPoint, 'again' | 'returned'>>;

describe.concurrent('a worker that is killed', { timeout: 300_000 }, () => {
  test.each(Object.entries(points))('at %s: the run’s end is true, and it goes on (%s)', async (point, becomes) => {
    const place = await scene();
    const { system, notes, environmentId } = place;
    try {
      const worker = await dying(place, point);
      const runId = await system.createRun(environmentId, first(place));
      expect(await worker.exited).toBe('SIGKILL');
      await system.startWorker();
      const run = await system.runUntil(runId, seen, ended, 200_000);
      await expectTrueLog(system.world.journal, runId);
      if (becomes === 'again') {
        expect(run.state).toBe('SUCCEEDED');
        expect(await messageStates(place)).toEqual(['DELIVERED']);
        expect(timesRun(notes, 'first')).toBe(1);
      } else {
        expect(run).toMatchObject({ state: 'FAILED', failure: { code: 'WORKER_LOST' } });
        expect(await messageStates(place)).toEqual(['RETURNED']);
        expect(timesRun(notes, 'first')).toBeLessThanOrEqual(1);
      }
      await expectItGoesOn(place, runId, becomes === 'again' ? ['first'] : []);
    } finally {
      await system.stop();
    }
  });

  test.each(['restoring.written', 'restoring.committed', 'record.committed@3'] satisfies string[])(
    'at %s of a second session: the third one has the workspace of the first',
    async (point) => {
      const place = await scene();
      const { system, notes, environmentId } = place;
      try {
        const worker = await dying(place, point);
        const runId = await system.createRun(environmentId, first(place));
        await system.runUntil(runId, 'id', ended);
        await system.mutate('sendFollowUp', {
          clientKey: 'second',
          runId,
          text: `${noteRun(notes, 'second')}\necho second >> log.txt`,
        });
        expect(await worker.exited).toBe('SIGKILL');
        await system.startWorker();
        const run = await system.runUntil(runId, seen, ended, 200_000);
        expect(run.state).toBe('SUCCEEDED');
        expect(run.sessions.map(({ outcome }: { outcome: string }) => outcome)).toEqual(['SUCCEEDED', 'LOST', 'SUCCEEDED']);
        expect(timesRun(notes, 'second')).toBe(1);
        await expectItGoesOn(place, runId, ['first', 'second']);
      } finally {
        await system.stop();
      }
    },
  );

  test.each([
    'openPrompt.written',
    'openPrompt.committed',
    'promptDelivered.written',
    'promptDelivered.committed',
  ] satisfies FaultPoint[])('at %s: the question is withdrawn with its turn', async (point) => {
    const place = await scene();
    const { system, environmentId } = place;
    try {
      const worker = await dying(place, point);
      const runId = await system.createRun(environmentId, 'ask "Ship it?" --option yes=Ship');
      if (point.startsWith('promptDelivered')) {
        const { openPrompt } = await system.runUntil(runId, 'openPrompt { id }', ({ state }) => state === 'BLOCKED');
        await system.mutate('answerPrompt', { promptId: openPrompt.id, optionId: 'yes' });
      }
      expect(await worker.exited).toBe('SIGKILL');
      await system.startWorker();
      const run = await system.runUntil(runId, seen, ended, 200_000);
      expect(run).toMatchObject({ state: 'FAILED', failure: { code: 'WORKER_LOST' }, openPrompt: null });
      await expectItGoesOn(place, runId, []);
    } finally {
      await system.stop();
    }
  });

  test.each(['sessionLost.written', 'sessionLost.committed'] satisfies FaultPoint[])(
    'at %s, while it ends what another one lost: a third one does it',
    async (point) => {
      const place = await scene();
      const { system, notes, environmentId } = place;
      try {
        const worker = await dying(place, 'hosted.committed');
        const runId = await system.createRun(environmentId, first(place));
        expect(await worker.exited).toBe('SIGKILL');
        const second = await dying(place, point);
        expect(await second.exited).toBe('SIGKILL');
        await system.startWorker();
        const run = await system.runUntil(runId, seen, ended, 200_000);
        expect(run.state).toBe('SUCCEEDED');
        expect(timesRun(notes, 'first')).toBe(1);
        await expectItGoesOn(place, runId, ['first']);
      } finally {
        await system.stop();
      }
    },
  );
});
