import { For, Show, type JSX } from 'solid-js';
import { now } from '../ui/now.ts';
import { legsOf, legsSentence, type LegSession } from './legs.ts';

/** A run drawn as its sessions, lying in a row. */
export function Legs(props: { sessions: readonly LegSession[] }): JSX.Element {
  const drawn = () => legsOf(props.sessions, now());
  return (
    <span class="legs" role="img" aria-label={legsSentence(props.sessions)}>
      <Show when={drawn().more > 0}>
        <span class="legs-more">+{drawn().more}</span>
      </Show>
      <For each={drawn().legs}>
        {(leg) => <i class="leg" classList={{ past: leg.past }} style={{ '--leg-width': `${leg.width}px` }} {...leg.tone} />}
      </For>
    </span>
  );
}
