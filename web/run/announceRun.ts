import { createEffect, on } from 'solid-js';
import { announce } from '../shell/announce.ts';
import { runDisplay, shownSession as display } from '../state/display.ts';
import type { RunView } from './context.ts';

/** Says changes of state and prompts to screen readers; never what streams. */
export function announceRun({ run, live, sessions }: RunView): void {
  const loaded = (): boolean => live.state().kind === 'LIVE';
  const said = (): string => {
    const last = sessions().at(-1);
    const state = live.transcript().state ?? run().state;
    if (live.transcript().openPrompt !== null) return 'The agent asks something';
    return last && last.state !== 'ENDED'
      ? `Session ${last.ordinal}: ${display(last).label}`
      : `The run: ${runDisplay[state].label}`;
  };
  createEffect(on(said, (text, before) => before !== undefined && loaded() && announce(text)));
}
