import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';

/**
 * Reads a request's body before anything else does; false when it is larger than `maxBytes`, and has been answered.
 * What is read is left on the request as `body`, where GraphQL Yoga looks first.
 */
export async function readBody(request: IncomingMessage, response: ServerResponse, maxBytes: number): Promise<boolean> {
  const parts: Buffer[] = [];
  let bytes = 0;
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return tooLarge(response, maxBytes);
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > maxBytes) return tooLarge(response, maxBytes);
    parts.push(part);
  }
  Object.assign(request, { body: Readable.from(parts) });
  return true;
}

function tooLarge(response: ServerResponse, maxBytes: number): false {
  const message = `The request’s body has more than ${maxBytes} bytes. Put long material into a file of the repository.`;
  response
    .writeHead(413, { 'content-type': 'application/json; charset=utf-8', connection: 'close' })
    .end(JSON.stringify({ errors: [{ message, extensions: { code: 'BODY_TOO_LARGE' } }] }));
  return false;
}
