import { createMemo, For, Show, type JSX } from 'solid-js';
import { roughDuration } from '../format/duration.ts';
import { clock } from '../format/time.ts';
import { usageWords } from '../format/amounts.ts';
import { shownSession as display } from '../state/display.ts';
import { StateBadge } from '../state/StateBadge.tsx';
import { now } from '../ui/now.ts';
import { harnessLabel } from './composer/composerMode.ts';
import { useRun } from './context.ts';
import { EntryView } from './entries/EntryView.tsx';
import { FailureCard } from './entries/FailureCard.tsx';
import { Handoff } from './handoff/Handoff.tsx';
import type { Entry, Section } from './model/transcript.ts';
import { Preparation } from './Preparation.tsx';
import { shownSession, type ShownSession } from './sessionFacts.ts';

/** When a session was, and for how long: "13:21 – 14:02, 41 min", "since 16:16, 6 min". */
export function spanWords(session: ShownSession, at: number): string {
  const start = session.startedAt ?? session.createdAt;
  if (!start) return '';
  const end = session.endedAt;
  const took = roughDuration((end ? Date.parse(end) : at) - Date.parse(start));
  return end ? `${clock(start)} – ${clock(end)}, ${took}` : `since ${clock(start)}, ${took}`;
}

const causes: Record<NonNullable<ShownSession['cause']>, string> = {
  START: 'the first',
  FOLLOW_UP: 'for a follow-up',
  ANSWER: 'for an answer',
  RECOVERY: 'after a loss',
};

function Head(props: { session: ShownSession }): JSX.Element {
  const shown = () => display(props.session);
  const usage = (): string => (props.session.usage ? usageWords(props.session.usage).join(', ') : '');
  return (
    <div class="chapter-head" {...shown().tone}>
      <span class="ordinal" aria-hidden="true">
        {props.session.ordinal}
      </span>
      <h2>Session {props.session.ordinal}</h2>
      <StateBadge shown={shown()} />
      <span class="end">
        <Show when={props.session.cause}>{(cause) => <span>{causes[cause()]}</span>}</Show>
        <span>{spanWords(props.session, now())}</span>
        <Show when={props.session.worker}>
          <span>{props.session.worker}</span>
        </Show>
        <Show when={props.session.harness}>{(kind) => <span>{harnessLabel(kind())}</span>}</Show>
        <Show when={usage()}>
          <span>{usage()}</span>
        </Show>
      </span>
    </div>
  );
}

/** Entries that are told elsewhere: the snapshot that a handoff shows, the notice that stands in it. */
function isTold(entry: Entry, section: Section, followed: boolean): boolean {
  if (entry.kind === 'SNAPSHOT') return followed && entry.event === section.session?.snapshot;
  return entry.kind === 'NOTICE' && entry.event === section.session?.notRestored && (section.session?.ordinal ?? 0) > 1;
}

/** Why a session did not end well, once, at its end. */
function Failed(props: { session: ShownSession }): JSX.Element {
  const { compose } = useRun();
  const over = (): boolean =>
    props.session.state === 'ENDED' && (props.session.outcome === 'FAILED' || props.session.outcome === 'LOST');
  return (
    <Show when={over() && props.session.failure}>
      {(failure) => (
        <div class="event failure" data-mark="bad" tabIndex={-1} data-entry={`failure-${props.session.ordinal}`}>
          <FailureCard
            title={
              props.session.outcome === 'LOST'
                ? `Session ${props.session.ordinal} was lost`
                : `Session ${props.session.ordinal} failed`
            }
            failure={failure()}
          >
            <button type="button" class="button" onClick={() => compose('')}>
              Continue
            </button>
          </FailureCard>
        </div>
      )}
    </Show>
  );
}

/** A part of the transcript: a session with its handoff above, or what came before the first one. */
export function Chapter(props: { section: Section; followed: boolean }): JSX.Element {
  const { run, sessions } = useRun();
  const byId = createMemo(() => new Map(props.section.entries.map((entry) => [entry.id, entry] as const)));
  const ids = createMemo(() =>
    props.section.entries.filter((entry) => !isTold(entry, props.section, props.followed)).map(({ id }) => id),
  );
  const session = createMemo((): ShownSession | null => {
    const facts = props.section.session;
    if (!facts) return null;
    return shownSession(facts.ordinal, facts, run().sessions.find(({ ordinal }) => ordinal === facts.ordinal) ?? null);
  });
  const before = (): ShownSession | null => sessions().find(({ ordinal }) => ordinal === (session()?.ordinal ?? 0) - 1) ?? null;
  const entries = (
    <For each={ids()}>
      {(id) => {
        const entry = createMemo<Entry | undefined>((known) => byId().get(id) ?? known);
        return <Show when={entry()}>{(found) => <EntryView entry={found()} />}</Show>;
      }}
    </For>
  );
  return (
    <Show when={session()} fallback={<div class="prologue">{entries}</div>}>
      {(found) => (
        <>
          <Show when={found().ordinal > 1}>
            <Handoff before={before()} after={found()} />
          </Show>
          <section
            class="chapter"
            id={`session-${found().ordinal}`}
            data-ordinal={found().ordinal}
            tabIndex={-1}
            aria-label={`Session ${found().ordinal}`}
            {...display(found()).tone}
          >
            <div class="thread" aria-hidden="true" />
            <Head session={found()} />
            <Preparation session={found()} />
            {entries}
            <Failed session={found()} />
          </section>
        </>
      )}
    </Show>
  );
}
