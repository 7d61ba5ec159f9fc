import type { EnvironmentId, RunId, SessionId, TeamId, UserId } from '../../domain/ids.ts';
import type { NextWork } from '../../domain/execution.ts';
import type { Person } from '../../domain/person.ts';
import { noUsage } from '../../domain/usage.ts';
import { createRun, type CreateRun } from '../../journal/intents.ts';
import { openJournal, type Journal } from '../../journal/journal.ts';
import { newId } from '../../journal/newId.ts';
import type { TranscriptWriter } from '../../journal/append.ts';
import * as steps from '../../journal/steps.ts';

/** A team with a person and an environment, in a database of a test's own. */
export interface World {
  readonly journal: Journal;
  readonly userId: UserId;
  readonly teamId: TeamId;
  readonly environmentId: EnvironmentId;
  readonly person: Person;
}

export function openTestJournal(databaseUrl: string): Journal {
  return openJournal({ databaseUrl, applicationName: 'test', onWarning: () => {} });
}

/** Makes a team with one member and one environment. */
export async function createWorld(journal: Journal, name = 'Mira'): Promise<World> {
  const userId = newId('usr');
  const teamId = newId('team');
  const environmentId = newId('env');
  await journal.pool.query('INSERT INTO "User" (id, name) VALUES ($1, $2)', [userId, name]);
  await journal.pool.query('INSERT INTO "Team" (id, name, slug) VALUES ($1, $2, $1)', [teamId, 'Team']);
  await journal.pool.query(`INSERT INTO "Membership" ("userId", "teamId", role) VALUES ($1, $2, 'MEMBER')`, [userId, teamId]);
  await journal.pool.query(
    `INSERT INTO "Environment" (id, "teamId", name, repositories, "setupCommands", variables) VALUES ($1, $2, 'env', '[{"url":"/x","branch":null,"path":"."}]', '{}', '[]')`,
    [environmentId, teamId],
  );
  return { journal, userId, teamId, environmentId, person: { actor: { kind: 'USER', userId, name }, role: 'MEMBER' } };
}

let keys = 0;
/** A client key that was not used before. */
export const freshKey = ({ userId }: World) => ({ userId, key: `key-${++keys}` });

/** Creates a run. */
export async function createTestRun(world: World, input: Partial<CreateRun> = {}): Promise<RunId> {
  const created = await createRun(world.journal, world.person, freshKey(world), {
    teamId: world.teamId,
    creatorId: world.userId,
    environmentId: world.environmentId,
    title: 'A run',
    origin: 'API',
    harness: 'SCRIPT',
    idleSeconds: 0,
    text: 'echo hi',
    ...input,
  });
  if (!created.ok) throw new Error(created.refusal.message);
  return created.value.runId;
}

/** Takes the run's next session as a worker would, up to its first turn. */
export async function takeSession(journal: Journal, runId: RunId, worker = 'worker'): Promise<TranscriptWriter> {
  const writer = writerOf(runId, await steps.nextWork(journal, runId, 'execution'));
  await steps.hosted(journal, writer, worker);
  await steps.nextTurn(journal, writer);
  return writer;
}

export function writerOf(runId: RunId, work: NextWork): TranscriptWriter {
  if (work.kind !== 'SESSION') throw new Error(`no session to take: ${work.kind}`);
  return { runId, sessionId: work.sessionId as SessionId, ordinal: work.ordinal, epoch: work.epoch };
}

/** Ends the turn and the session well. */
export async function finishSession(journal: Journal, writer: TranscriptWriter, turn = 1): Promise<void> {
  await steps.turnEnded(journal, writer, { turn, reason: 'COMPLETED', failure: null, usage: { ...noUsage, wallMs: 10 } });
  await steps.beginClose(journal, writer, true);
  await steps.endSession(journal, writer.runId, writer.sessionId, { outcome: 'SUCCEEDED', started: true });
}
