import { createEffect, type Accessor } from 'solid-js';
import type { Outbox } from './composer/outbox.ts';
import type { Transcript } from './model/transcript.ts';

/** Entries at the end of the transcript in which a message that was just sent can stand. */
const lookBack = 100;

/** Tells the outbox which of its messages the transcript shows by now, so that none is shown twice. */
export function createArrivals(transcript: Accessor<Transcript>, outbox: Outbox): void {
  createEffect(() => {
    if (outbox.messages().length === 0) return;
    const { pending, sections } = transcript();
    const shown = [...pending, ...sections.flatMap(({ entries }) => entries.slice(-lookBack))];
    // The key is known before the answer is there; where the message was added on an earlier page, only its id is.
    outbox.arrived(new Set(shown.flatMap((entry) => ('clientKey' in entry ? [entry.clientKey, entry.messageId] : []))));
  });
}
