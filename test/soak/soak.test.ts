import { expect, inject, test } from 'vitest';
import { openTestJournal, createWorld } from '../support/journal.ts';
import { client, createToken, removeSettings, testSettings } from '../support/gateway.ts';
import { startOwnPostgres, startOwnTemporal } from '../support/ownServers.ts';
import { processesWith } from '../support/processes.ts';
import { createRepository } from '../support/repository.ts';
import { startPart } from '../support/part.ts';
import { expectTrueLog } from '../support/truth.ts';
import { waitFor } from '../support/waitFor.ts';
import { bookByLog, soak, type SoakSystem } from './soak.ts';

const options = inject('soak');

async function lastOutput(system: SoakSystem, runId: string): Promise<string> {
  const { rows } = await system.journal.pool.query<{ text: string }>(
    `SELECT payload->>'text' AS text FROM "Event" WHERE "runId" = $1 AND type = 'item.chunk'
       AND session = (SELECT max(ordinal) FROM "Session" WHERE "runId" = $1) ORDER BY seq`,
    [runId],
  );
  return rows.map(({ text }) => text).join('');
}

async function countMessages(system: SoakSystem): Promise<Record<string, number>> {
  const { rows } = await system.journal.pool.query<{ state: string; count: number }>(
    'SELECT state, count(*)::int FROM "Message" GROUP BY state',
  );
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
}

test(
  `${options.runs} runs go on for ${options.seconds} s while a random part is killed every few seconds, and nothing is lost or done twice`,
  { timeout: (options.seconds + 600) * 1_000 },
  async (context) => {
    const [postgres, temporal] = await Promise.all([startOwnPostgres(), startOwnTemporal()]);
    const settings = await testSettings(postgres.address, { TEMPORAL_ADDRESS: temporal.address, BATON_WORKER_CAPACITY: '20' });
    const journal = openTestJournal(postgres.address);
    try {
      const world = await createWorld(journal);
      const token = await createToken(journal, world.userId);
      const repository = createRepository(`${settings.directory}/repository`);
      const gateway = await startPart('gateway', settings);
      const { data } = await client(gateway.url, token)(
        'mutation ($input: CreateEnvironmentInput!) { createEnvironment(input: $input) { ... on CreateEnvironmentPayload { environment { id } } } }',
        { input: { clientKey: 'soak', name: 'soak', repositories: [{ url: repository }] } },
      );
      await gateway.kill('SIGTERM');
      const system = { settings, postgres, temporal, token, journal, environmentId: data.createEnvironment.environment.id };

      const { runIds, ...figures } = await soak(system, options);

      for (const runId of runIds) {
        await expectTrueLog(journal, runId);
        const book = await bookByLog(journal, runId);
        expect((await lastOutput(system, runId)).split('\n').filter(Boolean)).toEqual(book);
        expect(new Set(book).size).toBe(book.length);
      }
      const messages = await countMessages(system);
      expect(Object.keys(messages).filter((state) => !['DELIVERED', 'RETURNED'].includes(state))).toEqual([]);
      expect(Object.values(messages).reduce((a, b) => a + b, 0)).toBe(figures.followUps + 2 * runIds.length);
      await waitFor('every process to be gone', () => processesWith(settings.directory).length === 0, 30_000);
      const { rows } = await journal.pool.query('SELECT outcome, count(*)::int FROM "Session" GROUP BY outcome ORDER BY outcome');
      const events = await journal.pool.query('SELECT count(*)::int FROM "Event"');
      const told = {
        ...figures,
        messages,
        sessions: Object.fromEntries(rows.map(({ outcome, count }) => [outcome, count])),
        events: events.rows[0].count,
      };
      await context.annotate(JSON.stringify(told));
    } finally {
      await journal.close();
      await Promise.all([postgres.stop(), temporal.stop()]);
      await removeSettings(settings);
    }
  },
);
