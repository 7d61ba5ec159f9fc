/** The kinds of agent that Baton can run. A kind appears here when its adapter is in `harnesses/`. */
export const harnessKinds = ['SCRIPT', 'BUILT_IN', 'CLAUDE_CODE'] as const;
export type HarnessKind = (typeof harnessKinds)[number];

/** Whether an agent’s question can outlive its session: as it is, by asking again in the next one, or not at all. */
export const durablePromptsKinds = ['NATIVE', 'REASK', 'NONE'] as const;
export type DurablePrompts = (typeof durablePromptsKinds)[number];

/** What a harness can do; the page and the API offer only that. */
export interface HarnessCapabilities {
  /** What people call it. */
  readonly label: string;
  /** A message sent to a lost turn is given to the agent again; a script is never run twice by itself. */
  readonly replaysLostTurn: boolean;
  /** Whether a session can open without a message and wait for one. */
  readonly opensIdle: boolean;
  /** Whether it asks people while it works, and waits for the answer in the same session. */
  readonly livePrompts: boolean;
  readonly durablePrompts: DurablePrompts;
  /** Whether one turn can be stopped without ending the session. */
  readonly interrupt: boolean;
  /** Whether it carries its own conversation from session to session, and so remembers what was said. */
  readonly resume: boolean;
  /** Whether a message can reach it in the middle of a turn. */
  readonly steering: boolean;
  /** Whether it counts tokens, and what they cost. */
  readonly usage: boolean;
  readonly cost: boolean;
  /** Whether a message may carry files and pictures. */
  readonly attachments: boolean;
}

export const harnessCapabilities: Record<HarnessKind, HarnessCapabilities> = {
  SCRIPT: {
    label: 'Script',
    replaysLostTurn: false,
    opensIdle: true,
    livePrompts: true,
    durablePrompts: 'NONE',
    interrupt: true,
    resume: false,
    steering: false,
    usage: false,
    cost: false,
    attachments: false,
  },
  BUILT_IN: {
    label: 'Built-in agent',
    replaysLostTurn: true,
    opensIdle: true,
    livePrompts: true,
    durablePrompts: 'NONE',
    interrupt: true,
    resume: true,
    steering: false,
    usage: true,
    cost: false,
    attachments: false,
  },
  CLAUDE_CODE: {
    label: 'Claude Code',
    replaysLostTurn: true,
    opensIdle: true,
    livePrompts: true,
    durablePrompts: 'NONE',
    interrupt: true,
    resume: true,
    steering: false,
    usage: true,
    cost: true,
    attachments: false,
  },
};
