/** The kinds of agent that Baton can run. A kind appears here when its adapter is in `harnesses/`. */
export const harnessKinds = ['SCRIPT'] as const;
export type HarnessKind = (typeof harnessKinds)[number];

/** What a harness can do; the page and the API offer only that. */
export interface HarnessCapabilities {
  /** A message sent to a lost turn is given to the agent again; a script is never run twice by itself. */
  readonly replaysLostTurn: boolean;
  /** Whether a session can open without a message and wait for one. */
  readonly opensIdle: boolean;
  readonly label: string;
}

export const harnessCapabilities: Record<HarnessKind, HarnessCapabilities> = {
  SCRIPT: { replaysLostTurn: false, opensIdle: true, label: 'Script' },
};
