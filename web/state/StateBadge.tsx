import type { JSX } from 'solid-js';
import type { Shown } from './display.ts';
import { StateGlyph } from './StateGlyph.tsx';

/** A state in words, with its shape and tone. */
export function StateBadge(props: { shown: Shown; box?: boolean }): JSX.Element {
  return (
    <span class="badge" classList={{ box: props.box ?? false }} {...props.shown.tone}>
      <StateGlyph name={props.shown.glyph} />
      {props.shown.label}
    </span>
  );
}
