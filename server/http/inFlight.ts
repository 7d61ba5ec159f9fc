import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long requests may take to finish once the gateway stops, in milliseconds. */
const finishMs = 5_000;

/**
 * Follows the requests of a server, so that it can be closed without breaking one off. Returns what closes it: no new
 * connection is accepted, streams are cut, which their clients take up elsewhere, and all else is answered first.
 */
export function followRequests(server: Server): () => Promise<void> {
  const open = new Map<ServerResponse, IncomingMessage>();
  let closing = false;
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    open.set(response, request);
    response.once('close', () => open.delete(response));
    if (closing) response.setHeader('connection', 'close');
  });
  return async () => {
    closing = true;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const [response, request] of open) {
      if (isStream(request, response)) response.destroy();
      else if (!response.headersSent) response.setHeader('connection', 'close');
    }
    server.closeIdleConnections();
    await Promise.race([closed, sleep(finishMs, undefined, { ref: false })]);
    server.closeAllConnections();
    await closed;
  };
}

const isStream = ({ headers }: IncomingMessage, response: ServerResponse): boolean =>
  response.headersSent && headers.accept?.includes('text/event-stream') === true;
