import type { SessionOutcome, SessionState } from '../../domain/states.ts';
import { outcomeDisplay, sessionDisplay } from './display.ts';

/** What of a session its leg shows. */
export interface LegSession {
  readonly ordinal: number;
  readonly state: SessionState;
  readonly outcome: SessionOutcome | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
}

export interface Leg {
  readonly ordinal: number;
  /** Pixels: grows with the logarithm of the session's time. */
  readonly width: number;
  /** An earlier one that was handed on is at rest; one that failed, was lost or parked keeps its tone. */
  readonly past: boolean;
  readonly tone: { readonly 'data-session'?: string; readonly 'data-outcome'?: string };
}

const least = 12;
const most = 44;
/** A session of this long has the longest leg. */
const longestMs = 4 * 60 * 60_000;
export const mostLegs = 6;

/** How wide a leg is for a session that took this long. */
export function legWidth(ms: number): number {
  const part = Math.log1p(Math.max(0, ms) / 10_000) / Math.log1p(longestMs / 10_000);
  return Math.round(least + (most - least) * Math.min(1, part));
}

/** The latest sessions as legs, and how many earlier ones are not drawn. */
export function legsOf(sessions: readonly LegSession[], now: number): { legs: Leg[]; more: number } {
  const drawn = sessions.slice(-mostLegs);
  const legs = drawn.map((session, index): Leg => {
    const { ordinal, state, outcome, startedAt, endedAt, createdAt } = session;
    const end = endedAt ? Date.parse(endedAt) : now;
    const past = index < drawn.length - 1 && (outcome === 'SUCCEEDED' || outcome === 'CANCELED' || outcome === null);
    const tone = state === 'ENDED' ? { 'data-outcome': (outcome ?? 'SUCCEEDED').toLowerCase() } : { 'data-session': state };
    return { ordinal, width: legWidth(end - Date.parse(startedAt ?? createdAt)), past, tone };
  });
  return { legs, more: sessions.length - drawn.length };
}

/** The legs in a sentence: "3 sessions: handed on, worker lost, succeeded". */
export function legsSentence(sessions: readonly Pick<LegSession, 'state' | 'outcome'>[]): string {
  if (sessions.length === 0) return 'No session yet';
  const words = sessions.map(({ state, outcome }, index) => {
    if (state !== 'ENDED') return sessionDisplay[state].label.toLowerCase();
    if (index < sessions.length - 1 && (outcome === 'SUCCEEDED' || outcome === null)) return 'handed on';
    return (outcome ? outcomeDisplay[outcome] : sessionDisplay.ENDED).label.toLowerCase();
  });
  return `${sessions.length === 1 ? '1 session' : `${sessions.length} sessions`}: ${words.join(', ')}`;
}
