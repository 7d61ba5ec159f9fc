import { createSignal, onCleanup, type Accessor } from 'solid-js';
import { ApiFailure } from './client.ts';

export type Loaded<T> =
  | { readonly kind: 'LOADING' }
  | { readonly kind: 'READY'; readonly value: T }
  | { readonly kind: 'FAILED'; readonly code: string; readonly message: string };

/** A failure in words that can be shown. */
export function failedWith(error: unknown): { readonly kind: 'FAILED'; readonly code: string; readonly message: string } {
  if (error instanceof ApiFailure) return { kind: 'FAILED', code: error.code, message: error.message };
  return { kind: 'FAILED', code: 'INTERNAL', message: error instanceof Error ? error.message : String(error) };
}

/**
 * Something that is loaded at once, and again when asked to. What was there stays until the newer answer has come, also
 * when that fails; an answer that was overtaken is dropped.
 */
export function createLoaded<T>(load: () => Promise<T>): {
  readonly state: Accessor<Loaded<T>>;
  readonly reload: () => Promise<void>;
} {
  const [state, setState] = createSignal<Loaded<T>>({ kind: 'LOADING' });
  let newest = 0;
  const reload = async (): Promise<void> => {
    const mine = ++newest;
    try {
      const value = await load();
      if (mine === newest) setState({ kind: 'READY', value });
    } catch (error) {
      if (mine === newest && state().kind !== 'READY') setState(failedWith(error));
    }
  };
  onCleanup(() => (newest = -1));
  void reload();
  return { state, reload };
}
