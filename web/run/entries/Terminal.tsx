import { createEffect, createMemo, For, on, Show, type JSX } from 'solid-js';
import { bytes } from '../../format/amounts.ts';
import { leftOut, type Output } from '../model/output.ts';
import { styledLines, type Span } from './ansi.ts';
import './terminal.css';

const palette = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];
const colorName = (index: number): string => `var(--ansi-${index > 7 ? 'bright-' : ''}${palette[index % 8]})`;

function styleOf({ color, ground, bold, dim, italic, underline }: Span): JSX.CSSProperties | undefined {
  const style: JSX.CSSProperties = {
    // A coloured ground is a tint, and its letters ink: any pair of colours can then be read.
    ...(ground !== null
      ? { 'background-color': `color-mix(in srgb, ${colorName(ground)} 22%, transparent)`, color: 'var(--ink)' }
      : color !== null
        ? { color: colorName(color) }
        : dim
          ? { color: 'var(--ink-3)' }
          : {}),
    ...(bold ? { 'font-weight': '600' } : {}),
    ...(italic ? { 'font-style': 'italic' } : {}),
    ...(underline ? { 'text-decoration': 'underline' } : {}),
  };
  return Object.keys(style).length > 0 ? style : undefined;
}

function Lines(props: { text: string }): JSX.Element {
  // The text is often the same while what is around it changes; parsing it again would draw it again.
  const text = createMemo(() => props.text);
  const lines = createMemo(() => styledLines(text()));
  return (
    <For each={lines()}>
      {(line, index) => (
        <>
          <For each={line}>{(span) => <span style={styleOf(span)}>{span.text}</span>}</For>
          {index() < lines().length - 1 ? '\n' : ''}
        </>
      )}
    </For>
  );
}

export interface TerminalProps {
  /** What printed it. */
  readonly title: string;
  readonly output: Output;
  readonly running: boolean;
  /** Bytes that the worker left out, past its limit. */
  readonly omittedBytes: number;
  /** Whether its beginning is on a page that was not loaded. */
  readonly begun: boolean;
  readonly onSave: () => void;
}

/** Without the part of a line that a cut has left. */
const fromLine = (text: string): string => text.slice(text.indexOf('\n') + 1);

/** Output as a terminal shows it; of a large one the beginning and the end. It follows its end until it is scrolled. */
export function Terminal(props: TerminalProps): JSX.Element {
  let box!: HTMLDivElement;
  let follows = true;
  const missing = (): number => leftOut(props.output);
  createEffect(
    on(
      () => props.output,
      () => {
        if (follows) box.scrollTop = box.scrollHeight;
      },
    ),
  );
  return (
    <div class="block">
      <Show when={!props.begun}>
        <p class="terminal-note">Its beginning is further up and was not loaded.</p>
      </Show>
      <Show when={missing() > 0 || props.omittedBytes > 0}>
        <p class="terminal-note">
          <Show when={missing() > 0}>
            {bytes(props.output.length)} of output; the beginning and the end are shown.{' '}
            <button type="button" class="text-button" onClick={() => props.onSave()}>
              Save all of it
            </button>
          </Show>
          <Show when={props.omittedBytes > 0}> The worker left out {bytes(props.omittedBytes)}, past its limit.</Show>
        </p>
      </Show>
      <div
        ref={box}
        class="terminal"
        tabIndex={0}
        role="group"
        aria-label={`Output of ${props.title}`}
        onScroll={() => (follows = box.scrollHeight - box.scrollTop - box.clientHeight < 24)}
      >
        <Lines text={props.output.head} />
        <Show when={missing() > 0}>
          <div class="terminal-cut">{bytes(missing())} not shown</div>
        </Show>
        <Lines text={missing() > 0 ? fromLine(props.output.tail) : props.output.tail} />
        <Show when={props.running}>
          <span class="caret" aria-hidden="true" />
        </Show>
      </div>
    </div>
  );
}
