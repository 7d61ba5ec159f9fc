import { createSignal, Match, Show, Switch, type JSX } from 'solid-js';
import { count } from '../format/amounts.ts';
import type { FileChangePartsFragment } from '../generated/operations.ts';
import { Delta } from '../run/entries/FilesEntry.tsx';
import { Icon } from '../ui/Icon.tsx';
import { DiffTable } from './DiffTable.tsx';
import type { FileDiff } from './patch.ts';

/** A diff of more lines than this is shown when it is asked for. */
const shownLines = 800;

export interface FileDiffViewProps {
  readonly change: FileChangePartsFragment;
  readonly path: string;
  /** Null when the patch does not have the file. */
  readonly diff: FileDiff | null;
  /** Why there are no lines, where the diff does not say it. */
  readonly note: string | null;
  /** Whether the patch was cut off, so that later files are missing. */
  readonly truncated: boolean;
  readonly viewed: boolean;
  readonly onViewed: (viewed: boolean) => void;
}

/** Why there are no lines to show, in words. */
function why({ diff, change, note, truncated }: FileDiffViewProps): string {
  if (note !== null) return note;
  if (diff?.kind === 'BINARY' || (!diff && change.additions === null)) return 'A binary file: there are no lines to compare.';
  if (diff?.kind === 'UNREADABLE') return 'This part of the patch could not be read.';
  if (!diff) return truncated ? 'Too large to show: the patch ends before this file.' : 'The patch does not have this file.';
  if (diff.hunks.length === 0)
    return diff.oldPath ? `Renamed from ${diff.oldPath}; its content is the same.` : (diff.note ?? 'Empty.');
  return '';
}

/** What was changed in one file. */
export function FileDiffView(props: FileDiffViewProps): JSX.Element {
  const [open, setOpen] = createSignal<boolean | null>(null);
  const [whole, setWhole] = createSignal(false);
  const isOpen = (): boolean => open() ?? !props.viewed;
  const slash = (): number => props.path.lastIndexOf('/') + 1;
  const large = (): boolean => (props.diff?.lineCount ?? 0) > shownLines && !whole();
  return (
    <section class="file-diff" id={`file-${props.path}`} aria-label={props.path}>
      <div class="file-head">
        <button
          type="button"
          class="button bare square small"
          aria-label={`Fold ${props.path}`}
          aria-expanded={isOpen()}
          onClick={() => setOpen(!isOpen())}
        >
          <Icon name={isOpen() ? 'down' : 'right'} />
        </button>
        <code title={props.path}>
          <span class="directory">{props.path.slice(0, slash())}</span>
          {props.path.slice(slash())}
        </code>
        <span class="end">
          <Delta additions={props.change.additions} deletions={props.change.deletions} />
          <label>
            <input
              type="checkbox"
              checked={props.viewed}
              onChange={(event) => {
                setOpen(null);
                props.onViewed(event.currentTarget.checked);
              }}
            />
            <span>Viewed</span>
          </label>
        </span>
      </div>
      <Show when={isOpen()}>
        <Switch>
          <Match when={why(props)}>{(words) => <p class="file-note">{words()}</p>}</Match>
          <Match when={large()}>
            <p class="file-note">
              {count(props.diff?.lineCount ?? 0, 'line')}.{' '}
              <button type="button" class="text-button" onClick={() => setWhole(true)}>
                Show them
              </button>
            </p>
          </Match>
          <Match when={props.diff}>{(diff) => <DiffTable path={props.path} diff={diff()} />}</Match>
        </Switch>
      </Show>
    </section>
  );
}
