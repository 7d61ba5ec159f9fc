import { A } from '@solidjs/router';
import { For, Show, type JSX } from 'solid-js';
import { StateGlyph } from '../state/StateGlyph.tsx';
import { Avatar } from '../ui/Avatar.tsx';
import { CopyButton } from '../ui/CopyButton.tsx';
import { Icon } from '../ui/Icon.tsx';
import { Keys } from '../ui/Keys.tsx';
import { useApp } from './app.ts';
import { currentCrumbs } from './crumbs.ts';
import { LinkState } from './LinkState.tsx';
import { theme } from './theme.ts';

/** Two batons, staggered as in the zone where one runner hands over to the next. */
function Mark(): JSX.Element {
  return (
    <svg viewBox="0 0 20 20" aria-hidden="true">
      <path d="M3.2 13.8 9 8" stroke="var(--ink)" />
      <path d="M11 12l5.8-5.8" stroke="var(--baton)" />
    </svg>
  );
}

function Trail(): JSX.Element {
  return (
    <ol class="trail wide-only">
      <For each={currentCrumbs()?.path ?? []}>
        {(crumb) => (
          <li>
            <Show when={crumb.href} fallback={<span classList={{ mono: crumb.mono ?? false }}>{crumb.label}</span>}>
              {(href) => <A href={href()}>{crumb.label}</A>}
            </Show>
            <Show when={crumb.copy}>{(text) => <CopyButton text={text()} what="the run’s id" />}</Show>
          </li>
        )}
      </For>
    </ol>
  );
}

export interface BarProps {
  readonly onPalette: () => void;
  readonly onKeys: () => void;
  readonly onTheme: () => void;
  readonly onMenu: () => void;
}

/** The bar over every page: where it is, the way to anything else, and whether it is live. */
export function Bar(props: BarProps): JSX.Element {
  const { viewer } = useApp();
  return (
    <header class="bar">
      <div class="bar-start">
        <Show when={currentCrumbs()?.back}>
          {(back) => (
            <A class="button bare square phone-only" href={back()} aria-label="Back">
              <Icon name="left" />
            </A>
          )}
        </Show>
        <A class="brand" classList={{ 'wide-only': currentCrumbs()?.back !== undefined }} href="/" aria-label="Baton, all runs">
          <Mark />
          Baton
        </A>
      </div>
      <nav aria-label="Breadcrumb" class="bar-where">
        <Trail />
        <Show when={currentCrumbs()?.back === undefined ? null : currentCrumbs()}>
          {(crumbs) => (
            <h1 class="bar-title phone-only" {...crumbs().shown?.tone}>
              <Show when={crumbs().shown}>{(shown) => <StateGlyph name={shown().glyph} />}</Show>
              <span class="cut">{crumbs().title}</span>
            </h1>
          )}
        </Show>
      </nav>
      <div class="bar-end">
        <button type="button" class="jump wide-only" onClick={() => props.onPalette()}>
          <Icon name="search" />
          <span class="cut">Search or jump to</span>
          <span class="jump-keys">
            <Keys of="mod+k" />
          </span>
        </button>
        <LinkState />
        <button
          type="button"
          class="button bare square wide-only"
          aria-label="Keys"
          title="Keys (?)"
          onClick={() => props.onKeys()}
        >
          <Icon name="question" />
        </button>
        <button
          type="button"
          class="button bare square wide-only"
          aria-label={`Theme: ${theme()}. Switch it`}
          title={`Theme: ${theme()} (T)`}
          onClick={() => props.onTheme()}
        >
          <Icon name="theme" />
        </button>
        <span class="wide-only bar-viewer" title={viewer.name}>
          <Avatar name={viewer.name} />
          <span class="visually-hidden">Signed in as {viewer.name}</span>
        </span>
        <button
          type="button"
          class="button bare square phone-only"
          aria-label="Search or jump to"
          onClick={() => props.onPalette()}
        >
          <Icon name="search" />
        </button>
        <button type="button" class="button bare square narrow-only" aria-label="Pages" onClick={() => props.onMenu()}>
          <Icon name="menu" />
        </button>
      </div>
    </header>
  );
}
