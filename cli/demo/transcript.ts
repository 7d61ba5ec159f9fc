import { assertNever } from '../../domain/assertNever.ts';
import type { GatewayClient } from '../gatewayClient.ts';
import type { DemoOutput } from './output.ts';

/** The events that the demo shows, as it asks for them. */
type DemoEvent =
  | { readonly __typename: 'SessionOpenedEvent'; readonly ordinal: number; readonly cause: string }
  | {
      readonly __typename: 'SessionStateChangedEvent';
      readonly sessionTo: string;
      readonly worker: string | null;
      readonly outcome: string | null;
    }
  | { readonly __typename: 'SessionWaitingEvent'; readonly waiting: { readonly for: string; readonly detail: string | null } }
  | { readonly __typename: 'ItemStartedEvent'; readonly title: string }
  | { readonly __typename: 'ItemChunkEvent'; readonly text: string }
  | {
      readonly __typename: 'WorkspaceRestoredEvent';
      readonly report: {
        readonly exact: boolean;
        readonly applied: number;
        readonly notApplied: number;
        readonly tookMs: number;
      };
    }
  | {
      readonly __typename: 'SnapshotCapturedEvent';
      readonly changedFiles: number;
      readonly entries: number;
      readonly storedBytes: number;
      readonly tookMs: number;
    }
  | { readonly __typename: 'NoticeEvent'; readonly level: string; readonly message: string }
  | {
      readonly __typename: 'RunStateChangedEvent';
      readonly runTo: string;
      readonly failure: { readonly code: string; readonly message: string } | null;
    };

const subscription = `subscription ($runId: ID!, $after: Int!) { transcript(runId: $runId, after: $after) {
  ... on Error { message }
  ... on TranscriptBatch { lastSeq events { __typename
    ... on SessionOpenedEvent { ordinal cause } ... on SessionStateChangedEvent { sessionTo: to worker outcome }
    ... on SessionWaitingEvent { waiting { for detail } } ... on ItemStartedEvent { title } ... on ItemChunkEvent { text }
    ... on WorkspaceRestoredEvent { report { exact applied notApplied tookMs } }
    ... on SnapshotCapturedEvent { changedFiles entries storedBytes tookMs } ... on NoticeEvent { level message }
    ... on RunStateChangedEvent { runTo: to failure { code message } } } } } }`;

/** What a run came to, and what its commands printed. */
export interface Followed {
  readonly state: string;
  readonly lastSeq: number;
  readonly printed: string;
}

const ends = new Set(['SUCCEEDED', 'FAILED', 'CANCELED']);

/** Follows the run from a cursor, shows what happens, and resolves when it has ended. */
export async function followRun(client: GatewayClient, output: DemoOutput, runId: string, after: number): Promise<Followed> {
  let printed = '';
  let lastSeq = after;
  for (;;) {
    // A connection that was dropped is made anew; the cursor says from where to go on.
    for await (const { transcript } of client.subscribe<{
      transcript: { lastSeq: number; events: readonly DemoEvent[]; message?: string };
    }>(subscription, { runId, after: lastSeq })) {
      if (transcript.message !== undefined) throw new Error(transcript.message);
      for (const event of transcript.events) {
        if (event.__typename === 'ItemChunkEvent') printed += event.text;
        show(output, event);
        if (event.__typename === 'RunStateChangedEvent' && ends.has(event.runTo))
          return { state: event.runTo, lastSeq: transcript.lastSeq, printed };
      }
      lastSeq = transcript.lastSeq;
    }
  }
}

function show(output: DemoOutput, event: DemoEvent): void {
  switch (event.__typename) {
    case 'SessionOpenedEvent':
      return output.heading(`Session ${event.ordinal} (${event.cause.toLowerCase().replace('_', '-')})`);
    case 'SessionStateChangedEvent':
      return output.state(
        event.outcome === null ? event.sessionTo : `${event.sessionTo} ${event.outcome}`,
        event.worker && `on ${event.worker}`,
      );
    case 'SessionWaitingEvent':
      return event.waiting.detail === null ? undefined : output.detail(event.waiting.detail);
    case 'ItemStartedEvent':
      return output.detail(`$ ${event.title}`);
    case 'ItemChunkEvent':
      return output.stream(event.text);
    case 'WorkspaceRestoredEvent': {
      const { exact, applied, notApplied, tookMs } = event.report;
      return output.detail(
        `workspace restored in ${tookMs} ms: ${applied} applied, ${notApplied} not${exact ? ', exactly as it was' : ''}`,
      );
    }
    case 'SnapshotCapturedEvent':
      return output.detail(
        `workspace captured in ${event.tookMs} ms: ${event.changedFiles} files changed, ${event.storedBytes} bytes stored`,
      );
    case 'NoticeEvent':
      return output.detail(event.message);
    case 'RunStateChangedEvent':
      return output.state(`run ${event.runTo}`, event.failure && `${event.failure.code}: ${event.failure.message}`);
    default:
      // Events of other types come without fields.
      return (event as { __typename: string }).__typename ? undefined : assertNever(event, 'event');
  }
}
