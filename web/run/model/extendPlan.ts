import type { Draft } from './draft.ts';
import { redactedIn, type EventOf, type PlanEntry } from './transcript.ts';

/** A plan stands where it was told first in its turn, and says what was told last. */
export function updatePlan(draft: Draft, event: EventOf<'PlanUpdatedEvent'>): void {
  const key = `plan ${event.planId}`;
  const found = draft.find(key);
  if (found?.kind === 'PLAN') {
    draft.replace(key, { ...found, steps: event.steps, ...redactedIn(event) });
    return;
  }
  const entry: PlanEntry = {
    kind: 'PLAN',
    id: `p${event.planId}`,
    seq: event.seq,
    at: event.at,
    lost: false,
    steps: event.steps,
    ...redactedIn(event),
  };
  draft.push(event, entry, key);
}
