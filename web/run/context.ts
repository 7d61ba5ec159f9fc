import { createContext, useContext, type Accessor } from 'solid-js';
import type { RunPageFragment } from '../generated/operations.ts';
import type { Commands } from './commands.ts';
import type { Outbox } from './composer/outbox.ts';
import type { LiveTranscript } from './createTranscript.ts';
import type { Folds } from './folds.ts';
import type { ShownSession } from './sessionFacts.ts';

/** What every part of a run's page shares. */
export interface RunView {
  readonly id: string;
  /** The run's row as it was last answered. */
  readonly run: Accessor<RunPageFragment>;
  readonly sessions: Accessor<readonly ShownSession[]>;
  readonly live: LiveTranscript;
  readonly commands: Commands;
  readonly outbox: Outbox;
  readonly folds: Folds;
  /** Puts a text into the composer, and the cursor there. */
  readonly compose: (text: string) => void;
  /** Opens the choices of how to continue. */
  readonly openContinue: () => void;
  /** Asks why an event is to be redacted. */
  readonly openRedact: (seq: number) => void;
}

export const RunContext = createContext<RunView>();

/** The run around this component. */
export function useRun(): RunView {
  const run = useContext(RunContext);
  if (!run) throw new Error('there is no run around this component');
  return run;
}
