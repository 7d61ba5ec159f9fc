import { useNavigate } from '@solidjs/router';
import { createEffect, createMemo, createSignal, For, onCleanup, Show, type JSX } from 'solid-js';
import { useKeys } from '../keyboard/keys.ts';
import { now } from '../ui/now.ts';
import { createCalm } from './createCalm.ts';
import type { RunList } from './createRunList.ts';
import { createVisibleRows } from './createVisibleRows.ts';
import { groupRuns } from './runGroups.ts';
import { RunRow } from './RunRow.tsx';

const columns = ['Run', 'Sessions', 'Environment', 'Origin', '', 'Usage', 'Active'];
/** Groups are named after days: they are looked at again this often, in milliseconds. */
const regroupMs = 60_000;

const narrow = matchMedia('(max-width: 719px)');

/** The runs as lines under their groups, with a cursor that the keyboard moves. */
export function RunsTable(props: { list: RunList }): JSX.Element {
  const navigate = useNavigate();
  const [scroller, setScroller] = createSignal<HTMLElement | null>(null);
  const [cursor, setCursor] = createSignal<string | null>(null);
  const minute = createMemo(() => Math.floor(now() / regroupMs) * regroupMs);
  const calm = createCalm(() => groupRuns(props.list.rows().values(), minute()));
  const visible = createVisibleRows(calm.shown, scroller, () => (narrow.matches ? 64 : 42));
  const names = createMemo(() => visible.groups().map(({ name }) => name), [], {
    equals: (a, b) => a.join('\n') === b.join('\n'),
  });
  const idsOf = (name: string): readonly string[] => visible.groups().find((group) => group.name === name)?.ids ?? [];
  const countOf = (name: string): number => calm.shown().find((group) => group.name === name)?.ids.length ?? 0;

  const move = (by: number): void => {
    const ids = calm.shown().flatMap((group) => group.ids);
    const at = cursor() === null ? (by > 0 ? -1 : ids.length) : ids.indexOf(cursor() ?? '');
    const next = ids[Math.max(0, Math.min(ids.length - 1, at + by))];
    if (next === undefined) return;
    setCursor(next);
    visible.show(next);
  };
  const go = (hash = ''): void => {
    const id = cursor();
    if (id) navigate(`/runs/${id}${hash}`);
  };
  useKeys([
    { keys: 'j', label: 'Next', group: 'In lists', run: () => move(1) },
    { keys: 'k', label: 'Previous', group: 'In lists', run: () => move(-1) },
    {
      keys: 'Enter',
      label: 'Open',
      group: 'In lists',
      when: () => cursor() !== null && document.activeElement === document.body,
      run: () => go(),
    },
    { keys: 'a', label: 'Answer', group: 'In lists', when: () => cursor() !== null, run: () => go('#prompt') },
  ]);

  let end!: HTMLDivElement;
  createEffect(() => {
    const root = scroller();
    if (!root || !props.list.hasMore()) return;
    // Watched anew after every page: one that is still in sight when it has come asks for the next.
    props.list.rows();
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && props.list.loadMore(), {
      root,
      rootMargin: '600px',
    });
    observer.observe(end);
    onCleanup(() => observer.disconnect());
  });

  return (
    <div class="scroll" ref={setScroller} tabIndex={0} role="region" aria-label="List of runs">
      <div class="runs" onPointerMove={calm.handlers.onPointerMove} onPointerLeave={calm.handlers.onPointerLeave}>
        <div class="runs-head" aria-hidden="true">
          <span />
          <For each={columns}>{(name) => <span class={`head-${name.toLowerCase()}`}>{name}</span>}</For>
        </div>
        <div style={{ height: `${visible.before()}px` }} />
        <For each={names()}>
          {(name) => (
            <section aria-label={name}>
              <h2 class="run-group" ref={visible.measure} data-index={visible.indexOf(name)}>
                {name} <span class="count">{countOf(name)}</span>
              </h2>
              <ul>
                <For each={idsOf(name)}>
                  {(id) => (
                    <li ref={visible.measure} data-index={visible.indexOf(id)}>
                      <Show when={props.list.rows().get(id)}>{(run) => <RunRow run={run()} cursor={cursor() === id} />}</Show>
                    </li>
                  )}
                </For>
              </ul>
            </section>
          )}
        </For>
        <div style={{ height: `${visible.after()}px` }} />
        <div ref={end} class="runs-end">
          <Show when={props.list.hasMore()}>Loading more runs</Show>
        </div>
      </div>
    </div>
  );
}
