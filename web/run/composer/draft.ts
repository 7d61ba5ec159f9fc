import { createEffect, createSignal, type Accessor } from 'solid-js';
import type { RunPageFragment } from '../../generated/operations.ts';
import { keep, kept } from '../../ui/kept.ts';

export interface ComposerDraft {
  readonly text: Accessor<string>;
  readonly setText: (text: string) => void;
  /** The message that came back and whose text is offered; null once it was dealt with. */
  readonly returned: Accessor<RunPageFragment['returnedMessages'][number] | null>;
  /** It was sent again, or thrown away. */
  readonly settleReturned: () => void;
}

/**
 * What a person is writing to a run, kept over reloads. A message of theirs that came back is put into an empty
 * composer, once.
 */
export function createDraft(runId: string, viewerId: string, run: Accessor<RunPageFragment>): ComposerDraft {
  const textKey = `baton.draft.${runId}`;
  const settledKey = `baton.returned.${runId}`;
  const [text, setText] = createSignal(kept(textKey) ?? '');
  const [settled, setSettled] = createSignal(kept(settledKey));
  let offered: string | null = null;

  const returned = () => {
    const newest = run().returnedMessages[0];
    if (!newest || newest.id === settled() || newest.author.user?.id !== viewerId) return null;
    // Work that was done since has overtaken it.
    const last = run().sessions.at(-1);
    const overtaken = last?.startedAt && newest.createdAt < last.startedAt && last.usage.wallMs > 0;
    return overtaken ? null : newest;
  };
  createEffect(() => {
    const message = returned();
    if (!message || offered === message.id) return;
    offered = message.id;
    if (text().trim() === '') setText(message.text);
  });
  createEffect(() => keep(textKey, text() || null));

  return {
    text,
    setText,
    returned,
    settleReturned: () => {
      const id = returned()?.id;
      if (!id) return;
      setSettled(id);
      keep(settledKey, id);
    },
  };
}
