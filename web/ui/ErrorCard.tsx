import { Show, type JSX } from 'solid-js';
import { Dynamic } from 'solid-js/web';
import { Icon } from './Icon.tsx';
import type { IconName } from './icons.ts';

export interface ErrorCardProps {
  readonly title: string;
  /** What happened and what to try. */
  readonly message: string;
  readonly code: string;
  /** Whose it is to mend, in words. */
  readonly whose?: string;
  readonly icon?: IconName;
  /** It stands for a whole page: its title is the page's. */
  readonly page?: boolean;
  /** What can be done from here. */
  readonly children?: JSX.Element;
}

/** Something that did not work: what happened, what to try, its code. */
export function ErrorCard(props: ErrorCardProps): JSX.Element {
  return (
    <div class="error-card" role="alert">
      <Icon name={props.icon ?? 'warning'} />
      <Dynamic component={props.page ? 'h1' : 'h3'}>{props.title}</Dynamic>
      <p>{props.message}</p>
      <Show when={props.children}>
        <div class="row">{props.children}</div>
      </Show>
      <p class="meta">
        <code>{props.code}</code>
        <Show when={props.whose}>, {props.whose}</Show>
      </p>
    </div>
  );
}
