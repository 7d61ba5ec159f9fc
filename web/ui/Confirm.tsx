import { createSignal, Show, type JSX } from 'solid-js';
import { Dialog } from './Dialog.tsx';

export interface ConfirmProps {
  readonly title: string;
  /** What will happen. */
  readonly children: JSX.Element;
  readonly action: string;
  /** Does it; a text is the reason why it could not be done. */
  readonly onConfirm: () => Promise<string | null>;
  readonly onClose: () => void;
}

/** Says what will happen and asks once. */
export function Confirm(props: ConfirmProps): JSX.Element {
  const [busy, setBusy] = createSignal(false);
  const [problem, setProblem] = createSignal<string | null>(null);
  const confirm = async (): Promise<void> => {
    setBusy(true);
    const refused = await props.onConfirm();
    setBusy(false);
    if (refused === null) props.onClose();
    else setProblem(refused);
  };
  return (
    <Dialog label={props.title} onClose={props.onClose} class="small">
      <div class="dialog-body">
        <p>{props.children}</p>
        <Show when={problem()}>
          <p class="problem" role="alert">
            {problem()}
          </p>
        </Show>
      </div>
      <div class="dialog-foot">
        <span class="end">
          <button type="button" class="button" onClick={() => props.onClose()}>
            Keep it
          </button>
          <button type="button" class="button primary" autofocus disabled={busy()} onClick={() => void confirm()}>
            {props.action}
          </button>
        </span>
      </div>
    </Dialog>
  );
}
