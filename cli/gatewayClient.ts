import { createClient, type Client } from 'graphql-ws';
import WebSocket from 'ws';
import type { GatewayFile } from '../stack/gatewayFile.ts';
import { Problem } from '../stack/problem.ts';

const answerWithinMs = 15_000;

/** The API as the command line uses it. */
export class GatewayClient {
  readonly #gateway: GatewayFile;
  #live: Client | null = null;

  constructor(gateway: GatewayFile) {
    this.#gateway = gateway;
  }

  /** The data of a query or mutation. Throws a Problem with what the gateway said. */
  async ask<T>(query: string, variables: Record<string, unknown> = {}): Promise<T> {
    const { url, token } = this.#gateway;
    const response = await fetch(new URL('/graphql', url), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(answerWithinMs),
    }).catch((error: unknown) => {
      throw new Problem(`Baton does not answer at ${url}.\nStart it with npm start.`, { cause: error });
    });
    const answer = (await response.json()) as { data?: T | null; errors?: { message: string }[] };
    if (answer.data) return answer.data;
    throw new Problem(`The gateway at ${url} refused: ${answer.errors?.[0]?.message ?? `status ${response.status}`}`);
  }

  /** The payload of a mutation. Throws a Problem with the refusal. */
  async mutate<T>(name: string, input: object, fields: string): Promise<T> {
    const type = `${name[0]?.toUpperCase()}${name.slice(1)}`;
    const data = await this.ask<Record<string, T & { message?: string; code?: string }>>(
      `mutation ($input: ${type}Input!) { ${name}(input: $input) { ... on Error { message code } ... on ${type}Payload { ${fields} } } }`,
      { input },
    );
    const result = data[name];
    if (result === undefined || result.code !== undefined) throw new Problem(`${name} was refused: ${result?.message}`);
    return result;
  }

  /** The bytes of a download that the API named. Throws a Problem with what the gateway said. */
  async download(address: string): Promise<ReadableStream<Uint8Array>> {
    const { url, token } = this.#gateway;
    // People may open the gateway by another address than this machine reaches it by.
    const response = await fetch(new URL(new URL(address).pathname, url), { headers: { authorization: `Bearer ${token}` } });
    if (response.ok && response.body) return response.body;
    throw new Problem(`The gateway at ${url} refused: ${(await response.text()).trim() || `status ${response.status}`}`);
  }

  /** Results of a subscription, over a connection that reconnects by itself. */
  async *subscribe<T>(query: string, variables: Record<string, unknown>): AsyncGenerator<T, void, void> {
    const { url, token } = this.#gateway;
    this.#live ??= createClient({
      url: `${url.replace(/^http/, 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { token },
      lazyCloseTimeout: 1_000,
    });
    for await (const { data, errors } of this.#live.iterate<T>({ query, variables })) {
      if (errors?.[0]) throw new Problem(`The gateway ended the subscription: ${errors[0].message}`);
      if (data) yield data;
    }
  }

  async close(): Promise<void> {
    await this.#live?.dispose();
  }
}
