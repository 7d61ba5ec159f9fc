import { createEffect, createMemo, createSignal, Match, on, Show, Switch, type JSX } from 'solid-js';
import { stopwatch } from '../../format/duration.ts';
import { openNewRun } from '../../shell/newRunDialog.ts';
import { useApp } from '../../shell/app.ts';
import { shownRun } from '../../state/display.ts';
import { StateGlyph } from '../../state/StateGlyph.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { Keys } from '../../ui/Keys.tsx';
import { now } from '../../ui/now.ts';
import { useRun } from '../context.ts';
import { isCode } from '../entries/MessageEntry.tsx';
import { goToEvent } from '../goTo.ts';
import { composerMode, type ComposerMode } from './composerMode.ts';
import type { ComposerDraft } from './draft.ts';
import './composer.css';

type Open = Extract<ComposerMode, { kind: 'OPEN' }>;

const most = 12;

function Refused(props: { reason: string }): JSX.Element {
  const { run } = useRun();
  const { viewer } = useApp();
  const mayStart = (): boolean =>
    viewer.memberships?.some(({ team, role }) => team.id === run().team.id && role !== 'VIEWER') ?? false;
  return (
    <div class="composer" role="group" aria-label="Follow-up, not possible">
      <div class="composer-stand">
        <Icon name="lock" />
        <p class="grow">
          <b>You cannot write to this run.</b> {props.reason}
        </p>
        <Show when={mayStart()}>
          <button type="button" class="button" onClick={() => openNewRun({ environmentId: run().environment.id })}>
            New run
          </button>
        </Show>
      </div>
    </div>
  );
}

function Blocked(props: { question: string; mayAnswer: boolean; reason: string | null }): JSX.Element {
  const { live } = useRun();
  return (
    <div class="composer" role="group" aria-label="Message, not possible now" {...shownRun('BLOCKED').tone}>
      <div class="composer-status tinted">
        <StateGlyph name="blocked" />
        <b>{props.mayAnswer ? 'Waiting on you' : 'Waiting on an answer'}</b>
        <span class="cut grow">{props.question}</span>
        <button type="button" class="button" onClick={() => void goToEvent('prompt', live)}>
          Go to the prompt <kbd class="wide-only">P</kbd>
        </button>
      </div>
      <div class="composer-stand">
        <p class="grow dim">
          {props.mayAnswer ? 'A blocked run takes an answer, not a message.' : (props.reason ?? 'Someone else has to answer.')}
        </p>
      </div>
    </div>
  );
}

/** The line over the field: what the run does, and what can be done about it. */
function Status(props: { mode: Open; returned: string | null }): JSX.Element {
  const { run, commands } = useRun();
  const [problem, setProblem] = createSignal<string | null>(null);
  createEffect(
    on(
      () => props.mode.status,
      () => setProblem(null),
      { defer: true },
    ),
  );
  const code = (): boolean => props.mode.mayInterrupt && props.mode.detail === run().activity;
  const first = () => run().queuedMessages[0];
  const mayTakeBack = (): boolean =>
    !props.mode.mayInterrupt && !props.mode.passes && first() !== undefined && run().sessions.length > 0;
  return (
    <Show
      when={props.returned === null}
      fallback={
        <div class="composer-status tinted" {...shownRun('FAILED').tone}>
          <StateGlyph name="failed" />
          <b>Your message came back</b>
          <span class="cut grow" title={props.returned ?? ''}>
            {props.returned}
          </span>
        </div>
      }
    >
      <div class="composer-status">
        <StateGlyph name={props.mode.shown.glyph} />
        <b>{props.mode.status}</b>
        <span class="cut grow" classList={{ mono: code(), dim: !code() }}>
          {problem() ?? props.mode.detail}
        </span>
        <Show when={props.mode.since && props.mode.mayInterrupt}>
          <span class="composer-clock">{stopwatch(now() - Date.parse(props.mode.since ?? ''))}</span>
        </Show>
        <Show when={props.mode.mayInterrupt}>
          <button type="button" class="button bare" onClick={() => void commands.interrupt().then(setProblem)}>
            <Icon name="stop" />
            Stop{' '}
            <span class="wide-only">
              <Keys of="Escape Escape" />
            </span>
          </button>
        </Show>
        <Show when={props.mode.mayEnd && !props.mode.mayInterrupt && !props.mode.passes}>
          <button type="button" class="button bare" onClick={() => void commands.endSession().then(setProblem)}>
            End session now
          </button>
        </Show>
        <Show when={mayTakeBack()}>
          <button
            type="button"
            class="button bare wide-only"
            onClick={() => void commands.withdraw(first()?.id ?? '').then(setProblem)}
          >
            Take back
          </button>
        </Show>
      </div>
    </Show>
  );
}

function Writing(props: { mode: Open; draft: ComposerDraft }): JSX.Element {
  const { run, outbox, openContinue } = useRun();
  const { connectionState } = useApp();
  let field!: HTMLTextAreaElement;
  const offline = (): boolean => connectionState().kind === 'RECONNECTING';
  const waiting = (): number => outbox.messages().filter(({ state }) => state === 'WAITING').length;
  const empty = (): boolean => props.draft.text().trim() === '';
  const grow = (): void => {
    field.style.height = 'auto';
    field.style.height = `${Math.min(field.scrollHeight, most * 24)}px`;
  };
  createEffect(on(props.draft.text, grow));

  const send = (): void => {
    if (empty()) return;
    outbox.send(props.draft.text());
    props.draft.setText('');
    props.draft.settleReturned();
    field.focus();
  };
  const note = (): string => {
    if (offline())
      return waiting() > 0 ? 'Goes out once, after those that wait here' : 'Kept here, and sent once when the connection is back';
    return props.mode.effect;
  };
  const action = (): string => (offline() ? 'Keep' : props.draft.returned() ? 'Try again' : 'Send');

  return (
    <form
      class="composer"
      aria-label={props.mode.passes ? 'Follow-up' : 'Message'}
      {...props.mode.shown.tone}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <Show when={offline()} fallback={<Status mode={props.mode} returned={props.draft.returned()?.returnedReason ?? null} />}>
        <div class="composer-status">
          <Icon name="offline" />
          <b class="plain">Not connected</b>
          <span class="cut grow dim">
            {waiting() > 0 ? `${waiting()} ${waiting() === 1 ? 'message waits' : 'messages wait'} here` : ''}
          </span>
        </div>
      </Show>
      <label>
        <span class="visually-hidden">{props.mode.passes ? 'Follow-up' : 'Message'}</span>
        <textarea
          ref={field}
          id="composer-field"
          rows={1}
          classList={{ mono: isCode[run().harness] }}
          spellcheck={!isCode[run().harness]}
          placeholder={props.mode.placeholder}
          value={props.draft.text()}
          onInput={(event) => props.draft.setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape') field.blur();
            if (event.key !== 'Enter' || !(event.metaKey || event.ctrlKey)) return;
            event.preventDefault();
            send();
          }}
        />
      </label>
      <div class="composer-send">
        <span class="composer-note">
          <Show when={props.mode.passes}>
            <Icon name="baton" />
          </Show>
          <span>{note()}</span>
        </span>
        <Show when={props.mode.mayContinue && props.mode.passes}>
          <button type="button" class="button bare" onClick={() => openContinue()}>
            Choose…
          </button>
        </Show>
        <button
          type="submit"
          class="button"
          classList={{ pass: props.mode.passes, primary: !props.mode.passes }}
          disabled={empty()}
        >
          <Show when={props.mode.passes}>
            <Icon name="baton" />
          </Show>
          <span class="composer-action">{action()}</span>
          <Show when={props.mode.passes}>
            <span class="visually-hidden">, continues in a new session</span>
          </Show>
          <span class="wide-only composer-keys">
            <Keys of="mod+Enter" />
          </span>
          <span class="phone-only">
            <Icon name="up" />
          </span>
        </button>
      </div>
    </form>
  );
}

/** The one place to say something to a run: it names what will happen, or why nothing can. */
export function Composer(props: { draft: ComposerDraft }): JSX.Element {
  const { run, live, sessions } = useRun();
  const mode = createMemo(() => composerMode(run(), live.transcript().state ?? run().state, sessions().at(-1) ?? null));
  const of = <K extends ComposerMode['kind']>(kind: K): Extract<ComposerMode, { kind: K }> | null =>
    mode().kind === kind ? (mode() as Extract<ComposerMode, { kind: K }>) : null;
  return (
    <Switch>
      <Match when={of('REFUSED')}>{(refused) => <Refused reason={refused().reason} />}</Match>
      <Match when={of('BLOCKED')}>{(blocked) => <Blocked {...blocked()} />}</Match>
      <Match when={of('OPEN')}>{(open) => <Writing mode={open()} draft={props.draft} />}</Match>
    </Switch>
  );
}
