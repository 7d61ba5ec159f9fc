import { createSignal, Show, type JSX } from 'solid-js';
import { send } from '../api/client.ts';
import { failedWith } from '../api/loaded.ts';
import { bytes, count, number } from '../format/amounts.ts';
import { CollectGarbageDocument } from '../generated/operations.ts';
import { SettingsSection } from './SettingsSection.tsx';

interface Found {
  readonly dryRun: boolean;
  readonly blobs: number;
  readonly storedBytes: number;
  readonly young: number;
  readonly kept: number;
}

/** Removes the blobs of a team that nothing refers to, once it was said how many they are. */
export function UnusedBlobs(props: { teamId: string }): JSX.Element {
  const [found, setFound] = createSignal<Found | null>(null);
  const [problem, setProblem] = createSignal<string | null>(null);
  const [busy, setBusy] = createSignal(false);
  const collect = async (dryRun: boolean): Promise<void> => {
    setBusy(true);
    setProblem(null);
    try {
      const { collectGarbage } = await send(CollectGarbageDocument, { input: { teamId: props.teamId, dryRun } });
      if (collectGarbage.__typename === 'CollectGarbagePayload') setFound({ dryRun, ...collectGarbage });
      else setProblem(collectGarbage.message);
    } catch (error) {
      setProblem(failedWith(error).message);
    } finally {
      setBusy(false);
    }
  };
  const removable = () => {
    const at = found();
    return at?.dryRun && at.blobs > 0 ? at : null;
  };
  return (
    <SettingsSection
      title="Unused blobs"
      lead="A capture that was given up leaves blobs that no snapshot refers to. They go by themselves once an hour, or here."
    >
      <Show when={found()}>
        {(at) => (
          <p class="settings-found" role="status">
            <strong>{blobWords(at())}</strong> {number(at().kept)} in use
            <Show when={at().young > 0}>, {number(at().young)} too young to tell</Show>.
          </p>
        )}
      </Show>
      <Show when={problem()}>
        <p class="problem" role="alert">
          {problem()}
        </p>
      </Show>
      <div class="settings-actions">
        <button type="button" class="button" disabled={busy()} onClick={() => void collect(true)}>
          {busy() ? 'Looking…' : 'Look for unused blobs'}
        </button>
        <Show when={removable()}>
          {(at) => (
            <button type="button" class="button primary" disabled={busy()} onClick={() => void collect(false)}>
              Remove {count(at().blobs, 'blob')}
            </button>
          )}
        </Show>
      </div>
    </SettingsSection>
  );
}

function blobWords({ dryRun, blobs, storedBytes }: Found): string {
  if (blobs === 0) return dryRun ? 'No blob is unused.' : 'There was nothing to remove any more.';
  const words = `${count(blobs, 'blob')} (${bytes(storedBytes)})`;
  if (dryRun) return `${words} ${blobs === 1 ? 'is' : 'are'} unused.`;
  return `${words} ${blobs === 1 ? 'was' : 'were'} removed.`;
}
