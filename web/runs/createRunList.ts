import { batch, createEffect, createMemo, createSignal, on, onCleanup, type Accessor } from 'solid-js';
import { ask } from '../api/client.ts';
import { failedWith } from '../api/loaded.ts';
import { RunsDocument, type RunFilter, type RunRowFragment } from '../generated/operations.ts';
import type { RunChanges } from '../live/runChanges.ts';
import { matches, queriesOf, type RunFilters } from './runFilters.ts';

export const pageSize = 50;

export type ListState =
  | { readonly kind: 'LOADING' }
  | { readonly kind: 'READY' }
  | { readonly kind: 'FAILED'; readonly code: string; readonly message: string };

/** One of the two lists behind the page: where the next page of it begins. */
interface Part {
  readonly filter: RunFilter;
  after: string | null;
  more: boolean;
}

export interface RunList {
  readonly rows: Accessor<ReadonlyMap<string, RunRowFragment>>;
  readonly state: Accessor<ListState>;
  readonly hasMore: Accessor<boolean>;
  /** Loads the next page; quiet while one is being loaded. */
  readonly loadMore: () => void;
  readonly retry: () => void;
}

/** The runs that the filters name: page by page, each replaced as it changes, all asked for again after a gap. */
export function createRunList(filters: Accessor<RunFilters>, changes: RunChanges): RunList {
  const [rows, setRows] = createSignal<ReadonlyMap<string, RunRowFragment>>(new Map());
  const [state, setState] = createSignal<ListState>({ kind: 'LOADING' });
  const [parts, setParts] = createSignal<readonly Part[]>([]);
  const [loading, setLoading] = createSignal(false);
  let newest = 0;

  const put = (runs: readonly RunRowFragment[], replace: boolean): void => {
    setRows((before) => {
      const after = new Map(replace ? [] : before);
      for (const run of runs) {
        const known = before.get(run.id);
        // An answer may be older than what the live connection has brought since.
        after.set(run.id, known && known.version > run.version ? known : run);
      }
      return after;
    });
  };

  const page = async (part: Part): Promise<readonly RunRowFragment[]> => {
    const { runs } = await ask(RunsDocument, {
      first: pageSize,
      after: part.after,
      filter: part.filter,
      orderBy: { field: 'LAST_ACTIVITY_AT', direction: 'DESC' },
    });
    part.after = runs.pageInfo.endCursor ?? null;
    part.more = runs.pageInfo.hasNextPage;
    return runs.edges.map(({ node }) => node);
  };

  /** Loads both parts from their start, as many rows as are shown. */
  const load = async (): Promise<void> => {
    const mine = ++newest;
    const { open, ended } = queriesOf(filters());
    const fresh = [open, ended].filter((filter) => filter !== null).map((filter): Part => ({ filter, after: null, more: true }));
    const wanted = rows().size;
    setLoading(true);
    try {
      const found: RunRowFragment[] = [];
      for (const part of fresh) found.push(...(await page(part)));
      for (const part of fresh) while (part.more && found.length < wanted && mine === newest) found.push(...(await page(part)));
      if (mine !== newest) return;
      batch(() => {
        put(found, true);
        setParts(fresh);
        setState({ kind: 'READY' });
      });
    } catch (error) {
      if (mine === newest && state().kind !== 'READY') setState(failedWith(error));
    } finally {
      if (mine === newest) setLoading(false);
    }
  };

  const loadMore = async (): Promise<void> => {
    const next = parts().find(({ more }) => more);
    if (!next || loading()) return;
    const mine = newest;
    setLoading(true);
    try {
      const found = await page(next);
      if (mine !== newest) return;
      batch(() => {
        put(found, false);
        setParts((all) => [...all]);
      });
    } catch {
      // The rows that are there stay; scrolling on tries again.
    } finally {
      if (mine === newest) setLoading(false);
    }
  };

  const take = (runId: string): void => {
    if (rows().has(runId)) setRows((before) => new Map([...before].filter(([id]) => id !== runId)));
  };
  const changed = (run: RunRowFragment): void => {
    const known = rows().get(run.id);
    if (known && known.version >= run.version) return;
    if (matches(filters(), run)) put([run], false);
    else if (known) take(run.id);
  };

  const start = (): void => {
    batch(() => {
      setRows(new Map());
      setState({ kind: 'LOADING' });
    });
    void load();
  };
  const queries = createMemo(() => JSON.stringify(queriesOf(filters())));
  createEffect(on(queries, start));
  onCleanup(changes.onRun(changed));
  onCleanup(changes.onDeleted(take));
  onCleanup(changes.onGap(() => void load()));
  onCleanup(() => (newest = -1));

  return {
    rows,
    state,
    hasMore: () => parts().some(({ more }) => more),
    loadMore: () => void loadMore(),
    retry: start,
  };
}
