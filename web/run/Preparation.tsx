import { createMemo, For, Show, type JSX } from 'solid-js';
import type { SessionState } from '../../domain/states.ts';
import { duration, stopwatch } from '../format/duration.ts';
import { waitingWords } from '../runs/waitWords.ts';
import { sessionDisplay } from '../state/display.ts';
import { StateGlyph } from '../state/StateGlyph.tsx';
import { Icon } from '../ui/Icon.tsx';
import { now } from '../ui/now.ts';
import { Time } from '../ui/Time.tsx';
import { useRun } from './context.ts';
import type { ShownSession } from './sessionFacts.ts';

const preparing: ReadonlySet<SessionState> = new Set(['QUEUED', 'PROVISIONING', 'RESTORING']);

const stepWords: Partial<Record<SessionState, string>> = {
  QUEUED: 'Waited for a worker',
  PROVISIONING: 'Opened the workspace',
  RESTORING: 'Restored the workspace',
};

/** How a session came to be ready: what it waits for while it prepares, one line with its steps afterwards. */
export function Preparation(props: { session: ShownSession }): JSX.Element {
  const { folds } = useRun();
  const states = () => props.session.facts?.states ?? [];
  const steps = createMemo(() =>
    states().flatMap(({ state, at }, index) => {
      const next = states()[index + 1];
      return next && stepWords[state] ? [{ state, at, ms: Date.parse(next.at) - Date.parse(at) }] : [];
    }),
  );
  const waits = (): boolean => preparing.has(props.session.state);
  const all = (): number => steps().reduce((sum, { ms }) => sum + ms, 0);
  const id = (): string => `preparation-${props.session.ordinal}`;
  return (
    <Show when={states().length > 0}>
      <div class="event preparation">
        <Show
          when={waits()}
          fallback={
            <Show when={steps().length > 0}>
              <details open={folds.isOpen(id(), false)} onToggle={(event) => folds.set(id(), event.currentTarget.open)}>
                <summary class="line">
                  <span class="node">
                    <Icon name="clock" />
                  </span>
                  <span class="verb">{props.session.worker ? `Started on ${props.session.worker}` : 'Did not start'}</span>
                  <span class="target-text">after {duration(all())}</span>
                  <span class="meta">
                    <Icon name="right" class="fold" />
                  </span>
                </summary>
                <ul class="steps">
                  <For each={steps()}>
                    {({ state, at, ms }) => (
                      <li>
                        <span>{stepWords[state]}</span>
                        <span class="dim">{duration(ms)}</span>
                        <Time at={at} as="seconds" />
                      </li>
                    )}
                  </For>
                </ul>
              </details>
            </Show>
          }
        >
          <div class="line waiting" data-session={props.session.state}>
            <span class="node">
              <StateGlyph name={sessionDisplay[props.session.state].glyph} />
            </span>
            <span class="verb">{sessionDisplay[props.session.state].label}</span>
            <span class="target-text cut">{props.session.waiting ? waitingWords(props.session.waiting) : ''}</span>
            <span class="meta">
              <Show when={states().at(-1)}>
                {(last) => <span class="live-dot">{stopwatch(now() - Date.parse(last().at))}</span>}
              </Show>
            </span>
          </div>
        </Show>
      </div>
    </Show>
  );
}
