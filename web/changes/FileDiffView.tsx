import { createEffect, createMemo, createSignal, For, Index, Match, onCleanup, Show, Switch, type JSX } from 'solid-js';
import { count } from '../format/amounts.ts';
import type { FileChangePartsFragment } from '../generated/operations.ts';
import { Delta } from '../run/entries/FilesEntry.tsx';
import { Icon } from '../ui/Icon.tsx';
import { highlight, markRanges, type Token } from './highlight.ts';
import type { DiffLine, FileDiff, Hunk } from './patch.ts';
import { wordsOfLines } from './words.ts';

/** A diff of more lines than this is shown when it is asked for. */
const shownLines = 800;

const signs: Record<DiffLine['kind'], string> = { same: '', add: '+', del: '−' };

function Line(props: { line: DiffLine; tokens: readonly (Token & { marked: boolean })[] }): JSX.Element {
  return (
    <tr class={props.line.kind}>
      <td>{props.line.before}</td>
      <td>{props.line.after}</td>
      <td>{signs[props.line.kind]}</td>
      <td>
        <For each={props.tokens}>
          {({ text, kind, marked }) => (
            <Show when={marked} fallback={<span class={kind ? `syn-${kind}` : undefined}>{text}</span>}>
              <mark class={kind ? `syn-${kind}` : undefined}>{text}</mark>
            </Show>
          )}
        </For>
        <Show when={props.line.open}>
          <span class="dim"> no line break at the end</span>
        </Show>
      </td>
    </tr>
  );
}

/** Both sides of a hunk are highlighted as they are: a comment that began above its line is still one. */
async function tokensOf(path: string, lines: readonly DiffLine[]): Promise<(readonly Token[])[]> {
  const side = (kind: 'add' | 'del') =>
    lines.flatMap((line, index) => (line.kind === kind || line.kind === 'same' ? [index] : []));
  const tokens: (readonly Token[])[] = [];
  for (const indexes of [side('del'), side('add')]) {
    const found = await highlight(path, indexes.map((index) => lines[index]?.text ?? '').join('\n'));
    for (const [n, index] of indexes.entries()) tokens[index] = found[n] ?? [];
  }
  return tokens;
}

function HunkRows(props: { path: string; hunk: Hunk; first: boolean; note: string | null }): JSX.Element {
  const [tokens, setTokens] = createSignal<(readonly Token[])[] | null>(null);
  const words = createMemo(() => wordsOfLines(props.hunk.lines));
  createEffect(() => {
    let over = false;
    const { path, hunk } = props;
    // Without a highlighter it is a diff still.
    tokensOf(path, hunk.lines).then(
      (found) => over || setTokens(found),
      () => {},
    );
    onCleanup(() => (over = true));
  });
  const tokensAt = (index: number): readonly (Token & { marked: boolean })[] =>
    markRanges(tokens()?.[index] ?? [{ text: props.hunk.lines[index]?.text ?? '', kind: null }], words().get(index) ?? []);
  const head = (): string => [props.first ? props.note : null, props.hunk.place].filter(Boolean).join(', ');
  return (
    <>
      <Show when={!props.first || head()}>
        <tr class="hunk">
          <td />
          <td />
          <td />
          <td>{head() || '⋯'}</td>
        </tr>
      </Show>
      <Index each={props.hunk.lines}>{(line, index) => <Line line={line()} tokens={tokensAt(index)} />}</Index>
    </>
  );
}

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
          <Match when={props.diff}>
            {(diff) => (
              <div class="diff-scroll" tabIndex={0} role="region" aria-label={`Diff of ${props.path}`}>
                <table class="diff-table">
                  <caption class="visually-hidden">Changed lines of {props.path}</caption>
                  <tbody>
                    <For each={diff().hunks}>
                      {(hunk, index) => <HunkRows path={props.path} hunk={hunk} first={index() === 0} note={diff().note} />}
                    </For>
                  </tbody>
                </table>
              </div>
            )}
          </Match>
        </Switch>
      </Show>
    </section>
  );
}
