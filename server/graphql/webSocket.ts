import type { IncomingMessage, Server } from 'node:http';
import { CloseCode, type ServerOptions } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import { GraphQLError, type DocumentNode, type ExecutionArgs } from 'graphql';
import type { YogaServerInstance } from 'graphql-yoga';
import { WebSocketServer, type WebSocket } from 'ws';
import { authenticate, credentialIn, type Credential } from '../auth/authenticate.ts';
import type { Admission } from '../http/admission.ts';
import type { ViewerLimits } from '../limits/viewerLimits.ts';
import type { Services } from '../schema/context.ts';
import type { LiveViewer, LiveViewers } from './liveViewer.ts';

/** Both sides ping this often, in milliseconds. */
const keepAliveMs = 12_000;
const endpoint = '/graphql';
/** https://www.iana.org/assignments/websocket/websocket.xhtml#close-code-number */
const tryAgainLater = 1013;

interface Extra {
  readonly socket: WebSocket;
  readonly request: IncomingMessage;
  viewer?: LiveViewer;
  /** Lets go of its place among the person's sockets. */
  release?: () => void;
}

export interface SocketOptions {
  readonly admission: Admission;
  readonly liveViewers: LiveViewers;
  readonly limits: ViewerLimits;
  /** A message from a client at most, in bytes; a larger one closes the socket with 1009. */
  readonly maxPayload: number;
}

type Yoga = YogaServerInstance<object, Services>;

/** Serves GraphQL over WebSocket as docs/live-protocol.md says. Returns a function that closes every socket with 1001. */
export function serveWebSockets(
  server: Server,
  yoga: Yoga,
  services: Services,
  { admission, liveViewers, limits, maxPayload }: SocketOptions,
): () => Promise<void> {
  const sockets = new WebSocketServer({ noServer: true, maxPayload });
  server.on('upgrade', (request, socket, head) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const refused = path === endpoint ? admission.refuse(request) : 'There is no socket here.';
    if (refused) {
      socket.end(
        `HTTP/1.1 ${path === endpoint ? '403 Forbidden' : '404 Not Found'}\r\nconnection: close\r\ncontent-type: text/plain\r\n\r\n${refused}`,
      );
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => sockets.emit('connection', webSocket, request));
  });

  const options: ServerOptions<Record<string, unknown>, Extra> = {
    connectionInitWaitTimeout: 5_000,
    onConnect: async ({ connectionParams, extra }) => {
      const credential = credentialOf(connectionParams, extra.request);
      const viewer = credential && (await authenticate(services.database, credential));
      if (!credential || !viewer) {
        extra.socket.close(credential ? CloseCode.Forbidden : CloseCode.Unauthorized, credential ? 'Forbidden' : 'Unauthorized');
        return false;
      }
      const release = limits.openSocket(viewer.userId);
      if (!release) {
        extra.socket.close(tryAgainLater, 'Too many sockets of yours are open');
        return false;
      }
      extra.release = release;
      extra.viewer = liveViewers.open(credential, viewer, () => extra.socket.close(CloseCode.Forbidden, 'Forbidden'));
      return true;
    },
    onClose: ({ extra }) => {
      extra.release?.();
      if (extra.viewer) liveViewers.close(extra.viewer);
    },
    execute: (args) => (args as unknown as Enveloped).rootValue.execute(args),
    subscribe: (args) => (args as unknown as Enveloped).rootValue.subscribe(args),
    onSubscribe: async ({ extra }, _id, payload) => {
      const live = extra.viewer;
      const { schema, execute, subscribe, contextFactory, parse, validate } = yoga.getEnveloped({
        viewer: live?.current,
        params: payload,
      });
      const document = parsed(parse, payload.query);
      if (document instanceof GraphQLError) return [document];
      const args = {
        schema,
        operationName: payload.operationName,
        document,
        variableValues: payload.variables,
        // Resolvers that live as long as the socket see the viewer's rights as they were last looked up.
        contextValue: Object.defineProperty((await contextFactory()) as object, 'viewer', { get: () => live?.current }),
        rootValue: { execute, subscribe },
      };
      const errors = validate(args.schema, args.document);
      return errors.length > 0 ? errors : args;
    },
  };
  const disposable = useServer(options, sockets, keepAliveMs);
  return async () => {
    await disposable.dispose();
  };
}

/** The document, or why it is none. */
function parsed(parse: (source: string) => DocumentNode, source: string): DocumentNode | GraphQLError {
  try {
    return parse(source);
  } catch (error) {
    if (error instanceof GraphQLError) return error;
    throw error;
  }
}

interface Enveloped {
  readonly rootValue: { execute(args: ExecutionArgs): never; subscribe(args: ExecutionArgs): never };
}

/** The token of `connection_init`, else what came with the upgrade request. */
function credentialOf(params: Readonly<Record<string, unknown>> | undefined, request: IncomingMessage): Credential | null {
  const token = params?.['token'];
  return typeof token === 'string' && token !== '' ? { kind: 'TOKEN', secret: token } : credentialIn(request.headers);
}
