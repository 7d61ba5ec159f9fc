import { createEffect, createSignal, For, on, onCleanup, Show, type JSX } from 'solid-js';
import { runOrigins, runStates, type RunOrigin, type RunState } from '../../domain/states.ts';
import { useKeys } from '../keyboard/keys.ts';
import { runDisplay } from '../state/display.ts';
import { Icon } from '../ui/Icon.tsx';
import { originDisplay } from './originDisplay.ts';
import { narrows, type RunFilters, type View } from './runFilters.ts';

export type Counts = Readonly<Record<View, number>>;

const viewNames: Record<View, string> = { all: 'All', 'needs-you': 'Needs you', live: 'Live', ended: 'Ended' };
const typedMs = 250;

export interface FilterBarProps {
  readonly filters: RunFilters;
  readonly counts: Counts | null;
  readonly environments: readonly { readonly id: string; readonly name: string }[];
  readonly onChange: (change: Partial<RunFilters>) => void;
}

/** A choice of one, with the way to take it back. */
function Chip(props: {
  label: string;
  value: string | null;
  options: readonly { value: string; label: string }[];
  onChange: (value: string | null) => void;
}): JSX.Element {
  const chosen = () => props.options.find(({ value }) => value === props.value);
  return (
    <span class="chip" classList={{ on: chosen() !== undefined }}>
      <label>
        <span classList={{ 'visually-hidden': chosen() !== undefined }}>{props.label}</span>
        <b>{chosen()?.label}</b>
        <Show when={!chosen()}>
          <Icon name="down" />
        </Show>
        <select
          aria-label={props.label}
          value={props.value ?? ''}
          onChange={(event) => props.onChange(event.currentTarget.value || null)}
        >
          <option value="">Any</option>
          <For each={props.options}>{({ value, label }) => <option value={value}>{label}</option>}</For>
        </select>
      </label>
      <Show when={chosen()}>
        <button type="button" aria-label={`Any ${props.label.toLowerCase()}`} onClick={() => props.onChange(null)}>
          <Icon name="close" />
        </button>
      </Show>
    </span>
  );
}

/** Which runs: by view, state, origin, environment, text. */
export function FilterBar(props: FilterBarProps): JSX.Element {
  let first!: HTMLDivElement;
  const [typed, setTyped] = createSignal(props.filters.text);
  createEffect(on(() => props.filters.text, setTyped, { defer: true }));
  createEffect(() => {
    const text = typed();
    if (text === props.filters.text) return;
    const timer = setTimeout(() => props.onChange({ text }), typedMs);
    onCleanup(() => clearTimeout(timer));
  });
  useKeys([{ keys: 'f', label: 'Filter', group: 'In lists', run: () => first.querySelector('select')?.focus() }]);

  return (
    <div class="filter-bar">
      <div class="segments" role="group" aria-label="View">
        <For each={Object.keys(viewNames) as View[]}>
          {(view) => (
            <button type="button" aria-pressed={props.filters.view === view} onClick={() => props.onChange({ view })}>
              {viewNames[view]} <span class="count">{props.counts?.[view]}</span>
            </button>
          )}
        </For>
      </div>
      <span class="grow" />
      <div class="chips" ref={first}>
        <Chip
          label="State"
          value={props.filters.states[0] ?? null}
          options={runStates.map((value) => ({ value, label: runDisplay[value].label }))}
          onChange={(value) => props.onChange({ states: value ? [value as RunState] : [] })}
        />
        <Chip
          label="Origin"
          value={props.filters.origin}
          options={runOrigins.map((value) => ({ value, label: originDisplay[value].label }))}
          onChange={(value) => props.onChange({ origin: value as RunOrigin | null })}
        />
        <Chip
          label="Environment"
          value={props.filters.environmentId}
          options={props.environments.map(({ id, name }) => ({ value: id, label: name }))}
          onChange={(environmentId) => props.onChange({ environmentId })}
        />
        <Show when={narrows(props.filters)}>
          <button
            type="button"
            class="text-button"
            onClick={() => props.onChange({ states: [], origin: null, environmentId: null, text: '' })}
          >
            Clear
          </button>
        </Show>
      </div>
      <label class="field filter-text">
        <Icon name="search" />
        <span class="visually-hidden">Search runs by title</span>
        <input
          type="search"
          data-page-search
          placeholder="Search runs"
          value={typed()}
          onInput={(event) => setTyped(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape') event.currentTarget.blur();
          }}
        />
        <kbd class="wide-only">/</kbd>
      </label>
    </div>
  );
}
