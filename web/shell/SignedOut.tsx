import { Show, type JSX } from 'solid-js';
import { CopyButton } from '../ui/CopyButton.tsx';
import { Icon } from '../ui/Icon.tsx';

const command = 'node bin/baton.mjs link';

/** Says how to sign in. Nothing here tries again by itself. */
export function SignedOut(props: { ended?: boolean }): JSX.Element {
  return (
    <main class="page alone">
      <div class="empty">
        <Icon name="lock" />
        <h1>{props.ended ? 'You are signed out' : 'This browser is not signed in'}</h1>
        <p>
          <Show when={props.ended}>Your sign-in has ended or was taken back; runs go on without this page. </Show>
          Baton lets a browser in by a link that works once. It was printed when Baton was started; a new one is made on the
          machine that runs it:
        </p>
        <div class="row">
          <span class="command">
            <code>{command}</code>
            <CopyButton text={command} what="the command" />
          </span>
        </div>
        <div class="row">
          <button type="button" class="button" onClick={() => location.reload()}>
            I am signed in now
          </button>
        </div>
      </div>
    </main>
  );
}
