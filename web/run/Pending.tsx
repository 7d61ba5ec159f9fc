import { createSignal, For, Show, type JSX } from 'solid-js';
import { waitingWords } from '../runs/waitWords.ts';
import { useApp } from '../shell/app.ts';
import { shownRun } from '../state/display.ts';
import { StateGlyph } from '../state/StateGlyph.tsx';
import { Avatar } from '../ui/Avatar.tsx';
import { Icon } from '../ui/Icon.tsx';
import { Time } from '../ui/Time.tsx';
import { useRun } from './context.ts';
import type { OutgoingMessage } from './composer/outbox.ts';
import { actorName, MessageText } from './entries/MessageEntry.tsx';
import type { PendingMessage } from './model/transcript.ts';

function Waiting(props: { message: PendingMessage }): JSX.Element {
  const { commands, run } = useRun();
  const [problem, setProblem] = createSignal<string | null>(null);
  const mine = (): PendingMessage => {
    const queued = run().queuedMessages.find(({ id }) => id === props.message.messageId);
    return props.message.text === null && queued ? { ...props.message, text: queued.text, author: queued.author } : props.message;
  };
  return (
    <article
      class="event message waiting-message"
      tabIndex={-1}
      data-entry={`pending-${props.message.messageId}`}
      data-mark="person"
    >
      <span class="node person">
        <Avatar name={actorName(mine().author)} />
      </span>
      <div class="message-body">
        <div class="message-head">
          <b>{actorName(mine().author)}</b>
          <span>waits for its turn</span>
          <Show when={mine().at}>{(at) => <Time at={at()} />}</Show>
        </div>
        <MessageText messageId={mine().messageId} text={mine().text} size={mine().size} />
        <p class="message-note">
          <Show when={run().viewerCan.followUp.allowed || run().state === 'BLOCKED'}>
            <button type="button" class="text-button" onClick={() => void commands.withdraw(mine().messageId).then(setProblem)}>
              Withdraw
            </button>
          </Show>
          <Show when={problem()}>
            <span class="problem" role="alert">
              {problem()}
            </span>
          </Show>
        </p>
      </div>
    </article>
  );
}

const outgoingWords: Record<OutgoingMessage['state'], string> = {
  SENDING: 'is being sent',
  WAITING: 'waits here for the connection',
  SENT: 'was sent',
  REFUSED: 'was not accepted',
};

function Outgoing(props: { message: OutgoingMessage }): JSX.Element {
  const { viewer } = useApp();
  const { outbox, compose } = useRun();
  return (
    <article class="event message waiting-message" tabIndex={-1} data-entry={`outgoing-${props.message.key}`} data-mark="person">
      <span class="node person">
        <Avatar name={viewer.name} />
      </span>
      <div class="message-body">
        <div class="message-head">
          <b>{viewer.name}</b>
          <span>{outgoingWords[props.message.state]}</span>
          <Time at={props.message.at} />
        </div>
        <MessageText messageId="" text={props.message.text} size={0} />
        <Show when={props.message.state === 'REFUSED' || props.message.state === 'WAITING'}>
          <p class="message-note">
            <Show when={props.message.reason}>
              <Icon name="warning" />
              <span>{props.message.reason}</span>
            </Show>
            <button type="button" class="text-button" onClick={() => compose(outbox.take(props.message.key))}>
              Put it back in the composer
            </button>
          </p>
        </Show>
      </div>
    </article>
  );
}

/** What has not happened yet: what the run waits for, and the messages that wait. */
export function Pending(): JSX.Element {
  const { live, run, sessions, outbox } = useRun();
  const queued = (): boolean => {
    const state = live.transcript().state ?? run().state;
    const last = sessions().at(-1);
    return state === 'QUEUED' && (!last || last.state === 'ENDED');
  };
  const waiting = () => live.transcript().waiting ?? run().waitingFor;
  return (
    <div class="pending">
      <For each={live.transcript().pending}>{(message) => <Waiting message={message} />}</For>
      <For each={outbox.messages()}>{(message) => <Outgoing message={message} />}</For>
      <Show when={queued()}>
        <div class="event line waiting" {...shownRun('QUEUED').tone}>
          <span class="node">
            <StateGlyph name="queued" />
          </span>
          <span class="verb">Queued</span>
          <span class="target-text">{waiting() ? waitingWords(waiting() as never) : 'waiting for a worker'}</span>
        </div>
      </Show>
    </div>
  );
}
