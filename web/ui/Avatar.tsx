import type { JSX } from 'solid-js';

/** The first letters of a name. */
export function initials(name: string): string {
  const words = name.split(/[\s._-]+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const letters =
    words.length > 1 ? [words[0], words.at(-1)].map((word) => [...(word ?? '')][0] ?? '') : [...(words[0] ?? '?')].slice(0, 2);
  return letters.join('').toUpperCase();
}

/** A person, in letters. The name beside it, or its title, speaks. */
export function Avatar(props: { name: string; class?: string; titled?: boolean }): JSX.Element {
  return (
    <span class={`avatar ${props.class ?? ''}`} aria-hidden="true" title={props.titled ? props.name : undefined}>
      {initials(props.name)}
    </span>
  );
}
