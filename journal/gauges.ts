import type { RunState, SessionState } from '../domain/states.ts';
import type { Journal } from './journal.ts';

/** How much waits, and since when. */
export interface Waiting {
  readonly count: number;
  /** Age of the oldest in seconds, by the database's clock; 0 when there is none. */
  readonly oldestSeconds: number;
}

/** What an operator asks of the whole system. */
export interface Gauges {
  readonly runs: ReadonlyMap<RunState, number>;
  /** Those that have not ended. */
  readonly sessions: ReadonlyMap<SessionState, number>;
  /** Questions to people that nobody has answered. */
  readonly prompts: Waiting;
  /** What people asked for and no workflow has taken. */
  readonly intents: Waiting;
}

const oldest = (column: string) =>
  `count(*)::int AS count, coalesce(extract(epoch FROM clock_timestamp() - min("${column}")), 0)::float AS "oldestSeconds"`;

/** Reads the gauges, in milliseconds while there are fewer than a million runs. */
export async function readGauges({ pool }: Journal): Promise<Gauges> {
  const none: Waiting = { count: 0, oldestSeconds: 0 };
  const [runs, sessions, prompts, intents] = await Promise.all([
    pool.query<{ state: RunState; count: number }>('SELECT state, count(*)::int AS count FROM "Run" GROUP BY state'),
    pool.query<{ state: SessionState; count: number }>(
      `SELECT state, count(*)::int AS count FROM "Session" WHERE state <> 'ENDED' GROUP BY state`,
    ),
    pool.query<Waiting>(`SELECT ${oldest('createdAt')} FROM "Prompt" WHERE state = 'OPEN'`),
    pool.query<Waiting>(`SELECT ${oldest('since')} FROM "Wake"`),
  ]);
  return {
    runs: new Map(runs.rows.map(({ state, count }) => [state, count])),
    sessions: new Map(sessions.rows.map(({ state, count }) => [state, count])),
    prompts: prompts.rows[0] ?? none,
    intents: intents.rows[0] ?? none,
  };
}
