import { createSignal, onCleanup, type Accessor } from 'solid-js';
import { ask } from '../api/client.ts';
import { coalesce } from '../api/coalesce.ts';
import { failedWith } from '../api/loaded.ts';
import { RunDocument, type RunPageFragment } from '../generated/operations.ts';
import type { RunChanges } from '../live/runChanges.ts';

export type RunDetailState =
  | { readonly kind: 'LOADING' }
  | { readonly kind: 'READY' }
  | { readonly kind: 'NOT_FOUND' }
  | { readonly kind: 'FAILED'; readonly code: string; readonly message: string };

export interface RunDetail {
  readonly run: Accessor<RunPageFragment | null>;
  readonly state: Accessor<RunDetailState>;
  /** Takes an answer that a mutation gave, unless a newer one is there. */
  readonly apply: (run: RunPageFragment) => void;
  readonly reload: () => void;
}

/** A run that streams changes often; its row is asked for at most this often, in milliseconds. */
const everyMs = 400;

/** The run itself, beside its log: sessions, rights, usage, what waits. Asked for again whenever it has changed. */
export function createRunDetail(id: string, changes: RunChanges): RunDetail {
  const [run, setRun] = createSignal<RunPageFragment | null>(null);
  const [state, setState] = createSignal<RunDetailState>({ kind: 'LOADING' });
  const apply = (next: RunPageFragment): void => {
    setRun((known) => (known && known.version > next.version ? known : next));
    setState({ kind: 'READY' });
  };
  const load = async (): Promise<void> => {
    try {
      const { run: found } = await ask(RunDocument, { id });
      if (found) apply(found);
      else setState({ kind: 'NOT_FOUND' });
    } catch (error) {
      if (!run()) setState(failedWith(error));
    }
  };
  const { wish, stop } = coalesce(load, everyMs);
  wish();
  onCleanup(changes.onRun((row) => row.id === id && row.version > (run()?.version ?? -1) && wish()));
  onCleanup(changes.onDeleted((runId) => runId === id && setState({ kind: 'NOT_FOUND' })));
  onCleanup(changes.onGap(wish));
  onCleanup(stop);
  return { run, state, apply, reload: wish };
}
