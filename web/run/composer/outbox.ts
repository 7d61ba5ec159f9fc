import { createEffect, createSignal, onCleanup, type Accessor } from 'solid-js';
import { ApiFailure, send } from '../../api/client.ts';
import { SendFollowUpDocument, type RunPageFragment } from '../../generated/operations.ts';
import { keep, kept } from '../../ui/kept.ts';

/** A message on its way from this browser. */
export interface OutgoingMessage {
  /** Its client key: however often it is sent, it arrives once. */
  readonly key: string;
  readonly text: string;
  readonly at: string;
  readonly state: 'SENDING' | 'WAITING' | 'SENT' | 'REFUSED';
  /** Why it was refused. */
  readonly reason: string | null;
  /** The message it has become. */
  readonly messageId: string | null;
}

export interface Outbox {
  readonly messages: Accessor<readonly OutgoingMessage[]>;
  readonly send: (text: string) => void;
  /** Takes a message that has not arrived out, and gives its text. */
  readonly take: (key: string) => string;
  /** Messages with these keys, or these ids, are in the transcript now, be they acknowledged or not. */
  readonly arrived: (shown: ReadonlySet<string | null>) => void;
}

const keyOf = (runId: string): string => `baton.outbox.${runId}`;
/** A message that the gateway did not answer is sent again after this long, in milliseconds. */
const againMs = 3_000;

function stored(runId: string): OutgoingMessage[] {
  try {
    const messages = JSON.parse(kept(keyOf(runId)) ?? '[]') as OutgoingMessage[];
    return messages.map((message) => ({ ...message, state: message.state === 'REFUSED' ? 'REFUSED' : 'WAITING' }));
  } catch {
    return [];
  }
}

/** Messages to a run that were not acknowledged yet: kept in this browser, sent in order, each until it is answered. */
export function createOutbox(runId: string, online: Accessor<boolean>, apply: (run: RunPageFragment) => void): Outbox {
  const [messages, setMessages] = createSignal<readonly OutgoingMessage[]>(stored(runId));
  const [again, setAgain] = createSignal(0);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const change = (key: string, to: Partial<OutgoingMessage>): void => {
    setMessages((all) => all.map((message) => (message.key === key ? { ...message, ...to } : message)));
  };

  const deliver = async ({ key, text }: OutgoingMessage): Promise<void> => {
    change(key, { state: 'SENDING' });
    try {
      const { sendFollowUp } = await send(SendFollowUpDocument, { input: { runId, clientKey: key, text } });
      if (sendFollowUp.__typename !== 'SendFollowUpPayload')
        return change(key, { state: 'REFUSED', reason: sendFollowUp.message });
      change(key, { state: 'SENT', messageId: sendFollowUp.followUp.id });
      apply(sendFollowUp.run);
    } catch (error) {
      if (error instanceof ApiFailure && error.code === 'GATEWAY_UNREACHABLE') {
        change(key, { state: 'WAITING' });
        timer = setTimeout(() => setAgain((n) => n + 1), againMs);
      } else {
        change(key, { state: 'REFUSED', reason: error instanceof Error ? error.message : String(error) });
      }
    }
  };
  // One after another: the order in which a person wrote them is the order in which they are meant.
  createEffect(() => {
    again();
    if (!online() || messages().some(({ state }) => state === 'SENDING')) return;
    const next = messages().find(({ state }) => state === 'WAITING');
    if (next) queueMicrotask(() => void deliver(next));
  });
  createEffect(() => {
    const waiting = messages().filter(({ state }) => state !== 'SENT');
    keep(keyOf(runId), waiting.length > 0 ? JSON.stringify(waiting) : null);
  });
  onCleanup(() => clearTimeout(timer));

  return {
    messages,
    send: (text) => {
      const message: OutgoingMessage = {
        key: crypto.randomUUID(),
        text,
        at: new Date().toISOString(),
        state: 'WAITING',
        reason: null,
        messageId: null,
      };
      setMessages((all) => [...all, message]);
    },
    take: (key) => {
      const text = messages().find((message) => message.key === key)?.text ?? '';
      setMessages((all) => all.filter((message) => message.key !== key));
      return text;
    },
    arrived: (shown) => {
      const isShown = ({ key, messageId }: OutgoingMessage) => shown.has(key) || (messageId !== null && shown.has(messageId));
      if (messages().some(isShown)) setMessages((all) => all.filter((message) => !isShown(message)));
    },
  };
}
