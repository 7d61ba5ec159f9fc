import type { Actor } from './actor.ts';
import type { PromptId } from './ids.ts';

export const promptKinds = ['PERMISSION', 'QUESTION'] as const;
export type PromptKind = (typeof promptKinds)[number];

export interface PromptOption {
  readonly id: string;
  readonly label: string;
}

/** What an agent asks a person before it can go on. */
export interface PromptQuestion {
  readonly promptId: PromptId;
  readonly kind: PromptKind;
  readonly question: string;
  readonly options: readonly PromptOption[];
  /** Whether an answer in the person's own words is taken. */
  readonly freeText: boolean;
}

export interface PromptAnswer {
  readonly optionId: string | null;
  readonly text: string | null;
}

export const promptStates = ['OPEN', 'ANSWERED', 'DELIVERED', 'EXPIRED', 'WITHDRAWN'] as const;
export type PromptState = (typeof promptStates)[number];

export interface PromptView extends PromptQuestion {
  readonly state: PromptState;
  readonly answer: PromptAnswer | null;
  readonly answeredBy: Actor | null;
}
