import { Show, type JSX } from 'solid-js';
import { Icon } from '../../ui/Icon.tsx';
import type { IconName } from '../../ui/icons.ts';
import { Time } from '../../ui/Time.tsx';
import { useRun } from '../context.ts';
import type { Entry } from '../model/transcript.ts';
import { Event, type Mark } from './Event.tsx';

export interface LineProps {
  readonly entry: Entry;
  readonly icon: IconName;
  readonly mark?: Mark;
  /** What was done, in a word or two. */
  readonly verb: string;
  /** To what; in the letters of code when `code` says so. */
  readonly target?: string | null;
  readonly code?: boolean;
  readonly tone?: 'live' | 'bad' | 'wait' | 'good';
  /** What came of it, at the right. */
  readonly meta?: JSX.Element;
}

function Words(props: LineProps): JSX.Element {
  return (
    <>
      <span class="node" data-tone={props.tone}>
        <Icon name={props.icon} />
      </span>
      <span class="verb">{props.verb}</span>
      <Show when={props.target}>
        <span
          class="cut"
          classList={{ 'target-code': props.code ?? false, 'target-text': !props.code }}
          title={props.target ?? undefined}
        >
          {props.target}
        </span>
      </Show>
    </>
  );
}

/** An entry that is one line. */
export function Line(props: LineProps): JSX.Element {
  return (
    <Event entry={props.entry} mark={props.mark ?? 'plain'}>
      <div class="line">
        <Words {...props} />
        <span class="meta">
          {props.meta}
          <Show when={props.entry.at}>{(at) => <Time at={at()} class="line-time" />}</Show>
        </span>
      </div>
    </Event>
  );
}

/** An entry that is one line and opens. */
export function FoldingLine(props: LineProps & { usuallyOpen: boolean; children: JSX.Element }): JSX.Element {
  const { folds } = useRun();
  const open = (): boolean => folds.isOpen(props.entry.id, props.usuallyOpen);
  return (
    <Event entry={props.entry} mark={props.mark ?? 'plain'}>
      <details
        open={open()}
        onToggle={(event) => event.currentTarget.open !== open() && folds.set(props.entry.id, event.currentTarget.open)}
      >
        <summary class="line">
          <Words {...props} />
          <span class="meta">
            {props.meta}
            <Icon name="right" class="fold" />
          </span>
        </summary>
        <Show when={open()}>{props.children}</Show>
      </details>
    </Event>
  );
}
