import { jumpSize, type LiveTranscript } from './createTranscript.ts';

const flashMs = 1_600;

/** Brings an element of the transcript into sight and makes it the one at hand. */
export function goToElement(element: HTMLElement | null): void {
  if (!element) return;
  element.scrollIntoView({ block: 'start' });
  // What was not drawn yet has its real height only now.
  requestAnimationFrame(() => {
    element.scrollIntoView({ block: 'start' });
    element.focus({ preventScroll: true });
    element.classList.add('linked');
    setTimeout(() => element.classList.remove('linked'), flashMs);
  });
}

/** The entry that shows an event: its own, or the one that began last before it. */
function entryAt(seq: number): HTMLElement | null {
  const entries = [...document.querySelectorAll<HTMLElement>('.transcript .event[id^="e-"]')];
  return entries.findLast(({ id }) => Number(id.slice(2)) <= seq) ?? null;
}

/** Follows a link into the transcript: `e-<seq>`, `session-<n>`, `handoff-<n>`, `prompt`. Loads what it needs. */
export async function goToEvent(target: string, live: LiveTranscript): Promise<void> {
  const seq = /^e-(\d+)$/.exec(target)?.[1];
  if (seq !== undefined) {
    await live.reach(Number(seq));
    return goToElement(entryAt(Number(seq)));
  }
  while (!document.getElementById(target) && live.hasOlder()) if (!(await live.loadOlder(jumpSize))) break;
  goToElement(document.getElementById(target));
}

/** The entries of the transcript, in order. */
const entries = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>('.transcript .event[data-entry]')];

/** The entry at hand: the one with the focus, else the first one in sight. */
function atHand(): number {
  const all = entries();
  const focused = all.findIndex((entry) => entry.contains(document.activeElement));
  if (focused >= 0) return focused;
  const top = (document.querySelector('.transcript')?.getBoundingClientRect().top ?? 0) + 48;
  const first = all.findIndex((entry) => entry.getBoundingClientRect().bottom > top);
  return first < 0 ? all.length : first - 1;
}

/** Goes to the next or previous entry that is of the kind. */
export function goToNext(by: 1 | -1, is: (entry: HTMLElement) => boolean = () => true): void {
  const all = entries();
  for (let index = atHand() + by; index >= 0 && index < all.length; index += by) {
    const entry = all[index];
    if (entry && is(entry)) {
      entry.focus({ preventScroll: true });
      entry.scrollIntoView({ block: 'nearest' });
      return;
    }
  }
}

/** The entry with the focus. */
export const entryInFocus = (): HTMLElement | null => document.activeElement?.closest<HTMLElement>('.transcript .event') ?? null;
