import { createResource, Show, type JSX } from 'solid-js';
import { CopyButton } from '../ui/CopyButton.tsx';
import { Icon } from '../ui/Icon.tsx';

const command = 'node bin/baton.mjs link';

/** How one can sign in, as the gateway says; null when it cannot be asked. */
async function signInMethods(): Promise<{ readonly oidc: { readonly label: string } | null } | null> {
  try {
    return (await (await fetch('/sign-in/methods')).json()) as { oidc: { label: string } | null };
  } catch {
    return null;
  }
}

/** Says how to sign in. Nothing here tries again by itself. */
export function SignedOut(props: { ended?: boolean }): JSX.Element {
  const [methods] = createResource(signInMethods);
  const here = `/sign-in/oidc?to=${encodeURIComponent(location.pathname + location.search)}`;
  return (
    <main class="page alone">
      <div class="empty">
        <Icon name="lock" />
        <h1>{props.ended ? 'You are signed out' : 'This browser is not signed in'}</h1>
        <p>
          <Show when={props.ended}>Your sign-in has ended or was taken back; runs go on without this page. </Show>
          <Show when={methods() !== undefined && !methods()?.oidc}>
            Baton lets a browser in by a link that works once. It was printed when Baton was started; a new one is made on the
            machine that runs it:
          </Show>
        </p>
        <Show
          when={methods()?.oidc}
          fallback={
            <Show when={methods() !== undefined}>
              <div class="row">
                <span class="command">
                  <code>{command}</code>
                  <CopyButton text={command} what="the command" />
                </span>
              </div>
            </Show>
          }
        >
          {(oidc) => (
            <div class="row">
              <a class="button primary" href={here}>
                Sign in with {oidc().label}
              </a>
            </div>
          )}
        </Show>
        <div class="row">
          <button type="button" class="button" onClick={() => location.reload()}>
            I am signed in now
          </button>
        </div>
      </div>
    </main>
  );
}
