import { createClient, type Client, type ClientOptions } from 'graphql-ws';
import WebSocket from 'ws';
import { waitFor } from './waitFor.ts';

/** A client of the live protocol with nothing of its own: no reconnecting, no cursor. What comes is collected. */
export interface LiveClient {
  readonly client: Client;
  /** Subscribes and collects what comes. */
  subscribe(query: string, variables?: Record<string, unknown>): Collected;
  /** The code that the connection was closed with, once it was. */
  closed(): Promise<number>;
  dispose(): Promise<void>;
}

export interface Collected {
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly data: any[];
  readonly errors: unknown[];
  readonly state: { completed: boolean };
  stop(): void;
  /** Waits for this many results. */
  atLeast(count: number): Promise<void>;
}

export function liveClient(
  url: string,
  token: string | null,
  options: Partial<ClientOptions> & { headers?: Record<string, string> } = {},
): LiveClient {
  const { headers, ...more } = options;
  let closeCode: number | null = null;
  class Socket extends WebSocket {
    constructor(address: string, protocol: string) {
      super(address, protocol, { headers });
    }
  }
  const client = createClient({
    url: `${url.replace(/^http/, 'ws')}/graphql`,
    webSocketImpl: Socket,
    connectionParams: token === null ? undefined : { token },
    retryAttempts: 0,
    lazy: true,
    lazyCloseTimeout: 60_000,
    ...more,
    on: {
      closed: (event) => {
        closeCode = (event as { code: number }).code;
      },
    },
  });
  return {
    client,
    subscribe: (query, variables = {}) => collect(client, query, variables),
    closed: () => waitFor('the connection to be closed', () => closeCode),
    dispose: async () => client.dispose(),
  };
}

function collect(client: Client, query: string, variables: Record<string, unknown>): Collected {
  const collected = { data: [] as unknown[], errors: [] as unknown[], state: { completed: false } };
  const stop = client.subscribe(
    { query, variables },
    {
      next: (result) => {
        if (result.data) collected.data.push(result.data);
        if (result.errors) collected.errors.push(...result.errors);
      },
      error: (error) => collected.errors.push(error),
      complete: () => {
        collected.state.completed = true;
      },
    },
  );
  return {
    ...collected,
    stop,
    atLeast: async (count) => void (await waitFor(`${count} results`, () => collected.data.length >= count)),
  };
}

export const transcriptSubscription = `subscription ($runId: ID!, $after: Int!) { transcript(runId: $runId, after: $after) { __typename
  ... on Error { message code }
  ... on CursorNotServableError { after lastSeq }
  ... on TranscriptBatch { lastSeq live events { __typename seq sessionOrdinal ... on ItemChunkEvent { text } } } } }`;

/** The sequence numbers of all events that a transcript subscription brought. */
export const seqsIn = ({ data }: Collected): number[] =>
  data.flatMap(({ transcript }) => (transcript.events ?? []).map((event: { seq: number }) => event.seq));
