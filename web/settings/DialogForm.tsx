import { Show, type JSX } from 'solid-js';
import { CopyButton } from '../ui/CopyButton.tsx';

export interface DialogFormProps {
  /** Its fields. */
  readonly children: JSX.Element;
  /** What went wrong the last time. */
  readonly problem: string | null;
  readonly busy: boolean;
  /** What its button says. */
  readonly act: string;
  readonly onSubmit: () => void;
}

/** A form in a dialog, which does one thing. */
export function DialogForm(props: DialogFormProps): JSX.Element {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        props.onSubmit();
      }}
    >
      <div class="dialog-body settings-form">
        {props.children}
        <Show when={props.problem}>
          <p class="problem" role="alert">
            {props.problem}
          </p>
        </Show>
      </div>
      <div class="dialog-foot">
        <span class="end">
          <button type="submit" class="button primary" disabled={props.busy}>
            {props.act}
          </button>
        </span>
      </div>
    </form>
  );
}

export interface ShownOnceProps {
  /** What to do with it. */
  readonly words: string;
  readonly text: string;
  /** What is copied, as in “Copy the secret”. */
  readonly what: string;
  /** How it is used. */
  readonly children?: JSX.Element;
  readonly onClose: () => void;
}

/** What is shown once, to be copied: a secret, or a link with one in it. */
export function ShownOnce(props: ShownOnceProps): JSX.Element {
  return (
    <>
      <div class="dialog-body settings-form" role="status">
        <p>{props.words}</p>
        <span class="command">
          <code data-secret>{props.text}</code>
          <CopyButton text={props.text} what={props.what} />
        </span>
        {props.children}
      </div>
      <div class="dialog-foot">
        <span class="end">
          <button type="button" class="button primary" onClick={() => props.onClose()}>
            I have it
          </button>
        </span>
      </div>
    </>
  );
}
