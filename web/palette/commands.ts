import { createSignal, onCleanup, type Accessor } from 'solid-js';
import type { Shown } from '../state/display.ts';
import type { IconName } from '../ui/icons.ts';

/** Something the palette can do or go to. */
export interface Command {
  readonly id: string;
  readonly group: 'In this run' | 'Do' | 'Go to' | 'Runs';
  readonly label: string;
  readonly context?: string;
  readonly icon?: IconName;
  readonly shown?: Shown;
  readonly keys?: string;
  readonly run: () => void;
}

const [sources, setSources] = createSignal<readonly Accessor<readonly Command[]>[]>([]);

/** Offers commands for as long as the component is there. */
export function useCommands(commands: Accessor<readonly Command[]>): void {
  setSources((all) => [...all, commands]);
  onCleanup(() => setSources((all) => all.filter((source) => source !== commands)));
}

/** What can be done now: what belongs to the page first. */
export const allCommands = (): readonly Command[] =>
  sources()
    .toReversed()
    .flatMap((source) => source());
