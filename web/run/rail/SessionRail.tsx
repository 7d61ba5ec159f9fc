import { For, Show, type JSX } from 'solid-js';
import { redactedTitle } from '../../../domain/redaction.ts';
import { titleOf } from '../../../domain/title.ts';
import { cost, tokens, usageWords } from '../../format/amounts.ts';
import { duration, roughDuration } from '../../format/duration.ts';
import { clock } from '../../format/time.ts';
import { shownSession as display } from '../../state/display.ts';
import { StateBadge } from '../../state/StateBadge.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { now } from '../../ui/now.ts';
import { useRun } from '../context.ts';
import type { TurnEntry } from '../model/transcript.ts';
import { Artifacts } from './Artifacts.tsx';
import { passingMs } from '../handoff/handoffSides.ts';
import type { ShownSession } from '../sessionFacts.ts';
import './rail.css';

/** What a person wrote, in a few words. */
const turnName = ({ text, redacted }: Pick<TurnEntry, 'text' | 'redacted'>): string => {
  if (redacted) return redactedTitle;
  return text === null ? 'sent before what was loaded' : titleOf(text);
};

export interface SessionRailProps {
  /** The session whose chapter is being read. */
  readonly here: number | null;
  /** Goes to a place in the transcript. */
  readonly onGo: (target: string) => void;
  readonly mayContinue: boolean;
}

function Span(props: { session: ShownSession }): JSX.Element {
  const start = (): string | null => props.session.startedAt ?? props.session.createdAt;
  const ms = (start: string): number => (props.session.endedAt ? Date.parse(props.session.endedAt) : now()) - Date.parse(start);
  return (
    <span class="rail-facts">
      <Show when={start()}>
        {(from) => (
          <>
            <span>
              {clock(from())} – {props.session.endedAt ? clock(props.session.endedAt) : 'now'}
            </span>
            <span>{roughDuration(ms(from()))}</span>
          </>
        )}
      </Show>
      <Show when={props.session.worker}>
        <span>{props.session.worker}</span>
      </Show>
    </span>
  );
}

function Passing(props: { before: ShownSession; after: ShownSession; onGo: (target: string) => void }): JSX.Element {
  const ms = (): number | null => passingMs(props.before, props.after, now());
  const notApplied = (): number => props.after.restoreReport?.notApplied ?? 0;
  return (
    <a
      class="passing"
      href={`#handoff-${props.after.ordinal}`}
      onClick={(event) => {
        event.preventDefault();
        props.onGo(`handoff-${props.after.ordinal}`);
      }}
    >
      <Icon name="baton" />
      <span class="visually-hidden">Handoff to session {props.after.ordinal}, </span>
      {ms() === null ? 'passed on' : roughDuration(ms() ?? 0)}
      <span class="visually-hidden"> without a machine</span>
      <Show when={notApplied() > 0 || props.after.notRestored}>
        <span class="passing-less">
          <Icon name="warning" />
          {notApplied() > 0 ? `${notApplied()} not applied` : 'no workspace'}
        </span>
      </Show>
    </a>
  );
}

function RailSession(props: { session: ShownSession; here: boolean; onGo: (target: string) => void }): JSX.Element {
  const { live } = useRun();
  const shown = () => display(props.session);
  const turns = (): TurnEntry[] =>
    live
      .transcript()
      .sections.find(({ session }) => session?.ordinal === props.session.ordinal)
      ?.entries.filter((entry) => entry.kind === 'TURN') ?? [];
  const go = (target: string) => (event: MouseEvent) => {
    event.preventDefault();
    props.onGo(target);
  };
  return (
    <div class="rail-session" classList={{ here: props.here }} {...shown().tone}>
      <a
        class="rail-link"
        href={`#session-${props.session.ordinal}`}
        aria-current={props.here ? 'true' : undefined}
        onClick={go(`session-${props.session.ordinal}`)}
      >
        <span class="rail-name">
          <b>Session {props.session.ordinal}</b>
          <StateBadge shown={shown()} />
        </span>
        <Span session={props.session} />
        <Show when={props.session.usage && usageWords(props.session.usage).length > 0}>
          <span class="rail-facts">
            <For each={props.session.usage ? usageWords(props.session.usage) : []}>{(word) => <span>{word}</span>}</For>
          </span>
        </Show>
      </a>
      <Show when={turns().length > 0}>
        <div class="rail-turns">
          <For each={turns()}>
            {(turn) => (
              <a
                href={`#e-${turn.seq}`}
                onClick={go(`e-${turn.seq}`)}
                aria-current={live.transcript().turn?.turn === turn.turn ? 'step' : undefined}
              >
                <span class="turn-n">{turn.turn}</span>
                <span class="cut">{turnName(turn)}</span>
              </a>
            )}
          </For>
        </div>
      </Show>
    </div>
  );
}

/** What the sessions consumed, and how long the run waited between them without a machine. */
function Sum(): JSX.Element {
  const { run, sessions } = useRun();
  const allTokens = (): number => run().usage.inputTokens + run().usage.outputTokens;
  const machineMs = (): number =>
    sessions().reduce(
      (sum, { startedAt, endedAt }) => sum + (startedAt ? (endedAt ? Date.parse(endedAt) : now()) - Date.parse(startedAt) : 0),
      0,
    );
  const waitedMs = (): number =>
    sessions().reduce((sum, session, index, all) => sum + (passingMs(all[index - 1] ?? null, session, now()) ?? 0), 0);
  return (
    <dl class="rail-sum">
      <Show when={allTokens() > 0}>
        <dt>Tokens</dt>
        <dd>{tokens(allTokens()).replace(/ tokens?$/, '')}</dd>
      </Show>
      <dt>Machine time</dt>
      <dd>{roughDuration(machineMs())}</dd>
      <Show when={waitedMs() > 0}>
        <dt>Waiting, no machine</dt>
        <dd>{roughDuration(waitedMs())}</dd>
      </Show>
      <Show when={run().usage.cpuMs > 0}>
        <dt>CPU time</dt>
        <dd>{duration(run().usage.cpuMs)}</dd>
      </Show>
      <Show when={run().usage.costMicros > 0}>
        <dt class="total">Cost so far</dt>
        <dd class="total">{cost(run().usage.costMicros)}</dd>
      </Show>
    </dl>
  );
}

/** The run's sessions, standing: each a leg, between two the baton in the gap. */
export function SessionRail(props: SessionRailProps): JSX.Element {
  const { sessions, openContinue } = useRun();
  const before = (session: ShownSession): ShownSession | null =>
    sessions().find(({ ordinal }) => ordinal === session.ordinal - 1) ?? null;
  const ordinals = () => sessions().map(({ ordinal }) => ordinal);
  const byOrdinal = (ordinal: number): ShownSession | undefined => sessions().find((session) => session.ordinal === ordinal);
  return (
    <>
      <h2>
        Sessions<span class="count">{sessions().length}</span>
        <Show when={props.mayContinue}>
          <button type="button" class="text-button end" onClick={() => openContinue()}>
            Continue from…
          </button>
        </Show>
      </h2>
      <nav aria-label="Sessions of this run" class="rail">
        <For each={ordinals()} fallback={<p class="rail-none">None yet</p>}>
          {(ordinal) => (
            <Show when={byOrdinal(ordinal)}>
              {(session) => (
                <>
                  <Show when={before(session())}>
                    {(earlier) => <Passing before={earlier()} after={session()} onGo={props.onGo} />}
                  </Show>
                  <RailSession session={session()} here={props.here === ordinal} onGo={props.onGo} />
                </>
              )}
            </Show>
          )}
        </For>
      </nav>
      <Show when={sessions().length > 0}>
        <Sum />
      </Show>
      <Artifacts />
    </>
  );
}
