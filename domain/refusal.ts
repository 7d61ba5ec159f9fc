import type { Actor } from './actor.ts';
import type { RunEvent } from './events.ts';
import type { MessageId, PromptId } from './ids.ts';
import type { MessageState } from './states.ts';

/** An expected "no": a typed result that becomes a member of a GraphQL union. It says what happened and what to try. */
export type Refusal =
  | { readonly kind: 'FORBIDDEN'; readonly message: string }
  | { readonly kind: 'INVALID_INPUT'; readonly field: string; readonly message: string }
  | { readonly kind: 'RUN_BLOCKED'; readonly promptId: PromptId; readonly question: string; readonly message: string }
  | {
      readonly kind: 'RUN_NOT_CONTINUABLE';
      readonly reason: 'NO_CONVERSATION' | 'NOT_ENDED' | 'SNAPSHOT_NOT_FOUND' | 'NO_SNAPSHOT';
      readonly message: string;
    }
  | { readonly kind: 'RUN_NOT_LIVE'; readonly message: string }
  | { readonly kind: 'RUN_ACTIVE'; readonly message: string }
  | { readonly kind: 'EVENT_NOT_REDACTABLE'; readonly message: string }
  | {
      readonly kind: 'MESSAGE_NOT_PENDING';
      readonly messageId: MessageId;
      readonly state: MessageState;
      readonly message: string;
    }
  | {
      readonly kind: 'PROMPT_NOT_OPEN';
      readonly promptId: PromptId;
      readonly answeredBy: Actor | null;
      readonly message: string;
    };

/** What a decision comes to: the events to append, whether Temporal must be woken, and the caller's result; or a refusal. */
export type Decision<T = undefined> =
  | { readonly ok: true; readonly events: readonly RunEvent[]; readonly wake: boolean; readonly result: T }
  | { readonly ok: false; readonly refusal: Refusal };

export function refuse(refusal: Refusal): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal };
}
