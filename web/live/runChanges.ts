import { stringifyDocument } from '@urql/core';
import { RunChangedDocument, type RunChangedSubscription, type RunRowFragment } from '../generated/operations.ts';
import type { Connection } from './connection.ts';

type Listener = (run: RunRowFragment) => void;

/**
 * Which runs change, as they change: one subscription for the whole page. It is level-triggered, so whoever shows runs
 * must ask again for all of them when `onGap` says that changes may have been missed.
 */
export class RunChanges {
  readonly #runs = new Set<Listener>();
  readonly #deletions = new Set<(runId: string) => void>();
  readonly #gaps = new Set<() => void>();

  constructor(connection: Connection) {
    let dropped = false;
    connection.follow<RunChangedSubscription>({
      query: stringifyDocument(RunChangedDocument),
      variables: () => ({}),
      next: ({ runChanged }) => {
        const { run, runId } = runChanged;
        if (run) for (const listener of this.#runs) listener(run);
        else for (const listener of this.#deletions) listener(runId);
      },
      refused: () => {},
    });
    connection.onState(({ kind }) => {
      if (kind === 'RECONNECTING') dropped = true;
      if (kind !== 'LIVE' || !dropped) return;
      dropped = false;
      for (const listener of this.#gaps) listener();
    });
  }

  /** Calls back with each run that has changed. Returns what stops it. */
  onRun(listener: Listener): () => void {
    this.#runs.add(listener);
    return () => this.#runs.delete(listener);
  }

  /** Calls back with the id of each run that was deleted. Returns what stops it. */
  onDeleted(listener: (runId: string) => void): () => void {
    this.#deletions.add(listener);
    return () => this.#deletions.delete(listener);
  }

  /** Calls back after each reconnect. Returns what stops it. */
  onGap(listener: () => void): () => void {
    this.#gaps.add(listener);
    return () => this.#gaps.delete(listener);
  }
}
