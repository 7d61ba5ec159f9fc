import { A } from '@solidjs/router';
import type { JSX } from 'solid-js';
import { Icon } from '../ui/Icon.tsx';

/** The pages there are. */
export function MainNav(props: { onGo?: () => void }): JSX.Element {
  return (
    <nav class="side-nav" aria-label="Main">
      <A href="/" end activeClass="here" onClick={() => props.onGo?.()}>
        <Icon name="runs" />
        Runs
      </A>
      <A href="/environments" activeClass="here" onClick={() => props.onGo?.()}>
        <Icon name="environment" />
        Environments
      </A>
      <A href="/settings" activeClass="here" onClick={() => props.onGo?.()}>
        <Icon name="settings" />
        Settings
      </A>
    </nav>
  );
}
