import { createSignal, For, Match, Show, Switch, type JSX } from 'solid-js';
import { ask, send } from '../api/client.ts';
import { createLoaded, failedWith } from '../api/loaded.ts';
import {
  EnvironmentSecretsDocument,
  RemoveEnvironmentSecretDocument,
  type SecretPartsFragment,
} from '../generated/operations.ts';
import { announce } from '../shell/announce.ts';
import { Confirm } from '../ui/Confirm.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { Icon } from '../ui/Icon.tsx';
import { LoadFailed } from '../ui/LoadFailed.tsx';
import { Skeleton } from '../ui/Skeleton.tsx';
import { SecretForm } from './SecretForm.tsx';
import { SecretRow } from './SecretRow.tsx';
import './secrets.css';

export interface EnvironmentSecretsProps {
  readonly environment: { readonly id: string; readonly name: string };
  readonly onClose: () => void;
}

/** What is set: a new secret, or one in place of another. */
type Setting = 'NEW' | SecretPartsFragment;

/** The secrets of an environment, by name and use: their values are set here, and never shown. */
export function EnvironmentSecrets(props: EnvironmentSecretsProps): JSX.Element {
  const { state, reload } = createLoaded(async () => {
    const { node } = await ask(EnvironmentSecretsDocument, { id: props.environment.id });
    return node?.__typename === 'Environment' ? node.secrets : [];
  });
  const [setting, setSetting] = createSignal<Setting | null>(null);
  const [removing, setRemoving] = createSignal<SecretPartsFragment | null>(null);
  const ready = () => {
    const now = state();
    return now.kind === 'READY' ? now.value : null;
  };
  const failed = () => {
    const now = state();
    return now.kind === 'FAILED' ? now : null;
  };
  const replaced = (): SecretPartsFragment | null => {
    const now = setting();
    return now === 'NEW' ? null : now;
  };
  const wasSet = async (name: string): Promise<void> => {
    await reload();
    setSetting(null);
    announce(`The secret ${name} was set`);
  };
  const remove = async ({ name }: SecretPartsFragment): Promise<string | null> => {
    try {
      const { removeEnvironmentSecret: removed } = await send(RemoveEnvironmentSecretDocument, {
        input: { environmentId: props.environment.id, name },
      });
      if (removed.__typename !== 'RemoveEnvironmentSecretPayload') return removed.message;
      await reload();
      announce(`The secret ${name} was removed`);
      return null;
    } catch (error) {
      return failedWith(error).message;
    }
  };
  return (
    <>
      <Show when={setting() === null && removing() === null}>
        <Dialog label={`Secrets of ${props.environment.name}`} onClose={() => props.onClose()}>
          <div class="dialog-body secrets">
            <p class="dim">
              Encrypted, given to sessions that open from now on, masked in what they tell. Nobody can read a value here again.
            </p>
            <Switch>
              <Match when={failed()}>
                {(problem) => (
                  <LoadFailed
                    what="The secrets"
                    code={problem().code}
                    message={problem().message}
                    onRetry={() => void reload()}
                  />
                )}
              </Match>
              <Match when={state().kind === 'LOADING'}>
                <Skeleton label="Loading secrets" widths={[50, 40]} />
              </Match>
              <Match when={ready()}>
                {(secrets) => (
                  <Show when={secrets().length > 0} fallback={<p>This environment has no secrets yet.</p>}>
                    <ul class="secrets-list" aria-label="Secrets">
                      <For each={secrets()}>
                        {(secret) => (
                          <SecretRow secret={secret} onReplace={() => setSetting(secret)} onRemove={() => setRemoving(secret)} />
                        )}
                      </For>
                    </ul>
                  </Show>
                )}
              </Match>
            </Switch>
          </div>
          <div class="dialog-foot">
            <span class="end">
              <button type="button" class="button primary" onClick={() => setSetting('NEW')}>
                <Icon name="plus" />
                New secret
              </button>
            </span>
          </div>
        </Dialog>
      </Show>
      <Show when={setting()}>
        <Dialog label={replaced() ? `Replace ${replaced()?.name}` : 'New secret'} onClose={() => setSetting(null)}>
          <SecretForm environmentId={props.environment.id} replaced={replaced()} onSet={(name) => void wasSet(name)} />
        </Dialog>
      </Show>
      <Show when={removing()}>
        {(secret) => (
          <Confirm
            title={`Remove ${secret().name}?`}
            action="Remove"
            onConfirm={() => remove(secret())}
            onClose={() => setRemoving(null)}
          >
            Sessions that open from now on do without it. Its value cannot be brought back.
          </Confirm>
        )}
      </Show>
    </>
  );
}
