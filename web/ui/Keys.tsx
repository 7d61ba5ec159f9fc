import { For, type JSX } from 'solid-js';
import { keyCaps } from '../keyboard/chord.ts';

/** The keys of a binding, drawn. Beside a button's words they are not read out. */
export function Keys(props: { of: string; spoken?: boolean }): JSX.Element {
  return (
    <span class="keys" aria-hidden={props.spoken ? undefined : 'true'}>
      <For each={keyCaps(props.of)}>{(cap) => <kbd>{cap}</kbd>}</For>
    </span>
  );
}
