import { createEffect, createMemo, createSignal, For, Index, onCleanup, Show, type JSX } from 'solid-js';
import { highlight, markRanges, type Token } from './highlight.ts';
import type { DiffLine, FileDiff, Hunk } from './patch.ts';
import { wordsOfLines } from './words.ts';

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

/** The changed lines of one file, highlighted. */
export function DiffTable(props: { path: string; diff: FileDiff }): JSX.Element {
  return (
    <div class="diff-scroll" tabIndex={0} role="region" aria-label={`Diff of ${props.path}`}>
      <table class="diff-table">
        <caption class="visually-hidden">Changed lines of {props.path}</caption>
        <tbody>
          <For each={props.diff.hunks}>
            {(hunk, index) => <HunkRows path={props.path} hunk={hunk} first={index() === 0} note={props.diff.note} />}
          </For>
        </tbody>
      </table>
    </div>
  );
}
