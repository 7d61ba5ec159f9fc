import type { SecretFiles } from '../domain/declaration.ts';
import type { OpenedRepository } from '../domain/events.ts';
import type { HarnessKind } from '../domain/harness.ts';
import type { EnvironmentId, MessageId, RunId, SessionId, SnapshotId, TeamId, UserId } from '../domain/ids.ts';
import type { PermissionMode } from '../domain/permissions.ts';
import type { ConflictWay, ConversationRef, SnapshotSummary } from '../domain/snapshot.ts';
import type { RunOrigin, SessionCause } from '../domain/states.ts';
import type { Journal } from './journal.ts';

/** One repository as an environment names it. */
export interface EnvironmentRepository {
  readonly url: string;
  /** Null: the remote's HEAD. */
  readonly branch: string | null;
  /** Its folder in the workspace, `.` for the only one. */
  readonly path: string;
  /** Whether the run's branch is pushed when a session ends; not there in environments of before there was a choice. */
  readonly push?: boolean;
  /** What a snapshot takes of it beyond git; not there in environments of before there was a choice. */
  readonly snapshot?: RepositorySnapshot;
}

export interface RepositorySnapshot {
  /** Patterns, as in a gitignore file, of what is captured although the repository's rules ignore it. */
  readonly ignored: readonly string[];
}

/** All that a worker needs to open a session. */
export interface SessionToOpen {
  readonly runId: RunId;
  readonly sessionId: SessionId;
  readonly ordinal: number;
  readonly epoch: number;
  readonly harness: HarnessKind;
  readonly teamId: TeamId;
  readonly origin: RunOrigin;
  readonly creatorId: UserId;
  readonly creatorName: string;
  readonly creatorEmail: string | null;
  readonly teamSlug: string;
  readonly environmentId: EnvironmentId;
  readonly environmentName: string;
  readonly repositories: readonly EnvironmentRepository[];
  readonly setupCommands: readonly string[];
  readonly variables: readonly { readonly name: string; readonly value: string }[];
  readonly permissions: PermissionMode;
  readonly allowedCommands: readonly string[];
  readonly idleSeconds: number;
  /** Files outside repositories that snapshots take: paths, and a script that prints paths. */
  readonly outside: readonly string[];
  readonly outsideScript: string | null;
  /** What becomes of files that look like secrets. */
  readonly secretFiles: SecretFiles;
  /** The snapshot to restore; null for a first session, or when a person chose none. */
  readonly restore: {
    readonly snapshotId: SnapshotId;
    readonly summary: SnapshotSummary;
    readonly opened: readonly OpenedRepository[];
    /** How conflicts are left where it goes on from the newest base; null: from the snapshot's own. */
    readonly newest: ConflictWay | null;
  } | null;
  /** The newest conversation that an agent of this kind left in the run, and in which session; null when there is none. */
  readonly conversation: (ConversationRef & { readonly session: number }) | null;
  /** Whether earlier sessions did work that this one will not have. */
  readonly hadSessions: boolean;
  /** Whether the run has a snapshot, restored or not. */
  readonly runHasSnapshot: boolean;
}

/** Reads a session with its run, environment and snapshot. Throws when it is gone: the run was deleted. */
export async function readSession(journal: Journal, sessionId: SessionId): Promise<SessionToOpen> {
  const { rows } = await journal.pool.query<
    Omit<SessionToOpen, 'restore' | 'hadSessions'> & {
      snapshotId: SnapshotId | null;
      summary: SnapshotSummary | null;
      opened: OpenedRepository[] | null;
      newest: ConflictWay | null;
    }
  >(
    `SELECT s."runId", s.id AS "sessionId", s.ordinal, s.epoch, s.harness, r."teamId", r.origin, r."creatorId", r."idleSeconds",
       u.name AS "creatorName", u.email AS "creatorEmail", t.slug AS "teamSlug", e.id AS "environmentId", e.name AS "environmentName",
       e.repositories, e."setupCommands", e.variables, e.permissions, e."allowedCommands",
       e.outside, e."outsideScript", e."secretFiles",
       (SELECT c.summary->'conversation' || jsonb_build_object('session', cs.ordinal)
        FROM "Snapshot" c JOIN "Session" cs ON cs.id = c."sessionId"
        WHERE c."runId" = r.id AND c.summary->'conversation'->>'harness' = s.harness::text
        ORDER BY c."createdAt" DESC, c.id DESC LIMIT 1) AS conversation,
       r."snapshotId" IS NOT NULL AS "runHasSnapshot", s.newest, p.id AS "snapshotId", p.summary, taken.repositories AS opened
     FROM "Session" s
     JOIN "Run" r ON r.id = s."runId" JOIN "User" u ON u.id = r."creatorId" JOIN "Team" t ON t.id = r."teamId"
     JOIN "Environment" e ON e.id = r."environmentId"
     LEFT JOIN "Snapshot" p ON p.id = s."restoreFrom" LEFT JOIN "Session" taken ON taken.id = p."sessionId"
     WHERE s.id = $1`,
    [sessionId],
  );
  const [row] = rows;
  if (!row) throw new Error(`there is no session ${sessionId}`);
  const { snapshotId, summary, opened, newest, ...session } = row;
  return {
    ...session,
    restore: snapshotId && summary ? { snapshotId, summary, opened: opened ?? [], newest } : null,
    hadSessions: session.ordinal > 1,
  };
}

/** The whole text of a message, and the trace that it belongs to. */
export async function readMessage(
  journal: Journal,
  messageId: MessageId,
): Promise<{ readonly text: string; readonly trace: string | null }> {
  const { rows } = await journal.pool.query<{ text: string; trace: string | null }>(
    'SELECT text, trace FROM "Message" WHERE id = $1',
    [messageId],
  );
  if (!rows[0]) throw new Error(`there is no message ${messageId}`);
  return rows[0];
}

/** How long ago the session was opened in the log, by the database's clock, and what for. */
export async function readSessionAge(
  journal: Journal,
  sessionId: SessionId,
): Promise<{ readonly cause: SessionCause; readonly seconds: number }> {
  const { rows } = await journal.pool.query<{ cause: SessionCause; seconds: number }>(
    'SELECT cause, extract(epoch FROM clock_timestamp() - "createdAt")::float AS seconds FROM "Session" WHERE id = $1',
    [sessionId],
  );
  if (!rows[0]) throw new Error(`there is no session ${sessionId}`);
  return rows[0];
}

/** Which of its run's sessions this is; null when it is gone. */
export async function readOrdinal(journal: Journal, sessionId: SessionId): Promise<number | null> {
  const { rows } = await journal.pool.query<{ ordinal: number }>('SELECT ordinal FROM "Session" WHERE id = $1', [sessionId]);
  return rows[0]?.ordinal ?? null;
}

/** Those of the sessions that have not ended. */
export async function readUnended(journal: Journal, sessionIds: readonly SessionId[]): Promise<ReadonlySet<SessionId>> {
  const { rows } = await journal.pool.query<{ id: SessionId }>(
    `SELECT id FROM "Session" WHERE id = ANY($1) AND state <> 'ENDED'`,
    [sessionIds],
  );
  return new Set(rows.map(({ id }) => id));
}
