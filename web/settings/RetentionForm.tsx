import { createSignal, Show, type JSX } from 'solid-js';
import { ApiFailure, ask, send } from '../api/client.ts';
import { failedWith } from '../api/loaded.ts';
import { RetentionDryRunDocument, SetRetentionDocument, type PastRunPartsFragment } from '../generated/operations.ts';
import { Confirm } from '../ui/Confirm.tsx';
import { PastRuns, pastWords } from './PastRuns.tsx';

/** Days after a run’s last activity; null: for good. */
export interface Retention {
  readonly keepTranscriptDays: number | null;
  readonly keepSnapshotDays: number | null;
}

export interface RetentionFormProps {
  readonly teamId: string;
  readonly retention: Retention;
  readonly onSaved: () => Promise<void>;
}

const written = (days: number | null): string => (days === null ? '' : String(days));
const read = (text: string): number | null => (text === '' ? null : Number(text));

async function dryRun(id: string, wanted: Retention): Promise<readonly PastRunPartsFragment[]> {
  const { node: team } = await ask(RetentionDryRunDocument, { id, ...wanted });
  if (team?.__typename !== 'Team') throw new ApiFailure('NOT_FOUND', 'There is no such team, or you are not in it.');
  return team.retentionDryRun;
}

/** Sets how long a team keeps transcripts and snapshots; shows first what would go, and asks when something does. */
export function RetentionForm(props: RetentionFormProps): JSX.Element {
  const [transcripts, setTranscripts] = createSignal(written(props.retention.keepTranscriptDays));
  const [snapshots, setSnapshots] = createSignal(written(props.retention.keepSnapshotDays));
  const [past, setPast] = createSignal<readonly PastRunPartsFragment[] | null>(null);
  const [asking, setAsking] = createSignal(false);
  const [saved, setSaved] = createSignal(false);
  const [problem, setProblem] = createSignal<string | null>(null);
  const [busy, setBusy] = createSignal(false);
  let form!: HTMLFormElement;
  const wanted = (): Retention => ({ keepTranscriptDays: read(transcripts()), keepSnapshotDays: read(snapshots()) });
  const changed = (): boolean =>
    wanted().keepTranscriptDays !== props.retention.keepTranscriptDays ||
    wanted().keepSnapshotDays !== props.retention.keepSnapshotDays;
  const edit = (set: (text: string) => void, text: string): void => {
    set(text);
    setPast(null);
    setSaved(false);
  };

  const look = async (): Promise<readonly PastRunPartsFragment[] | null> => {
    if (!form.reportValidity()) return null;
    setBusy(true);
    setProblem(null);
    try {
      return setPast(await dryRun(props.teamId, wanted()));
    } catch (error) {
      setProblem(failedWith(error).message);
      return null;
    } finally {
      setBusy(false);
    }
  };
  const save = async (): Promise<string | null> => {
    try {
      const { setRetention } = await send(SetRetentionDocument, { input: { teamId: props.teamId, ...wanted() } });
      if (setRetention.__typename !== 'SetRetentionPayload') return setRetention.message;
      await props.onSaved();
      setSaved(true);
      return null;
    } catch (error) {
      return failedWith(error).message;
    }
  };
  const submit = async (): Promise<void> => {
    const goes = await look();
    if (goes === null) return;
    if (goes.length > 0) return void setAsking(true);
    setBusy(true);
    setProblem(await save());
    setBusy(false);
  };

  return (
    <>
      <form
        ref={form}
        class="settings-form"
        aria-label="Retention"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <Days
          label="Days to keep transcripts"
          hint="Then all of it goes as if redacted. The run and its title stay; it cannot be continued."
          value={transcripts()}
          onInput={(text) => edit(setTranscripts, text)}
        />
        <Days
          label="Days to keep snapshots"
          hint="Then a run can be continued without its workspace only."
          value={snapshots()}
          onInput={(text) => edit(setSnapshots, text)}
        />
        <Show when={problem()}>
          <p class="problem" role="alert">
            {problem()}
          </p>
        </Show>
        <div class="settings-actions">
          <button type="submit" class="button primary" disabled={busy() || !changed()}>
            Save
          </button>
          <button type="button" class="button" disabled={busy()} onClick={() => void look()}>
            What would go now?
          </button>
          <span role="status">{saved() ? 'Saved' : ''}</span>
        </div>
      </form>
      <Show when={past()}>{(runs) => <PastRuns runs={runs()} />}</Show>
      <Show when={asking()}>
        <Confirm title="Keep less?" action="Save" onConfirm={save} onClose={() => setAsking(false)}>
          What goes within the hour, for good: {pastWords(past() ?? [])}.
        </Confirm>
      </Show>
    </>
  );
}

function Days(props: { label: string; hint: string; value: string; onInput: (text: string) => void }): JSX.Element {
  return (
    <label class="form-label">
      {props.label}
      <input
        class="input settings-days"
        type="number"
        min={1}
        max={36_500}
        step={1}
        inputMode="numeric"
        placeholder="For good"
        value={props.value}
        onInput={(event) => props.onInput(event.currentTarget.value)}
      />
      <span class="hint">{props.hint}</span>
    </label>
  );
}
