import { Show, type JSX } from 'solid-js';
import { openNewRun } from '../shell/newRunDialog.ts';
import { Icon } from '../ui/Icon.tsx';
import { Keys } from '../ui/Keys.tsx';
import { narrows, noFilters, type RunFilters } from './runFilters.ts';

/** Three lanes, two legs, and the baton between them. */
function Lanes(): JSX.Element {
  return (
    <svg class="lanes" viewBox="0 0 260 64" aria-hidden="true" fill="none" stroke-linecap="round">
      <path d="M0 12h260M0 32h260M0 52h260" stroke="var(--line-strong)" stroke-width="1.5" stroke-dasharray="2 6" />
      <path d="M24 22h68" stroke="var(--rest)" stroke-width="8" />
      <path d="M168 42h68" stroke="var(--baton-line)" stroke-width="8" />
      <path d="M117 37l27-10" stroke="var(--baton)" stroke-width="8" />
    </svg>
  );
}

const nothing: Record<RunFilters['view'], { readonly title: string; readonly text: string }> = {
  all: { title: 'No runs yet', text: 'Start one here: choose a repository, write what should be done, and watch it live.' },
  'needs-you': { title: 'Nothing needs you', text: 'Runs that wait for your answer stand here.' },
  live: { title: 'Nothing is running', text: 'Runs that wait or work stand here.' },
  ended: { title: 'No run has ended yet', text: 'Runs that succeeded, failed or were canceled stand here.' },
};

/** What stands where there are no runs. */
export function RunsEmpty(props: { filters: RunFilters; onChange: (filters: RunFilters) => void }): JSX.Element {
  return (
    <Show
      when={narrows(props.filters)}
      fallback={
        <div class="empty">
          <Lanes />
          <h2>{nothing[props.filters.view].title}</h2>
          <p>{nothing[props.filters.view].text}</p>
          <div class="row">
            <button type="button" class="button primary" onClick={() => openNewRun()}>
              <Icon name="plus" />
              New run{' '}
              <span class="wide-only">
                <Keys of="c" />
              </span>
            </button>
          </div>
        </div>
      }
    >
      <div class="empty">
        <h2>No run matches</h2>
        <p>Search for fewer words, or look at all states, origins and environments.</p>
        <div class="row">
          <button type="button" class="button" onClick={() => props.onChange({ ...noFilters, view: props.filters.view })}>
            Clear filters
          </button>
        </div>
      </div>
    </Show>
  );
}
