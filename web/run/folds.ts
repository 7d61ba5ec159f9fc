import { createStore } from 'solid-js/store';

/** Which entries a reader has opened or folded; the others are as their kind has it. */
export interface Folds {
  readonly isOpen: (id: string, usually: boolean) => boolean;
  readonly set: (id: string, open: boolean) => void;
}

export function createFolds(): Folds {
  const [chosen, setChosen] = createStore<Record<string, boolean>>({});
  return {
    isOpen: (id, usually) => chosen[id] ?? usually,
    set: (id, open) => setChosen(id, open),
  };
}
