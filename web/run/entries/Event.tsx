import { Show, type JSX } from 'solid-js';
import { number } from '../../format/amounts.ts';
import { copy } from '../../ui/copy.ts';
import { Icon } from '../../ui/Icon.tsx';
import { useRun } from '../context.ts';
import type { Entry } from '../model/transcript.ts';
import { redactableSeq } from './redactable.ts';

/** How an entry is marked on the map beside the transcript, and found by the keys that jump. */
export type Mark = 'person' | 'change' | 'bad' | 'wait' | 'plain';

export interface EventProps {
  readonly entry: Entry;
  readonly mark: Mark;
  readonly class?: string;
  readonly label?: string;
  readonly children: JSX.Element;
}

/** The address of an entry. */
export const linkTo = (seq: number): string => `${location.origin}${location.pathname}#e-${seq}`;

/** One entry on the thread: it can be linked to and reached by keys. What there is to do with it shows at hover, focus or tap. */
export function Event(props: EventProps): JSX.Element {
  const { run, openRedact } = useRun();
  const mayRedact = (): number | null => (run().viewerCan.redact.allowed ? redactableSeq(props.entry) : null);
  return (
    <article
      class={`event ${props.class ?? ''}`}
      classList={{ lost: props.entry.lost }}
      id={`e-${props.entry.seq}`}
      data-entry={props.entry.id}
      data-mark={props.mark}
      data-kind={props.entry.kind}
      tabIndex={-1}
      aria-label={props.label}
    >
      {props.children}
      <Show when={mayRedact()}>
        {(seq) => (
          <button
            type="button"
            class="permalink redact"
            aria-label={`Redact event ${number(seq())}…`}
            title="Redact…"
            onClick={() => openRedact(seq())}
          >
            <Icon name="redact" />
            <span class="permalink-words">Redact…</span>
          </button>
        )}
      </Show>
      <button
        type="button"
        class="permalink"
        aria-label={`Copy link to event ${number(props.entry.seq)}`}
        title={`Copy link to event ${number(props.entry.seq)}`}
        onClick={() => void copy(linkTo(props.entry.seq), 'the link')}
      >
        <Icon name="link" />
        <span class="permalink-words">Copy link</span>
      </button>
    </article>
  );
}
