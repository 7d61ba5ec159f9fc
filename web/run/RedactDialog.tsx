import { createSignal, Show, type JSX } from 'solid-js';
import { Dialog } from '../ui/Dialog.tsx';
import { useRun } from './context.ts';

/** Asks why an event is redacted, and redacts it. */
export function RedactDialog(props: { seq: number; onClose: () => void }): JSX.Element {
  const { commands } = useRun();
  const [reason, setReason] = createSignal('');
  const [busy, setBusy] = createSignal(false);
  const [problem, setProblem] = createSignal<string | null>(null);
  const redact = async (): Promise<void> => {
    setBusy(true);
    const refused = await commands.redact(props.seq, reason());
    setBusy(false);
    if (refused === null) props.onClose();
    else setProblem(refused);
  };
  return (
    <Dialog label="Redact this?" onClose={props.onClose} class="small">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void redact();
        }}
      >
        <div class="dialog-body">
          <p>
            Its content is taken away for good: here, in the log, in exports, and before all who watch. Its place stays, with your
            name and the reason. What the agent has read already, it has read.
          </p>
          <label class="form-label">
            Reason, for all who read the transcript
            <input
              class="input"
              autofocus
              required
              maxLength={500}
              value={reason()}
              onInput={(event) => setReason(event.currentTarget.value)}
            />
          </label>
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
            <button type="submit" class="button primary" disabled={busy() || reason().trim() === ''}>
              Redact
            </button>
          </span>
        </div>
      </form>
    </Dialog>
  );
}
