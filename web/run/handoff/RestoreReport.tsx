import { createMemo, For, Show, type JSX } from 'solid-js';
import { count } from '../../format/amounts.ts';
import { Icon } from '../../ui/Icon.tsx';
import type { IconName } from '../../ui/icons.ts';
import { useRun } from '../context.ts';
import type { EventOf, RestoreReport as Report } from '../model/transcript.ts';

type RestoreEntry = Report['entries'][number];
type Gap = EventOf<'SnapshotCapturedEvent'>['gaps'][number];

const signs: Record<RestoreEntry['status'], { readonly icon: IconName; readonly is: 'ok' | 'no' | 'skip' }> = {
  APPLIED: { icon: 'check', is: 'ok' },
  CONFLICT: { icon: 'warning', is: 'no' },
  FAILED: { icon: 'warning', is: 'no' },
  SKIPPED: { icon: 'minus', is: 'skip' },
};

const subjects: Record<RestoreEntry['subject'], string> = {
  COMMITS: 'Commits',
  BRANCH: 'Branch',
  INDEX: 'Index',
  WORKTREE: 'Worktree',
  FILE: 'File',
  REPOSITORY: 'Repository',
};

function Row(props: {
  icon: IconName;
  is: 'ok' | 'no' | 'skip';
  path: string | null;
  subject: string;
  why: string;
  code: string | null;
}): JSX.Element {
  return (
    <li data-is={props.is}>
      <Icon name={props.icon} />
      <Show when={props.path} fallback={<span>{props.subject}</span>}>
        <code>{props.path}</code>
      </Show>
      <span class="why">
        {props.why}
        <Show when={props.code}>
          {' '}
          <span class="dim">{props.code}</span>
        </Show>
      </span>
    </li>
  );
}

export interface RestoreReportProps {
  readonly id: string;
  readonly report: Report;
  /** What the snapshot itself did not hold. */
  readonly gaps: readonly Gap[];
  readonly gapCount: number;
}

/** What of a snapshot was put back, and first of all what was not and why. Open when anything was not. */
export function RestoreReport(props: RestoreReportProps): JSX.Element {
  const { folds } = useRun();
  const conflicts = createMemo(() => props.report.entries.filter(({ status }) => status === 'CONFLICT').length);
  const failed = createMemo(() => props.report.entries.filter(({ status }) => status === 'FAILED').length);
  const skipped = createMemo(() => props.report.entries.filter(({ status }) => status === 'SKIPPED').length + props.gapCount);
  const less = (): boolean => props.report.notApplied > 0 || props.gapCount > 0;
  const open = (): boolean => folds.isOpen(props.id, less());
  const applied = (entry: RestoreEntry): boolean => entry.status === 'APPLIED';
  const inOrder = createMemo(() => [...props.report.entries].sort((a, b) => Number(applied(a)) - Number(applied(b))));
  return (
    <details class="report" open={open()} onToggle={(event) => folds.set(props.id, event.currentTarget.open)}>
      <summary>
        <Icon name="right" class="fold" />
        <b>Restore report</b>
        <span class="tally">
          <span>
            <Icon name="check" />
            {props.report.applied} <span class="wide-only">applied</span>
          </span>
          <Show when={conflicts() > 0}>
            <span class="less">
              <Icon name="warning" />
              {count(conflicts(), 'conflict')}
            </span>
          </Show>
          <Show when={failed() > 0}>
            <span class="less">
              <Icon name="warning" />
              {failed()} not applied
            </span>
          </Show>
          <Show when={skipped() > 0}>
            <span>
              <Icon name="minus" />
              {skipped()} <span class="wide-only">left out</span>
            </span>
          </Show>
          <Show when={!less()}>
            <span class="wide-only">nothing left out</span>
          </Show>
        </span>
      </summary>
      <ul>
        <For each={inOrder()}>
          {(entry) => (
            <Row
              icon={signs[entry.status].icon}
              is={signs[entry.status].is}
              path={entry.path}
              subject={entry.repository === '.' ? subjects[entry.subject] : `${subjects[entry.subject]} of ${entry.repository}`}
              why={entry.detail}
              code={entry.reason}
            />
          )}
        </For>
        <For each={props.gaps}>
          {(gap) => <Row icon="minus" is="skip" path={gap.path} subject="" why={gap.detail} code={gap.reason} />}
        </For>
        <Show when={props.report.applied + props.report.notApplied > props.report.entries.length}>
          <li class="dim">
            <span />
            <span>and {count(props.report.applied + props.report.notApplied - props.report.entries.length, 'more line')}</span>
          </li>
        </Show>
      </ul>
    </details>
  );
}
