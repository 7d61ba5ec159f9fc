import { createEffect, createSignal, Match, on, onCleanup, Switch, type JSX } from 'solid-js';
import { number } from '../format/amounts.ts';
import { useApp } from '../shell/app.ts';
import { Icon } from '../ui/Icon.tsx';
import { now } from '../ui/now.ts';
import { useRun } from './context.ts';

/** How long the page says that it has caught up, in milliseconds. */
const caughtUpMs = 2_000;

/** Says that the live stream was cut off, how far the page has come, and that it has caught up. */
export function Banner(): JSX.Element {
  const { connection, connectionState } = useApp();
  const { live } = useRun();
  const [caughtUp, setCaughtUp] = createSignal(false);
  const [lost, setLost] = createSignal(false);
  createEffect(
    on(
      () => [connectionState().kind, live.state().kind] as const,
      ([connected, follows]) => {
        if (connected === 'RECONNECTING') setLost(true);
        if (connected !== 'LIVE' || follows !== 'LIVE' || !lost()) return;
        setLost(false);
        setCaughtUp(true);
        const timer = setTimeout(() => setCaughtUp(false), caughtUpMs);
        onCleanup(() => clearTimeout(timer));
      },
    ),
  );
  const nextTry = (): string => {
    const state = connectionState();
    if (state.kind !== 'RECONNECTING' || state.nextTryAt === null) return 'trying now';
    const seconds = Math.max(0, Math.ceil((state.nextTryAt - now()) / 1_000));
    return seconds === 0 ? 'trying now' : `next try in ${seconds} s`;
  };
  return (
    <Switch>
      <Match when={connectionState().kind === 'RECONNECTING' || (lost() && live.state().kind === 'CATCHING_UP')}>
        <div class="banner">
          <Icon name="offline" />
          <span>
            <b>Reconnecting.</b> You have everything up to event {number(live.transcript().last)}; the page goes on from there.
          </span>
          <span class="end">
            <span class="dim">{nextTry()}</span>
            <button type="button" class="button" onClick={() => connection.tryNow()}>
              Try now
            </button>
          </span>
        </div>
      </Match>
      <Match when={caughtUp()}>
        <div class="banner good">
          <Icon name="check" />
          <span>
            <b>Caught up.</b> Nothing was missed.
          </span>
        </div>
      </Match>
    </Switch>
  );
}
