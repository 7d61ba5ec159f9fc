import { A, Navigate, Route, Router } from '@solidjs/router';
import { lazy, Match, Switch, type JSX } from 'solid-js';
import { RunsPage } from './runs/RunsPage.tsx';
import { AppContext, createConnection, createSignIn, type App as AppValue, type Viewer } from './shell/app.ts';
import { Shell } from './shell/Shell.tsx';
import { SignedOut } from './shell/SignedOut.tsx';
import { Delayed } from './ui/Delayed.tsx';
import { ErrorCard } from './ui/ErrorCard.tsx';
import { LoadFailed } from './ui/LoadFailed.tsx';

const RunPage = lazy(() => import('./run/RunPage.tsx').then(({ RunPage }) => ({ default: RunPage })));
const EnvironmentsPage = lazy(() =>
  import('./environments/EnvironmentsPage.tsx').then(({ EnvironmentsPage }) => ({ default: EnvironmentsPage })),
);
const TokensPage = lazy(() => import('./settings/TokensPage.tsx').then(({ TokensPage }) => ({ default: TokensPage })));
const TeamPage = lazy(() => import('./settings/TeamPage.tsx').then(({ TeamPage }) => ({ default: TeamPage })));
const NewTeamPage = lazy(() => import('./settings/NewTeamPage.tsx').then(({ NewTeamPage }) => ({ default: NewTeamPage })));
const AuditPage = lazy(() => import('./settings/AuditPage.tsx').then(({ AuditPage }) => ({ default: AuditPage })));

function NotFound(): JSX.Element {
  return (
    <main class="page alone">
      <div class="standing">
        <ErrorCard page title="There is no such page" message="The address leads nowhere. It may be cut short." code="NOT_FOUND">
          <A class="button" href="/">
            All runs
          </A>
        </ErrorCard>
      </div>
    </main>
  );
}

/** The pages, for someone who is signed in. */
function SignedIn(props: { viewer: Viewer }): JSX.Element {
  const app: AppValue = { viewer: props.viewer, ...createConnection() };
  return (
    <AppContext.Provider value={app}>
      <Router root={Shell}>
        <Route path="/" component={RunsPage} />
        <Route path="/runs/:id/:tab?" component={RunPage} matchFilters={{ tab: ['changes', 'details'] }} />
        <Route path="/environments" component={EnvironmentsPage} />
        <Route path="/settings" component={() => <Navigate href="/settings/tokens" />} />
        <Route path="/settings/tokens" component={TokensPage} />
        <Route path="/settings/team/:id" component={TeamPage} />
        <Route path="/settings/new-team" component={NewTeamPage} />
        <Route path="/settings/audit/:id" component={AuditPage} />
        <Route path="*" component={NotFound} />
      </Router>
    </AppContext.Provider>
  );
}

/** The viewer: finds out who looks, then shows the pages or how to sign in. */
export function App(): JSX.Element {
  const { viewer, signedOut, reload } = createSignIn();
  const ready = (): Viewer | null => {
    const loaded = viewer();
    return loaded.kind === 'READY' ? loaded.value : null;
  };
  const failed = () => {
    const loaded = viewer();
    return loaded.kind === 'FAILED' ? loaded : null;
  };
  return (
    <Switch
      fallback={
        <Delayed ms={600}>
          <p class="opening" role="status">
            Opening Baton
          </p>
        </Delayed>
      }
    >
      <Match when={signedOut()}>
        <SignedOut ended={ready() !== null} />
      </Match>
      <Match when={ready()}>{(found) => <SignedIn viewer={found()} />}</Match>
      <Match when={failed()}>
        {(problem) => (
          <main class="standing">
            <LoadFailed page what="Baton" code={problem().code} message={problem().message} onRetry={() => void reload()} />
          </main>
        )}
      </Match>
    </Switch>
  );
}
