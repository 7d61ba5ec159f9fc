import { describe, expect, test } from 'vitest';
import { newId } from '../journal/newId.ts';
import { idKinds, parseId, runIdOfWorkflow, runWorkflowId, sessionWorkflowId, type IdPrefix, type RunId } from './ids.ts';

describe('an id', () => {
  test('that was made is read back as its own kind and as no other', () => {
    const prefixes = Object.keys(idKinds) as IdPrefix[];
    for (const prefix of prefixes) {
      const id = newId(prefix);
      for (const other of prefixes) expect(parseId(other, id)).toBe(other === prefix ? id : null);
    }
  });

  test.each([
    '',
    'run',
    'run_',
    'run_01k9xq7d',
    'RUN_01m7ywct2zfvqr6yqjd1gknfe2',
    'run_81m7ywct2zfvqr6yqjd1gknfe2',
    'run_01m7ywct2zfvqr6yqjd1gknfe2 ',
    "run_'; DROP",
  ])('is not read from %j', (text) => expect(parseId('run', text)).toBeNull());

  test('sorts by the time it was made', async () => {
    const first = newId('run');
    await new Promise((resolve) => setTimeout(resolve, 2));
    expect(first < newId('run')).toBe(true);
  });

  test('of a run names its workflows, and is found in their ids again', () => {
    const runId: RunId = newId('run');
    expect(runWorkflowId(runId)).toBe(runId.replace('run_', 'run-'));
    expect(runIdOfWorkflow(runWorkflowId(runId))).toBe(runId);
    expect(runIdOfWorkflow(sessionWorkflowId(runId, 12))).toBe(runId);
    expect(runIdOfWorkflow('schedule-1')).toBeNull();
  });
});
