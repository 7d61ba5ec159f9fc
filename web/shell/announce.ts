import { createSignal } from 'solid-js';

const [text, setText] = createSignal('');

/** The least time between two announcements, in milliseconds: a listener must be able to follow. */
const everyMs = 3_000;
let last = 0;
let waiting: ReturnType<typeof setTimeout> | null = null;
let next = '';

/** What the page's one polite status region says. */
export const announcement = text;

/** Says something to screen readers when they have time for it. Of several in quick succession the last one counts. */
export function announce(message: string): void {
  next = message;
  if (waiting !== null) return;
  waiting = setTimeout(
    () => {
      waiting = null;
      last = Date.now();
      setText(next);
    },
    Math.max(50, last + everyMs - Date.now()),
  );
}
