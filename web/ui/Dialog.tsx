import { onCleanup, onMount, Show, type JSX } from 'solid-js';
import { Icon } from './Icon.tsx';

export interface DialogProps {
  readonly label: string;
  readonly onClose: () => void;
  readonly class?: string;
  /** Hides the head with title and close button: for a dialog that brings its own. */
  readonly bare?: boolean;
  readonly children: JSX.Element;
}

/**
 * A dialog for as long as it is rendered. The browser keeps focus and pointer inside and closes it on Escape; when it
 * goes, focus returns to where it was.
 */
export function Dialog(props: DialogProps): JSX.Element {
  let dialog!: HTMLDialogElement;
  const before = document.activeElement;
  onMount(() => {
    dialog.showModal();
    dialog.querySelector<HTMLElement>('[autofocus]')?.focus();
  });
  onCleanup(() => {
    dialog.close();
    if (before instanceof HTMLElement && before.isConnected) before.focus();
  });
  return (
    <dialog
      ref={dialog}
      class={`dialog ${props.class ?? ''}`}
      aria-label={props.label}
      onCancel={(event) => {
        event.preventDefault();
        props.onClose();
      }}
      onClick={(event) => {
        // A press on the dialog element itself is one beside its content.
        if (event.target === dialog) props.onClose();
      }}
    >
      <div class="dialog-card">
        <Show when={!props.bare}>
          <div class="dialog-head">
            <h2>{props.label}</h2>
            <button type="button" class="button bare square" aria-label="Close" onClick={() => props.onClose()}>
              <Icon name="close" />
            </button>
          </div>
        </Show>
        {props.children}
      </div>
    </dialog>
  );
}
