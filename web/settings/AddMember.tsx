import { createSignal, For, Show, type JSX } from 'solid-js';
import { roles, type Role } from '../../domain/person.ts';
import { createClientKeys } from '../api/clientKey.ts';
import { send } from '../api/client.ts';
import { failedWith } from '../api/loaded.ts';
import { AddMemberDocument } from '../generated/operations.ts';
import { DialogForm, ShownOnce } from './DialogForm.tsx';
import { Icon } from '../ui/Icon.tsx';

/** Adds a person by address; for someone new it shows the link that lets them in, where they need one. */
export function AddMember(props: { teamId: string; onAdded: () => void; onClose: () => void }): JSX.Element {
  const [email, setEmail] = createSignal('');
  const [name, setName] = createSignal('');
  const [role, setRole] = createSignal<Role>('MEMBER');
  const [link, setLink] = createSignal<string | null>(null);
  const [problem, setProblem] = createSignal<string | null>(null);
  const [busy, setBusy] = createSignal(false);
  const clientKey = createClientKeys();

  const add = async (): Promise<void> => {
    setBusy(true);
    setProblem(null);
    const wanted = { teamId: props.teamId, email: email(), name: name(), role: role() };
    try {
      const { addMember } = await send(AddMemberDocument, { input: { ...wanted, clientKey: clientKey(wanted) } });
      if (addMember.__typename !== 'AddMemberPayload') return void setProblem(addMember.message);
      props.onAdded();
      if (addMember.signInLink) setLink(addMember.signInLink.url);
      else props.onClose();
    } catch (error) {
      setProblem(failedWith(error).message);
    } finally {
      setBusy(false);
    }
  };

  return (
    <Show
      when={link()}
      fallback={
        <DialogForm act="Add to the team" problem={problem()} busy={busy()} onSubmit={() => void add()}>
          <label class="form-label">
            Address
            <input
              class="input"
              type="email"
              required
              autofocus
              autocomplete="off"
              placeholder="name@example.com"
              value={email()}
              onInput={(event) => setEmail(event.currentTarget.value)}
            />
          </label>
          <label class="form-label">
            Name
            <input
              class="input"
              maxLength={100}
              autocomplete="off"
              placeholder="For someone who is new here"
              value={name()}
              onInput={(event) => setName(event.currentTarget.value)}
            />
          </label>
          <label class="form-label">
            Role
            <span class="chosen">
              <select class="input" value={role()} onChange={(event) => setRole(event.currentTarget.value as Role)}>
                <For each={roles}>{(one) => <option value={one}>{one.charAt(0) + one.slice(1).toLowerCase()}</option>}</For>
              </select>
              <Icon name="down" />
            </span>
          </label>
        </DialogForm>
      }
    >
      {(url) => (
        <ShownOnce
          words="They are new here. This link signs one browser in as them, once, within a week; hand it to nobody else."
          text={url()}
          what="the link"
          onClose={() => props.onClose()}
        />
      )}
    </Show>
  );
}
