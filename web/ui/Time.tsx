import type { JSX } from 'solid-js';
import { ago, clock, clockSeconds, clockWithDay, exactTime } from '../format/time.ts';
import { now } from './now.ts';

/** A time in the form that fits its place, with the exact one when it is pointed at. */
export function Time(props: { at: string; as?: 'clock' | 'seconds' | 'ago' | 'day'; class?: string }): JSX.Element {
  const text = () => {
    switch (props.as) {
      case 'seconds':
        return clockSeconds(props.at);
      case 'ago':
        return ago(props.at, now());
      case 'day':
        return clockWithDay(props.at, now());
      default:
        return clock(props.at);
    }
  };
  return (
    <time class={props.class} datetime={props.at} title={exactTime(props.at)}>
      {text()}
    </time>
  );
}
