import { createSignal, onCleanup, onMount } from 'solid-js';
import { keep, kept } from '../ui/kept.ts';
import { chordOf, SequenceMatcher } from './chord.ts';

export interface Binding {
  /** Such as `g r`, `shift+o`, `mod+k`; see chord.ts. */
  readonly keys: string;
  /** What it does, for the list of all keys. */
  readonly label: string;
  readonly group: 'Everywhere' | 'In lists' | 'In a run';
  readonly run: () => void;
  /** Whether it does something now; it is listed either way. */
  readonly when?: () => boolean;
  /** Works while typing and in dialogs too. */
  readonly always?: boolean;
}

const [bindings, setBindings] = createSignal<readonly Binding[]>([]);
const keyOff = 'baton.singleKeysOff';
const [singleKeys, setSingleKeysSignal] = createSignal(kept(keyOff) === null);

/** Every binding of what is on the page. */
export { bindings, singleKeys };

/** Switches keys without a modifier on or off: speech input and some keyboards press them unasked. */
export function setSingleKeys(on: boolean): void {
  setSingleKeysSignal(on);
  keep(keyOff, on ? null : 'off');
}

/** Binds keys for as long as the component is there. Of two bindings with the same keys the later one wins. */
export function useKeys(mine: readonly Binding[]): void {
  setBindings((all) => [...all, ...mine]);
  onCleanup(() => setBindings((all) => all.filter((binding) => !mine.includes(binding))));
}

/** Whether the event goes to a field that takes text. */
function isTyping({ target }: Event): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !['checkbox', 'radio', 'button'].includes(target.type);
}

const inDialog = (): boolean => document.querySelector('dialog[open]') !== null;

function usable(event: KeyboardEvent): Binding[] {
  const all = bindings().filter(({ when }) => when?.() ?? true);
  if (isTyping(event) || inDialog()) return all.filter(({ always }) => always);
  return singleKeys() ? [...all] : all.filter(({ keys }) => keys.includes('mod+') || keys.startsWith('Escape'));
}

/** Listens for the page's keys; called once, by the shell. */
export function listenForKeys(): void {
  const matcher = new SequenceMatcher();
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing || ['Shift', 'Control', 'Meta', 'Alt'].includes(event.key)) return;
    const can = usable(event);
    const matched = matcher.press(
      chordOf(event),
      can.map(({ keys }) => keys),
      event.timeStamp,
    );
    if (matched === null) return;
    event.preventDefault();
    can.findLast(({ keys }) => keys === matched)?.run();
  };
  onMount(() => document.addEventListener('keydown', onKeyDown));
  onCleanup(() => document.removeEventListener('keydown', onKeyDown));
}
