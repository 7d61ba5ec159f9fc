import { For, type JSX } from 'solid-js';
import { Icon } from '../../ui/Icon.tsx';
import type { PlanEntry as Plan } from '../model/transcript.ts';
import { FoldingLine } from './Line.tsx';
import './plan.css';

type Status = Plan['steps'][number]['status'];

const said: Record<Status, string> = { PENDING: 'to do', IN_PROGRESS: 'in progress', COMPLETED: 'done' };

/** What the agent means to do, as a checklist. */
export function PlanEntry(props: { entry: Plan }): JSX.Element {
  const done = (): number => props.entry.steps.filter(({ status }) => status === 'COMPLETED').length;
  const current = (): string | null => props.entry.steps.find(({ status }) => status === 'IN_PROGRESS')?.content ?? null;
  return (
    <FoldingLine
      entry={props.entry}
      icon="runs"
      verb="Plan"
      target={current()}
      meta={`${done()} of ${props.entry.steps.length} done`}
      usuallyOpen
    >
      <ol class="plan">
        <For each={props.entry.steps}>
          {({ content, status }) => (
            <li data-status={status}>
              <span class="plan-mark">
                {status === 'COMPLETED' ? <Icon name="check" /> : null}
                <span class="visually-hidden">{said[status]}: </span>
              </span>
              {content}
            </li>
          )}
        </For>
      </ol>
    </FoldingLine>
  );
}
