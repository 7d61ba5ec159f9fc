import type { GatewayClient } from '../../cli/gatewayClient.ts';
import type { HandedRun } from '../parts/agentRuns.ts';

type Event = {
  readonly __typename: string;
  readonly failure?: { readonly code: string } | null;
};

interface Batch {
  readonly transcript: { readonly message?: string; readonly lastSeq: number; readonly events: readonly Event[] };
}

const subscription = `subscription ($runId: ID!, $after: Int!) { transcript(runId: $runId, after: $after) {
  ... on Error { message }
  ... on TranscriptBatch { lastSeq events { __typename ... on RunStateChangedEvent { failure { code } } } } } }`;

/** Waits until the run has failed because its worker is lost, and gives where its log ends then. */
export async function untilLost(client: GatewayClient, { runId, after }: HandedRun): Promise<number> {
  for await (const { transcript } of client.subscribe<Batch>(subscription, { runId, after })) {
    if (transcript.message !== undefined) throw new Error(transcript.message);
    const code = transcript.events.find(({ failure }) => failure)?.failure?.code;
    if (code === 'WORKER_LOST') return transcript.lastSeq;
    if (code !== undefined) throw new Error(`the run failed with ${code}`);
  }
  throw new Error('the subscription ended before the run did');
}
