import { createSignal, For, Index, Show, type JSX } from 'solid-js';
import { createStore } from 'solid-js/store';
import type { SecretFiles } from '../../domain/declaration.ts';
import { harnessCapabilities, harnessKinds } from '../../domain/harness.ts';
import { permissionModes } from '../../domain/permissions.ts';
import { createClientKeys } from '../api/clientKey.ts';
import { send } from '../api/client.ts';
import { failedWith } from '../api/loaded.ts';
import { nameOfRemote } from '../format/remote.ts';
import {
  CreateEnvironmentDocument,
  type EnvironmentPartsFragment,
  type HarnessKind,
  type PermissionMode,
} from '../generated/operations.ts';
import { useApp } from '../shell/app.ts';
import { HintedField } from '../ui/HintedField.tsx';
import { Icon } from '../ui/Icon.tsx';
import { inputOf, noEnvironment, noRepository, type RepositoryDraft } from './environmentDraft.ts';
import { secretWords } from './secretWords.ts';
import { idleChoices, idleWords } from './idleChoices.ts';
import { permissionWords } from './permissionWords.ts';

export interface EnvironmentFormProps {
  readonly onCreated: (environment: EnvironmentPartsFragment) => void;
  /** What stands beside the button, such as a way back. */
  readonly children?: JSX.Element;
}

/** A form that makes an environment: where the code is, and what must be done before an agent can work on it. */
export function EnvironmentForm(props: EnvironmentFormProps): JSX.Element {
  const { viewer } = useApp();
  const [draft, setDraft] = createStore(
    structuredClone(noEnvironment) as { -readonly [K in keyof typeof noEnvironment]: (typeof noEnvironment)[K] },
  );
  const [problem, setProblem] = createSignal<{ readonly field: string; readonly message: string } | null>(null);
  const [busy, setBusy] = createSignal(false);
  const clientKey = createClientKeys();
  const teams = (): readonly { id: string; name: string }[] =>
    (viewer.memberships ?? []).filter(({ role }) => role !== 'VIEWER').map(({ team }) => team);
  const invalid = (field: string): boolean => problem()?.field === field;
  const setRepository = (index: number, change: Partial<RepositoryDraft>): void =>
    setDraft('repositories', (all) => all.map((one, at) => (at === index ? { ...one, ...change } : one)));

  const create = async (): Promise<void> => {
    const result = inputOf(draft);
    if (!result.ok) return void setProblem(result);
    setBusy(true);
    setProblem(null);
    try {
      const { createEnvironment } = await send(CreateEnvironmentDocument, {
        input: { ...result.input, clientKey: clientKey(result.input) },
      });
      if (createEnvironment.__typename === 'CreateEnvironmentPayload') props.onCreated(createEnvironment.environment);
      else setProblem({ field: 'field' in createEnvironment ? createEnvironment.field : '', message: createEnvironment.message });
    } catch (error) {
      setProblem({ field: '', message: failedWith(error).message });
    } finally {
      setBusy(false);
    }
  };

  return (
    <form
      class="environment-form"
      onSubmit={(event) => {
        event.preventDefault();
        void create();
      }}
    >
      <div class="form-grid">
        <Index each={draft.repositories}>
          {(repository, index) => (
            <fieldset class="form-wide repository">
              <legend class="visually-hidden">Repository {index + 1}</legend>
              <label class="form-label">
                Repository
                <input
                  class="input mono"
                  required={index === 0}
                  placeholder="https://… or a path on the worker"
                  spellcheck={false}
                  autocomplete="off"
                  aria-invalid={invalid('repositories')}
                  value={repository().url}
                  onInput={(event) => setRepository(index, { url: event.currentTarget.value })}
                />
              </label>
              <label class="form-label">
                Branch
                <input
                  class="input mono"
                  placeholder="the remote’s own"
                  spellcheck={false}
                  value={repository().branch}
                  onInput={(event) => setRepository(index, { branch: event.currentTarget.value })}
                />
              </label>
              <Show when={draft.repositories.length > 1}>
                <label class="form-label">
                  Folder
                  <input
                    class="input mono"
                    placeholder={nameOfRemote(repository().url)}
                    spellcheck={false}
                    value={repository().path}
                    onInput={(event) => setRepository(index, { path: event.currentTarget.value })}
                  />
                </label>
                <button
                  type="button"
                  class="button bare square"
                  aria-label={`Remove repository ${index + 1}`}
                  onClick={() => setDraft('repositories', (all) => all.filter((_, at) => at !== index))}
                >
                  <Icon name="close" />
                </button>
              </Show>
              <label class="repository-push">
                <input
                  type="checkbox"
                  checked={repository().push}
                  onChange={(event) => setRepository(index, { push: event.currentTarget.checked })}
                />
                Push the run’s branch when a session ends
              </label>
              <HintedField
                label="Ignored files that travel"
                hint="Patterns as in .gitignore, one a line: snapshots take what matches them, although the repository ignores it."
                class="form-label form-wide"
              >
                {(ties) => (
                  <textarea
                    {...ties}
                    class="input mono"
                    rows={1}
                    placeholder=".env.local"
                    spellcheck={false}
                    value={repository().ignored}
                    onInput={(event) => setRepository(index, { ignored: event.currentTarget.value })}
                  />
                )}
              </HintedField>
            </fieldset>
          )}
        </Index>
        <div class="form-wide">
          <button type="button" class="button bare" onClick={() => setDraft('repositories', (all) => [...all, noRepository])}>
            <Icon name="plus" />
            Another repository
          </button>
        </div>
        <label class="form-label">
          Name
          <input
            class="input"
            placeholder={nameOfRemote(draft.repositories[0]?.url ?? '') || 'Taken from the repository'}
            aria-invalid={invalid('name')}
            value={draft.name}
            onInput={(event) => setDraft('name', event.currentTarget.value)}
          />
        </label>
        <label class="form-label">
          After a turn, a session
          <span class="chosen">
            <select
              class="input"
              value={draft.idleSeconds}
              onChange={(event) => setDraft('idleSeconds', event.currentTarget.value)}
            >
              <option value="">as its origin has it</option>
              <For each={idleChoices}>{(seconds) => <option value={seconds}>{idleWords(seconds)}</option>}</For>
            </select>
            <Icon name="down" />
          </span>
        </label>
        <label class="form-label">
          Agent of its runs
          <span class="chosen">
            <select
              class="input"
              value={draft.defaultHarness}
              onChange={(event) => setDraft('defaultHarness', event.currentTarget.value as HarnessKind)}
            >
              <For each={harnessKinds}>{(kind) => <option value={kind}>{harnessCapabilities[kind].label}</option>}</For>
            </select>
            <Icon name="down" />
          </span>
        </label>
        <label class="form-label">
          An agent
          <span class="chosen">
            <select
              class="input"
              value={draft.permissions}
              onChange={(event) => setDraft('permissions', event.currentTarget.value as PermissionMode)}
            >
              <For each={permissionModes}>{(mode) => <option value={mode}>{permissionWords[mode]}</option>}</For>
            </select>
            <Icon name="down" />
          </span>
        </label>
        <Show when={draft.permissions === 'ALLOW_LIST'}>
          <HintedField
            label="Commands it may run without asking"
            hint="Beginnings, one a line: npm test allows npm test with whatever plain arguments."
            class="form-label form-wide"
          >
            {(ties) => (
              <textarea
                {...ties}
                class="input mono"
                rows={2}
                placeholder="npm test"
                spellcheck={false}
                aria-invalid={invalid('allowedCommands')}
                value={draft.allowedCommands}
                onInput={(event) => setDraft('allowedCommands', event.currentTarget.value)}
              />
            )}
          </HintedField>
        </Show>
        <label class="form-label">
          Files that look like secrets
          <span class="chosen">
            <select
              class="input"
              value={draft.secretFiles}
              onChange={(event) => setDraft('secretFiles', event.currentTarget.value as SecretFiles)}
            >
              <For each={Object.entries(secretWords)}>{([policy, words]) => <option value={policy}>{words}</option>}</For>
            </select>
            <Icon name="down" />
          </span>
        </label>
        <Show when={teams().length > 1}>
          <label class="form-label form-wide">
            Team
            <span class="chosen">
              <select class="input" value={draft.teamId} onChange={(event) => setDraft('teamId', event.currentTarget.value)}>
                <option value="">your own</option>
                <For each={teams()}>{({ id, name }) => <option value={id}>{name}</option>}</For>
              </select>
              <Icon name="down" />
            </span>
          </label>
        </Show>
        <HintedField
          label="Setup commands"
          hint="One a line. They run in the workspace before the agent, and their output is in the transcript."
          class="form-label form-wide"
        >
          {(ties) => (
            <textarea
              {...ties}
              class="input mono"
              rows={3}
              placeholder="npm ci"
              spellcheck={false}
              aria-invalid={invalid('setupCommands')}
              value={draft.setup}
              onInput={(event) => setDraft('setup', event.currentTarget.value)}
            />
          )}
        </HintedField>
        <HintedField
          label="Variables"
          hint="NAME=value, one a line. Everyone in the team can read them: they are no place for secrets."
          class="form-label form-wide"
        >
          {(ties) => (
            <textarea
              {...ties}
              class="input mono"
              rows={2}
              placeholder="NODE_ENV=development"
              spellcheck={false}
              aria-invalid={invalid('variables')}
              value={draft.variables}
              onInput={(event) => setDraft('variables', event.currentTarget.value)}
            />
          )}
        </HintedField>
        <HintedField
          label="Files outside repositories"
          hint="In the agent’s home or the workspace, one a line: snapshots take them, and the next session has them before its agent starts."
          class="form-label form-wide"
        >
          {(ties) => (
            <textarea
              {...ties}
              class="input mono"
              rows={2}
              placeholder="~/.config/tool"
              spellcheck={false}
              aria-invalid={invalid('outside')}
              value={draft.outside}
              onInput={(event) => setDraft('outside', event.currentTarget.value)}
            />
          )}
        </HintedField>
        <HintedField
          label="Script that prints more of them"
          hint="It is run before each snapshot and prints paths, one a line."
          class="form-label form-wide"
        >
          {(ties) => (
            <textarea
              {...ties}
              class="input mono"
              rows={1}
              placeholder="find ~ -name '*.toml'"
              spellcheck={false}
              aria-invalid={invalid('outsideScript')}
              value={draft.outsideScript}
              onInput={(event) => setDraft('outsideScript', event.currentTarget.value)}
            />
          )}
        </HintedField>
      </div>
      <Show when={problem()}>
        {(found) => (
          <p class="problem" role="alert">
            {found().message}
          </p>
        )}
      </Show>
      <div class="form-actions">
        {props.children}
        <button type="submit" class="button primary" disabled={busy()}>
          Create environment
        </button>
      </div>
    </form>
  );
}
