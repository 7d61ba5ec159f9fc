import { createUniqueId, type JSX } from 'solid-js';

export interface HintedFieldProps {
  readonly label: string;
  /** More about it, read out after its name. */
  readonly hint: string;
  readonly class?: string;
  /** Shows the label to screen readers only. */
  readonly quiet?: boolean;
  /** Gets the attributes that tie it to its label and hint. */
  readonly children: (ties: { readonly id: string; readonly 'aria-describedby': string }) => JSX.Element;
}

/** A field with a name and a hint, which are not the same: the hint is not part of the name. */
export function HintedField(props: HintedFieldProps): JSX.Element {
  const id = createUniqueId();
  return (
    <div class={props.class}>
      <label for={id} classList={{ 'visually-hidden': props.quiet ?? false }}>
        {props.label}
      </label>
      {props.children({ id, 'aria-describedby': `${id}-hint` })}
      <span class="hint" id={`${id}-hint`}>
        {props.hint}
      </span>
    </div>
  );
}
