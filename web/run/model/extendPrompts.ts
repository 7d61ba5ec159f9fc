import type { Draft } from './draft.ts';
import { redactedIn, type EventOf, type PromptEntry } from './transcript.ts';

type PromptEvent = EventOf<'PromptOpenedEvent' | 'PromptAnsweredEvent' | 'PromptDeliveredEvent' | 'PromptClosedEvent'>;

const keyOf = (promptId: string): string => `prompt ${promptId}`;

export function openPrompt(draft: Draft, event: EventOf<'PromptOpenedEvent'>): void {
  draft.push(event, { ...begin(event), at: event.at, ask: event, ...redactedIn(event) }, keyOf(event.promptId));
  draft.value.openPrompt = event.promptId;
}

export function answerPrompt(draft: Draft, event: EventOf<'PromptAnsweredEvent'>): void {
  change(draft, event, (entry) => ({ ...entry, state: 'ANSWERED', answered: event, ...redactedIn(event) }));
  draft.value.openPrompt = null;
}

export function deliverPrompt(draft: Draft, event: EventOf<'PromptDeliveredEvent'>): void {
  change(draft, event, (entry) => ({ ...entry, state: 'DELIVERED' }));
  draft.close(keyOf(event.promptId));
}

export function closePrompt(draft: Draft, event: EventOf<'PromptClosedEvent'>): void {
  change(draft, event, (entry) => ({ ...entry, state: event.closeReason }));
  draft.close(keyOf(event.promptId));
  draft.value.openPrompt = null;
}

function change(draft: Draft, event: PromptEvent, to: (entry: PromptEntry) => PromptEntry): void {
  const key = keyOf(event.promptId);
  const found = draft.find(key);
  if (found?.kind === 'PROMPT') return draft.replace(key, to(found));
  // It was asked before what was loaded.
  draft.push(event, to(begin(event)), key);
}

const begin = ({ promptId, seq }: PromptEvent): PromptEntry => ({
  kind: 'PROMPT',
  id: `p${promptId}`,
  seq,
  at: null,
  lost: false,
  promptId,
  ask: null,
  state: 'OPEN',
  answered: null,
});
