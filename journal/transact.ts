import type pg from 'pg';
import type { RunEvent } from '../domain/events.ts';
import type { MessageId, RunId } from '../domain/ids.ts';
import { evolve, liveSession, type Run } from '../domain/run.ts';
import type { Act } from './audit.ts';
import { appendedEvents, appends } from '../telemetry/metrics.ts';
import type { StepName } from './faultPoints.ts';
import type { Journal } from './journal.ts';
import { lockRun } from './load.ts';
import { persist, type LogStep } from './persist.ts';

/** What a transaction on a run comes to. */
export interface Outcome<T> {
  readonly events: readonly RunEvent[];
  readonly result: T;
  /** Work for Temporal: the run's wake-up is repeated until its workflow has taken it. */
  readonly wake?: boolean;
  /** The run workflow has taken the work: wake-ups up to now are seen. */
  readonly seen?: boolean;
  /** Makes the append idempotent: a second one with this key fails. */
  readonly key?: string;
  /** Full texts of the messages that the events add. */
  readonly texts?: ReadonlyMap<MessageId, string>;
  /** Who did it, for the team's audit log; what changes nothing is no act. */
  readonly act?: Pick<Act, 'by' | 'action'>;
}

/** The run as it is after a transaction, with what the transaction came to. */
export interface Transacted<T> {
  readonly run: Run;
  readonly result: T;
  /** Whether Temporal is to be woken, now that it is committed. */
  readonly wake: boolean;
}

/** The run does not exist (any more). */
export class RunNotFoundError extends Error {
  readonly runId: RunId;
  constructor(runId: RunId) {
    super(`there is no run ${runId}`);
    this.name = 'RunNotFoundError';
    this.runId = runId;
  }
}

/**
 * Decides and appends in one transaction under the run's lock: the only way, but for streamed chunks, in which a log
 * grows. `decide` sees the run as its log says it is; its events and the projections they change are written together.
 * Throws RunNotFoundError, and whatever `decide` throws, with nothing written.
 */
export async function transact<T>(
  journal: Journal,
  runId: RunId,
  step: StepName,
  decide: (run: Run, client: pg.PoolClient) => Outcome<T> | Promise<Outcome<T>>,
): Promise<Transacted<T>> {
  const done = await inTransaction(journal.pool, async (client) => {
    const locked = await lockRun(client, runId);
    if (!locked) throw new RunNotFoundError(runId);
    const applied = await applyOutcome(client, runId, locked, await decide(locked.run, client));
    journal.reached(`${step}.written`);
    return applied;
  });
  journal.reached(`${step}.committed`);
  return announce(journal, runId, done);
}

export interface Applied<T> extends Transacted<T> {
  /** How many events. */
  readonly appended: number;
}

/** Writes an outcome's events and their projections inside the caller's transaction, which holds the run's lock. */
export async function applyOutcome<T>(
  client: pg.PoolClient,
  runId: RunId,
  before: { readonly run: Run | null; readonly at: Date },
  outcome: Outcome<T>,
): Promise<Applied<T>> {
  const { events, result, wake = false } = outcome;
  const steps: LogStep[] = [];
  let run = before.run;
  for (const event of events) {
    const live = run && liveSession(run);
    run = evolve(run, event, runId);
    steps.push({ seq: run.lastSeq, session: live ?? liveSession(run), event });
  }
  if (!run) throw new Error('a transaction on a run that does not exist appended nothing');
  await persist(client, { before: before.run, after: run, at: before.at, steps, outcome });
  return { run, result, wake, appended: events.length };
}

/** Rings for what was committed. */
export function announce<T>(journal: Journal, runId: RunId, done: Applied<T>): Transacted<T> {
  if (done.appended > 0) {
    appends.inc();
    appendedEvents.inc(done.appended);
    journal.bell.ring(runId, true);
  }
  return done;
}

/** Runs `work` in one transaction: committed when it resolves, rolled back when it rejects. */
export async function inTransaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  // A connection that breaks between two statements says so to whoever listens, and ends the process when nobody does.
  const breaks = (error: Error) => {
    broken = error;
  };
  client.on('error', breaks);
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((rollbackError: Error) => {
      broken = rollbackError;
    });
    throw error;
  } finally {
    client.off('error', breaks);
    client.release(broken);
  }
}
