import { For, type JSX } from 'solid-js';
import { Dialog } from '../ui/Dialog.tsx';
import { Keys } from '../ui/Keys.tsx';
import { bindings, setSingleKeys, singleKeys, type Binding } from './keys.ts';
import './keyhelp.css';

/** One line for keys that do the same in a row, such as session 1 to 9. */
const listed = (group: Binding['group']): Binding[] => {
  const labels = new Set<string>();
  return bindings().filter((binding) => {
    if (binding.group !== group || labels.has(binding.label)) return false;
    labels.add(binding.label);
    return true;
  });
};

/** Every key of the page that is shown. */
export function KeyHelp(props: { onClose: () => void }): JSX.Element {
  return (
    <Dialog label="Keys" onClose={props.onClose}>
      <div class="dialog-body">
        <div class="keyhelp">
          <For each={['Everywhere', 'In lists', 'In a run'] as const}>
            {(group) => (
              <section classList={{ none: listed(group).length === 0 }}>
                <h3>{group}</h3>
                <dl>
                  <For each={listed(group)}>
                    {(binding) => (
                      <div>
                        <dt>
                          <Keys of={binding.keys} spoken />
                        </dt>
                        <dd>{binding.label}</dd>
                      </div>
                    )}
                  </For>
                </dl>
              </section>
            )}
          </For>
        </div>
        <label class="keyhelp-switch">
          <input type="checkbox" checked={singleKeys()} onChange={(event) => setSingleKeys(event.currentTarget.checked)} />
          Keys without ⌘ or Ctrl work
        </label>
      </div>
    </Dialog>
  );
}
