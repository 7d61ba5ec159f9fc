import { A } from '@solidjs/router';
import { For, Show, type JSX } from 'solid-js';
import { bytes, count } from '../../format/amounts.ts';
import { duration } from '../../format/duration.ts';
import { useRun } from '../context.ts';
import type { Entry, EventOf } from '../model/transcript.ts';
import { FoldingLine, Line } from './Line.tsx';

type Gap = Pick<EventOf<'SnapshotCapturedEvent'>['gaps'][number], 'path' | 'reason' | 'detail'>;

/** Entries of a snapshot and what is to be said of them: that it does not hold them, and why, or what to know of them. */
export function Gaps(props: { gaps: readonly Gap[]; count: number }): JSX.Element {
  return (
    <ul class="gaps">
      <For each={props.gaps}>
        {(gap) => (
          <li>
            <code>{gap.path}</code>
            <span>
              {gap.detail} <span class="dim">{gap.reason}</span>
            </span>
          </li>
        )}
      </For>
      <Show when={props.count > props.gaps.length}>
        <li class="dim">and {count(props.count - props.gaps.length, 'more entry', 'more entries')}</li>
      </Show>
    </ul>
  );
}

/** A snapshot of the workspace: what it holds, and first of all what it does not. */
export function SnapshotEntry(props: { entry: Extract<Entry, { kind: 'SNAPSHOT' }> }): JSX.Element {
  const { id } = useRun();
  const event = () => props.entry.event;
  const verb = (): string => (event().snapshotKind === 'FINAL' ? 'Snapshot captured' : 'Checkpoint');
  const target = (): string => {
    const what =
      event().changedFiles === 0
        ? 'nothing changed'
        : `${count(event().changedFiles, 'file')} changed, ${bytes(event().snapshotBytes)}`;
    return event().quiesced ? what : `${what}, while processes could still write`;
  };
  const meta = (): JSX.Element => (
    <>
      <Show when={event().gapCount > 0}>
        <span class="less">{count(event().gapCount, 'entry', 'entries')} left out</span>
      </Show>
      <Show when={event().warningCount > 0}>
        <span class="less">{count(event().warningCount, 'file')} like secrets</span>
      </Show>
      <A class="text-button" href={`/runs/${id}/changes?snapshot=${event().snapshotId}`}>
        Changes
      </A>
      <span class="wide-only">{duration(event().tookMs)}</span>
    </>
  );
  return (
    <Show
      when={event().gapCount + event().warningCount > 0}
      fallback={<Line entry={props.entry} icon="snapshot" verb={verb()} target={target()} meta={meta()} />}
    >
      <FoldingLine
        entry={props.entry}
        icon="snapshot"
        mark="wait"
        tone="wait"
        verb={verb()}
        target={target()}
        meta={meta()}
        usuallyOpen
      >
        <Show when={event().gapCount > 0}>
          <Gaps gaps={event().gaps} count={event().gapCount} />
        </Show>
        <Show when={event().warningCount > 0}>
          <Gaps gaps={event().warnings} count={event().warningCount} />
        </Show>
      </FoldingLine>
    </Show>
  );
}
