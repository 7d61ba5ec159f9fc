import { createSignal, For, Match, Show, Switch, type JSX } from 'solid-js';
import { defaultTokenUser, secretUses, secretUseWords, type SecretUse } from '../../domain/secret.ts';
import { createClientKeys } from '../api/clientKey.ts';
import { send } from '../api/client.ts';
import { failedWith } from '../api/loaded.ts';
import { SetEnvironmentSecretDocument, type SecretPartsFragment } from '../generated/operations.ts';
import { DialogForm } from '../settings/DialogForm.tsx';
import { Icon } from '../ui/Icon.tsx';

export interface SecretFormProps {
  readonly environmentId: string;
  /** The one whose place it takes; null for a new one. */
  readonly replaced: SecretPartsFragment | null;
  readonly onSet: (name: string) => void;
}

/** Sets a secret. Its value leaves the page with the request, and does not come back. */
export function SecretForm(props: SecretFormProps): JSX.Element {
  const [name, setName] = createSignal(props.replaced?.name ?? '');
  const [use, setUse] = createSignal<SecretUse>(props.replaced?.use ?? 'AGENT_VARIABLE');
  const [host, setHost] = createSignal(props.replaced?.host ?? '');
  const [username, setUsername] = createSignal(props.replaced?.username ?? '');
  const [knownHosts, setKnownHosts] = createSignal(props.replaced?.knownHosts ?? '');
  const [value, setValue] = createSignal('');
  const [severalLines, setSeveralLines] = createSignal(false);
  const [problem, setProblem] = createSignal<string | null>(null);
  const [busy, setBusy] = createSignal(false);
  const clientKey = createClientKeys();

  const set = async (): Promise<void> => {
    setBusy(true);
    setProblem(null);
    const wanted = {
      environmentId: props.environmentId,
      name: name().trim(),
      value: value(),
      use: use(),
      ...(use() !== 'AGENT_VARIABLE' && { host: host() }),
      ...(use() === 'GIT_HTTPS_TOKEN' && { username: username() || null }),
      ...(use() === 'GIT_SSH_KEY' && { knownHosts: knownHosts() || null }),
    };
    try {
      const { setEnvironmentSecret: came } = await send(SetEnvironmentSecretDocument, {
        input: { ...wanted, clientKey: clientKey(wanted) },
      });
      if (came.__typename !== 'SetEnvironmentSecretPayload') return void setProblem(came.message);
      setValue('');
      props.onSet(wanted.name);
    } catch (error) {
      setProblem(failedWith(error).message);
    } finally {
      setBusy(false);
    }
  };

  return (
    <DialogForm act="Set secret" problem={problem()} busy={busy()} onSubmit={() => void set()}>
      <label class="form-label">
        It is a
        <span class="chosen">
          <select class="input" value={use()} onChange={(event) => setUse(event.currentTarget.value as SecretUse)}>
            <For each={secretUses}>{(one) => <option value={one}>{secretUseWords[one]}</option>}</For>
          </select>
          <Icon name="down" />
        </span>
      </label>
      <label class="form-label">
        Name
        <input
          class="input"
          required
          autofocus={!props.replaced}
          readonly={props.replaced !== null}
          maxLength={200}
          placeholder="API_TOKEN"
          autocomplete="off"
          spellcheck={false}
          value={name()}
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <Show when={use() !== 'AGENT_VARIABLE'}>
        <label class="form-label">
          Host of the repositories
          <input
            class="input"
            required
            maxLength={255}
            placeholder="example.com"
            autocomplete="off"
            spellcheck={false}
            value={host()}
            onInput={(event) => setHost(event.currentTarget.value)}
          />
        </label>
      </Show>
      <Show when={use() === 'GIT_HTTPS_TOKEN'}>
        <label class="form-label">
          User name, where the host asks for one
          <input
            class="input"
            maxLength={200}
            placeholder={defaultTokenUser}
            autocomplete="off"
            spellcheck={false}
            value={username()}
            onInput={(event) => setUsername(event.currentTarget.value)}
          />
        </label>
      </Show>
      <Switch>
        <Match when={use() === 'GIT_SSH_KEY' || (use() === 'AGENT_VARIABLE' && severalLines())}>
          <label class="form-label">
            Value
            <textarea
              class="input secret-lines"
              required
              rows={5}
              autocomplete="off"
              spellcheck={false}
              placeholder={use() === 'GIT_SSH_KEY' ? '-----BEGIN OPENSSH PRIVATE KEY-----' : undefined}
              value={value()}
              onInput={(event) => setValue(event.currentTarget.value)}
            />
          </label>
        </Match>
        <Match when={true}>
          <label class="form-label">
            Value
            <input
              class="input"
              type="password"
              required
              autocomplete="new-password"
              value={value()}
              onInput={(event) => setValue(event.currentTarget.value)}
            />
          </label>
        </Match>
      </Switch>
      <Show when={use() === 'AGENT_VARIABLE'}>
        <label class="secret-several">
          <input type="checkbox" checked={severalLines()} onChange={(event) => setSeveralLines(event.currentTarget.checked)} />
          It has several lines
        </label>
      </Show>
      <Show when={use() === 'GIT_SSH_KEY'}>
        <label class="form-label">
          Public keys of the host, as ssh-keyscan prints them
          <textarea
            class="input secret-hosts"
            rows={3}
            autocomplete="off"
            spellcheck={false}
            placeholder="example.com ssh-ed25519 AAAA…"
            value={knownHosts()}
            onInput={(event) => setKnownHosts(event.currentTarget.value)}
          />
        </label>
      </Show>
    </DialogForm>
  );
}
