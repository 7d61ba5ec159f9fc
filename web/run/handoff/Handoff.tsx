import { createMemo, createSignal, createEffect, on, Show, type JSX } from 'solid-js';
import { roughDuration } from '../../format/duration.ts';
import { now } from '../../ui/now.ts';
import { Icon } from '../../ui/Icon.tsx';
import { useRun } from '../context.ts';
import { Gaps } from '../entries/SnapshotEntry.tsx';
import type { EventOf } from '../model/transcript.ts';
import type { ShownSession } from '../sessionFacts.ts';
import { givenSide, passingMs, takenSide, type HandoffSide } from './handoffSides.ts';
import { RestoreReport } from './RestoreReport.tsx';
import './handoff.css';

function Side(props: { side: HandoffSide; ordinal: number | null; worker: string | null; class: string }): JSX.Element {
  return (
    <div class={props.class} classList={{ 'less-side': props.side.less }}>
      <div class="handoff-who">
        <Show when={props.ordinal !== null} fallback={<b>The run</b>}>
          <b>Session {props.ordinal}</b>
        </Show>
        <Show when={props.worker}>on {props.worker}</Show>
      </div>
      <b class="handoff-what">
        <Icon name={props.side.icon} />
        {props.side.title}
      </b>
      <p>{props.side.text}</p>
    </div>
  );
}

export interface HandoffProps {
  readonly before: ShownSession | null;
  readonly after: ShownSession;
}

/**
 * The zone where the baton passes from one session to the next: what was captured, how long nobody held a machine,
 * what was put back, and the report below.
 */
export function Handoff(props: HandoffProps): JSX.Element {
  const { live } = useRun();
  const snapshot = createMemo((): EventOf<'SnapshotCapturedEvent'> | null => {
    const wanted = props.after.restoreFrom;
    if (wanted === null) return null;
    for (const { entries } of live.transcript().sections.toReversed()) {
      for (const entry of entries) if (entry.kind === 'SNAPSHOT' && entry.event.snapshotId === wanted) return entry.event;
    }
    return null;
  });
  const given = () => givenSide(props.before, props.after, snapshot());
  const taken = () => takenSide(props.after);
  const passing = (): number | null => passingMs(props.before, props.after, now());
  // The baton crosses once, when the handoff happens while it is looked at.
  const [crosses, setCrosses] = createSignal(false);
  createEffect(
    on(
      () => props.after.restoreReport !== null,
      (is, was) => was === false && is && setCrosses(true),
    ),
  );
  const lost = (): boolean => props.after.cause === 'RECOVERY';

  return (
    <section
      class="handoff"
      id={`handoff-${props.after.ordinal}`}
      tabIndex={-1}
      aria-label={`Handoff from session ${props.after.ordinal - 1} to session ${props.after.ordinal}`}
    >
      <div class="zone">
        <Side side={given()} ordinal={props.before?.ordinal ?? null} worker={props.before?.worker ?? null} class="zone-given" />
        <div class="zone-between">
          <div class="lane" classList={{ crossing: crosses(), apart: props.after.startedAt === null }} aria-hidden="true">
            <i />
          </div>
          <Show when={passing() !== null} fallback={<b>Passed on</b>}>
            <b>{roughDuration(passing() ?? 0)}</b>
          </Show>
          <span>{lost() ? 'until the loss was certain' : 'no machine held'}</span>
        </div>
        <Side side={taken()} ordinal={props.after.ordinal} worker={props.after.worker} class="zone-taken" />
      </div>
      <Show
        when={props.after.restoreReport}
        fallback={
          <Show when={(snapshot()?.gapCount ?? 0) > 0 && snapshot()}>
            {(captured) => <Gaps gaps={captured().gaps} count={captured().gapCount} />}
          </Show>
        }
      >
        {(report) => (
          <RestoreReport
            id={`report-${props.after.ordinal}`}
            report={report()}
            gaps={snapshot()?.gaps ?? []}
            gapCount={snapshot()?.gapCount ?? 0}
          />
        )}
      </Show>
    </section>
  );
}
