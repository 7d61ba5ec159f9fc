import { createEffect, createSignal, on, onCleanup, type Accessor } from 'solid-js';
import type { Transcript } from './model/transcript.ts';

/** How near to its end a reader is still at it, in pixels. */
const atEndPx = 48;
/** How far down the window a chapter begins to be the one at hand, as a part of its height. */
const atHand = 0.35;

export interface Scroll {
  readonly setScroller: (element: HTMLElement) => void;
  readonly scroller: Accessor<HTMLElement | null>;
  /** Whether the newest is in sight, and stays in sight. */
  readonly atEnd: Accessor<boolean>;
  /** Events that came since the reader left the end. */
  readonly unseen: Accessor<number>;
  /** The session whose chapter is being read. */
  readonly ordinal: Accessor<number | null>;
  readonly toEnd: () => void;
  readonly onScroll: () => void;
  /** Called before older entries come in above. */
  readonly holdPlace: () => void;
}

/** Keeps a reader's place: at the live end as it grows, or where they read, whatever comes above or below. */
export function createScroll(transcript: Accessor<Transcript>): Scroll {
  const [scroller, setScroller] = createSignal<HTMLElement | null>(null);
  const [atEnd, setAtEnd] = createSignal(true);
  const [ordinal, setOrdinal] = createSignal<number | null>(null);
  const [leftAt, setLeftAt] = createSignal(0);
  let frame: number | null = null;
  let lastTop = 0;

  const stick = (): void => {
    const box = scroller();
    if (!box || !atEnd()) return;
    box.scrollTop = box.scrollHeight;
    lastTop = box.scrollTop;
  };
  const look = (): void => {
    frame = null;
    const box = scroller();
    if (!box) return;
    const line = box.getBoundingClientRect().top + box.clientHeight * atHand;
    const chapters = [...box.querySelectorAll<HTMLElement>('.chapter')];
    const read = chapters.findLast((chapter) => chapter.getBoundingClientRect().top <= line);
    const here = atEnd() ? chapters.at(-1) : (read ?? chapters[0]);
    setOrdinal(here ? Number(here.dataset['ordinal']) : null);
  };
  const lookSoon = (): void => void (frame ??= requestAnimationFrame(look));

  createEffect(() => {
    const box = scroller();
    const content = box?.firstElementChild;
    if (!box || !content) return;
    // Whatever makes the content grow, an event, a font, an opened fold, the end stays in sight if it was.
    const observer = new ResizeObserver(() => {
      stick();
      lookSoon();
    });
    observer.observe(content);
    observer.observe(box);
    onCleanup(() => observer.disconnect());
  });
  createEffect(on(transcript, lookSoon));
  onCleanup(() => frame !== null && cancelAnimationFrame(frame));

  return {
    setScroller: (element) => {
      // The transcript opens at its end, each time it is opened.
      setAtEnd(true);
      setScroller(element);
    },
    scroller,
    atEnd,
    unseen: () => (atEnd() ? 0 : Math.max(0, transcript().last - leftAt())),
    ordinal,
    toEnd: () => {
      setAtEnd(true);
      stick();
    },
    onScroll: () => {
      const box = scroller();
      if (!box) return;
      const is = box.scrollHeight - box.scrollTop - box.clientHeight < atEndPx;
      // Content that grows leaves the window where it was; only a reader moves it up.
      const movedUp = box.scrollTop < lastTop - 1;
      lastTop = box.scrollTop;
      if (atEnd() && !is && movedUp) setLeftAt(transcript().last);
      if (is || movedUp) setAtEnd(is);
      lookSoon();
    },
    holdPlace: () => {
      const box = scroller();
      if (!box) return;
      // The browser keeps what is read in its place, but not while the window stands at the very top.
      if (box.scrollTop < 1) box.scrollTop = 1;
      if (CSS.supports('overflow-anchor', 'auto')) return;
      const { scrollHeight, scrollTop } = box;
      requestAnimationFrame(() => (box.scrollTop = scrollTop + box.scrollHeight - scrollHeight));
    },
  };
}
