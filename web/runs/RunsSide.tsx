import { For, Show, type JSX } from 'solid-js';
import { MainNav } from '../shell/MainNav.tsx';
import { useApp } from '../shell/app.ts';
import { runDisplay } from '../state/display.ts';
import { StateGlyph } from '../state/StateGlyph.tsx';
import { Icon } from '../ui/Icon.tsx';
import type { Counts } from './FilterBar.tsx';
import { noFilters, type RunFilters } from './runFilters.ts';

const saved: readonly { readonly name: string; readonly run: keyof typeof runDisplay; readonly filters: Partial<RunFilters> }[] =
  [
    { name: 'Needs you', run: 'BLOCKED', filters: { view: 'needs-you' } },
    { name: 'Live', run: 'IN_PROGRESS', filters: { view: 'live' } },
    { name: 'Failed', run: 'FAILED', filters: { view: 'ended', states: ['FAILED'] } },
  ];

/** Where one is, on the page of runs: pages, views, the teams whose runs are shown. */
export function RunsSide(props: {
  filters: RunFilters;
  counts: Counts | null;
  onChange: (filters: RunFilters) => void;
}): JSX.Element {
  const { viewer } = useApp();
  const isChosen = (filters: Partial<RunFilters>): boolean =>
    (filters.view ?? 'all') === props.filters.view && (filters.states?.join() ?? '') === props.filters.states.join();
  const countOf = (view: RunFilters['view'] | undefined, states: unknown): number | undefined =>
    states === undefined && view ? props.counts?.[view] : undefined;
  return (
    <aside class="side" aria-label="Views">
      <MainNav />
      <h2>Views</h2>
      <div class="side-nav" role="group" aria-label="Views">
        <For each={saved}>
          {({ name, run, filters }) => (
            <button
              type="button"
              aria-pressed={isChosen(filters)}
              data-run={run}
              onClick={() => props.onChange({ ...noFilters, ...filters })}
            >
              <StateGlyph name={runDisplay[run].glyph} />
              {name}
              <span class="count">{countOf(filters.view, filters.states)}</span>
            </button>
          )}
        </For>
      </div>
      <Show when={viewer.memberships?.length}>
        <h2>Teams</h2>
        <ul class="side-facts">
          <For each={viewer.memberships}>
            {({ team, role }) => (
              <li>
                <Icon name="people" />
                {team.name}
                <span class="count">{role.toLowerCase()}</span>
              </li>
            )}
          </For>
        </ul>
      </Show>
    </aside>
  );
}
