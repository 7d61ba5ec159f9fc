import { createSignal, Show, type JSX } from 'solid-js';
import { ask } from '../../api/client.ts';
import { bytes } from '../../format/amounts.ts';
import { MessageTextDocument, type ActorPartsFragment, type HarnessKind } from '../../generated/operations.ts';
import { Avatar } from '../../ui/Avatar.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { Time } from '../../ui/Time.tsx';
import { useRun } from '../context.ts';
import type { MessageEntry as MessageEntryModel, Redaction, TurnEntry } from '../model/transcript.ts';
import { Event } from './Event.tsx';
import { LazyProse } from './LazyProse.tsx';

/** Whether what a person writes to this kind of agent is code. */
export const isCode: Record<HarnessKind, boolean> = { SCRIPT: true, BUILT_IN: false, CLAUDE_CODE: false };

/** How an actor is named in the transcript. */
export const actorName = (actor: ActorPartsFragment | null): string =>
  actor?.kind === 'PLATFORM' ? 'Baton' : (actor?.name ?? 'Someone');

/** The event holds the first 16 KiB of a message; the rest is asked for. */
const eventBytes = 16 * 1024;

interface MessageTextProps {
  readonly messageId: string;
  readonly text: string | null;
  readonly size: number;
  readonly redacted?: Redaction | undefined;
}

/** What a person wrote, in the letters that fit their agent. */
export function MessageText(props: MessageTextProps): JSX.Element {
  const { run } = useRun();
  const [whole, setWhole] = createSignal<string | null>(null);
  const text = (): string | null => whole() ?? props.text;
  const cut = (): boolean => !props.redacted && whole() === null && (props.text === null || props.size > eventBytes);
  const load = async (): Promise<void> => {
    const { node } = await ask(MessageTextDocument, { id: props.messageId });
    if (node?.__typename === 'Message') setWhole(node.text);
  };
  return (
    <>
      <Show when={props.redacted}>
        {(redaction) => (
          <p class="message-note">
            <Icon name="redact" />
            <span>
              This message was redacted by {actorName(redaction().actor)}: {redaction().reason}
            </span>
          </p>
        )}
      </Show>
      <Show when={!props.redacted && text() !== null}>
        <Show when={isCode[run().harness]} fallback={<LazyProse text={text() ?? ''} />}>
          <pre class="script" tabIndex={0}>
            {text()}
          </pre>
        </Show>
      </Show>
      <Show when={cut()}>
        <p class="message-note">
          {props.text === null ? 'Sent before what was loaded. ' : `The first 16 KiB of ${bytes(props.size)}. `}
          <button type="button" class="text-button" onClick={() => void load()}>
            Show {props.text === null ? 'it' : 'all of it'}
          </button>
        </p>
      </Show>
    </>
  );
}

/** A person's message where its turn began, also one whose turn was lost. */
export function TurnMessage(props: { entry: TurnEntry }): JSX.Element {
  const { compose } = useRun();
  return (
    <Event
      entry={props.entry}
      mark="person"
      class="message"
      label={`Message of ${actorName(props.entry.author)}, turn ${props.entry.turn}`}
    >
      <span class="node person">
        <Avatar name={actorName(props.entry.author)} />
      </span>
      <div class="message-body">
        <div class="message-head">
          <b>{actorName(props.entry.author)}</b>
          <span class="turn-number">turn {props.entry.turn}</span>
          <Show when={props.entry.at}>{(at) => <Time at={at()} />}</Show>
        </div>
        <MessageText
          messageId={props.entry.messageId}
          text={props.entry.text}
          size={props.entry.size}
          redacted={props.entry.redacted}
        />
        <Show when={props.entry.fate}>
          {(fate) => (
            <p class="message-note">
              <Icon name="warning" />
              <span>
                This turn was lost with its worker: what follows happened in a workspace that is gone.{' '}
                {fate() === 'REDELIVERED' ? 'The next session gets the message again.' : 'It is not run twice by itself.'}
              </span>
              <Show when={fate() === 'RETURNED' && props.entry.text !== null && !props.entry.redacted}>
                <button type="button" class="text-button" onClick={() => compose(props.entry.text ?? '')}>
                  Put it back in the composer
                </button>
              </Show>
            </p>
          )}
        </Show>
      </div>
    </Event>
  );
}

/** A message that came back, or that its author took back. */
export function RestedMessage(props: { entry: MessageEntryModel }): JSX.Element {
  const { compose, sessions } = useRun();
  const returned = (): boolean => props.entry.state === 'RETURNED';
  /** The reason, unless it is that of the session, which says it itself. */
  const reason = (): string => {
    const why = props.entry.reason ?? '';
    const told = sessions().some(({ failure }) => failure && why.includes(failure.message));
    return told ? 'Its session could not start.' : why;
  };
  return (
    <Event
      entry={props.entry}
      mark={returned() ? 'bad' : 'plain'}
      class="message rested"
      label={`Message of ${actorName(props.entry.author)}`}
    >
      <span class="node person">
        <Avatar name={actorName(props.entry.author)} />
      </span>
      <div class="message-body">
        <div class="message-head">
          <b>{actorName(props.entry.author)}</b>
          <span>{returned() ? 'came back' : 'withdrawn'}</span>
          <Show when={props.entry.at}>{(at) => <Time at={at()} />}</Show>
        </div>
        <MessageText
          messageId={props.entry.messageId}
          text={props.entry.text}
          size={props.entry.size}
          redacted={props.entry.redacted}
        />
        <p class="message-note">
          <Show when={returned()} fallback={<span>{props.entry.reason ?? 'Someone'} took it back before it was delivered.</span>}>
            <Icon name="warning" />
            <span>It reached no agent. {reason()}</span>
          </Show>
          <Show when={props.entry.text !== null && !props.entry.redacted}>
            <button type="button" class="text-button" onClick={() => compose(props.entry.text ?? '')}>
              Put it back in the composer
            </button>
          </Show>
        </p>
      </div>
    </Event>
  );
}
