import { describe, expect, test } from 'vitest';
import { runStates, sessionStates } from '../../../domain/states.ts';
import { someRunPage, someShownSession } from '../../test/someRunPage.ts';
import { composerMode } from './composerMode.ts';

const rights = someRunPage().viewerCan;
const refused = (reason: string) => ({ ...rights, followUp: { allowed: false, reason, code: 'FORBIDDEN' } });
const effect = (...args: Parameters<typeof composerMode>): string => {
  const mode = composerMode(...args);
  return mode.kind === 'OPEN' ? mode.effect : mode.kind;
};

describe('the composer', () => {
  test('has a purpose in every state of run and session', () => {
    for (const state of runStates) {
      for (const session of sessionStates) {
        const last = someShownSession({ state: session, outcome: session === 'ENDED' ? 'SUCCEEDED' : null });
        expect(effect(someRunPage({ state }), state, last)).not.toBe('');
      }
    }
  });

  test('says of an ended run that a new session opens, and which workspace it gets', () => {
    const latestSnapshot = {
      id: 'snp_1',
      kind: 'FINAL',
      quiesced: true,
      changedFiles: 14,
      gapCount: 0,
      entries: 20,
      bytes: 3_100_000,
      bundleUrl: 'http://127.0.0.1/export/snp_1.tar',
      createdAt: '2026-01-05T09:09:58.000Z',
      session: { id: 'ses_1', ordinal: 1 },
    } as const;
    expect(effect(someRunPage({ latestSnapshot }), 'SUCCEEDED', someShownSession())).toMatch(
      /^Opens session 2: conversation kept, workspace of session 1 restored, as of \d\d:\d\d$/,
    );
    expect(effect(someRunPage(), 'SUCCEEDED', someShownSession())).toBe(
      'Opens session 2: conversation kept, no workspace restored, for there is no snapshot',
    );
  });

  test('says of a live run how the message joins it', () => {
    const running = someShownSession({ ordinal: 2, state: 'RUNNING', outcome: null });
    const run = someRunPage({ state: 'IN_PROGRESS' });
    expect(effect(run, 'IN_PROGRESS', running)).toBe('Joins session 2 as its next turn');
    expect(effect(run, 'IN_PROGRESS', { ...running, state: 'IDLE' })).toBe('Session 2 starts on it at once');
    expect(effect(run, 'IN_PROGRESS', { ...running, state: 'SNAPSHOTTING' })).toBe('Opens session 3: session 2 is closing');
    expect(effect(run, 'IN_PROGRESS', { ...running, state: 'RESTORING' })).toBe('Kept, and given to session 2 when it is up');
  });

  test('gives the reason to those who may not write, and asks for an answer when one is wanted', () => {
    const reason = 'You can view this team’s runs but not change them.';
    expect(composerMode(someRunPage({ viewerCan: refused(reason) }), 'SUCCEEDED', null)).toEqual({ kind: 'REFUSED', reason });
    expect(composerMode(someRunPage({ state: 'BLOCKED' }), 'BLOCKED', null)).toMatchObject({ kind: 'BLOCKED', mayAnswer: false });
  });

  test('does not refuse for the moment in which the log is ahead of the row', () => {
    const stale = someRunPage({ state: 'BLOCKED', viewerCan: refused('answer first') });
    expect(composerMode(stale, 'IN_PROGRESS', someShownSession({ state: 'RUNNING', outcome: null }))).toMatchObject({
      kind: 'OPEN',
    });
  });
});
