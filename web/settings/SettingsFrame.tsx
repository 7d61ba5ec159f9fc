import { A } from '@solidjs/router';
import { For, Match, onMount, Show, Switch, type JSX } from 'solid-js';
import type { Loaded } from '../api/loaded.ts';
import { MainNav } from '../shell/MainNav.tsx';
import { useApp } from '../shell/app.ts';
import { useCrumbs } from '../shell/crumbs.ts';
import { signOut } from '../shell/signOut.ts';
import { Icon } from '../ui/Icon.tsx';
import { LoadFailed } from '../ui/LoadFailed.tsx';
import { Skeleton } from '../ui/Skeleton.tsx';
import './settings.css';

export interface SettingsFrameProps {
  readonly title: string;
  /** What there is to do, at the right of the title. */
  readonly actions?: JSX.Element;
  readonly state: Loaded<unknown>;
  readonly onRetry: () => void;
  readonly children: JSX.Element;
}

/** What is around every page of settings: the ways to the others, a title, and what is said until it is loaded. */
export function SettingsFrame(props: SettingsFrameProps): JSX.Element {
  useCrumbs(() => ({ path: [{ label: 'Settings', href: '/settings/tokens' }, { label: props.title }], title: props.title }));
  const failed = () => (props.state.kind === 'FAILED' ? props.state : null);
  let tabs!: HTMLDivElement;
  // With many teams the page at hand may stand beyond the edge of a phone.
  onMount(() => tabs.querySelector('.here')?.scrollIntoView({ block: 'nearest', inline: 'center' }));
  return (
    <>
      <aside class="side" aria-label="Pages">
        <MainNav />
        <h2>Settings</h2>
        <SettingsNav />
      </aside>
      <main class="page" aria-label={props.title}>
        <div class="page-head">
          <h1>{props.title}</h1>
          <span class="grow" />
          {props.actions}
        </div>
        <div ref={tabs} class="settings-tabs">
          <SettingsNav />
        </div>
        <div class="scroll" tabIndex={0} role="region" aria-label={`${props.title}, content`}>
          <Switch fallback={props.children}>
            <Match when={failed()}>
              {(problem) => (
                <div class="standing">
                  <LoadFailed what={props.title} code={problem().code} message={problem().message} onRetry={props.onRetry} />
                </div>
              )}
            </Match>
            <Match when={props.state.kind === 'LOADING'}>
              <Skeleton label={`Loading ${props.title}`} widths={[40, 55, 35]} />
            </Match>
          </Switch>
        </div>
      </main>
    </>
  );
}

/** The pages of settings, those of each team, and the way out. */
function SettingsNav(): JSX.Element {
  const { viewer } = useApp();
  return (
    <nav class="side-nav" aria-label="Settings">
      <A href="/settings/tokens" activeClass="here">
        <Icon name="lock" />
        API tokens
      </A>
      <For each={viewer.memberships}>
        {({ team, role }) => (
          <>
            <A href={`/settings/team/${team.id}`} activeClass="here">
              <Icon name="people" />
              <span class="cut">{team.name}</span>
              <span class="count">{role.toLowerCase()}</span>
            </A>
            <Show when={role === 'ADMIN'}>
              <A href={`/settings/audit/${team.id}`} activeClass="here">
                <Icon name="clock" />
                <span class="cut">
                  Audit<span class="visually-hidden"> of {team.name}</span>
                </span>
              </A>
            </Show>
          </>
        )}
      </For>
      <A href="/settings/new-team" activeClass="here">
        <Icon name="plus" />
        New team
      </A>
      <button type="button" onClick={() => void signOut()}>
        <Icon name="right" />
        Sign out
      </button>
    </nav>
  );
}
