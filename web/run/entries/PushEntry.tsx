import type { JSX } from 'solid-js';
import { count } from '../../format/amounts.ts';
import { nameOfRemote } from '../../format/remote.ts';
import type { Entry } from '../model/transcript.ts';
import { Event } from './Event.tsx';
import { Line } from './Line.tsx';
import { Notice } from './Notice.tsx';

/** The run's branch is at the remote. */
export function Pushed(props: { entry: Extract<Entry, { kind: 'PUSHED' }> }): JSX.Element {
  const event = () => props.entry.event;
  return (
    <Line
      entry={props.entry}
      icon="branch"
      verb={`Pushed ${event().branch}`}
      target={`to ${nameOfRemote(event().url)}: ${count(event().commits, 'commit')}, ${event().commit.slice(0, 7)}`}
    />
  );
}

/** The run's branch was to be pushed and was not: why, in the words of who refused it. */
export function NotPushed(props: { entry: Extract<Entry, { kind: 'NOT_PUSHED' }> }): JSX.Element {
  const event = () => props.entry.event;
  return (
    <Event entry={props.entry} mark="wait">
      <Notice title={`${event().branch} was not pushed to ${nameOfRemote(event().url)}.`} code={event().pushProblem}>
        <span class="said">{event().detail}</span>
      </Notice>
    </Event>
  );
}
