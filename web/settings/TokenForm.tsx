import { createMemo, createSignal, For, Show, type JSX } from 'solid-js';
import { scopeWords, tokenScopes, type TokenScope } from '../../domain/person.ts';
import { createClientKeys } from '../api/clientKey.ts';
import { send } from '../api/client.ts';
import { failedWith } from '../api/loaded.ts';
import { CreateApiTokenDocument } from '../generated/operations.ts';
import { DialogForm, ShownOnce } from './DialogForm.tsx';
import { Icon } from '../ui/Icon.tsx';

const lifetimes = [
  { days: 7, words: 'in 7 days' },
  { days: 30, words: 'in 30 days' },
  { days: 90, words: 'in 90 days' },
  { days: 365, words: 'in a year' },
  { days: null, words: 'never' },
] as const;

const dayMs = 24 * 60 * 60_000;

/** Makes a token, then shows its secret: the one time that anybody sees it. */
export function TokenForm(props: { onCreated: () => void; onClose: () => void }): JSX.Element {
  const [name, setName] = createSignal('');
  const [scopes, setScopes] = createSignal<readonly TokenScope[]>(['READ', 'RUNS']);
  const [days, setDays] = createSignal<string>('90');
  // Reckoned when it is chosen, so that a request sent again is the same one.
  const expiresAt = createMemo(() => (days() === '' ? null : new Date(Date.now() + Number(days()) * dayMs).toISOString()));
  const [secret, setSecret] = createSignal<string | null>(null);
  const [problem, setProblem] = createSignal<string | null>(null);
  const [busy, setBusy] = createSignal(false);
  const clientKey = createClientKeys();
  const toggle = (scope: TokenScope): void =>
    void setScopes((now) => (now.includes(scope) ? now.filter((one) => one !== scope) : [...now, scope]));

  const create = async (): Promise<void> => {
    setBusy(true);
    setProblem(null);
    const wanted = { name: name(), scopes: scopes(), expiresAt: expiresAt() };
    try {
      const { createApiToken } = await send(CreateApiTokenDocument, { input: { ...wanted, clientKey: clientKey(wanted) } });
      if (createApiToken.__typename !== 'CreateApiTokenPayload') return void setProblem(createApiToken.message);
      setSecret(createApiToken.secret);
      props.onCreated();
    } catch (error) {
      setProblem(failedWith(error).message);
    } finally {
      setBusy(false);
    }
  };

  return (
    <Show
      when={secret()}
      fallback={
        <DialogForm act="Create token" problem={problem()} busy={busy()} onSubmit={() => void create()}>
          <label class="form-label">
            Name
            <input
              class="input"
              required
              autofocus
              maxLength={100}
              placeholder="What it is for"
              autocomplete="off"
              value={name()}
              onInput={(event) => setName(event.currentTarget.value)}
            />
          </label>
          <fieldset class="settings-choices">
            <legend>It may</legend>
            <For each={tokenScopes}>
              {(scope) => (
                <label>
                  <input
                    type="checkbox"
                    checked={scopes().includes(scope)}
                    disabled={scope === 'READ'}
                    onChange={() => toggle(scope)}
                  />
                  {scopeWords[scope]}
                </label>
              )}
            </For>
          </fieldset>
          <label class="form-label">
            It expires
            <span class="chosen">
              <select class="input" value={days()} onChange={(event) => setDays(event.currentTarget.value)}>
                <For each={lifetimes}>{(one) => <option value={one.days ?? ''}>{one.words}</option>}</For>
              </select>
              <Icon name="down" />
            </span>
          </label>
        </DialogForm>
      }
    >
      {(text) => (
        <ShownOnce
          words="Copy the secret now: it is not shown again."
          text={text()}
          what="the secret"
          onClose={() => props.onClose()}
        >
          <p class="dim">
            Send it as <code>Authorization: Bearer …</code>
          </p>
        </ShownOnce>
      )}
    </Show>
  );
}
