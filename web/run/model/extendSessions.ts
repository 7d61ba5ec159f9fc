import type { Draft } from './draft.ts';
import type { EventOf } from './transcript.ts';

export function openSession(draft: Draft, event: EventOf<'SessionOpenedEvent'>): void {
  draft.session(event.ordinal, () => ({ opened: event, state: 'QUEUED', states: [{ state: 'QUEUED', at: event.at }] }));
}

export function changeSession(draft: Draft, event: EventOf<'SessionStateChangedEvent'>): void {
  draft.session(event.sessionOrdinal, (facts) => ({
    state: event.sessionTo,
    states: [...facts.states, { state: event.sessionTo, at: event.at }],
    waiting: null,
    worker: event.worker ?? facts.worker,
    outcome: event.outcome,
    failure: event.sessionTo === 'ENDED' ? event.failure : facts.failure,
  }));
}
