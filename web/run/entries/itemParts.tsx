import { Match, Show, Switch, type JSX } from 'solid-js';
import { duration, stopwatch } from '../../format/duration.ts';
import { now } from '../../ui/now.ts';
import { useRun } from '../context.ts';
import type { ItemEntry as Item } from '../model/transcript.ts';
import { saveText } from '../saveText.ts';
import { Terminal } from './Terminal.tsx';

/** What an item is called in each of its states. */
export type Verbs = Record<Item['state'], string>;

/** How an item's line is toned. */
export const toneOf = (item: Item): 'live' | 'bad' | undefined =>
  item.state === 'RUNNING' ? 'live' : item.state === 'FAILED' || item.state === 'LOST' ? 'bad' : undefined;

/** How it ended and how long it took; while it runs, the clock. */
export function Outcome(props: { item: Item }): JSX.Element {
  return (
    <Switch>
      <Match when={props.item.state === 'RUNNING' && props.item.at}>
        {(at) => <span class="live-dot">{stopwatch(now() - Date.parse(at()))}</span>}
      </Match>
      <Match when={props.item.end}>
        {(end) => (
          <>
            <Show when={end().signal ?? end().exitCode !== null}>
              <span classList={{ minus: end().status === 'FAILED' }}>{end().signal ?? `exit ${end().exitCode}`}</span>
            </Show>
            <span class="wide-only">{duration(end().itemTookMs)}</span>
          </>
        )}
      </Match>
    </Switch>
  );
}

/** What an item printed, as it streams. */
export function ItemOutput(props: { item: Item }): JSX.Element {
  const { live } = useRun();
  const save = async (): Promise<void> => {
    const text = await live.wholeText(props.item.itemId);
    if (text !== null) saveText(text, 'output.txt');
  };
  return (
    <Terminal
      title={props.item.title ?? 'a command'}
      output={props.item.output}
      running={props.item.state === 'RUNNING'}
      omittedBytes={props.item.end?.omittedBytes ?? 0}
      begun={props.item.title !== null}
      onSave={() => void save()}
    />
  );
}
