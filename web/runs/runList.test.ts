import { describe, expect, test } from 'vitest';
import { someRun } from '../test/someRun.ts';
import { filtersOf, matches, noFilters, paramsOf, queriesOf } from './runFilters.ts';
import { groupRuns } from './runGroups.ts';

const now = new Date(2026, 0, 7, 12).getTime();
const at = (day: number, hour: number) => new Date(2026, 0, day, hour).toISOString();

describe('the groups of the list', () => {
  test('begin with what needs the viewer, then what goes on, then the days', () => {
    const runs = [
      someRun('old', { endedAt: at(5, 9) }),
      someRun('today', { endedAt: at(7, 9) }),
      someRun('queued', { state: 'QUEUED', endedAt: null, createdAt: at(7, 10) }),
      someRun('running', { state: 'IN_PROGRESS', endedAt: null, createdAt: at(7, 11) }),
      someRun('asks', { state: 'BLOCKED', endedAt: null, lastActivityAt: at(6, 9), viewerCan: { answer: { allowed: true } } }),
      someRun('asks someone else', { state: 'BLOCKED', endedAt: null, lastActivityAt: at(6, 10) }),
    ];
    expect(groupRuns(runs, now)).toEqual([
      { name: 'Needs you', ids: ['asks'] },
      { name: 'Live', ids: ['running', 'queued', 'asks someone else'] },
      { name: 'Today', ids: ['today'] },
      { name: 'Monday', ids: ['old'] },
    ]);
  });
});

describe('filters', () => {
  test('are in the address, and what the address has wrong is left out', () => {
    const filters = { view: 'ended', states: ['FAILED'], origin: 'CLI', environmentId: 'env_2', text: 'webhook' } as const;
    expect(filtersOf({ ...paramsOf(filters) } as Record<string, string>)).toEqual(filters);
    expect(filtersOf({ view: 'nonsense', state: 'NONSENSE', origin: 'MOON' })).toEqual(noFilters);
  });

  test('ask for what goes on and what has ended apart, and not for what no state matches', () => {
    expect(queriesOf({ ...noFilters, states: ['FAILED'] })).toEqual({ open: null, ended: { states: ['FAILED'] } });
    expect(queriesOf({ ...noFilters, view: 'needs-you' }).open).toMatchObject({ needsViewer: true });
    expect(queriesOf({ ...noFilters, view: 'live' }).ended).toBeNull();
  });

  test('tell of a run that has changed whether it belongs in the list', () => {
    const run = someRun('a', { title: 'Retry webhook deliveries', state: 'FAILED' });
    expect(matches({ ...noFilters, text: ' WEBHOOK ' }, run)).toBe(true);
    expect(matches({ ...noFilters, view: 'live' }, run)).toBe(false);
    expect(matches({ ...noFilters, origin: 'CLI' }, run)).toBe(false);
    expect(matches({ ...noFilters, environmentId: 'env_2' }, run)).toBe(false);
  });
});
