import { createEffect, createSignal, on, onCleanup, type JSX } from 'solid-js';
import { announce } from './announce.ts';
import { useApp } from './app.ts';

/** How long the page says that it has caught up, in milliseconds. */
const caughtUpMs = 2_000;

type Link = 'live' | 'connecting' | 'lost' | 'caught-up' | 'stopped';

const words: Record<Link, string> = {
  live: 'Live',
  connecting: 'Connecting',
  lost: 'Reconnecting',
  'caught-up': 'Caught up',
  stopped: 'Not live',
};

/** Whether what the page shows is what there is now. */
export function LinkState(): JSX.Element {
  const { connectionState } = useApp();
  const [caughtUp, setCaughtUp] = createSignal(false);
  createEffect(
    on(
      () => connectionState().kind,
      (kind, before) => {
        if (kind === 'RECONNECTING' && before === 'LIVE') announce('Reconnecting');
        if (kind !== 'LIVE' || before !== 'RECONNECTING') return;
        announce('Caught up');
        setCaughtUp(true);
        const timer = setTimeout(() => setCaughtUp(false), caughtUpMs);
        onCleanup(() => clearTimeout(timer));
      },
    ),
  );
  const link = (): Link => {
    switch (connectionState().kind) {
      case 'LIVE':
        return caughtUp() ? 'caught-up' : 'live';
      case 'CONNECTING':
        return 'connecting';
      case 'RECONNECTING':
        return 'lost';
      default:
        return 'stopped';
    }
  };
  return (
    <span class="link-state" data-link={link()}>
      <span>{words[link()]}</span>
    </span>
  );
}
