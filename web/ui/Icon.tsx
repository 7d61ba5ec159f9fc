import type { JSX } from 'solid-js';
import { icons, type IconName } from './icons.ts';

/** A sign beside a word. It is hidden from screen readers: the word speaks. */
export function Icon(props: { name: IconName; class?: string }): JSX.Element {
  return (
    <svg class={`icon icon-${props.name} ${props.class ?? ''}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={icons[props.name]} />
    </svg>
  );
}
