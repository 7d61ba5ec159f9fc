import { createSignal, For, Match, Show, Switch, type JSX } from 'solid-js';
import { ask } from '../api/client.ts';
import { createLoaded, type Loaded } from '../api/loaded.ts';
import { EnvironmentsDocument, type EnvironmentPartsFragment } from '../generated/operations.ts';
import { MainNav } from '../shell/MainNav.tsx';
import { announce } from '../shell/announce.ts';
import { useCrumbs } from '../shell/crumbs.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { Icon } from '../ui/Icon.tsx';
import { LoadFailed } from '../ui/LoadFailed.tsx';
import { Skeleton } from '../ui/Skeleton.tsx';
import { EnvironmentCard } from './EnvironmentCard.tsx';
import { EnvironmentForm } from './EnvironmentForm.tsx';
import './environments.css';

const pageSize = 100;

const page = async (after: string | null) => (await ask(EnvironmentsDocument, { first: pageSize, after })).environments;

/** All environments, page after page. */
async function loadAll(): Promise<readonly EnvironmentPartsFragment[]> {
  const found: EnvironmentPartsFragment[] = [];
  let next = await page(null);
  for (;;) {
    found.push(...next.edges.map(({ node }) => node));
    if (!next.pageInfo.hasNextPage || !next.pageInfo.endCursor) return found;
    next = await page(next.pageInfo.endCursor);
  }
}

/** What runs work in: the environments, and a way to make one. */
export function EnvironmentsPage(): JSX.Element {
  const { state, reload } = createLoaded(loadAll);
  const [creating, setCreating] = createSignal(false);
  useCrumbs(() => ({ path: [{ label: 'Environments' }], title: 'Environments' }));
  const ready = () => {
    const now = state();
    return now.kind === 'READY' ? now.value : null;
  };
  const failed = () => {
    const now = state();
    return now.kind === 'FAILED' ? (now as Extract<Loaded<never>, { kind: 'FAILED' }>) : null;
  };
  const created = async ({ name }: EnvironmentPartsFragment): Promise<void> => {
    await reload();
    setCreating(false);
    announce(`Environment ${name} was created`);
  };
  return (
    <>
      <aside class="side" aria-label="Pages">
        <MainNav />
      </aside>
      <main class="page" aria-label="Environments">
        <div class="page-head">
          <h1>Environments</h1>
          <span class="grow" />
          <button type="button" class="button primary" onClick={() => setCreating(true)}>
            <Icon name="plus" />
            New environment
          </button>
        </div>
        <div class="scroll" tabIndex={0} role="region" aria-label="List of environments">
          <Switch>
            <Match when={failed()}>
              {(problem) => (
                <div class="standing">
                  <LoadFailed
                    what="The environments"
                    code={problem().code}
                    message={problem().message}
                    onRetry={() => void reload()}
                  />
                </div>
              )}
            </Match>
            <Match when={state().kind === 'LOADING'}>
              <Skeleton label="Loading environments" widths={[40, 55, 35]} />
            </Match>
            <Match when={ready()?.length === 0}>
              <div class="empty">
                <h2>No environments yet</h2>
                <p>An environment names the repositories a run works on, and the commands that make them ready.</p>
                <div class="row">
                  <button type="button" class="button primary" onClick={() => setCreating(true)}>
                    <Icon name="plus" />
                    New environment
                  </button>
                </div>
              </div>
            </Match>
            <Match when={ready()}>
              {(environments) => (
                <ul class="environments">
                  <For each={environments()}>{(environment) => <EnvironmentCard environment={environment} />}</For>
                </ul>
              )}
            </Match>
          </Switch>
        </div>
      </main>
      <Show when={creating()}>
        <Dialog label="New environment" onClose={() => setCreating(false)}>
          <div class="dialog-body">
            <EnvironmentForm onCreated={(environment) => void created(environment)} />
          </div>
        </Dialog>
      </Show>
    </>
  );
}
