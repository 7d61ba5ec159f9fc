import { createSignal, Show, type JSX } from 'solid-js';
import { createClientKeys } from '../api/clientKey.ts';
import { send } from '../api/client.ts';
import { failedWith } from '../api/loaded.ts';
import { CreateTeamDocument } from '../generated/operations.ts';
import { SettingsFrame } from './SettingsFrame.tsx';

/** Makes a team, with the viewer as its admin. */
export function NewTeamPage(): JSX.Element {
  const [name, setName] = createSignal('');
  const [problem, setProblem] = createSignal<string | null>(null);
  const [busy, setBusy] = createSignal(false);
  const clientKey = createClientKeys();
  const create = async (): Promise<void> => {
    setBusy(true);
    setProblem(null);
    try {
      const { createTeam } = await send(CreateTeamDocument, { input: { name: name(), clientKey: clientKey(name()) } });
      // With a new team the viewer is someone else to every page.
      if (createTeam.__typename === 'CreateTeamPayload') return location.assign(`/settings/team/${createTeam.team.id}`);
      setProblem(createTeam.message);
    } catch (error) {
      setProblem(failedWith(error).message);
    }
    setBusy(false);
  };
  return (
    <SettingsFrame title="New team" state={{ kind: 'READY', value: null }} onRetry={() => {}}>
      <form
        class="settings settings-form"
        onSubmit={(event) => {
          event.preventDefault();
          void create();
        }}
      >
        <p class="settings-lead">A team shares environments and runs. You will be its first admin.</p>
        <label class="form-label">
          Name
          <input
            class="input"
            required
            maxLength={100}
            autocomplete="off"
            value={name()}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <Show when={problem()}>
          <p class="problem" role="alert">
            {problem()}
          </p>
        </Show>
        <div>
          <button type="submit" class="button primary" disabled={busy()}>
            Create team
          </button>
        </div>
      </form>
    </SettingsFrame>
  );
}
