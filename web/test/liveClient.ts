import { print } from 'graphql';
import { WebSocket } from 'ws';
import { TranscriptDocument, TranscriptPageDocument, type TranscriptPageQuery } from '../generated/operations.ts';
import { Connection, type ConnectionState } from '../live/connection.ts';
import type { LoadPage } from '../live/runFollower.ts';

/** Waits are short in tests; that they double is tested by themselves. */
const backoff = { firstMs: 5, mostMs: 20, jitter: 0 };

/** A connection to a stand-in, outside a browser, with every state that it went through. */
export function connect(
  url: string,
  verify: () => Promise<boolean> = () => Promise.resolve(true),
): { connection: Connection; states: ConnectionState['kind'][] } {
  const connection = new Connection({ url: `${url.replace(/^http/, 'ws')}/graphql`, verify, backoff, webSocket: WebSocket });
  const states: ConnectionState['kind'][] = [];
  connection.onState(({ kind }) => states.at(-1) !== kind && states.push(kind));
  return { connection, states };
}

export const transcriptQuery = print(TranscriptDocument as never);

/** Loads pages of history over HTTP. */
export const loadPageFrom =
  (url: string, id: string, last: number): LoadPage =>
  async (before) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        query: print(TranscriptPageDocument as never),
        variables: { id, last, before: before === null ? null : String(before) },
      }),
    });
    const { data } = (await response.json()) as { data: TranscriptPageQuery };
    if (!data.run) return 'NOT_FOUND';
    const { edges, pageInfo } = data.run.transcript;
    return { events: edges.map(({ node }) => node), hasPreviousPage: pageInfo.hasPreviousPage };
  };
