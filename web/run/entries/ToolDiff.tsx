import { createMemo, createSignal, Match, Switch, type JSX } from 'solid-js';
import { DiffTable } from '../../changes/DiffTable.tsx';
import { diffOfTexts } from '../../changes/patch.ts';
import { count } from '../../format/amounts.ts';
import type { EventOf } from '../model/transcript.ts';
import '../../changes/changes.css';

/** A diff of more lines than this is shown when it is asked for. */
const shownLines = 200;

/** What a tool changed in one file. */
export function ToolDiff(props: { diff: EventOf<'ItemDiffEvent'> }): JSX.Element {
  const [whole, setWhole] = createSignal(false);
  const diff = createMemo(() => diffOfTexts(props.diff.path, props.diff.oldText, props.diff.newText));
  return (
    <div class="block">
      <Switch fallback={<DiffTable path={props.diff.path} diff={diff()} />}>
        <Match when={!props.diff.complete}>
          <p class="file-note">{props.diff.path} is too large to show what was changed in it.</p>
        </Match>
        <Match when={diff().hunks.length === 0}>
          <p class="file-note">Nothing changed in {props.diff.path}.</p>
        </Match>
        <Match when={diff().lineCount > shownLines && !whole()}>
          <p class="file-note">
            {count(diff().lineCount, 'line')} of {props.diff.path}.{' '}
            <button type="button" class="text-button" onClick={() => setWhole(true)}>
              Show them
            </button>
          </p>
        </Match>
      </Switch>
    </div>
  );
}
