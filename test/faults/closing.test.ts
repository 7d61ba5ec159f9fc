import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ended, startTestSystem, type TestSystem } from '../support/system.ts';
import { expectTrueLog, noteRun, timesRun } from '../support/truth.ts';
import { waitFor } from '../support/waitFor.ts';

const runs = 20;
const followUpsPerRun = 10;

/** Moments around the end of a session; a follow-up is sent as soon as one is seen, or after a random time. */
const moments = ['SNAPSHOTTING', 'ENDED', 'RUNNING', 'any', 'any'] as const;

async function reach({ world }: TestSystem, runId: string, moment: (typeof moments)[number]): Promise<void> {
  if (moment === 'any') return sleep(Math.random() * 1_500).then(() => {});
  await waitFor(
    `the run’s session to be ${moment}`,
    async () => {
      const { rows } = await world.journal.pool.query(
        'SELECT state FROM "Session" WHERE "runId" = $1 ORDER BY ordinal DESC LIMIT 1',
        [runId],
      );
      // Seen too late is as good: what counts is that all of them come about.
      return rows[0]?.state === moment || rows[0]?.state === 'ENDED';
    },
    180_000,
  );
}

/** What became of a message, by its run's log: it joined the session it came to, or the next one had it. */
async function fates({ world }: TestSystem, runId: string): Promise<('joined' | 'waited for the next' | 'opened a session')[]> {
  const { rows } = await world.journal.pool.query<{
    type: string;
    session: number | null;
    payload: { messageId?: string; to?: string };
  }>('SELECT type, session, payload FROM "Event" WHERE "runId" = $1 ORDER BY seq', [runId]);
  const sent = new Map<string, { live: number | null }>();
  const result: ('joined' | 'waited for the next' | 'opened a session')[] = [];
  let live: number | null = null;
  let first = true;
  for (const { type, session, payload } of rows) {
    if (type === 'session.opened') live = session;
    if (type === 'session.state' && payload.to === 'ENDED') live = null;
    if (type === 'message.added') {
      if (!first) sent.set(payload.messageId as string, { live });
      first = false;
    }
    const message = type === 'message.delivered' ? sent.get(payload.messageId as string) : undefined;
    if (message)
      result.push(message.live === null ? 'opened a session' : message.live === session ? 'joined' : 'waited for the next');
  }
  return result;
}

test(
  'follow-ups at the instant of closing are each carried out once: in that session, or in the next',
  { timeout: 400_000 },
  async (context) => {
    const system = await startTestSystem({ BATON_SANDBOX: 'process-group', BATON_WORKER_CAPACITY: '8' });
    try {
      await system.startWorker();
      const notes = join(system.settings.directory, 'notes');
      await mkdir(notes);
      const environmentId = await system.createEnvironment();
      const names: string[] = [];
      const runIds = await Promise.all(
        Array.from({ length: runs }, async (_, index) => {
          const runId = await system.createRun(environmentId, 'true');
          for (let n = 0; n < followUpsPerRun; n++) {
            await reach(system, runId, moments[(index + n) % moments.length] as (typeof moments)[number]);
            const name = `r${index}m${n}`;
            names.push(name);
            await system.mutate('sendFollowUp', { clientKey: name, runId, text: noteRun(notes, name) });
          }
          return runId;
        }),
      );
      for (const runId of runIds) {
        expect((await system.runUntil(runId, 'id', ended, 180_000)).state).toBe('SUCCEEDED');
        await expectTrueLog(system.world.journal, runId);
      }
      expect(names.filter((name) => timesRun(notes, name) !== 1)).toEqual([]);
      const all = (await Promise.all(runIds.map((runId) => fates(system, runId)))).flat();
      const counts = count(all);
      context.annotate(`${all.length} follow-ups: ${JSON.stringify(counts)}`);
      expect(all).toHaveLength(runs * followUpsPerRun);
      expect(Object.keys(counts).sort()).toEqual(['joined', 'opened a session', 'waited for the next']);
    } finally {
      await system.stop();
    }
  },
);

function count(all: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const each of all) counts[each] = (counts[each] ?? 0) + 1;
  return counts;
}
