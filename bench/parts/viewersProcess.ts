import { createClient, type Client } from 'graphql-ws';
import WebSocket from 'ws';
import type { ViewersAnswer, ViewersRequest } from './viewers.ts';

/** The process of viewers.ts. Arguments: the gateway's address and a token. */
const [url = '', token = ''] = process.argv.slice(2);

const subscription = `subscription ($runId: ID!, $after: Int!) { transcript(runId: $runId, after: $after) {
  ... on Error { message } ... on TranscriptBatch { lastSeq events { __typename seq at ... on ItemChunkEvent { text } } } } }`;

interface Batch {
  readonly transcript: { readonly message?: string; readonly events?: readonly { readonly text?: string }[] };
}

/** How many connect at once. */
const atOnce = 20;

let clients: Client[] = [];
let delaysMs: number[] = [];

/** A socket with one subscription. Resolves when it stands. */
function watch(variables: { runId: string; after: number }): Promise<void> {
  const client = createClient({
    url: `${url.replace(/^http/, 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { token },
    retryAttempts: 0,
  });
  clients.push(client);
  return new Promise((resolve, reject) => {
    client.subscribe<Batch>(
      { query: subscription, variables },
      {
        next: ({ data, errors }) => {
          const message = errors?.[0]?.message ?? data?.transcript.message;
          if (message !== undefined) return fail(message);
          hear(data?.transcript.events ?? []);
          resolve();
        },
        error: (error) => fail(JSON.stringify(error)),
        complete: () => reject(new Error('the subscription ended')),
      },
    );
  });
}

function hear(events: readonly { readonly text?: string }[]): void {
  const now = process.hrtime.bigint();
  for (const { text } of events) if (text !== undefined) delaysMs.push(Number(now - BigInt(text)) / 1_000_000);
}

/** A viewer that sees nothing any more would make the figures better than they are. */
function fail(message: string): void {
  process.stderr.write(`A viewer was cut off: ${message}\n`);
  process.exit(1);
}

async function open(watched: readonly { runId: string; after: number }[]): Promise<void> {
  const left = [...watched];
  const next = async () => {
    for (let one = left.pop(); one !== undefined; one = left.pop()) await watch(one);
  };
  await Promise.all(Array.from({ length: atOnce }, next));
}

async function leave(): Promise<void> {
  const leaving = clients;
  clients = [];
  const closed = leaving.map((client) => new Promise((resolve) => client.on('closed', resolve)));
  await Promise.all(leaving.map((client) => client.dispose()));
  await Promise.all(closed);
}

async function answer(request: ViewersRequest): Promise<void> {
  if ('open' in request) await open(request.open);
  if ('leave' in request) await leave();
  process.send?.({ delaysMs } satisfies ViewersAnswer);
  delaysMs = [];
}

process.on('message', (request: ViewersRequest) => {
  answer(request).catch((error: unknown) => fail(String(error)));
});
// Its parent is gone: so is what it is for.
process.on('disconnect', () => process.exit(0));
