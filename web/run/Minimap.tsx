import { createEffect, createSignal, For, on, onCleanup, type Accessor, type JSX } from 'solid-js';
import type { Transcript } from './model/transcript.ts';
import type { Mark } from './entries/Event.tsx';
import './minimap.css';

interface Bar {
  readonly top: number;
  readonly height: number;
  readonly mark: Mark;
}

interface Leg {
  readonly top: number;
  readonly height: number;
  readonly tone: Record<string, string>;
  readonly live: boolean;
}

interface Map_ {
  readonly bars: readonly Bar[];
  readonly legs: readonly Leg[];
  readonly height: number;
}

/** The map is measured again at most this often, in milliseconds. */
const everyMs = 400;
const mostBars = 2_000;

function measure(box: HTMLElement): Map_ {
  const origin = box.getBoundingClientRect().top - box.scrollTop;
  const place = (element: Element): { top: number; height: number } => {
    const { top, height } = element.getBoundingClientRect();
    return { top: top - origin, height };
  };
  const marked = [...box.querySelectorAll<HTMLElement>('.event[data-mark]')];
  const important =
    marked.length > mostBars ? marked.filter(({ dataset }) => dataset['mark'] !== 'plain').slice(-mostBars) : marked;
  const legs = [...box.querySelectorAll<HTMLElement>('.chapter')].map((chapter): Leg => {
    const { session, outcome } = chapter.dataset;
    return {
      ...place(chapter),
      live: session !== undefined,
      tone: session ? { 'data-session': session } : { 'data-outcome': outcome ?? '' },
    };
  });
  return {
    bars: important.map((element) => ({ ...place(element), mark: (element.dataset['mark'] ?? 'plain') as Mark })),
    legs,
    height: Math.max(1, box.scrollHeight),
  };
}

/** The whole transcript at a glance: sessions as legs, people in ink, changes, errors, prompts in their tones. */
export function Minimap(props: { scroller: Accessor<HTMLElement | null>; transcript: Accessor<Transcript> }): JSX.Element {
  const [map, setMap] = createSignal<Map_>({ bars: [], legs: [], height: 1 });
  const [window, setWindow] = createSignal({ top: 0, height: 1 });
  let timer: ReturnType<typeof setTimeout> | undefined;
  let track!: HTMLDivElement;

  const look = (): void => {
    const box = props.scroller();
    if (box) setWindow({ top: box.scrollTop / box.scrollHeight, height: box.clientHeight / box.scrollHeight });
  };
  const draw = (): void => {
    timer = undefined;
    const box = props.scroller();
    if (box && track.offsetParent) setMap(measure(box));
    look();
  };
  const drawSoon = (): void => void (timer ??= setTimeout(draw, everyMs));
  createEffect(on(props.transcript, drawSoon));
  createEffect(() => {
    const box = props.scroller();
    const content = box?.firstElementChild;
    if (!box || !content) return;
    const observer = new ResizeObserver(drawSoon);
    observer.observe(content);
    observer.observe(box);
    box.addEventListener('scroll', look, { passive: true });
    onCleanup(() => {
      observer.disconnect();
      box.removeEventListener('scroll', look);
    });
  });
  onCleanup(() => clearTimeout(timer));

  const go = (event: PointerEvent): void => {
    const box = props.scroller();
    if (!box || (event.type === 'pointermove' && event.buttons !== 1)) return;
    const { top, height } = track.getBoundingClientRect();
    box.scrollTop = ((event.clientY - top) / height) * box.scrollHeight - box.clientHeight / 2;
  };
  const per = (n: number): string => `${(n / map().height) * 100}%`;
  return (
    <div class="minimap" aria-hidden="true">
      <div class="minimap-track" ref={track} onPointerDown={go} onPointerMove={go}>
        <svg width="100%" height="100%">
          <For each={map().legs}>
            {({ top, height, tone, live }) => (
              <rect
                class="minimap-leg"
                classList={{ live }}
                x="0"
                width="3"
                rx="1.5"
                y={per(top)}
                height={per(height)}
                {...tone}
              />
            )}
          </For>
          <For each={map().bars}>
            {({ top, height, mark }) => (
              <rect
                class={`minimap-bar ${mark}`}
                x="9"
                width={mark === 'plain' ? 12 + ((Math.round(top) * 7) % 20) : mark === 'change' ? 12 : 35}
                rx="1"
                y={per(top)}
                height={mark === 'plain' ? 2 : mark === 'change' ? per(Math.max(height, 1)) : 4}
              />
            )}
          </For>
        </svg>
        <span class="minimap-window" style={{ top: `${window().top * 100}%`, height: `${window().height * 100}%` }} />
      </div>
    </div>
  );
}
