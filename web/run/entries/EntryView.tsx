import { Show, type JSX } from 'solid-js';
import { assertNever } from '../../../domain/assertNever.ts';
import { duration } from '../../format/duration.ts';
import { bytes, count, modelWords, number, usageWords } from '../../format/amounts.ts';
import { originDisplay } from '../../runs/originDisplay.ts';
import { harnessLabel } from '../composer/composerMode.ts';
import { useRun } from '../context.ts';
import type { Entry, EventOf } from '../model/transcript.ts';
import type { IconName } from '../../ui/icons.ts';
import { Event } from './Event.tsx';
import { FailureCard } from './FailureCard.tsx';
import { FilesEntry } from './FilesEntry.tsx';
import { ItemEntry } from './ItemEntry.tsx';
import { Line } from './Line.tsx';
import { actorName, RestedMessage, TurnMessage } from './MessageEntry.tsx';
import { Notice } from './Notice.tsx';
import { PlanEntry } from './PlanEntry.tsx';
import { PromptEntry } from './PromptEntry.tsx';
import { NotPushed, Pushed } from './PushEntry.tsx';
import { RedactedEntry } from './RedactedEntry.tsx';
import { SnapshotEntry } from './SnapshotEntry.tsx';

const noticeTitles: Record<EventOf<'NoticeEvent'>['noticeCode'], string> = {
  NO_WORKSPACE_RESTORED: 'No workspace was restored.',
  SANDBOXED: 'In a sandbox',
  NOT_SANDBOXED: 'Not in a sandbox.',
  TURN_LOST: 'A turn was lost.',
  PROCESSES_STOPPED: 'Processes stopped',
  WORKER_STOPPING: 'The worker is being stopped.',
  CONVERSATION_NOT_CARRIED: 'Not all of the conversation is remembered.',
  MODEL_RETRIED: 'The model is asked again',
  CONTEXT_COMPACTED: 'The conversation was summed up',
};

const noticeIcons: Partial<Record<EventOf<'NoticeEvent'>['noticeCode'], IconName>> = {
  MODEL_RETRIED: 'retry',
  CONTEXT_COMPACTED: 'thought',
  PROCESSES_STOPPED: 'stop',
};

const turnEnds: Record<EventOf<'TurnEndedEvent'>['turnReason'], string> = {
  COMPLETED: 'ended',
  FAILED: 'failed',
  INTERRUPTED: 'was interrupted',
  CANCELED: 'was canceled',
};

function TurnEnd(props: { entry: Extract<Entry, { kind: 'TURN_ENDED' }> }): JSX.Element {
  const event = () => props.entry.event;
  return (
    <Line
      entry={props.entry}
      icon={event().turnReason === 'COMPLETED' ? 'check' : event().turnReason === 'FAILED' ? 'close' : 'stop'}
      mark={event().turnReason === 'FAILED' ? 'bad' : 'plain'}
      {...(event().turnReason === 'FAILED' && { tone: 'bad' as const })}
      verb={`Turn ${event().turn} ${turnEnds[event().turnReason]}`}
      target={event().failure?.code ?? null}
      meta={
        <span class="wide-only">
          {duration(event().usage.wallMs)}
          <Show when={event().usage.models.length > 0}>
            , <span title={event().usage.models.map(modelWords).join('\n')}>{usageWords(event().usage).join(', ')}</span>
          </Show>
          <Show when={event().usage.peakMemoryBytes > 0}>, {bytes(event().usage.peakMemoryBytes)} at most</Show>
        </span>
      }
    />
  );
}

const choices: Record<EventOf<'RunContinuedEvent'>['restore'], string> = {
  LATEST: 'with the latest snapshot',
  SNAPSHOT: 'from a snapshot they chose',
  NONE: 'without the workspace of before',
};

function Continued(props: { entry: Extract<Entry, { kind: 'CONTINUED' }> }): JSX.Element {
  const event = () => props.entry.event;
  const harness = (): string => {
    const kind = event().nextHarness;
    return kind ? `, by ${harnessLabel(kind)}` : '';
  };
  const base = (): string =>
    event().base === 'KEEP'
      ? ''
      : `, on the newest base, ${event().conflicts === 'BESIDE' ? 'conflicts beside the files' : 'conflicts in the files'}`;
  return (
    <Line
      entry={props.entry}
      icon="baton"
      verb={`${actorName(event().actor)} continued the run`}
      target={choices[event().restore] + base() + harness()}
    />
  );
}

function NoticeLine(props: { entry: Extract<Entry, { kind: 'NOTICE' }> }): JSX.Element {
  const event = () => props.entry.event;
  return (
    <Show
      when={event().level === 'WARNING'}
      fallback={
        <Line
          entry={props.entry}
          icon={noticeIcons[event().noticeCode] ?? 'lock'}
          verb={noticeTitles[event().noticeCode]}
          target={event().message}
        />
      }
    >
      <Event entry={props.entry} mark="wait">
        <Notice title={noticeTitles[event().noticeCode]}>{event().message}</Notice>
      </Event>
    </Show>
  );
}

function Opened(props: { entry: Extract<Entry, { kind: 'OPENED' }> }): JSX.Element {
  const where = (): string =>
    props.entry.event.repositories
      .map(
        ({ repository, baseBranch, base, branch }) =>
          `${repository === '.' ? '' : `${repository}: `}${branch}, from ${baseBranch} at ${base.slice(0, 7)}`,
      )
      .join('; ');
  return (
    <Line
      entry={props.entry}
      icon="branch"
      verb="Opened the workspace"
      target={where()}
      meta={<span class="wide-only">{duration(props.entry.event.tookMs)}</span>}
    />
  );
}

function Conversation(props: { entry: Extract<Entry, { kind: 'CONVERSATION' }> }): JSX.Element {
  const event = () => props.entry.event;
  return (
    <Line
      entry={props.entry}
      icon="agent"
      verb={event().resumed ? 'The agent remembers the sessions before' : 'The agent is ready'}
      target={[event().model, `version ${event().version}`].filter(Boolean).join(', ')}
    />
  );
}

function RunFailed(props: { entry: Extract<Entry, { kind: 'RUN_FAILED' }> }): JSX.Element {
  const { compose } = useRun();
  return (
    <Show when={props.entry.event.failure}>
      {(failure) => (
        <Event entry={props.entry} mark="bad" class="failure">
          <FailureCard title="The run failed" failure={failure()}>
            <button type="button" class="button" onClick={() => compose('')}>
              Continue it
            </button>
          </FailureCard>
        </Event>
      )}
    </Show>
  );
}

/** Entries that show more than their content stay as they are, and say themselves that it was taken away. */
const saysItself = ({ kind }: Entry): boolean => kind === 'TURN' || kind === 'MESSAGE' || kind === 'CREATED';

/** An entry of the transcript. */
export function EntryView(props: { entry: Entry }): JSX.Element {
  const redaction = () => (saysItself(props.entry) ? null : props.entry.redacted);
  return (
    <Show when={redaction()} fallback={<EntryOfKind entry={props.entry} />}>
      {(found) => <RedactedEntry entry={props.entry} redaction={found()} />}
    </Show>
  );
}

function Removed(props: { entry: Extract<Entry, { kind: 'TRANSCRIPT_DELETED' | 'SNAPSHOTS_DELETED' }> }): JSX.Element {
  const what = (): string => {
    const { event } = props.entry;
    if (event.__typename === 'TranscriptDeletedEvent') return 'The transcript was deleted';
    return count(event.count, 'snapshot was deleted', 'snapshots were deleted');
  };
  return <Line entry={props.entry} icon="trash" verb={what()} target={props.entry.event.removedFor} />;
}

/** An entry of the transcript, by its kind. */
function EntryOfKind(props: { entry: Entry }): JSX.Element {
  const { run } = useRun();
  // The kind of an entry never changes; what is in it does.
  const as = <K extends Entry['kind']>(): Extract<Entry, { kind: K }> => props.entry as Extract<Entry, { kind: K }>;
  const { kind } = props.entry;
  switch (kind) {
    case 'TURN':
      return <TurnMessage entry={as<'TURN'>()} />;
    case 'MESSAGE':
      return <RestedMessage entry={as<'MESSAGE'>()} />;
    case 'ITEM':
      return <ItemEntry entry={as<'ITEM'>()} />;
    case 'PROMPT':
      return <PromptEntry entry={as<'PROMPT'>()} />;
    case 'PLAN':
      return <PlanEntry entry={as<'PLAN'>()} />;
    case 'CONVERSATION':
      return <Conversation entry={as<'CONVERSATION'>()} />;
    case 'FILES':
      return <FilesEntry entry={as<'FILES'>()} />;
    case 'SNAPSHOT':
      return <SnapshotEntry entry={as<'SNAPSHOT'>()} />;
    case 'TURN_ENDED':
      return <TurnEnd entry={as<'TURN_ENDED'>()} />;
    case 'NOTICE':
      return <NoticeLine entry={as<'NOTICE'>()} />;
    case 'PUSHED':
      return <Pushed entry={as<'PUSHED'>()} />;
    case 'NOT_PUSHED':
      return <NotPushed entry={as<'NOT_PUSHED'>()} />;
    case 'OPENED':
      return <Opened entry={as<'OPENED'>()} />;
    case 'CONTINUED':
      return <Continued entry={as<'CONTINUED'>()} />;
    case 'RUN_FAILED':
      return <RunFailed entry={as<'RUN_FAILED'>()} />;
    case 'CREATED':
      return (
        <Line
          entry={as<'CREATED'>()}
          icon={originDisplay[as<'CREATED'>().event.origin].icon}
          verb={`${run().creator.name} created the run`}
          target={originDisplay[as<'CREATED'>().event.origin].label}
        />
      );
    case 'SNAPSHOT_FAILED':
      return (
        <Event entry={as<'SNAPSHOT_FAILED'>()} mark="wait">
          <Notice title="The workspace could not be captured." code={as<'SNAPSHOT_FAILED'>().event.why.code}>
            {as<'SNAPSHOT_FAILED'>().event.why.message}
          </Notice>
        </Event>
      );
    case 'CANCEL_REQUESTED':
      return (
        <Line
          entry={as<'CANCEL_REQUESTED'>()}
          icon="stop"
          verb={`${actorName(as<'CANCEL_REQUESTED'>().event.actor)} canceled the run`}
        />
      );
    case 'INTERRUPT_REQUESTED':
      return (
        <Line
          entry={as<'INTERRUPT_REQUESTED'>()}
          icon="stop"
          verb={`${actorName(as<'INTERRUPT_REQUESTED'>().event.actor)} asked to stop the turn`}
        />
      );
    case 'END_REQUESTED':
      return (
        <Line
          entry={as<'END_REQUESTED'>()}
          icon="stop"
          verb={`${actorName(as<'END_REQUESTED'>().event.actor)} asked to end the session`}
        />
      );
    case 'REDACTED':
      return (
        <Line
          entry={as<'REDACTED'>()}
          icon="redact"
          verb={`${actorName(as<'REDACTED'>().event.actor)} redacted event ${number(as<'REDACTED'>().event.redactedSeq)}`}
          target={as<'REDACTED'>().event.removedFor}
        />
      );
    case 'TRANSCRIPT_DELETED':
    case 'SNAPSHOTS_DELETED':
      return <Removed entry={as<'TRANSCRIPT_DELETED' | 'SNAPSHOTS_DELETED'>()} />;
    default:
      return assertNever(kind, 'kind of entry');
  }
}
