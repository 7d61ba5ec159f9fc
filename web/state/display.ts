import type { RunState, SessionOutcome, SessionState } from '../../domain/states.ts';

/** The shapes of the states. They differ, so that colour is never alone. */
export type GlyphName =
  | 'queued'
  | 'provisioning'
  | 'restoring'
  | 'running'
  | 'idle'
  | 'snapshotting'
  | 'blocked'
  | 'parked'
  | 'succeeded'
  | 'failed'
  | 'canceled'
  | 'lost'
  | 'ended';

interface Display {
  readonly label: string;
  readonly glyph: GlyphName;
}

export const runDisplay: Record<RunState, Display> = {
  QUEUED: { label: 'Queued', glyph: 'queued' },
  IN_PROGRESS: { label: 'In progress', glyph: 'running' },
  BLOCKED: { label: 'Blocked', glyph: 'blocked' },
  SUCCEEDED: { label: 'Succeeded', glyph: 'succeeded' },
  FAILED: { label: 'Failed', glyph: 'failed' },
  CANCELED: { label: 'Canceled', glyph: 'canceled' },
};

export const sessionDisplay: Record<SessionState, Display> = {
  QUEUED: { label: 'Queued', glyph: 'queued' },
  PROVISIONING: { label: 'Starting', glyph: 'provisioning' },
  RESTORING: { label: 'Restoring', glyph: 'restoring' },
  RUNNING: { label: 'Running', glyph: 'running' },
  IDLE: { label: 'Idle, ready', glyph: 'idle' },
  BLOCKED: { label: 'Blocked', glyph: 'blocked' },
  SNAPSHOTTING: { label: 'Capturing', glyph: 'snapshotting' },
  ENDED: { label: 'Ended', glyph: 'ended' },
};

export const outcomeDisplay: Record<SessionOutcome, Display> = {
  SUCCEEDED: { label: 'Succeeded', glyph: 'succeeded' },
  FAILED: { label: 'Failed', glyph: 'failed' },
  CANCELED: { label: 'Canceled', glyph: 'canceled' },
  PARKED: { label: 'Parked', glyph: 'parked' },
  LOST: { label: 'Worker lost', glyph: 'lost' },
};

/** What is shown: its words, its shape, and the attribute that gives it its tone (styles/tokens.css). */
export interface Shown extends Display {
  readonly tone: { readonly 'data-run'?: string; readonly 'data-session'?: string; readonly 'data-outcome'?: string };
}

export const shownRun = (state: RunState): Shown => ({ ...runDisplay[state], tone: { 'data-run': state } });

/** A session: its outcome once it is over and that is known, else its state. */
export function shownSession({ state, outcome }: { state: SessionState; outcome: SessionOutcome | null }): Shown {
  if (state === 'ENDED' && outcome) return { ...outcomeDisplay[outcome], tone: { 'data-outcome': outcome.toLowerCase() } };
  return { ...sessionDisplay[state], tone: { 'data-session': state } };
}

/** A run with the shape of what its session does: restoring, capturing, parked. */
export function shownProgress(
  state: RunState,
  sessions: readonly { state: SessionState; outcome: SessionOutcome | null }[],
): Shown {
  const run = shownRun(state);
  const last = sessions.at(-1);
  if (!last) return run;
  if (state === 'IN_PROGRESS' && last.state !== 'ENDED') return { ...run, glyph: sessionDisplay[last.state].glyph };
  if (state === 'BLOCKED' && last.outcome === 'PARKED') return { ...run, glyph: 'parked' };
  return run;
}
