import { createSignal } from 'solid-js';

const [time, setTime] = createSignal(Date.now());

setInterval(() => {
  // Nobody reads a hidden page; it is set right when it is shown.
  if (!document.hidden) setTime(Date.now());
}, 1_000);
document.addEventListener('visibilitychange', () => setTime(Date.now()));

/** The time now, once a second: what reads it follows it. */
export const now = time;
