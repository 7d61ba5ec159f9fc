import { createSignal, onCleanup, type JSX } from 'solid-js';
import { copy } from './copy.ts';
import { Icon } from './Icon.tsx';

const shownMs = 1_500;

/** Copies a text; for a moment its sign says that it has. `what` completes "Copy …". */
export function CopyButton(props: { text: string; what: string; class?: string; children?: JSX.Element }): JSX.Element {
  const [copied, setCopied] = createSignal(false);
  let timer: ReturnType<typeof setTimeout> | undefined;
  onCleanup(() => clearTimeout(timer));
  const onClick = async (): Promise<void> => {
    if (!(await copy(props.text, props.what))) return;
    setCopied(true);
    clearTimeout(timer);
    timer = setTimeout(() => setCopied(false), shownMs);
  };
  return (
    <button
      type="button"
      class={props.class ?? 'button bare square small'}
      aria-label={props.children ? undefined : `Copy ${props.what}`}
      title={props.children ? undefined : `Copy ${props.what}`}
      onClick={() => void onClick()}
    >
      <Icon name={copied() ? 'check' : 'copy'} />
      {props.children}
    </button>
  );
}
