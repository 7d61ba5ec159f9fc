import { createEffect, createMemo, For, Match, on, onCleanup, onMount, Show, Switch, type JSX } from 'solid-js';
import { count, number } from '../format/amounts.ts';
import { ErrorCard } from '../ui/ErrorCard.tsx';
import { Icon } from '../ui/Icon.tsx';
import { LoadFailed } from '../ui/LoadFailed.tsx';
import { Skeleton } from '../ui/Skeleton.tsx';
import { Chapter } from './Chapter.tsx';
import { useRun } from './context.ts';
import type { Scroll } from './createScroll.ts';
import { markTapped } from './entries/markTapped.ts';
import { goToEvent } from './goTo.ts';
import { Minimap } from './Minimap.tsx';
import { Pending } from './Pending.tsx';
import './transcript.css';

const bones = [70, 40, 85, 60, 30, 75];

/** Loads the page before as its place comes near. */
function Older(props: { scroll: Scroll }): JSX.Element {
  const { live } = useRun();
  let top!: HTMLDivElement;
  const load = (): void => {
    props.scroll.holdPlace();
    void live.loadOlder();
  };
  const first = createMemo(() => live.transcript().first);
  createEffect(() => {
    const root = props.scroll.scroller();
    // Watched anew after every page: one that is still in sight when it has come asks for the next.
    first();
    if (!root || live.loadingOlder()) return;
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && load(), {
      root,
      rootMargin: '600px 0px 0px',
    });
    observer.observe(top);
    onCleanup(() => observer.disconnect());
  });
  return (
    <div class="older" ref={top}>
      <Icon name="up" />
      <span>{live.loadingOlder() ? 'Loading what came before' : `${count(live.transcript().first - 1, 'earlier event')}`}</span>
      <button type="button" class="text-button" onClick={load}>
        Show
      </button>
    </div>
  );
}

/** Everything said and done in the run, in order, over all sessions. */
export function TranscriptView(props: { scroll: Scroll }): JSX.Element {
  const { live } = useRun();
  const sections = createMemo(() => live.transcript().sections.map(({ id }) => id));
  const sectionOf = (id: string) => live.transcript().sections.find((section) => section.id === id);
  const isLast = (id: string): boolean => live.transcript().sections.at(-1)?.id === id;
  const empty = (): boolean => live.transcript().last === 0;

  onMount(() => {
    const followHash = (): void => {
      if (location.hash.length > 1) void goToEvent(location.hash.slice(1), live);
    };
    // A link into the transcript is followed once there is one; else it opens at its end.
    createEffect(
      on(
        () => empty(),
        (nothing) => nothing || requestAnimationFrame(followHash),
      ),
    );
    window.addEventListener('hashchange', followHash);
    onCleanup(() => window.removeEventListener('hashchange', followHash));
  });

  const failed = () => {
    const state = live.state();
    return state.kind === 'FAILED' ? state : null;
  };
  const cut = () => {
    const state = live.state();
    return state.kind === 'CURSOR_NOT_SERVABLE' ? state : null;
  };

  return (
    <div class="transcript-area">
      <div
        class="transcript"
        classList={{ following: props.scroll.atEnd() }}
        ref={props.scroll.setScroller}
        onScroll={props.scroll.onScroll}
        tabIndex={0}
        role="log"
        aria-label="Transcript"
        aria-live="off"
      >
        <div class="transcript-column" ref={markTapped}>
          <Show when={live.hasOlder()}>
            <Older scroll={props.scroll} />
          </Show>
          <Show when={empty() && live.state().kind === 'LOADING'}>
            <Skeleton label="Loading the transcript" widths={bones} />
          </Show>
          <For each={sections()}>
            {(id) => <Show when={sectionOf(id)}>{(section) => <Chapter section={section()} followed={!isLast(id)} />}</Show>}
          </For>
          <Pending />
          <Switch>
            <Match when={cut()}>
              {(state) => (
                <ErrorCard
                  title={`The transcript can’t go on from event ${number(state().after)}`}
                  message="The gateway can no longer serve the place where this page stopped. Load it again: it opens at its end."
                  code="CURSOR_NOT_SERVABLE"
                >
                  <button type="button" class="button" onClick={() => live.reopen()}>
                    Load again
                  </button>
                </ErrorCard>
              )}
            </Match>
            <Match when={failed()}>
              {(state) => (
                <LoadFailed what="The transcript" code="TRANSCRIPT_FAILED" message={state().message} onRetry={live.reopen} />
              )}
            </Match>
          </Switch>
        </div>
      </div>
      <Minimap scroller={props.scroll.scroller} transcript={live.transcript} />
    </div>
  );
}
