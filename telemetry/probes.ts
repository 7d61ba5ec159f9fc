import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readiness } from './readiness.ts';

/**
 * Answers `/healthz` (this process is alive) and `/readyz` (all that it needs can be reached: 200, else 503, with each
 * part and its reason). False for any other path.
 */
export function answerProbe(readiness: Readiness, request: IncomingMessage, response: ServerResponse): boolean {
  const path = (request.url ?? '/').split('?', 1)[0];
  if (path !== '/healthz' && path !== '/readyz') return false;
  if (path === '/healthz') answer(response, 200, { status: 'alive' });
  else void answerReady(readiness, response);
  return true;
}

async function answerReady(readiness: Readiness, response: ServerResponse): Promise<void> {
  const states = await readiness.ask();
  const ready = states.every(({ reason }) => reason === null);
  const parts = Object.fromEntries(states.map(({ part, reason }) => [part, reason ?? 'ready']));
  answer(response, ready ? 200 : 503, { status: ready ? 'ready' : 'not ready', parts });
}

function answer(response: ServerResponse, status: number, body: object): void {
  response
    .writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
    .end(`${JSON.stringify(body)}\n`);
}
