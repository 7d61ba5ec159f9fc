import { useSearchParams } from '@solidjs/router';
import { createMemo, Match, Switch, type JSX } from 'solid-js';
import { ask } from '../api/client.ts';
import { createLoaded } from '../api/loaded.ts';
import { EnvironmentsDocument } from '../generated/operations.ts';
import { useApp } from '../shell/app.ts';
import { useCrumbs } from '../shell/crumbs.ts';
import { openNewRun } from '../shell/newRunDialog.ts';
import { Icon } from '../ui/Icon.tsx';
import { Keys } from '../ui/Keys.tsx';
import { LoadFailed } from '../ui/LoadFailed.tsx';
import { Skeleton } from '../ui/Skeleton.tsx';
import { createCounts } from './createCounts.ts';
import { createRunList, type ListState } from './createRunList.ts';
import { FilterBar } from './FilterBar.tsx';
import { filtersOf, paramsOf, type RunFilters } from './runFilters.ts';
import { RunsEmpty } from './RunsEmpty.tsx';
import { RunsSide } from './RunsSide.tsx';
import { RunsTable } from './RunsTable.tsx';
import './runs.css';

const bones = [52, 38, 61, 44, 57, 33, 48];

/** Every run that the viewer may see, one line each, as it is now. */
export function RunsPage(): JSX.Element {
  const { runChanges } = useApp();
  const [params, setParams] = useSearchParams();
  const filters = createMemo(() => filtersOf(params));
  const list = createRunList(filters, runChanges);
  const counts = createCounts(runChanges);
  const { state: environments } = createLoaded(async () => (await ask(EnvironmentsDocument, { first: 100 })).environments.edges);
  const change = (to: RunFilters): void => setParams(paramsOf(to));
  const failed = (): Extract<ListState, { kind: 'FAILED' }> | null => {
    const state = list.state();
    return state.kind === 'FAILED' ? state : null;
  };
  const environmentChoices = () => {
    const loaded = environments();
    return loaded.kind === 'READY' ? loaded.value.map(({ node }) => node) : [];
  };
  useCrumbs(() => ({ path: [{ label: 'Runs' }], title: 'Runs' }));

  return (
    <>
      <RunsSide filters={filters()} counts={counts()} onChange={change} />
      <main class="page" aria-label="Runs">
        <div class="page-head">
          <h1>Runs</h1>
          <span class="grow" />
          <button type="button" class="button primary" onClick={() => openNewRun()}>
            <Icon name="plus" />
            New run{' '}
            <span class="wide-only">
              <Keys of="c" />
            </span>
          </button>
        </div>
        <FilterBar
          filters={filters()}
          counts={counts()}
          environments={environmentChoices()}
          onChange={(part) => change({ ...filters(), ...part })}
        />
        <Switch>
          <Match when={failed()}>
            {(state) => (
              <div class="standing">
                <LoadFailed what="The runs" code={state().code} message={state().message} onRetry={list.retry} />
              </div>
            )}
          </Match>
          <Match when={list.state().kind === 'LOADING'}>
            <Skeleton label="Loading runs" widths={bones} />
          </Match>
          <Match when={list.rows().size === 0}>
            <RunsEmpty filters={filters()} onChange={change} />
          </Match>
          <Match when={list.rows().size > 0}>
            <RunsTable list={list} />
          </Match>
        </Switch>
      </main>
    </>
  );
}
