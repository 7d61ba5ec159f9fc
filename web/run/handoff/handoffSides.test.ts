import { describe, expect, test } from 'vitest';
import { someShownSession } from '../../test/someRunPage.ts';
import { givenSide, passingMs, takenSide } from './handoffSides.ts';

const report = { exact: true, applied: 14, notApplied: 0, entries: [], newerBase: [], tookMs: 3_100 };
const moved = {
  repository: '.',
  branch: 'main',
  state: 'MOVED',
  from: '9a0d41b6a2c1',
  to: 'c41f7e92d08b',
  merged: 4,
  conflicts: 0,
  merging: false,
  keptBranch: null,
} as const;
const second = someShownSession({
  ordinal: 2,
  state: 'RUNNING',
  outcome: null,
  restoreFrom: 'snp_1',
  startedAt: '2026-01-05T11:24:00.000Z',
  endedAt: null,
});

describe('a handoff', () => {
  test('says that a workspace came back exactly, or how much of it did', () => {
    expect(takenSide({ ...second, restoreReport: report })).toMatchObject({ title: 'Workspace restored', less: false });
    const part = { ...report, exact: false, applied: 13, notApplied: 1 };
    expect(takenSide({ ...second, restoreReport: part })).toMatchObject({ title: 'Restored in part', less: true });
    expect(takenSide({ ...second, restoreReport: part }).text).toContain('13 applied, 1 not');
  });

  test('says that a workspace goes on from a newer base, and whether all of it could be merged', () => {
    const merged = { ...report, exact: false, newerBase: [moved] };
    const whole = takenSide({ ...second, restoreReport: merged });
    expect(whole).toMatchObject({ title: 'Workspace restored', less: false });
    expect(whole.text).toContain('on the newest main (c41f7e9), everything merged');
    const conflict = takenSide({
      ...second,
      restoreReport: { ...merged, newerBase: [{ ...moved, conflicts: 1 }], notApplied: 1 },
    });
    expect(conflict).toMatchObject({ title: 'Restored, with conflicts', less: true });
    expect(conflict.text).toContain('on the newest main (c41f7e9), 1 conflict to solve');
  });

  test('says why nothing was restored', () => {
    const notRestored = {
      __typename: 'NoticeEvent',
      seq: 9,
      at: '2026-01-05T11:24:00.000Z',
      sessionOrdinal: 2,
      level: 'WARNING',
      redaction: null,
      noticeCode: 'NO_WORKSPACE_RESTORED',
      message: 'The snapshot could not be read.',
    } as const;
    expect(takenSide({ ...second, notRestored })).toMatchObject({
      title: 'No workspace restored',
      text: 'The snapshot could not be read.',
    });
    expect(takenSide({ ...second, restoreFrom: null })).toMatchObject({ title: 'A fresh workspace', less: true });
  });

  test('of a lost worker starts from its last checkpoint', () => {
    const lost = someShownSession({ outcome: 'LOST' });
    const restoredFrom = {
      id: 'snp_1',
      kind: 'CHECKPOINT',
      quiesced: true,
      changedFiles: 3,
      gapCount: 0,
      entries: 4,
      bytes: 2_000,
      createdAt: '2026-01-05T09:08:00.000Z',
      session: { id: 'ses_1', ordinal: 1 },
    } as const;
    expect(givenSide(lost, { ...second, restoredFrom }, null)).toMatchObject({ title: 'Worker lost', less: true });
    expect(givenSide(lost, { ...second, restoreFrom: null }, null).text).toBe('The worker was lost before it took one.');
  });

  test('lasts from the end of one session until a worker takes the next', () => {
    expect(passingMs(someShownSession(), second, 0)).toBe(134 * 60_000);
    expect(passingMs(someShownSession(), { ...second, startedAt: null }, Date.parse('2026-01-05T09:11:00.000Z'))).toBe(60_000);
    expect(passingMs(null, second, 0)).toBeNull();
  });
});
