import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { chatFrames, readChat } from './chat.ts';
import { messagesFrames, readMessages } from './messages.ts';
import type { ModelRequest, Reply, Wire } from './reply.ts';
import { readResponses, responsesFrames } from './responses.ts';

/** One event of a stream. */
export interface Frame {
  readonly event: string | null;
  readonly data: object | string;
}

const wires: Readonly<Record<string, Wire>> = {
  '/v1/messages': 'MESSAGES',
  '/v1/chat/completions': 'CHAT',
  '/v1/responses': 'RESPONSES',
};

const readers = { MESSAGES: readMessages, CHAT: readChat, RESPONSES: readResponses };
const writers = { MESSAGES: messagesFrames, CHAT: chatFrames, RESPONSES: responsesFrames };

/**
 * A model that says what it was told to, on loopback, through each of the three APIs that agents speak. It keeps what
 * it was asked.
 */
export class ModelServer {
  readonly requests: ModelRequest[] = [];
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  #replies: Reply[] = [];
  #always: ((request: ModelRequest) => Reply) | null = null;
  #count = 0;

  static async start(): Promise<ModelServer> {
    const server = new ModelServer();
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  /** Where `/v1/messages`, `/v1/chat/completions` and `/v1/responses` are. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  /** What it answers next, one after another; when none is left, it says “Done.” */
  will(...replies: readonly Reply[]): void {
    this.#replies.push(...replies);
  }

  /** What it answers when nothing else was scripted. */
  always(answer: (request: ModelRequest) => Reply): void {
    this.#always = answer;
  }

  /** Forgets what it was to answer. */
  reset(): void {
    this.#replies = [];
    this.#always = null;
  }

  get last(): ModelRequest {
    const last = this.requests.at(-1);
    if (!last) throw new Error('the model was not asked');
    return last;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const wire = wires[new URL(request.url ?? '/', 'http://x').pathname];
    if (!wire || request.method !== 'POST') return refuse(response, 404, 'there is nothing here');
    const body = JSON.parse(await textOf(request)) as never;
    const key = request.headers['x-api-key'] ?? request.headers.authorization?.replace(/^Bearer /, '') ?? '';
    const asked: ModelRequest = { wire, key: String(key), body, ...readers[wire](body) };
    this.requests.push(asked);
    const reply = this.#replies.shift() ?? this.#always?.(asked) ?? { text: 'Done.' };
    if (reply.refuse) {
      const { status, retryAfterSeconds } = reply.refuse;
      if (retryAfterSeconds !== undefined) response.setHeader('retry-after', String(retryAfterSeconds));
      return refuse(response, status, 'scripted refusal');
    }
    this.#count += 1;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    await stream(response, writers[wire](reply, `m${this.#count}`, asked.model), reply);
  }
}

async function stream(response: ServerResponse, frames: readonly Frame[], reply: Reply): Promise<void> {
  for (const [index, { event, data }] of frames.entries()) {
    if (response.destroyed) return;
    if (reply.cut && index >= frames.length / 2) {
      // What was written is to arrive before the end does.
      await sleep(50);
      return void response.destroy();
    }
    if (reply.pieceMs !== undefined) await sleep(reply.pieceMs);
    const text = typeof data === 'string' ? data : JSON.stringify(data);
    response.write(`${event === null ? '' : `event: ${event}\n`}data: ${text}\n\n`);
  }
  response.end();
}

function refuse(response: ServerResponse, status: number, message: string): void {
  const type = status === 529 ? 'overloaded_error' : status === 429 ? 'rate_limit_error' : 'api_error';
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ type: 'error', error: { type, message, code: null, param: null } }));
}
