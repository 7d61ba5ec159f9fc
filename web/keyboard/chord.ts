/** A key as bindings name it: `g`, `shift+o`, `mod+k`, `Escape`, `?`. `mod` is ⌘ on a Mac and Ctrl elsewhere. */
export function chordOf(event: Pick<KeyboardEvent, 'key' | 'shiftKey' | 'metaKey' | 'ctrlKey' | 'altKey'>): string {
  const letter = /^[a-z]$/i.test(event.key);
  const key = letter ? event.key.toLowerCase() : event.key;
  // Shift is part of a sign like `?`, not a key of its own.
  const shift = event.shiftKey && (letter || event.key.length > 1);
  const mod = event.metaKey || event.ctrlKey;
  return `${mod ? 'mod+' : ''}${event.altKey ? 'alt+' : ''}${shift ? 'shift+' : ''}${key}`;
}

/** The longest wait between two keys of a sequence, in milliseconds. */
export const sequenceMs = 1_000;

/** Matches keys that follow each other against bindings such as `g r` or `Escape Escape`. */
export class SequenceMatcher {
  #typed: string[] = [];
  #last = 0;

  /** The binding that the key completes, or null. The longest sequence wins. */
  press(chord: string, bindings: readonly string[], time: number): string | null {
    if (time - this.#last > sequenceMs) this.#typed = [];
    this.#last = time;
    this.#typed.push(chord);
    for (let from = 0; from < this.#typed.length; from += 1) {
      const typed = this.#typed.slice(from).join(' ');
      if (bindings.includes(typed)) {
        this.#typed = [];
        return typed;
      }
    }
    const begins = (typed: readonly string[]): boolean => bindings.some((binding) => binding.startsWith(`${typed.join(' ')} `));
    while (this.#typed.length > 0 && !begins(this.#typed)) this.#typed.shift();
    return null;
  }
}

const names: Readonly<Record<string, string>> = {
  mod: /Mac|iPhone|iPad/.test(globalThis.navigator?.userAgent ?? '') ? '⌘' : 'Ctrl',
  shift: '⇧',
  alt: 'Alt',
  Enter: '↵',
  Escape: 'Esc',
  ArrowUp: '↑',
  ArrowDown: '↓',
};

/** The keys of a binding as they are drawn: `mod+k` is ⌘ K, `g r` is G R. */
export const keyCaps = (binding: string): string[] =>
  binding
    .split(' ')
    .flatMap((chord) => chord.split('+').map((key) => names[key] ?? (key.length === 1 ? key.toUpperCase() : key)));
