import { useNavigate } from '@solidjs/router';
import { createEffect, createMemo, createSignal, createUniqueId, For, onCleanup, Show, type JSX } from 'solid-js';
import { ask } from '../api/client.ts';
import { RunsDocument } from '../generated/operations.ts';
import { shownProgress } from '../state/display.ts';
import { StateGlyph } from '../state/StateGlyph.tsx';
import { count } from '../format/amounts.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { Icon } from '../ui/Icon.tsx';
import { Keys } from '../ui/Keys.tsx';
import { allCommands, type Command } from './commands.ts';
import { marked, match } from './match.ts';
import './palette.css';

const searchAfterMs = 120;

/** Runs whose title contains the text, as places to go to. */
function createRunSearch(query: () => string): () => readonly Command[] {
  const navigate = useNavigate();
  const [found, setFound] = createSignal<readonly Command[]>([]);
  createEffect(() => {
    const text = query().trim();
    let over = false;
    const timer = setTimeout(
      () => {
        ask(RunsDocument, { first: 6, filter: text === '' ? null : { text } }).then(
          ({ runs }) => {
            if (over) return;
            setFound(
              runs.edges.map(({ node }) => ({
                id: node.id,
                group: 'Runs',
                label: node.title,
                context: `${node.environment.name}, ${count(node.sessions.length, 'session')}, ${node.creator.name}`,
                shown: shownProgress(node.state, node.sessions),
                run: () => navigate(`/runs/${node.id}`),
              })),
            );
          },
          () => setFound([]),
        );
      },
      text === '' ? 0 : searchAfterMs,
    );
    onCleanup(() => {
      over = true;
      clearTimeout(timer);
    });
  });
  return found;
}

/** Everything that can be done or gone to, found by typing. */
export function Palette(props: { onClose: () => void }): JSX.Element {
  const id = createUniqueId();
  const [query, setQuery] = createSignal('');
  const [chosen, setChosen] = createSignal(0);
  const runs = createRunSearch(query);
  const options = createMemo(() => [...allCommands().filter(({ label }) => match(label, query())), ...runs()]);
  const groups = createMemo(() => {
    const names = [...new Set(options().map(({ group }) => group))];
    return names.map((name) => ({ name, options: options().filter(({ group }) => group === name) }));
  });
  const inOrder = createMemo(() => groups().flatMap((group) => group.options));
  const at = (): number => Math.min(chosen(), inOrder().length - 1);
  const optionId = (command: Command): string => `${id}-${inOrder().indexOf(command)}`;
  createEffect(() => document.getElementById(`${id}-${at()}`)?.scrollIntoView({ block: 'nearest' }));

  const take = (command: Command | undefined): void => {
    if (!command) return;
    props.onClose();
    command.run();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by !== undefined) setChosen((at() + by + inOrder().length) % Math.max(1, inOrder().length));
    else if (event.key === 'Enter') take(inOrder()[at()]);
    else return;
    event.preventDefault();
  };

  return (
    <Dialog label="Search or jump to" onClose={props.onClose} bare>
      <div class="palette-field">
        <Icon name="search" />
        <input
          autofocus
          role="combobox"
          aria-label="Search or jump to"
          aria-expanded="true"
          aria-controls={`${id}-list`}
          aria-activedescendant={inOrder().length > 0 ? `${id}-${at()}` : undefined}
          placeholder="Search or jump to"
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => {
            setQuery(event.currentTarget.value);
            setChosen(0);
          }}
          onKeyDown={onKeyDown}
        />
        <kbd>Esc</kbd>
      </div>
      <div class="palette-list" id={`${id}-list`} role="listbox" aria-label="Results">
        <For each={groups()}>
          {(group) => (
            <div role="group" aria-label={group.name}>
              <div class="palette-group" aria-hidden="true">
                {group.name}
              </div>
              <For each={group.options}>
                {(command) => (
                  <div
                    id={optionId(command)}
                    class="palette-option"
                    role="option"
                    aria-selected={inOrder()[at()] === command}
                    onPointerMove={() => setChosen(inOrder().indexOf(command))}
                    onClick={() => take(command)}
                    {...command.shown?.tone}
                  >
                    <Show when={command.shown} fallback={<Icon name={command.icon ?? 'right'} />}>
                      {(shown) => <StateGlyph name={shown().glyph} />}
                    </Show>
                    <span class="cut">
                      <For each={marked(command.label, query())}>{({ text, hit }) => (hit ? <mark>{text}</mark> : text)}</For>
                    </span>
                    <span class="palette-context cut">{command.context}</span>
                    <Show when={command.keys}>
                      {(keys) => (
                        <span class="end">
                          <Keys of={keys()} />
                        </span>
                      )}
                    </Show>
                  </div>
                )}
              </For>
            </div>
          )}
        </For>
        <Show when={inOrder().length === 0}>
          <p class="palette-none">Nothing is called that.</p>
        </Show>
      </div>
      <div class="dialog-foot wide-only">
        <span>
          <kbd>↑</kbd> <kbd>↓</kbd> choose
        </span>
        <span>
          <kbd>↵</kbd> go
        </span>
      </div>
    </Dialog>
  );
}
