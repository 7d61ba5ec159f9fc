import { createSignal } from 'solid-js';

/** What a new run begins with. */
export interface NewRunStart {
  readonly environmentId?: string;
  readonly text?: string;
}

const [start, setStart] = createSignal<NewRunStart | null>(null);

/** What the dialog for a new run was opened with; null while it is closed. */
export const newRun = start;

export const openNewRun = (from: NewRunStart = {}): void => void setStart(from);

export const closeNewRun = (): void => void setStart(null);
