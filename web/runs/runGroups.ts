import { isEnded } from '../../domain/states.ts';
import { dayName } from '../format/time.ts';
import type { RunRowFragment } from '../generated/operations.ts';
import { needsViewer } from './runFilters.ts';

export interface RunGroup {
  readonly name: string;
  readonly ids: readonly string[];
}

/**
 * What a run is ordered by: its end, or, for one that goes on, its beginning. Its last activity would move every line
 * that works, all the time.
 */
const filedAt = (run: RunRowFragment): string => {
  if (isEnded(run.state)) return run.endedAt ?? run.lastActivityAt;
  return run.state === 'BLOCKED' ? run.lastActivityAt : run.createdAt;
};

const groupOf = (run: RunRowFragment, now: number): string => {
  if (needsViewer(run)) return 'Needs you';
  return isEnded(run.state) ? dayName(filedAt(run), now) : 'Live';
};

/** Runs in the order in which people look for them: what needs them, what goes on, then by day. */
export function groupRuns(runs: Iterable<RunRowFragment>, now: number): RunGroup[] {
  const sorted = [...runs].sort((a, b) => rank(a) - rank(b) || filedAt(b).localeCompare(filedAt(a)) || b.id.localeCompare(a.id));
  const groups: { name: string; ids: string[] }[] = [];
  for (const run of sorted) {
    const name = groupOf(run, now);
    const last = groups.at(-1);
    if (last?.name === name) last.ids.push(run.id);
    else groups.push({ name, ids: [run.id] });
  }
  return groups;
}

const rank = (run: RunRowFragment): number => (needsViewer(run) ? 0 : isEnded(run.state) ? 2 : 1);
