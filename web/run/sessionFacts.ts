import type { SessionOutcome, SessionState } from '../../domain/states.ts';
import type { RunPageFragment, SessionPartsFragment, SnapshotPartsFragment } from '../generated/operations.ts';
import type { EventOf, Failure, RestoreReport, SessionFacts, Transcript } from './model/transcript.ts';

/**
 * A session as it is shown. The log is followed event by event and so is ahead of the run's row; the row knows what
 * happened before the part of the log that was loaded, and what no event tells.
 */
export interface ShownSession {
  readonly ordinal: number;
  readonly id: string | null;
  readonly cause: SessionPartsFragment['cause'] | null;
  readonly harness: SessionPartsFragment['harness'] | null;
  readonly state: SessionState;
  readonly outcome: SessionOutcome | null;
  readonly failure: Failure | null;
  readonly waiting: {
    readonly for: NonNullable<SessionPartsFragment['waitingFor']>['for'];
    readonly detail: string | null;
  } | null;
  readonly worker: string | null;
  readonly createdAt: string | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly usage: SessionPartsFragment['usage'] | null;
  readonly restoreReport: RestoreReport | null;
  readonly restoreFrom: string | null;
  readonly restoredFrom: SnapshotPartsFragment | null;
  readonly notRestored: EventOf<'NoticeEvent'> | null;
  readonly snapshot: SnapshotPartsFragment | null;
  readonly snapshotFailed: EventOf<'SnapshotFailedEvent'> | null;
  readonly facts: SessionFacts | null;
}

const atOf = (facts: SessionFacts | null, state: SessionState): string | null =>
  facts?.states.find((one) => one.state === state)?.at ?? null;

/** One session, from what its events and its row say. */
export function shownSession(ordinal: number, facts: SessionFacts | null, row: SessionPartsFragment | null): ShownSession {
  const ahead = facts?.state != null;
  return {
    ordinal,
    id: facts?.opened?.sessionId ?? row?.id ?? null,
    cause: facts?.opened?.cause ?? row?.cause ?? null,
    harness: facts?.opened?.harness ?? row?.harness ?? null,
    state: facts?.state ?? row?.state ?? 'QUEUED',
    outcome: ahead ? facts.outcome : (row?.outcome ?? null),
    failure: facts?.failure ?? row?.failure ?? null,
    waiting: facts?.waiting ?? (row && row.state === (facts?.state ?? row.state) ? row.waitingFor : null),
    worker: facts?.worker ?? row?.worker ?? null,
    createdAt: facts?.opened?.at ?? row?.createdAt ?? null,
    startedAt: atOf(facts, 'PROVISIONING') ?? row?.startedAt ?? null,
    endedAt: atOf(facts, 'ENDED') ?? row?.endedAt ?? null,
    usage: row?.usage ?? null,
    restoreReport: facts?.restored?.report ?? row?.restoreReport ?? null,
    restoreFrom: facts?.opened ? facts.opened.restoreFrom : (row?.restoredFrom?.id ?? null),
    restoredFrom: row?.restoredFrom ?? null,
    notRestored: facts?.notRestored ?? null,
    snapshot: row?.snapshot ?? null,
    snapshotFailed: facts?.snapshotFailed ?? null,
    facts,
  };
}

/** Every session that the log or the run's row knows, the first one first. */
export function shownSessions(transcript: Transcript, run: RunPageFragment | null): ShownSession[] {
  const facts = new Map(transcript.sections.flatMap(({ session }) => (session ? [[session.ordinal, session] as const] : [])));
  const rows = new Map((run?.sessions ?? []).map((session) => [session.ordinal, session] as const));
  return [...new Set([...rows.keys(), ...facts.keys()])]
    .sort((a, b) => a - b)
    .map((ordinal) => shownSession(ordinal, facts.get(ordinal) ?? null, rows.get(ordinal) ?? null));
}

/** What a session's row in a list of legs needs. */
export const legOf = ({ ordinal, state, outcome, createdAt, startedAt, endedAt }: ShownSession) => ({
  ordinal,
  state,
  outcome,
  createdAt: createdAt ?? startedAt ?? new Date().toISOString(),
  startedAt,
  endedAt,
});
