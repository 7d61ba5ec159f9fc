import { harnessCapabilities } from '../../../domain/harness.ts';
import { isEnded, type RunState, type SessionState } from '../../../domain/states.ts';
import { count } from '../../format/amounts.ts';
import { clock } from '../../format/time.ts';
import type { RunPageFragment } from '../../generated/operations.ts';
import { shownRun, shownSession as shown, type Shown } from '../../state/display.ts';
import { waitingWords } from '../../runs/waitWords.ts';
import type { ShownSession } from '../sessionFacts.ts';

/** What the composer is for at this moment. */
export type ComposerMode =
  /** This person may not write here. */
  | { readonly kind: 'REFUSED'; readonly reason: string }
  /** An answer is wanted, not a message. */
  | { readonly kind: 'BLOCKED'; readonly question: string; readonly mayAnswer: boolean; readonly reason: string | null }
  | {
      readonly kind: 'OPEN';
      readonly shown: Shown;
      /** What the run does, in a few words. */
      readonly status: string;
      readonly detail: string | null;
      /** Since when, for a clock that runs. */
      readonly since: string | null;
      /** What sending will do. */
      readonly effect: string;
      readonly placeholder: string;
      /** Sending passes the baton to a new session. */
      readonly passes: boolean;
      readonly mayInterrupt: boolean;
      readonly mayEnd: boolean;
      readonly mayContinue: boolean;
    };

type Open = Extract<ComposerMode, { kind: 'OPEN' }>;

const placeholders: Record<RunPageFragment['harness'], { readonly live: string; readonly ended: string }> = {
  SCRIPT: { live: 'Another script to run', ended: 'A script to run next' },
  BUILT_IN: { live: 'What to do next', ended: 'What to do next' },
  CLAUDE_CODE: { live: 'A message to Claude Code', ended: 'What Claude Code should do next' },
};

/**
 * Decides what the composer is for. `state` and `last` are as the log says, which is a moment ahead of the run's row;
 * the rights are the row's.
 */
export function composerMode(run: RunPageFragment, state: RunState, last: ShownSession | null): ComposerMode {
  const { followUp, answer } = run.viewerCan;
  if (state === 'BLOCKED') {
    return {
      kind: 'BLOCKED',
      question: run.openPrompt?.question ?? 'a prompt',
      mayAnswer: answer.allowed,
      reason: answer.reason,
    };
  }
  // A row that still says BLOCKED is about to be replaced.
  if (!followUp.allowed && run.state !== 'BLOCKED')
    return { kind: 'REFUSED', reason: followUp.reason ?? 'You may not write to this run.' };
  const rights = {
    mayInterrupt: run.viewerCan.interrupt.allowed,
    mayEnd: run.viewerCan.endSession.allowed,
    mayContinue: run.viewerCan.continue.allowed,
  };
  if (isEnded(state)) return { ...rights, ...ended(run, state, last) };
  if (last && last.state !== 'ENDED') return { ...rights, ...live(run, last, last.state) };
  return {
    ...rights,
    kind: 'OPEN',
    shown: shownRun('QUEUED'),
    status: `Session ${next(last)} is queued`,
    detail: run.waitingFor ? waitingWords(run.waitingFor) : null,
    since: null,
    effect: `Kept, and given to session ${next(last)} when it is up`,
    placeholder: 'Add to it',
    passes: false,
  };
}

const next = (last: ShownSession | null): number => (last?.ordinal ?? 0) + 1;

type Without = Omit<Open, 'mayInterrupt' | 'mayEnd' | 'mayContinue'>;

function ended(run: RunPageFragment, state: RunState, last: ShownSession | null): Without {
  const snapshot = run.latestSnapshot;
  const workspace = snapshot
    ? `workspace of session ${snapshot.session.ordinal} restored, as of ${clock(snapshot.createdAt)}`
    : 'no workspace restored, for there is no snapshot';
  return {
    kind: 'OPEN',
    shown: last ? shown(last) : shownRun(state),
    status: last ? `Session ${last.ordinal} ${last.outcome === 'LOST' ? 'was lost' : 'ended'}` : 'It never started',
    detail: snapshot
      ? `snapshot kept, ${snapshot.changedFiles > 0 ? `${count(snapshot.changedFiles, 'file')} changed` : 'nothing changed'}`
      : null,
    since: null,
    effect: `Opens session ${next(last)}: conversation kept, ${workspace}`,
    placeholder: placeholders[run.harness].ended,
    passes: true,
  };
}

const statuses: Record<Exclude<SessionState, 'ENDED'>, string> = {
  QUEUED: 'is queued',
  PROVISIONING: 'is starting',
  RESTORING: 'is being restored',
  RUNNING: 'is running',
  IDLE: 'is idle, ready',
  BLOCKED: 'is blocked',
  SNAPSHOTTING: 'is closing',
};

function live(run: RunPageFragment, last: ShownSession, state: Exclude<SessionState, 'ENDED'>): Without {
  const { ordinal } = last;
  const ahead = run.queuedMessages.length;
  const effects: Record<Exclude<SessionState, 'ENDED'>, string> = {
    QUEUED: `Kept, and given to session ${ordinal} when it is up`,
    PROVISIONING: `Kept, and given to session ${ordinal} when it is up`,
    RESTORING: `Kept, and given to session ${ordinal} when it is up`,
    RUNNING:
      ahead > 0
        ? `Joins session ${ordinal}, after ${count(ahead, 'other message')}`
        : `Joins session ${ordinal} as its next turn`,
    IDLE: `Session ${ordinal} starts on it at once`,
    BLOCKED: `Joins session ${ordinal} as its next turn`,
    SNAPSHOTTING: `Opens session ${ordinal + 1}: session ${ordinal} is closing`,
  };
  return {
    kind: 'OPEN',
    shown: shown(last),
    status: `Session ${ordinal} ${statuses[state]}`,
    detail: state === 'RUNNING' ? run.activity : last.waiting && state !== 'IDLE' ? waitingWords(last.waiting) : null,
    since: last.facts?.states.at(-1)?.at ?? null,
    effect: effects[state],
    placeholder: placeholders[run.harness].live,
    passes: state === 'SNAPSHOTTING',
  };
}

/** What an agent of this kind is called. */
export const harnessLabel = (kind: RunPageFragment['harness']): string => harnessCapabilities[kind].label;
