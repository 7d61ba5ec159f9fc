import { A } from '@solidjs/router';
import { Show, type JSX } from 'solid-js';
import { isEnded } from '../../domain/states.ts';
import { usageWords } from '../format/amounts.ts';
import type { RunRowFragment } from '../generated/operations.ts';
import { shownProgress } from '../state/display.ts';
import { Legs } from '../state/Legs.tsx';
import { StateGlyph } from '../state/StateGlyph.tsx';
import { Avatar } from '../ui/Avatar.tsx';
import { Icon } from '../ui/Icon.tsx';
import { Time } from '../ui/Time.tsx';
import { originDisplay } from './originDisplay.ts';
import { waitingWords } from './waitWords.ts';

/** What a run does now, waits for, or failed with, in one line. */
function Now(props: { run: RunRowFragment }): JSX.Element {
  const working = (): boolean => props.run.state === 'IN_PROGRESS' && props.run.sessions.at(-1)?.state === 'RUNNING';
  const words = (): string => {
    const { state, activity, waitingFor, cancelRequestedAt } = props.run;
    if (cancelRequestedAt && !isEnded(state)) return 'is being canceled';
    if (state === 'BLOCKED') return activity ?? 'waits for an answer';
    if (isEnded(state)) return '';
    return activity ?? (waitingFor ? waitingWords(waitingFor) : '');
  };
  return (
    <Show
      when={props.run.state === 'FAILED' && props.run.failure}
      fallback={
        <span
          class="run-now cut"
          classList={{ toned: props.run.state === 'BLOCKED', mono: working() && props.run.activity !== null }}
        >
          {words()}
        </span>
      }
    >
      {(failure) => (
        <span class="run-now cut toned">
          {failure().code}: {failure().message}
        </span>
      )}
    </Show>
  );
}

export interface RunRowProps {
  readonly run: RunRowFragment;
  readonly cursor: boolean;
}

/** One run, one line. */
export function RunRow(props: RunRowProps): JSX.Element {
  const shown = () => shownProgress(props.run.state, props.run.sessions);
  const at = (): string =>
    isEnded(props.run.state) ? (props.run.endedAt ?? props.run.lastActivityAt) : props.run.lastActivityAt;
  const today = (): boolean => new Date(at()).toDateString() === new Date().toDateString();
  return (
    <A
      class="run-row"
      classList={{ cursor: props.cursor }}
      id={`row-${props.run.id}`}
      href={`/runs/${props.run.id}`}
      aria-current={props.cursor ? 'true' : undefined}
      {...shown().tone}
    >
      <StateGlyph name={shown().glyph} />
      <span class="visually-hidden">{shown().label}:</span>
      <span class="run-title">
        <b class="cut">{props.run.title}</b>
        <Now run={props.run} />
      </span>
      <span class="run-legs">
        <Legs sessions={props.run.sessions} />
      </span>
      <span class="run-environment cut">{props.run.environment.name}</span>
      <span class="run-origin">
        <Icon name={originDisplay[props.run.origin].icon} />
        <span class="cut">{originDisplay[props.run.origin].label}</span>
      </span>
      <span class="run-creator">
        <Avatar name={props.run.creator.name} titled />
        <span class="visually-hidden">by {props.run.creator.name}</span>
      </span>
      <span class="run-usage">{usageWords(props.run.usage).at(-1)?.replace(' of work', '') ?? '–'}</span>
      <Show when={isEnded(props.run.state) && today()} fallback={<Time at={at()} as="ago" />}>
        <Time at={at()} as="clock" />
      </Show>
    </A>
  );
}
