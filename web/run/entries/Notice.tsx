import { Show, type JSX } from 'solid-js';
import { Icon } from '../../ui/Icon.tsx';

/** Something that is less than whole, said before what follows. */
export function Notice(props: { title: string; children: JSX.Element; code?: string }): JSX.Element {
  return (
    <div class="notice" role="note">
      <Icon name="warning" />
      <span>
        <b>{props.title}</b> {props.children}
        <Show when={props.code}>
          {' '}
          <code class="dim">{props.code}</code>
        </Show>
      </span>
    </div>
  );
}
