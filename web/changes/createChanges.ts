import { createEffect, createSignal, on, type Accessor } from 'solid-js';
import { ApiFailure, ask } from '../api/client.ts';
import { failedWith, type Loaded } from '../api/loaded.ts';
import { SnapshotChangesDocument, SnapshotDifferenceDocument } from '../generated/operations.ts';
import type { Changes, Difference } from './changedFile.ts';

const maxBytes = 1_000_000;
/** Files of a comparison that are loaded at once, with their patches. */
const filesAtOnce = 50;

/** What is compared: a snapshot with the base, or with another one. */
export interface Chosen {
  /** Null for the base. */
  readonly from: string | null;
  /** Null while there is no snapshot. */
  readonly to: string | null;
}

export type Shown =
  | { readonly kind: 'NONE' }
  | { readonly kind: 'CHANGES'; readonly changes: Changes }
  | { readonly kind: 'DIFFERENCE'; readonly difference: Difference };

export interface LoadedChanges {
  readonly state: Accessor<Loaded<Shown>>;
  readonly reload: () => void;
  /** Loads the next files of a comparison. */
  readonly more: () => Promise<void>;
  readonly loadingMore: Accessor<boolean>;
}

async function askDifference(before: string, after: string, cursor: string | null): Promise<Difference> {
  const { snapshotDifference } = await ask(SnapshotDifferenceDocument, { before, after, first: filesAtOnce, cursor });
  if (snapshotDifference.__typename === 'SnapshotDifference') return snapshotDifference;
  throw new ApiFailure(snapshotDifference.code, snapshotDifference.message);
}

async function askFor({ from, to }: Chosen): Promise<Shown> {
  if (to === null) return { kind: 'NONE' };
  if (from !== null) return { kind: 'DIFFERENCE', difference: await askDifference(from, to, null) };
  const { node } = await ask(SnapshotChangesDocument, { id: to, maxBytes });
  if (node?.__typename === 'Snapshot') return { kind: 'CHANGES', changes: node };
  throw new ApiFailure('NOT_FOUND', 'There is no such snapshot in this run.');
}

/** Loads what is compared, and again whenever something else is. An answer that was overtaken is dropped. */
export function createChanges(chosen: () => Chosen): LoadedChanges {
  const [state, setState] = createSignal<Loaded<Shown>>({ kind: 'LOADING' });
  const [loadingMore, setLoadingMore] = createSignal(false);
  let newest = 0;
  const load = async (wanted: Chosen): Promise<void> => {
    const mine = ++newest;
    setState({ kind: 'LOADING' });
    setLoadingMore(false);
    try {
      const value = await askFor(wanted);
      if (mine === newest) setState({ kind: 'READY', value });
    } catch (error) {
      if (mine === newest) setState(failedWith(error));
    }
  };
  const more = async (): Promise<void> => {
    const loaded = state();
    const { from, to } = chosen();
    if (loaded.kind !== 'READY' || loaded.value.kind !== 'DIFFERENCE' || from === null || to === null || loadingMore()) return;
    const { difference } = loaded.value;
    const mine = newest;
    setLoadingMore(true);
    try {
      const next = await askDifference(from, to, difference.files.pageInfo.endCursor ?? null);
      const files = { ...next.files, edges: [...difference.files.edges, ...next.files.edges] };
      if (mine === newest) setState({ kind: 'READY', value: { kind: 'DIFFERENCE', difference: { ...next, files } } });
    } catch (error) {
      if (mine === newest) setState(failedWith(error));
    } finally {
      if (mine === newest) setLoadingMore(false);
    }
  };
  createEffect(on(chosen, (wanted) => void load(wanted)));
  return { state, reload: () => void load(chosen()), more, loadingMore };
}
