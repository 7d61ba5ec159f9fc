import { createSignal, onCleanup, type Accessor } from 'solid-js';
import { ask } from '../api/client.ts';
import { coalesce } from '../api/coalesce.ts';
import { RunCountsDocument } from '../generated/operations.ts';
import type { RunChanges } from '../live/runChanges.ts';
import type { Counts } from './FilterBar.tsx';
import { endedStates, openStates } from './runFilters.ts';

const everyMs = 2_000;

/** How many runs each view has; asked for again as runs change. */
export function createCounts(changes: RunChanges): Accessor<Counts | null> {
  const [counts, setCounts] = createSignal<Counts | null>(null);
  const load = async (): Promise<void> => {
    try {
      const { all, needsYou, live, ended } = await ask(RunCountsDocument, {
        needsYou: { needsViewer: true },
        live: { states: openStates },
        ended: { states: endedStates },
      });
      setCounts({ all: all.totalCount, 'needs-you': needsYou.totalCount, live: live.totalCount, ended: ended.totalCount });
    } catch {
      // The list says when the gateway is away; a count alone is not worth a word.
    }
  };
  const { wish, stop } = coalesce(load, everyMs);
  wish();
  onCleanup(changes.onRun(wish));
  onCleanup(changes.onDeleted(wish));
  onCleanup(changes.onGap(wish));
  onCleanup(stop);
  return counts;
}
