import { useNavigate } from '@solidjs/router';
import { createEffect, createMemo, createSignal, createUniqueId, For, Show, type JSX } from 'solid-js';
import { harnessCapabilities, harnessKinds, type HarnessKind } from '../../domain/harness.ts';
import { defaultIdleSeconds } from '../../domain/states.ts';
import { ask, send } from '../api/client.ts';
import { createClientKeys } from '../api/clientKey.ts';
import { createLoaded, failedWith } from '../api/loaded.ts';
import { EnvironmentForm } from '../environments/EnvironmentForm.tsx';
import { idleChoices, idleWords } from '../environments/idleChoices.ts';
import { CreateRunDocument, EnvironmentsDocument, type EnvironmentPartsFragment } from '../generated/operations.ts';
import { count } from '../format/amounts.ts';
import type { NewRunStart } from '../shell/newRunDialog.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { HintedField } from '../ui/HintedField.tsx';
import { Icon } from '../ui/Icon.tsx';
import { keep, kept } from '../ui/kept.ts';
import { Keys } from '../ui/Keys.tsx';
import '../environments/environments.css';
import './newrun.css';

const keptTask = 'baton.newRun.task';
const keptEnvironment = 'baton.newRun.environment';
const newEnvironment = 'new';

/** What the task is for this kind of agent. */
const tasks: Record<
  HarnessKind,
  { readonly label: string; readonly placeholder: string; readonly hint: string; readonly mono: boolean }
> = {
  SCRIPT: {
    label: 'Script',
    placeholder: 'npm test',
    hint: 'The script harness runs this as a shell script in the workspace. An exit code other than 0 fails the session.',
    mono: true,
  },
  BUILT_IN: {
    label: 'Task',
    placeholder: 'What should be done?',
    hint: 'The built-in agent works on this with the model that the workers have. It asks before it runs commands, as the environment says.',
    mono: false,
  },
  CLAUDE_CODE: {
    label: 'Task',
    placeholder: 'Find out why the tests of the parser fail, and mend it.',
    hint: 'Claude Code works on this in the workspace. It changes files there by itself, and asks before it does other things.',
    mono: false,
  },
};

/** Starts a run: where, and what should be done. The task is kept until it was started. */
export function NewRun(props: { start: NewRunStart; onClose: () => void }): JSX.Element {
  const navigate = useNavigate();
  const clientKey = createClientKeys();
  const harnessId = createUniqueId();
  const { state, reload } = createLoaded(async () =>
    (await ask(EnvironmentsDocument, { first: 100 })).environments.edges.map(({ node }) => node),
  );
  const [chosen, setChosen] = createSignal(props.start.environmentId ?? kept(keptEnvironment) ?? '');
  const [text, setText] = createSignal(props.start.text ?? kept(keptTask) ?? '');
  const [title, setTitle] = createSignal('');
  const [idle, setIdle] = createSignal('');
  const [harness, setHarness] = createSignal<HarnessKind | null>(null);
  const [problem, setProblem] = createSignal<string | null>(null);
  const [busy, setBusy] = createSignal(false);

  const environments = createMemo((): readonly EnvironmentPartsFragment[] | null => {
    const now = state();
    return now.kind === 'READY' ? now.value : null;
  });
  const environment = (): EnvironmentPartsFragment | undefined =>
    environments()?.find(({ id }) => id === chosen()) ?? environments()?.[0];
  const making = (): boolean => chosen() === newEnvironment || environments()?.length === 0;
  const task = () => tasks[harness() ?? environment()?.defaultHarness ?? 'SCRIPT'];
  createEffect(() => keep(keptTask, text() || null));

  const start = async (): Promise<void> => {
    const where = environment();
    if (!where || busy()) return;
    if (text().trim() === '') return void setProblem('Write what should be done.');
    const input = {
      environmentId: where.id,
      text: text(),
      origin: 'MANUAL' as const,
      ...(title().trim() && { title: title().trim() }),
      ...(idle() !== '' && { idleSeconds: Number(idle()) }),
      ...(harness() && { harness: harness() }),
    };
    setBusy(true);
    setProblem(null);
    try {
      const { createRun } = await send(CreateRunDocument, { input: { ...input, clientKey: clientKey(input) } });
      if (createRun.__typename !== 'CreateRunPayload') return void setProblem(createRun.message);
      keep(keptTask, null);
      keep(keptEnvironment, where.id);
      props.onClose();
      navigate(`/runs/${createRun.run.id}`);
    } catch (error) {
      setProblem(`${failedWith(error).message} Nothing is started twice: try again.`);
    } finally {
      setBusy(false);
    }
  };
  const made = async ({ id }: EnvironmentPartsFragment): Promise<void> => {
    await reload();
    setChosen(id);
  };

  return (
    <Dialog label={making() ? 'New run: its environment first' : 'New run'} onClose={props.onClose}>
      <Show
        when={!making()}
        fallback={
          <div class="dialog-body">
            <p>An environment names the repository a run works on, and the commands that make it ready.</p>
            <EnvironmentForm onCreated={(environment) => void made(environment)}>
              <Show when={environments()?.length}>
                <button type="button" class="button" onClick={() => setChosen('')}>
                  Back
                </button>
              </Show>
            </EnvironmentForm>
          </div>
        }
      >
        <form
          class="new-run"
          onSubmit={(event) => {
            event.preventDefault();
            void start();
          }}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || !(event.metaKey || event.ctrlKey)) return;
            event.preventDefault();
            void start();
          }}
        >
          <div class="dialog-body">
            <HintedField label={task().label} hint={task().hint} quiet class="new-run-task">
              {(ties) => (
                <textarea
                  {...ties}
                  autofocus
                  rows={6}
                  classList={{ mono: task().mono }}
                  placeholder={task().placeholder}
                  spellcheck={!task().mono}
                  value={text()}
                  onInput={(event) => setText(event.currentTarget.value)}
                />
              )}
            </HintedField>
            <div class="form-grid">
              <label class="form-label">
                Environment
                <span class="chosen">
                  <select
                    class="input"
                    value={environment()?.id ?? ''}
                    disabled={!environments()}
                    onChange={(event) => setChosen(event.currentTarget.value)}
                  >
                    <Show when={!environments()}>
                      <option value="">{state().kind === 'FAILED' ? 'could not be loaded' : 'is being loaded'}</option>
                    </Show>
                    <For each={environments()}>
                      {({ id, name, repositories }) => (
                        <option value={id} selected={environment()?.id === id}>
                          {name}, {count(repositories.length, 'repository', 'repositories')}
                        </option>
                      )}
                    </For>
                    <option value={newEnvironment}>New environment…</option>
                  </select>
                  <Icon name="down" />
                </span>
              </label>
              <label class="form-label">
                Title
                <input
                  class="input"
                  placeholder="Taken from the task"
                  maxLength={200}
                  value={title()}
                  onInput={(event) => setTitle(event.currentTarget.value)}
                />
              </label>
              <label class="form-label">
                After a turn, the session
                <span class="chosen">
                  <select class="input" value={idle()} onChange={(event) => setIdle(event.currentTarget.value)}>
                    <option value="">{idleWords(environment()?.idleSeconds ?? defaultIdleSeconds.MANUAL)} (as usual)</option>
                    <For each={idleChoices}>{(seconds) => <option value={seconds}>{idleWords(seconds)}</option>}</For>
                  </select>
                  <Icon name="down" />
                </span>
              </label>
              <Show when={harnessKinds.length > 1}>
                <div class="form-label">
                  <label for={harnessId}>Harness</label>
                  <span class="chosen">
                    <select
                      id={harnessId}
                      class="input"
                      value={harness() ?? ''}
                      onChange={(event) => setHarness((event.currentTarget.value || null) as HarnessKind | null)}
                    >
                      <option value="">{harnessCapabilities[environment()?.defaultHarness ?? 'SCRIPT'].label} (as usual)</option>
                      <For each={harnessKinds}>{(kind) => <option value={kind}>{harnessCapabilities[kind].label}</option>}</For>
                    </select>
                    <Icon name="down" />
                  </span>
                </div>
              </Show>
            </div>
            <Show when={problem()}>
              <p class="problem" role="alert">
                {problem()}
              </p>
            </Show>
          </div>
          <div class="dialog-foot">
            <Show when={environment()}>{(where) => <span>{where().team.name} can see and continue it</span>}</Show>
            <span class="end">
              <button type="button" class="button" onClick={() => props.onClose()}>
                Cancel
              </button>
              <button type="submit" class="button primary" disabled={busy() || !environment()}>
                Start run{' '}
                <span class="wide-only">
                  <Keys of="mod+Enter" />
                </span>
              </button>
            </span>
          </div>
        </form>
      </Show>
    </Dialog>
  );
}
