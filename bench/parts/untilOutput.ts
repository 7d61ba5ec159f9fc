import { performance } from 'node:perf_hooks';
import type { GatewayClient } from '../../cli/gatewayClient.ts';

interface Followed {
  readonly runId: string;
  readonly after: number;
}

/** A run's log as it is seen live. Both reject when the run fails. */
interface Watched {
  /** When the first output of an agent was seen, by this process's clock. */
  readonly output: Promise<number>;
  /** That the run has ended, and where its log ends. */
  readonly ended: Promise<{ readonly lastSeq: number }>;
}

type Event =
  | { readonly __typename: 'ItemChunkEvent' }
  | { readonly __typename: 'RunStateChangedEvent'; readonly to: string; readonly failure: { readonly message: string } | null };

interface Batch {
  readonly transcript: { readonly message?: string; readonly lastSeq: number; readonly events: readonly Event[] };
}

const subscription = `subscription ($runId: ID!, $after: Int!) { transcript(runId: $runId, after: $after) {
  ... on Error { message }
  ... on TranscriptBatch { lastSeq events { __typename ... on RunStateChangedEvent { to failure { message } } } } } }`;

/** Watches a run from a cursor, over the live protocol, until it has ended. */
export function untilOutput(client: GatewayClient, followed: Followed): Watched {
  let seen: (at: number) => void = () => {};
  const output = new Promise<number>((resolve) => {
    seen = resolve;
  });
  const ended = follow(client, followed, () => seen(performance.now()));
  // Seen by whoever waits for either, also when nobody does any more.
  ended.catch(() => {});
  return { output: Promise.race([output, ended.then(() => output)]), ended };
}

async function follow(client: GatewayClient, { runId, after }: Followed, onOutput: () => void): Promise<{ lastSeq: number }> {
  for await (const { transcript } of client.subscribe<Batch>(subscription, { runId, after })) {
    if (transcript.message !== undefined) throw new Error(transcript.message);
    for (const event of transcript.events) {
      if (event.__typename === 'ItemChunkEvent') onOutput();
      else if (event.__typename === 'RunStateChangedEvent' && event.failure) throw new Error(event.failure.message);
      else if (event.__typename === 'RunStateChangedEvent' && event.to === 'SUCCEEDED') return { lastSeq: transcript.lastSeq };
    }
  }
  throw new Error('the subscription ended before the run did');
}
