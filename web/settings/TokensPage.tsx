import { createSignal, For, Show, type JSX } from 'solid-js';
import { ask, send } from '../api/client.ts';
import { createLoaded, failedWith } from '../api/loaded.ts';
import { ApiTokensDocument, RevokeApiTokenDocument, type TokenPartsFragment } from '../generated/operations.ts';
import { announce } from '../shell/announce.ts';
import { Confirm } from '../ui/Confirm.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { Icon } from '../ui/Icon.tsx';
import { now } from '../ui/now.ts';
import { Time } from '../ui/Time.tsx';
import { SettingsFrame } from './SettingsFrame.tsx';
import { TokenForm } from './TokenForm.tsx';

const load = async (): Promise<readonly TokenPartsFragment[]> =>
  (await ask(ApiTokensDocument, {})).apiTokens.edges.map(({ node }) => node);

/** The viewer's API tokens: what they may do, when they were last used, and the way to make and revoke them. */
export function TokensPage(): JSX.Element {
  const { state, reload } = createLoaded(load);
  const [creating, setCreating] = createSignal(false);
  const [revoking, setRevoking] = createSignal<TokenPartsFragment | null>(null);
  const tokens = () => {
    const at = state();
    return at.kind === 'READY' ? at.value : [];
  };
  const revoke = async ({ id, name }: TokenPartsFragment): Promise<string | null> => {
    try {
      const { revokeApiToken } = await send(RevokeApiTokenDocument, { input: { tokenId: id } });
      if (revokeApiToken.__typename !== 'RevokeApiTokenPayload') return revokeApiToken.message;
      await reload();
      announce(`The token ${name} was revoked`);
      return null;
    } catch (error) {
      return failedWith(error).message;
    }
  };
  return (
    <SettingsFrame
      title="API tokens"
      state={state()}
      onRetry={() => void reload()}
      actions={
        <button type="button" class="button primary" onClick={() => setCreating(true)}>
          <Icon name="plus" />
          New token
        </button>
      }
    >
      <div class="settings">
        <p class="settings-lead">
          A token lets a program act as you, within its scopes. Its secret is shown once; Baton keeps only what recognises it.
        </p>
        <Show
          when={tokens().length > 0}
          fallback={
            <div class="empty">
              <h2>No tokens yet</h2>
              <p>Make one for a script, a CI job or a tool of yours.</p>
            </div>
          }
        >
          <ul class="settings-list" aria-label="API tokens">
            <For each={tokens()}>{(token) => <TokenRow token={token} onRevoke={() => setRevoking(token)} />}</For>
          </ul>
        </Show>
      </div>
      <Show when={creating()}>
        <Dialog label="New API token" onClose={() => setCreating(false)}>
          <TokenForm onCreated={() => void reload()} onClose={() => setCreating(false)} />
        </Dialog>
      </Show>
      <Show when={revoking()}>
        {(token) => (
          <Confirm
            title={`Revoke ${token().name}?`}
            action="Revoke"
            onConfirm={() => revoke(token())}
            onClose={() => setRevoking(null)}
          >
            Whatever uses it is refused at once. This cannot be taken back.
          </Confirm>
        )}
      </Show>
    </SettingsFrame>
  );
}

function TokenRow(props: { token: TokenPartsFragment; onRevoke: () => void }): JSX.Element {
  const expired = (): boolean => props.token.expiresAt !== null && Date.parse(props.token.expiresAt) <= now();
  return (
    <li class="settings-row">
      <div class="settings-what">
        <h2>{props.token.name}</h2>
        <p class="settings-tags">
          <For each={props.token.scopes}>{(scope) => <span class="tag">{scope.toLowerCase()}</span>}</For>
        </p>
        <p class="dim">
          Created <Time at={props.token.createdAt} as="day" />
          {', '}
          <Show when={props.token.lastUsedAt} fallback="never used">
            {(at) => (
              <>
                last used <Time at={at()} as="day" />
              </>
            )}
          </Show>
          {', '}
          <Show when={props.token.expiresAt} fallback="does not expire">
            {(at) => (
              <span classList={{ problem: expired() }}>
                {expired() ? 'expired' : 'expires'} <Time at={at()} as="day" />
              </span>
            )}
          </Show>
        </p>
      </div>
      <button type="button" class="button" aria-label={`Revoke ${props.token.name}`} onClick={() => props.onRevoke()}>
        Revoke
      </button>
    </li>
  );
}
