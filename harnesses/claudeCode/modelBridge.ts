import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface BridgeOptions {
  /** Where the API is, without `/v1`. */
  readonly baseUrl: string;
  /** Added to every request. */
  readonly apiKey: string;
  /** SOCKET: for a sandbox without a network. LOOPBACK: for what shares this machine's. */
  readonly over: 'SOCKET' | 'LOOPBACK';
}

/** All that goes through: a key can do more than ask a model. */
const open = new Set(['/v1/messages', '/v1/messages/count_tokens']);

/** Of a connection, and not of what travels over it. */
const connectionHeaders = new Set([
  'connection',
  'host',
  'keep-alive',
  'proxy-authorization',
  'te',
  'transfer-encoding',
  'upgrade',
]);

/**
 * One session's way to the model. It stands in the worker and adds the key to what the agent asks, so that the agent
 * never holds it; nothing but the questions to a model goes through.
 */
export class ModelBridge {
  readonly #options: BridgeOptions;
  readonly #server: Server;
  /** On loopback whoever knows it gets through. */
  readonly #token = randomBytes(24).toString('base64url');
  #directory: string | null = null;

  private constructor(options: BridgeOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => this.#serve(request, response));
    // A model may think for as long as it likes: whoever asked gives up first.
    this.#server.requestTimeout = 0;
  }

  static async open(options: BridgeOptions): Promise<ModelBridge> {
    const bridge = new ModelBridge(options);
    // A socket's path may have about 100 characters, which the session's own directory could exceed.
    if (options.over === 'SOCKET') bridge.#directory = await mkdtemp(join(tmpdir(), 'baton-model-'));
    await new Promise<void>((resolve, reject) => {
      bridge.#server.once('error', reject);
      if (bridge.#directory === null) bridge.#server.listen(0, '127.0.0.1', resolve);
      else bridge.#server.listen(join(bridge.#directory, socketName), resolve);
    });
    return bridge;
  }

  /** The directory of the socket, for a mount; null on loopback. */
  get directory(): string | null {
    return this.#directory;
  }

  /** Where the agent asks on loopback; null over a socket. */
  get url(): string | null {
    if (this.#directory !== null) return null;
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${this.#token}`;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
    if (this.#directory !== null) await rm(this.#directory, { recursive: true, force: true });
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://bridge');
    const prefix = this.#directory === null ? `/${this.#token}` : '';
    const path = url.pathname.startsWith(`${prefix}/`) ? url.pathname.slice(prefix.length) : '';
    if (request.method !== 'POST' || !open.has(path)) {
      return refuse(response, 404, 'not_found_error', 'Only questions to a model go through here.');
    }
    const { baseUrl, apiKey } = this.#options;
    const target = new URL(`${baseUrl.replace(/\/+$/, '')}${path}${url.search}`);
    const headers = Object.fromEntries(
      Object.entries(request.headers).filter(([name]) => !connectionHeaders.has(name) && name !== 'authorization'),
    );
    const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
    const outgoing = send(target, { method: 'POST', headers: { ...headers, 'x-api-key': apiKey } }, (incoming) => {
      const kept = Object.entries(incoming.headers).filter(([name]) => !connectionHeaders.has(name));
      const status = incoming.statusCode ?? 502;
      // A key that is refused is refused again: it is the worker's, and the agent can do nothing about it.
      const final = [401, 403].includes(status) ? { 'x-should-retry': 'false' } : {};
      response.writeHead(status, { ...Object.fromEntries(kept), ...final });
      incoming.pipe(response);
      // What was cut there is cut here too: a short answer must not look like a whole one.
      incoming.on('error', () => response.destroy());
    });
    outgoing.on('error', () => {
      if (response.headersSent) return void response.destroy();
      refuse(response, 502, 'api_error', 'The worker cannot reach the model.');
    });
    response.on('close', () => outgoing.destroy());
    request.on('error', () => outgoing.destroy());
    request.pipe(outgoing);
  }
}

/** The socket's name in its directory. */
export const socketName = 's';

function refuse(response: ServerResponse, status: number, type: string, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ type: 'error', error: { type, message } }));
}
