import { Match, Show, Switch, type JSX } from 'solid-js';
import { duration, stopwatch } from '../../format/duration.ts';
import type { ItemKind } from '../../generated/operations.ts';
import { now } from '../../ui/now.ts';
import type { IconName } from '../../ui/icons.ts';
import { useRun } from '../context.ts';
import type { ItemEntry as Item } from '../model/transcript.ts';
import { Event } from './Event.tsx';
import { LazyProse } from './LazyProse.tsx';
import { FoldingLine } from './Line.tsx';
import { Terminal } from './Terminal.tsx';
import { saveText } from '../saveText.ts';

type Verbs = Record<Item['state'], string>;
const verbs: Record<ItemKind, Verbs> = {
  COMMAND: { RUNNING: 'Running', OK: 'Ran', FAILED: 'Failed', CANCELED: 'Stopped', LOST: 'Lost' },
  SETUP: { RUNNING: 'Setting up', OK: 'Set up', FAILED: 'Setup failed', CANCELED: 'Setup stopped', LOST: 'Setup lost' },
  THOUGHT: { RUNNING: 'Thinking', OK: 'Thought', FAILED: 'Thought', CANCELED: 'Thought', LOST: 'Thought' },
  TEXT: { RUNNING: 'Writing', OK: 'Said', FAILED: 'Said', CANCELED: 'Said', LOST: 'Said' },
};
const itemIcons: Record<ItemKind, IconName> = { COMMAND: 'terminal', SETUP: 'environment', THOUGHT: 'thought', TEXT: 'agent' };

const toneOf = (item: Item): 'live' | 'bad' | undefined =>
  item.state === 'RUNNING' ? 'live' : item.state === 'FAILED' || item.state === 'LOST' ? 'bad' : undefined;

/** How it ended and how long it took; while it runs, the clock. */
function Outcome(props: { item: Item }): JSX.Element {
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

function Command(props: { item: Item; kind: ItemKind }): JSX.Element {
  const { live } = useRun();
  const silent = (): boolean => props.item.state !== 'RUNNING' && props.item.output.length === 0;
  const save = async (): Promise<void> => {
    const text = await live.wholeText(props.item.itemId);
    if (text !== null) saveText(text, 'output.txt');
  };
  return (
    <FoldingLine
      entry={props.item}
      icon={itemIcons[props.kind]}
      mark={toneOf(props.item) === 'bad' ? 'bad' : 'plain'}
      verb={verbs[props.kind][props.item.state]}
      target={props.item.title ?? 'a command'}
      code={props.item.title !== null}
      {...(toneOf(props.item) && { tone: toneOf(props.item) as 'live' | 'bad' })}
      meta={<Outcome item={props.item} />}
      usuallyOpen={props.kind === 'COMMAND' || props.item.state !== 'OK'}
    >
      <Show when={!silent()} fallback={<p class="line-note">It printed nothing.</p>}>
        <Terminal
          title={props.item.title ?? 'a command'}
          output={props.item.output}
          running={props.item.state === 'RUNNING'}
          omittedBytes={props.item.end?.omittedBytes ?? 0}
          begun={props.item.title !== null}
          onSave={() => void save()}
        />
      </Show>
    </FoldingLine>
  );
}

const textOf = (item: Item): string => item.output.head + item.output.tail;

/** Something an agent does or says, as it streams. */
export function ItemEntry(props: { entry: Item }): JSX.Element {
  const kind = (): ItemKind => props.entry.itemKind ?? 'COMMAND';
  return (
    <Switch fallback={<Command item={props.entry} kind={kind()} />}>
      <Match when={kind() === 'TEXT'}>
        <Event entry={props.entry} mark="plain" class="said">
          <LazyProse text={textOf(props.entry)} />
        </Event>
      </Match>
      <Match when={kind() === 'THOUGHT'}>
        <FoldingLine
          entry={props.entry}
          icon="thought"
          verb={verbs.THOUGHT[props.entry.state]}
          target={textOf(props.entry).split('\n', 1)[0] ?? ''}
          meta={<Outcome item={props.entry} />}
          usuallyOpen={false}
        >
          <div class="line-inner">
            <LazyProse text={textOf(props.entry)} />
          </div>
        </FoldingLine>
      </Match>
    </Switch>
  );
}
