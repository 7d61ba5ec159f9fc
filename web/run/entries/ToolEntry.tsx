import { createMemo, For, Show, type JSX } from 'solid-js';
import type { ToolKind } from '../../generated/operations.ts';
import type { IconName } from '../../ui/icons.ts';
import type { ItemEntry as Item } from '../model/transcript.ts';
import { ItemOutput, Outcome, toneOf, type Verbs } from './itemParts.tsx';
import { LazyToolDiff } from './LazyToolDiff.tsx';
import { FoldingLine } from './Line.tsx';
import './tool.css';

const verbs: Record<ToolKind, Verbs> = {
  READ: { RUNNING: 'Reading', OK: 'Read', FAILED: 'Could not read', CANCELED: 'Stopped reading', LOST: 'Lost' },
  EDIT: { RUNNING: 'Editing', OK: 'Edited', FAILED: 'Could not edit', CANCELED: 'Stopped editing', LOST: 'Lost' },
  DELETE: { RUNNING: 'Deleting', OK: 'Deleted', FAILED: 'Could not delete', CANCELED: 'Stopped deleting', LOST: 'Lost' },
  MOVE: { RUNNING: 'Moving', OK: 'Moved', FAILED: 'Could not move', CANCELED: 'Stopped moving', LOST: 'Lost' },
  SEARCH: { RUNNING: 'Searching', OK: 'Searched', FAILED: 'Could not search', CANCELED: 'Stopped searching', LOST: 'Lost' },
  EXECUTE: { RUNNING: 'Running', OK: 'Ran', FAILED: 'Failed', CANCELED: 'Did not run', LOST: 'Lost' },
  THINK: { RUNNING: 'Thinking', OK: 'Thought', FAILED: 'Thought', CANCELED: 'Thought', LOST: 'Thought' },
  FETCH: { RUNNING: 'Fetching', OK: 'Fetched', FAILED: 'Could not fetch', CANCELED: 'Stopped fetching', LOST: 'Lost' },
  OTHER: { RUNNING: 'Using', OK: 'Used', FAILED: 'Failed', CANCELED: 'Stopped', LOST: 'Lost' },
};

const icons: Record<ToolKind, IconName> = {
  READ: 'file',
  EDIT: 'pencil',
  DELETE: 'trash',
  MOVE: 'right',
  SEARCH: 'search',
  EXECUTE: 'terminal',
  THINK: 'thought',
  FETCH: 'link',
  OTHER: 'hook',
};

/** What a tool was called with: its fields, or the text where that is only the beginning of them. */
function fieldsOf(input: string): readonly (readonly [name: string, value: string])[] {
  try {
    const parsed: unknown = JSON.parse(input);
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return [['input', input]];
    return Object.entries(parsed).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value, null, 2),
    ]);
  } catch {
    return [['input, its beginning', input]];
  }
}

function Input(props: { text: string }): JSX.Element {
  const fields = createMemo(() => fieldsOf(props.text));
  return (
    <div class="block">
      <dl class="tool-input" tabIndex={0} role="group" aria-label="What the tool was called with">
        <For each={fields()}>
          {([name, value]) => (
            <div>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          )}
        </For>
      </dl>
    </div>
  );
}

/** A call of a tool: what it was called with, what it changed, what came of it. */
export function ToolEntry(props: { item: Item }): JSX.Element {
  const kind = (): ToolKind => props.item.tool?.kind ?? 'OTHER';
  const silent = (): boolean => props.item.output.length === 0;
  const tone = () => toneOf(props.item);
  return (
    <FoldingLine
      entry={props.item}
      icon={icons[kind()]}
      mark={tone() === 'bad' ? 'bad' : props.item.diffs.length > 0 ? 'change' : 'plain'}
      verb={verbs[kind()][props.item.state]}
      target={props.item.title ?? 'a tool'}
      code={props.item.title !== null}
      {...(tone() && { tone: tone() as 'live' | 'bad' })}
      meta={<Outcome item={props.item} />}
      usuallyOpen={props.item.diffs.length > 0}
    >
      <For each={props.item.diffs}>{(diff) => <LazyToolDiff diff={diff} />}</For>
      <Show when={props.item.diffs.length === 0 && props.item.input}>{(text) => <Input text={text()} />}</Show>
      <Show when={!silent()}>
        <ItemOutput item={props.item} />
      </Show>
    </FoldingLine>
  );
}
