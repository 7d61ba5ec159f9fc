import { Match, Show, Switch, type JSX } from 'solid-js';
import type { ItemKind } from '../../generated/operations.ts';
import type { IconName } from '../../ui/icons.ts';
import type { ItemEntry as Item } from '../model/transcript.ts';
import { Event } from './Event.tsx';
import { ItemOutput, Outcome, toneOf, type Verbs } from './itemParts.tsx';
import { LazyProse } from './LazyProse.tsx';
import { FoldingLine } from './Line.tsx';
import { ToolEntry } from './ToolEntry.tsx';

const verbs: Record<ItemKind, Verbs> = {
  COMMAND: { RUNNING: 'Running', OK: 'Ran', FAILED: 'Failed', CANCELED: 'Stopped', LOST: 'Lost' },
  SETUP: { RUNNING: 'Setting up', OK: 'Set up', FAILED: 'Setup failed', CANCELED: 'Setup stopped', LOST: 'Setup lost' },
  THOUGHT: { RUNNING: 'Thinking', OK: 'Thought', FAILED: 'Thought', CANCELED: 'Thought', LOST: 'Thought' },
  TOOL: { RUNNING: 'Using', OK: 'Used', FAILED: 'Failed', CANCELED: 'Stopped', LOST: 'Lost' },
  TEXT: { RUNNING: 'Writing', OK: 'Said', FAILED: 'Said', CANCELED: 'Said', LOST: 'Said' },
};
const itemIcons: Record<ItemKind, IconName> = {
  COMMAND: 'terminal',
  SETUP: 'environment',
  THOUGHT: 'thought',
  TEXT: 'agent',
  TOOL: 'hook',
};

function Command(props: { item: Item; kind: ItemKind }): JSX.Element {
  const silent = (): boolean => props.item.state !== 'RUNNING' && props.item.output.length === 0;
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
        <ItemOutput item={props.item} />
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
      <Match when={kind() === 'TOOL'}>
        <ToolEntry item={props.entry} />
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
