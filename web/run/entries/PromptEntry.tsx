import { createSignal, createUniqueId, For, Match, onMount, Show, Switch, type JSX } from 'solid-js';
import { StateGlyph } from '../../state/StateGlyph.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { Time } from '../../ui/Time.tsx';
import { useRun } from '../context.ts';
import type { PromptEntry as Prompt } from '../model/transcript.ts';
import { Event } from './Event.tsx';
import { actorName } from './MessageEntry.tsx';
import './prompt.css';

/** How a prompt came to rest, in words. */
function Rested(props: { prompt: Prompt }): JSX.Element {
  const answer = (): string => {
    const { answered, ask } = props.prompt;
    const option = ask?.options.find(({ id }) => id === answered?.answer.optionId);
    return option?.label ?? answered?.answer.text ?? answered?.answer.optionId ?? '';
  };
  return (
    <Event entry={props.prompt} mark="wait" label="A prompt that is settled">
      <div class="line">
        <span class="node" data-tone={props.prompt.answered ? 'good' : undefined}>
          <Icon name={props.prompt.answered ? 'check' : 'question'} />
        </span>
        <span class="verb cut">{props.prompt.ask?.question ?? 'A prompt from before'}</span>
        <Switch>
          <Match when={props.prompt.answered}>
            {(answered) => (
              <span class="meta">
                “{answer()}”, by {actorName(answered().actor)}
                <Show when={props.prompt.state === 'ANSWERED'}>, on its way to the agent</Show>
                <Time at={answered().at} class="line-time" />
              </span>
            )}
          </Match>
          <Match when={props.prompt.state === 'EXPIRED'}>
            <span class="meta">nobody answered in time</span>
          </Match>
          <Match when={props.prompt.state === 'WITHDRAWN'}>
            <span class="meta">no longer asked</span>
          </Match>
        </Switch>
      </div>
    </Event>
  );
}

function Open(props: { prompt: Prompt; ask: NonNullable<Prompt['ask']> }): JSX.Element {
  const { run, commands, sessions } = useRun();
  const id = createUniqueId();
  const [text, setText] = createSignal('');
  const [busy, setBusy] = createSignal(false);
  const [problem, setProblem] = createSignal<string | null>(null);
  let section!: HTMLElement;
  const parked = (): boolean => sessions().at(-1)?.outcome === 'PARKED';
  const may = (): boolean => run().viewerCan.answer.allowed;

  const answer = async (with_: { optionId: string } | { text: string }): Promise<void> => {
    if (busy()) return;
    setBusy(true);
    setProblem(await commands.answer(props.prompt.promptId, with_));
    setBusy(false);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.target instanceof HTMLInputElement || event.metaKey || event.ctrlKey || event.altKey || !may()) return;
    const option = props.ask.options[Number(event.key) - 1];
    if (!option || !/^[1-9]$/.test(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    void answer({ optionId: option.id });
  };
  // A reader at the live end who is not typing is handed the question; nobody else is moved.
  onMount(() => {
    const scroller = section.closest('.transcript');
    const atEnd = scroller ? scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 200 : false;
    if (may() && atEnd && document.activeElement === document.body) section.focus({ preventScroll: true });
  });

  return (
    <Event entry={props.prompt} mark="wait">
      <section
        ref={section}
        class="prompt"
        id="prompt"
        tabIndex={-1}
        aria-labelledby={`${id}-question`}
        onKeyDown={onKeyDown}
        {...(parked() ? { 'data-outcome': 'parked' } : { 'data-run': 'BLOCKED' })}
      >
        <div class="prompt-head">
          <StateGlyph name={parked() ? 'parked' : 'blocked'} />
          <b>{props.ask.promptKind === 'PERMISSION' ? 'May the agent do this?' : 'The agent asks'}</b>
          <span class="end">
            <Show when={parked()}>parked, no machine held, </Show>
            asked <Time at={props.ask.at} />, <Time at={props.ask.at} as="ago" />
          </span>
        </div>
        <Show
          when={props.ask.promptKind === 'PERMISSION'}
          fallback={
            <p class="prompt-question" id={`${id}-question`}>
              {props.ask.question}
            </p>
          }
        >
          <pre id={`${id}-question`} tabIndex={0}>
            {props.ask.question}
          </pre>
        </Show>
        <Show when={may()} fallback={<p class="prompt-later">{run().viewerCan.answer.reason ?? 'You may not answer this.'}</p>}>
          <div class="row">
            <For each={props.ask.options}>
              {(option, index) => (
                <button
                  type="button"
                  class="button"
                  classList={{ primary: index() === 0 }}
                  disabled={busy()}
                  onClick={() => void answer({ optionId: option.id })}
                >
                  {option.label} <Show when={index() < 9}>{<kbd class="wide-only">{index() + 1}</kbd>}</Show>
                </button>
              )}
            </For>
          </div>
          <Show when={props.ask.freeText}>
            <form
              class="prompt-text"
              onSubmit={(event) => {
                event.preventDefault();
                if (text().trim() !== '') void answer({ text: text() });
              }}
            >
              <input
                class="input"
                aria-label="An answer in your own words"
                placeholder="Or in your own words"
                value={text()}
                onInput={(event) => setText(event.currentTarget.value)}
              />
              <button type="submit" class="button" disabled={busy() || text().trim() === ''}>
                Answer
              </button>
            </form>
          </Show>
          <Show when={problem()}>
            <p class="problem" role="alert">
              {problem()}
            </p>
          </Show>
          <Show when={parked()}>
            <p class="prompt-later">
              Your answer opens session {(sessions().at(-1)?.ordinal ?? 0) + 1} where the last one stopped.
            </p>
          </Show>
        </Show>
      </section>
    </Event>
  );
}

/** A question to a person: with its answers while it is open, in one line when it is settled. */
export function PromptEntry(props: { entry: Prompt }): JSX.Element {
  const open = (): NonNullable<Prompt['ask']> | null =>
    props.entry.state === 'OPEN' && !props.entry.lost ? props.entry.ask : null;
  return (
    <Show when={open()} fallback={<Rested prompt={props.entry} />}>
      {(ask) => <Open prompt={props.entry} ask={ask()} />}
    </Show>
  );
}
