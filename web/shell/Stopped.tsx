import { Match, Switch, type JSX } from 'solid-js';
import { ErrorCard } from '../ui/ErrorCard.tsx';
import { useApp } from './app.ts';
import { SignedOut } from './SignedOut.tsx';

/** Shows the page, unless the gateway will not talk to it any more. */
export function Stopped(props: { children: JSX.Element }): JSX.Element {
  const { connectionState } = useApp();
  const code = (): number => {
    const state = connectionState();
    return state.kind === 'STOPPED' ? state.code : 0;
  };
  return (
    <Switch fallback={props.children}>
      <Match when={connectionState().kind === 'SIGNED_OUT'}>
        <SignedOut ended />
      </Match>
      <Match when={connectionState().kind === 'STOPPED'}>
        <main class="page alone">
          <div class="standing">
            <ErrorCard
              page
              title="This page and the gateway do not understand each other"
              message="The gateway refused what this page sent, which is a defect of the page. A newer one may be there already: load it again."
              code={`CLOSED_${code()}`}
              whose="ours to mend"
            >
              <button type="button" class="button" onClick={() => location.reload()}>
                Load the page again
              </button>
            </ErrorCard>
          </div>
        </main>
      </Match>
    </Switch>
  );
}
