import { once } from 'node:events';
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { extname, join } from 'node:path';
import { buildSchema, graphql, GraphQLError, parse, validate, type GraphQLSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer, type WebSocket } from 'ws';
import type { RunId } from '../../domain/ids.ts';
import { eventView, Resolvers } from './resolvers.ts';
import type { StandInRun } from './standInRun.ts';
import { World } from './world.ts';

/** As the real gateway sends it. */
const policy = "default-src 'self'; style-src 'self' 'unsafe-inline'";
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

const mostEvents = 500;

/** A gateway that serves the built viewer and the API over a world in memory, on loopback. Its tests can break it. */
export class StandIn {
  readonly world = new World();
  /** Nobody is signed in any more. */
  signedOut = false;
  /** What a request asks for is done, but its answer is lost on the way. */
  mute = false;
  /** No request is answered and no socket accepted. */
  away = false;
  /** Every cursor but the start is refused, as if the log had been cut. */
  cut = false;
  /** How often a socket was asked for. */
  attempts = 0;
  /** What each `transcript` subscription asked to begin after. */
  readonly asked: number[] = [];
  readonly #schema: GraphQLSchema;
  readonly #resolvers = new Resolvers(this.world);
  readonly #server: Server;
  readonly #sockets = new Set<WebSocket>();
  readonly #connections = new Set<Socket>();
  readonly #webRoot: string | null;

  constructor(webRoot: string | null) {
    this.#webRoot = webRoot;
    this.#schema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'));
    const fields = this.#schema.getSubscriptionType()?.getFields() ?? {};
    if (fields['transcript']) fields['transcript'].subscribe = (_, args) => this.#transcript(args);
    if (fields['runChanged']) fields['runChanged'].subscribe = () => this.#runChanged();
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.#server.on('connection', (socket) => {
      this.#connections.add(socket);
      socket.on('close', () => this.#connections.delete(socket));
    });
    this.#serveSockets();
  }

  /** Listens, on a free port unless one is named. Returns the address. */
  async listen(port = 0): Promise<string> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Cuts every live connection, as a broken network does. */
  dropSockets(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  /** Closes every live connection with a code. */
  closeSockets(code: number): void {
    for (const socket of this.#sockets) socket.close(code, 'closed by the test');
  }

  get liveConnections(): number {
    return this.#sockets.size;
  }

  async close(): Promise<void> {
    this.dropSockets();
    for (const connection of this.#connections) connection.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.away) {
      request.socket.destroy();
      return;
    }
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    if (path === '/graphql') await this.#answer(request, response);
    else this.#file(path, response);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { query, variables, operationName } = JSON.parse(Buffer.concat(parts).toString()) as {
      query: string;
      variables?: Record<string, unknown>;
      operationName?: string;
    };
    const result = this.signedOut
      ? { errors: [new GraphQLError('Sign in.', { extensions: { code: 'UNAUTHENTICATED' } })] }
      : await graphql({
          schema: this.#schema,
          source: query,
          rootValue: this.#resolvers,
          variableValues: variables,
          operationName,
        });
    if (this.mute) {
      request.socket.destroy();
      return;
    }
    response
      .writeHead(this.signedOut ? 401 : 200, { 'content-type': 'application/graphql-response+json' })
      .end(JSON.stringify(result));
  }

  #file(path: string, response: ServerResponse): void {
    if (this.#webRoot === null) {
      response.writeHead(404).end();
      return;
    }
    const wanted = join(this.#webRoot, path);
    const file =
      extname(path) !== '' && statSync(wanted, { throwIfNoEntry: false })?.isFile() ? wanted : join(this.#webRoot, 'index.html');
    response.writeHead(200, {
      'content-type': types[extname(file)] ?? 'application/octet-stream',
      'content-security-policy': policy,
    });
    createReadStream(file).pipe(response);
  }

  #serveSockets(): void {
    const sockets = new WebSocketServer({ noServer: true });
    this.#server.on('upgrade', (request, socket, head) => {
      this.attempts += 1;
      if (this.away) socket.destroy();
      else sockets.handleUpgrade(request, socket, head, (webSocket) => sockets.emit('connection', webSocket, request));
    });
    sockets.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    useServer(
      {
        schema: this.#schema,
        onConnect: ({ extra }) => {
          if (this.signedOut) extra.socket.close(4401, 'Unauthorized');
          return !this.signedOut;
        },
        onSubscribe: (_context, _id, { query, variables, operationName }) => {
          const document = parse(query);
          const errors = validate(this.#schema, document);
          if (errors.length > 0) return errors;
          return { schema: this.#schema, document, variableValues: variables ?? {}, ...(operationName && { operationName }) };
        },
      },
      sockets,
    );
  }

  async *#transcript({ runId, after }: { runId: string; after: number }): AsyncGenerator<object> {
    this.asked.push(after);
    const run = this.world.runs.get(runId as RunId);
    if (!run) {
      yield { transcript: { __typename: 'NotFoundError', code: 'NOT_FOUND', message: 'There is no such run.', id: runId } };
      return;
    }
    if (after > run.log.length || (this.cut && after > 0)) {
      yield {
        transcript: {
          __typename: 'CursorNotServableError',
          code: 'CURSOR_NOT_SERVABLE',
          message: 'The log was cut.',
          after,
          lastSeq: run.log.length,
        },
      };
      return;
    }
    const wake = this.#wake((changed) => changed === run);
    let cursor = after;
    let first = true;
    try {
      for (;;) {
        const page = run.log.slice(cursor, cursor + mostEvents);
        if (page.length > 0 || first) {
          cursor = page.at(-1)?.seq ?? cursor;
          first = false;
          const events = page.map((event) => eventView({ ...event, fromSeq: event.seq }));
          yield { transcript: { __typename: 'TranscriptBatch', events, lastSeq: cursor, live: cursor >= run.log.length } };
        }
        if (cursor >= run.log.length) await wake.next();
      }
    } finally {
      wake.stop();
    }
  }

  async *#runChanged(): AsyncGenerator<object> {
    const changed = new Set<StandInRun>();
    const wake = this.#wake((run) => (changed.add(run), true));
    try {
      for (;;) {
        await wake.next();
        const runs = [...changed];
        changed.clear();
        for (const run of runs) yield { runChanged: { runId: run.id, version: run.version, run: this.#resolvers.runView(run) } };
      }
    } finally {
      wake.stop();
    }
  }

  /** Waits for changes of runs; many before it is asked again count as one. */
  #wake(wants: (run: StandInRun) => boolean): { next: () => Promise<void>; stop: () => void } {
    let due = false;
    let resolve: (() => void) | null = null;
    const stop = this.world.onChange((run) => {
      if (!wants(run)) return;
      due = true;
      resolve?.();
    });
    return {
      stop: () => {
        stop();
        resolve?.();
      },
      next: async () => {
        if (!due) await new Promise<void>((done) => (resolve = done));
        resolve = null;
        due = false;
      },
    };
  }
}
