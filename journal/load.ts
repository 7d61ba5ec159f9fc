import type pg from 'pg';
import type { RunId } from '../domain/ids.ts';
import type { PromptView } from '../domain/prompt.ts';
import type { MessageView, Run, SessionView } from '../domain/run.ts';

interface HeadRow {
  lastSeq: number;
  epoch: number;
}

type RunRow = Omit<Run, 'cancelRequested' | 'lastSeq' | 'epoch' | 'session' | 'pending' | 'prompt'> & {
  cancelRequestedAt: string | null;
};

interface StateRow {
  at: Date;
  run: RunRow;
  session: SessionView | null;
  pending: MessageView[] | null;
  prompt: (Omit<PromptView, 'promptId'> & { id: PromptView['promptId'] }) | null;
}

/** A run under its lock, and the moment it was read: the time of what is decided now. */
export interface LockedRun {
  readonly run: Run;
  readonly at: Date;
}

const state = `
  SELECT clock_timestamp() AS at, row_to_json(r) AS run,
    (SELECT row_to_json(s) FROM "Session" s WHERE s."runId" = r.id ORDER BY s.ordinal DESC LIMIT 1) AS session,
    (SELECT json_agg(json_build_object('id', m.id, 'state', m.state) ORDER BY m.seq)
       FROM "Message" m WHERE m."runId" = r.id AND m.state = 'PENDING') AS pending,
    (SELECT row_to_json(p) FROM "Prompt" p WHERE p."runId" = r.id AND p.state IN ('OPEN', 'ANSWERED')
       ORDER BY p."createdAt" DESC LIMIT 1) AS prompt
  FROM "Run" r WHERE r.id = $1`;

/**
 * Takes the run's lock and loads it; null when there is no such run.
 * Two statements on purpose: one that waited for the lock would join rows as they were before it waited.
 */
export async function lockRun(client: pg.PoolClient, runId: RunId): Promise<LockedRun | null> {
  const head = await client.query<HeadRow>('SELECT "lastSeq", epoch FROM "RunHead" WHERE "runId" = $1 FOR UPDATE', [runId]);
  return head.rows[0] ? read(client, runId, head.rows[0]) : null;
}

/** Loads a run without a lock, for showing what could be done with it. */
export async function loadRun(pool: pg.Pool, runId: RunId): Promise<Run | null> {
  const head = await pool.query<HeadRow>('SELECT "lastSeq", epoch FROM "RunHead" WHERE "runId" = $1', [runId]);
  return head.rows[0] ? ((await read(pool, runId, head.rows[0]))?.run ?? null) : null;
}

async function read(client: pg.PoolClient | pg.Pool, runId: RunId, head: HeadRow): Promise<LockedRun | null> {
  const { rows } = await client.query<StateRow>(state, [runId]);
  const [row] = rows;
  if (!row) return null;
  return { at: row.at, run: runOf(row, head) };
}

function runOf({ run, session, pending, prompt }: StateRow, head: HeadRow): Run {
  return {
    id: run.id,
    teamId: run.teamId,
    creatorId: run.creatorId,
    environmentId: run.environmentId,
    title: run.title,
    origin: run.origin,
    harness: run.harness,
    idleSeconds: run.idleSeconds,
    state: run.state,
    failure: run.failure,
    waitingFor: run.waitingFor,
    waitingDetail: run.waitingDetail,
    cancelRequested: run.cancelRequestedAt !== null,
    lastEnd: run.lastEnd,
    hasConversation: run.hasConversation,
    turns: run.turns,
    snapshotId: run.snapshotId,
    losses: run.losses,
    next: run.next,
    usage: run.usage,
    epoch: head.epoch,
    lastSeq: head.lastSeq,
    turn: run.turn,
    uncaptured: run.uncaptured,
    session: session && sessionView(session),
    pending: pending ?? [],
    prompt: prompt && promptView(prompt),
  };
}

const sessionView = (row: SessionView): SessionView => ({
  id: row.id,
  ordinal: row.ordinal,
  epoch: row.epoch,
  cause: row.cause,
  harness: row.harness,
  state: row.state,
  outcome: row.outcome,
  failure: row.failure,
  worker: row.worker,
  waitingFor: row.waitingFor,
  waitingDetail: row.waitingDetail,
  restoreFrom: row.restoreFrom,
  newest: row.newest,
  endRequested: row.endRequested,
  usage: row.usage,
});

const promptView = (row: NonNullable<StateRow['prompt']>): PromptView => ({
  promptId: row.id,
  kind: row.kind,
  question: row.question,
  options: row.options,
  freeText: row.freeText,
  state: row.state,
  answer: row.answer,
  answeredBy: row.answeredBy,
});
