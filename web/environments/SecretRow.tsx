import { Show, type JSX } from 'solid-js';
import { secretUseWords } from '../../domain/secret.ts';
import type { SecretPartsFragment } from '../generated/operations.ts';
import { Time } from '../ui/Time.tsx';

export interface SecretRowProps {
  readonly secret: SecretPartsFragment;
  readonly onReplace: () => void;
  readonly onRemove: () => void;
}

/** A secret, but for its value, and what may be done with it. */
export function SecretRow(props: SecretRowProps): JSX.Element {
  return (
    <li class="secret">
      <div class="secret-what">
        <code>{props.secret.name}</code>
        <p>
          {secretUseWords[props.secret.use]}
          <Show when={props.secret.host}>
            : <code>{props.secret.host}</code>
          </Show>
        </p>
        <p class="dim">
          Set <Time at={props.secret.updatedAt} as="day" />, first by {props.secret.createdBy.name};{' '}
          <Show when={props.secret.lastUsedAt} fallback="no session has had it">
            {(at) => (
              <>
                a session last had it <Time at={at()} as="day" />
              </>
            )}
          </Show>
        </p>
      </div>
      <button type="button" class="button" aria-label={`Replace ${props.secret.name}`} onClick={() => props.onReplace()}>
        Replace
      </button>
      <button type="button" class="button" aria-label={`Remove ${props.secret.name}`} onClick={() => props.onRemove()}>
        Remove
      </button>
    </li>
  );
}
